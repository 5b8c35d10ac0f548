//! What people and programs read: text for a terminal, JSON, Mermaid.
//!
//! Only the model is known here. Foreign text passes one escaping function per destination ([`escape`]).

pub mod diagnosis;
pub(crate) mod diff;
pub(crate) mod escape;
pub(crate) mod findings;
pub(crate) mod history;
pub(crate) mod json;
pub(crate) mod mermaid;
pub(crate) mod plan_text;
pub(crate) mod status;
pub mod style;
pub(crate) mod timeline;
