//! Gathering: the files of a commit or folder, and the answers to the planner's queries.
//!
//! Reads, never writes. Everything comes from the local disk, or through the forge where there is one.

mod authors;
mod brought;
mod files;
mod follow;
mod guard;
mod history;
mod landing;
mod lineage;
mod merge_base;
mod parallel;
mod past_landings;
mod proposals;
mod ready;
mod remote;
mod remotes;
mod revisions;
mod rollback;
mod since;
mod watched;
mod ways;

pub use authors::{AskedOfAuthors, Carried};
pub use brought::{Bringing, brings, known, promotable, told};
pub use files::{ManifestFiles, files_at, files_of_commit, files_on_disk};
pub use guard::{After, MergedFile, MergedPath, Untold, merged_bytes, merged_files, merged_paths};
pub use history::answer_history;
pub use landing::{Recomputed, landed_changes};
pub use past_landings::{AskedOfHistory, PromotedFields, past_landings};
pub use proposals::{Wanted, build, build_by_record, changes, moved, proposals};
pub use ready::answer_ready;
pub use remote::RemoteRepo;
pub use remotes::Remotes;
pub use revisions::{Depth, Repositories, RepositoryReader, answer_revisions};
pub use rollback::{AskedBack, GoBack, NoRollback, rollback};
pub use since::{SinceOf, answer_since};
pub use ways::answer_ways;
