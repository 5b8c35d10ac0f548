//! The forge: GitHub, through octocrab. Foreign models end here: what leaves this module are the types of `model`.
//!
//! A [`Forge`] reads, a [`Writer`] writes.
//!
//! Owns: requests and answers, their shapes, paging, retries of reads, rate limits, GitHub's words of refusal, and for
//! every write the check whether it was applied if that is uncertain. Must not know: what a promotion is, when one may
//! land. Redirects are not followed (octocrab is built without them): they would carry the token along.

mod backoff;
mod between;
mod client;
mod error;
mod evidence;
mod files_of_base;
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
mod new_branch;
mod object_lookup;
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
mod reviewers;
mod rules_of_ref;
mod runs;
mod settings;
mod shapes;
mod signals;
mod snapshot;
mod wire;
mod writer;

pub(crate) use backoff::Backoff;
pub use client::Access;
pub use client::Forge;
pub use error::ForgeError;
pub use error::Stopped;
pub(crate) use files_of_base::FilesOfBase;
pub(crate) use git::NewCommit;
pub(crate) use git::NewFile;
pub(crate) use git::ReadCommit;
pub use labels::CONTEXT;
pub(crate) use merge::MergeAnswer;
pub(crate) use merge::MergeMethod;
pub(crate) use merge::MergeRefused;
pub use network::Network;
pub(crate) use new_branch::BranchWithCommit;
pub(crate) use new_branch::NewBranch;
pub(crate) use object_query::EntryAt;
pub(crate) use object_query::HistoryCommit;
pub(crate) use object_query::ObjectAnswer;
pub use object_query::ObjectQuery;
pub(crate) use object_query::RemoteEntry;
pub(crate) use objects::PathEntry;
pub(crate) use objects::Relation;
pub(crate) use objects::RemoteRef;
pub(crate) use open_pulls::OpenPull;
pub(crate) use open_pulls::OpenPulls;
pub(crate) use open_pulls::StatusNow;
pub use proof::Live;
pub use proof::Proofs;
pub(crate) use pulls::ClosedPage;
pub(crate) use pulls::NewPull;
pub(crate) use refs::{Receipt, RefWrite};
pub(crate) use reviewers::{ReviewRequest, Reviewers};
pub(crate) use runs::FollowedRun;
pub(crate) use settings::Overview;
pub(crate) use shapes::MAX_PARENTS;
pub(crate) use signals::Deployment;
pub(crate) use signals::Push;
pub(crate) use signals::SaidStatus;
pub(crate) use snapshot::Prefetch;
pub(crate) use wire::Calls;
pub use wire::Patience;
pub use writer::Writer;
