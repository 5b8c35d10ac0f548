//! `reconcile`, and `promote` on GitHub: observe, assess, decide, act, verify and report, in rounds until nothing
//! changes.

mod act;
mod assess;
mod commit_ranges;
mod decide;
mod evidence;
mod guard;
mod landing;
pub(crate) mod life;
mod observe;
pub(crate) mod outcome;
mod plan_context;
mod proposals;
pub(crate) mod report;
pub(crate) mod request;
mod resolve;
mod rollbacks;
mod round;
pub(crate) mod run;
mod state;
pub(crate) mod status;
mod verify;
pub(crate) mod wording;
