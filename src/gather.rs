//! Gathering: the files of a commit or folder, and the answers to the planner's queries.
//!
//! Reads, never writes. Everything comes from the local disk; a forge answers the same queries where there is one.

mod files;
mod history;
mod landing;
mod parallel;
mod revisions;
mod watched;

pub use files::{files_of_commit, files_on_disk};
pub use history::answer_history;
pub use revisions::{Repositories, answer_revisions};
