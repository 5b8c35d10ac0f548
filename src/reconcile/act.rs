//! Everything that a run writes, one file per act.

pub(crate) mod best_effort;
pub(crate) mod block;
pub(crate) mod carry_out;
pub(crate) mod close;
pub(crate) mod commit;
pub(crate) mod delivery;
pub(crate) mod hold;
pub(crate) mod labels;
pub(crate) mod land;
pub(crate) mod land_one;
pub(crate) mod last_look;
pub(crate) mod merge_state;
pub(crate) mod merged;
pub(crate) mod messages;
pub(crate) mod prepare;
pub(crate) mod propose;
pub(crate) mod reset;
pub(crate) mod result;
pub(crate) mod share;
pub(crate) mod show_state;
pub(crate) mod start_job;
pub(crate) mod tidy;
pub(crate) mod unadopted;
