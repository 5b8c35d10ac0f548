//! Carrying a plan out: its edits, and opening and landing its pull request on the forge.

mod delivery;
mod edit;
mod error;
mod opening;

pub(crate) use delivery::{Delivery, Merging, Prepared, WAITS};
pub(crate) use edit::{EditRefused, EditedFile, Target, build_id, edited_files, record};
pub(crate) use error::DeliveryError;
pub(crate) use opening::NewProposal;
