//! What the tests of several packages share: calls of the program, real git repositories, manifests, and where things are in the
//! workspace.
//!
//! A helper belongs here once tests of the program (`tests/it`, or unit tests below `src`) and of another package, or of two subjects, need it.
//! What needs the stand-in GitHub belongs into `crates/end-to-end/src`; what one subject needs stays beside its tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may panic"
)]

pub mod git;
pub mod golden;

mod files;
mod history;
mod local;
mod manifests;
mod plan;
mod program;
mod workspace;

pub use files::{Entry, change, copy_of, files_of, folder, replace, repo, repo_of, snapshot};
pub use history::{commits, deviations, history};
pub use local::{PROMOTE, differing, differing_beside, message};
pub use manifests::{automated, chart, pipeline, service, web};
pub use plan::{PlanDoc, codes, plan, plan_with};
pub use program::{NOW, Program, Ran, run};
pub use workspace::{fixture, fixture_names, read, root};
