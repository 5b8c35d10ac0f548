//! One promotion per stage: its changes, its gates, its state and the reason for it.

mod back;
mod backwards;
mod draft;
mod holds;
mod pipeline;
mod promotion_draft;
mod queries;
mod reason;
mod reassess;

pub(crate) use backwards::way_queries;
pub(crate) use pipeline::edges_into;
pub(crate) use pipeline::plan;
pub(crate) use queries::needs;
pub(crate) use queries::ready_queries;
pub(crate) use reassess::ProposedPlan;
pub(crate) use reassess::judge_gates;
pub(crate) use reassess::judge_promotion;
pub(crate) use reassess::reassess;
