//! Carrying a plan out: its edits, and putting it up and landing it on the forge.

mod delivery;
mod edit;

pub use delivery::{
    BuiltTree, Delivery, DeliveryError, Merging, NewProposal, Opened, Prepared, TEMPORARY, WAITS,
};
pub use edit::{EditRefused, EditedFile, Target, build_id, edited_files, record};
