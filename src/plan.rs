//! The planner: facts in, plan out. Pure: no clock, no I/O, no environment; the same facts give the same plan.
//!
//! It works in rounds with the module that reads: [`revision_queries`] names the revisions that are needed,
//! [`history_queries`] the histories (only of services that differ), [`way_queries`] what may go back, and [`plan`]
//! decides.

pub(crate) mod attempt;
pub(crate) mod delivery;
mod due;
mod gate_subject;
mod gates;
pub mod guard;
mod hold;
mod pairs;
mod planner;
mod ready;
mod take;

pub(crate) use crate::model::when;
pub use gates::FORMS;
pub(crate) use gates::Needs;
pub(crate) use hold::ClosedHold;
pub(crate) use hold::LabelHold;
pub(crate) use hold::closed_hold;
pub(crate) use hold::hold_names;
pub(crate) use hold::label_hold;
pub(crate) use pairs::history_files;
pub(crate) use pairs::history_queries;
pub(crate) use pairs::pairs;
pub(crate) use pairs::revision_queries;
pub(crate) use planner::ProposedPlan;
pub(crate) use planner::edges_into;
pub(crate) use planner::judge_gates;
pub(crate) use planner::judge_promotion;
pub(crate) use planner::needs;
pub(crate) use planner::plan;
pub(crate) use planner::ready_queries;
pub(crate) use planner::reassess;
pub(crate) use planner::way_queries;
