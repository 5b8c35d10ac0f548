//! The local git repository: everything that Sluice asks of git without a forge.
//!
//! Objects are read raw from the object database and parsed here, for two reasons: history walks stay fast (one tree
//! is read once, and only along the wanted paths), and libgit2's commit objects hide the parents of a shallow
//! clone's boundary, which would make a cut-off history look like a complete one. What is read by id was hashed
//! again by libgit2 (its strict hash verification is on and must stay on), so no object can pretend to be another.
//!
//! No type of git2 leaves this module. It knows nothing of manifests, promotions or GitHub, reads no clock and no
//! environment variable, and starts no process.

mod ancestry;
mod ask_all;
mod commit;
mod commit_cache;
mod commit_range;
mod diff;
mod enclosing;
mod error;
mod history;
mod land;
mod log;
mod merge;
mod objects;
mod raw_commit;
mod read;
#[cfg(test)]
pub(crate) mod reads;
mod refs;
mod repository;
mod restore;
mod tree_cache;
mod tree_entry;
mod trees;
mod two_sides;
mod work_tree;
mod write;

pub use crate::model::repo_url::Location;
pub(crate) use ask_all::AskAll;
pub use commit::Author;
pub(crate) use commit::CommitInfo;
pub use commit::GitTime;
pub use commit_range::CommitRange;
pub use commit_range::RangeQuery;
pub use diff::EntryKind;
pub(crate) use diff::FileChange;
pub(crate) use enclosing::enclosing_repository;
pub use error::Pending;
pub use error::RepoError;
pub(crate) use history::BlobChange;
pub use history::Change;
pub use history::WatchedPaths;
pub(crate) use log::ParentState;
pub(crate) use read::FOLDER;
pub(crate) use read::FoundBy;
pub(crate) use read::ReadObjects;
pub(crate) use read::ReplacedFile;
pub(crate) use read::TreeEntry;
pub use refs::RefHits;
pub(crate) use refs::WantedRef;
pub use repository::Head;
pub use repository::Repo;
pub use trees::EntryId;
pub use trees::SkippedEntry;
pub(crate) use trees::TreeFile;
pub(crate) use trees::TreeListing;
