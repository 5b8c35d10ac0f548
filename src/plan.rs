//! The planner: facts in, plan out. Pure: no clock, no I/O, no environment; the same facts give the same plan.
//!
//! It works in rounds with whoever gathers: [`revision_queries`] names the revisions that are needed, [`history_queries`]
//! the histories (only of services that differ), [`way_queries`] what may go back, and [`plan`] decides.

pub mod attempt;
pub mod delivery;
mod due;
mod gate_subject;
mod gates;
pub mod guard;
mod hold;
mod pairs;
mod planner;
mod ready;
mod take;

pub use crate::model::when;
pub use gates::{FORMS, GateForm, Needs, form_of};
pub use hold::{ClosedHold, LabelHold, closed_hold, hold_names, label_hold};
pub use pairs::{history_queries, pairs, revision_queries};
pub use planner::{
    Standing, edges_into, judge_gates, needs, plan, ready_queries, standing, way_queries,
};
