//! One promotion per stage: its changes, its gates, its state and the reason for it.

mod back;
mod backwards;
mod draft;
mod holds;
mod pipeline;
mod promotion_draft;
mod queries;
mod reason;

pub use backwards::way_queries;
pub use pipeline::{Standing, edges_into, judge_gates, plan, standing};
pub use queries::{needs, ready_queries};
