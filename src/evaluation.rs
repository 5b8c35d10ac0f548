//! The state of a repository, and what follows from it: manifests, references, revisions, findings, history and the plan.

mod assumed;
pub(crate) mod evaluate;
pub(crate) mod find;
mod history_files;
pub(crate) mod passed_over;
pub(crate) mod path_arguments;
pub(crate) mod repository_state;
