//! The forge: GitHub, through octocrab. Foreign models end here: what leaves this module are the types of `model`.
//!
//! Owns: requests and answers, their shapes, paging, retries of reads, rate limits, GitHub's words of refusal, and for
//! every write the look whether it was applied where that is not certain. Must not know: what a promotion is, when one
//! may land. Redirects are not followed (octocrab is built without them): they would carry the token along.

mod between;
mod client;
mod error;
mod evidence;
mod git;
mod graphql;
mod held;
mod labels;
mod limit_kind;
mod limits;
mod makers;
mod merge;
mod merged;
mod network;
mod object_query;
mod objects;
mod open_pulls;
mod paging;
mod people;
mod proof;
mod pull_shape;
mod pulls;
mod query_builder;
mod refs;
mod required;
mod runs;
mod settings;
mod shapes;
mod signals;
mod snapshot;
mod wire;

pub use client::{Access, Forge};
pub use error::ForgeError;
pub use git::{NewCommit, NewFile, ReadCommit};
pub use labels::CONTEXT;
pub use limit_kind::LimitKind;
pub use merge::{Eviction, MergeMethod, MergeRefused};
pub use network::Network;
pub use object_query::{EntryAt, FoundTree, HistoryCommit, ObjectAnswer, ObjectQuery, RemoteEntry};
pub use objects::{PathEntry, Relation, RemoteRef};
pub use open_pulls::{OpenPull, OpenPulls, StatusNow};
pub use proof::{Live, Proofs};
pub use pulls::{Closed, ClosedPage, NewPull, Reviewers};
pub use refs::RefWrite;
pub use runs::WorkflowRun;
pub use settings::Overview;
pub use shapes::MAX_PARENTS;
pub use signals::{Deployment, Push, SaidStatus};
pub use snapshot::{Prefetch, Prefetched};
pub use wire::{Calls, Patience};
