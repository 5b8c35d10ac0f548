//! The numbers of accounts, repositories and Apps, and those that GitHub gave its own.

/// Number of an account.
pub type UserId = u64;

/// Index of a repository.
pub type RepoId = usize;

/// Number of an App.
pub type AppId = u64;

/// App id of GitHub Actions on github.com.
pub const ACTIONS_APP: AppId = 15368;

/// Account number of `github-actions[bot]` on github.com.
pub const ACTIONS_BOT: UserId = 41_898_282;

/// The account that GitHub itself acts as, for instance if a push makes a pull request merged.
pub const GHOST: UserId = 10_137;

/// Account number of `web-flow` on github.com: the committer of what GitHub itself commits.
pub const WEB_FLOW: UserId = 19_864_447;

/// Account number of `github-merge-queue[bot]` on github.com, which merges and evicts what waits in a queue.
pub const MERGE_QUEUE_BOT: UserId = 118_344_674;
