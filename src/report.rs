//! What people and programs read: text for a terminal, JSON, Mermaid, commit messages.
//!
//! Only the model is known here. Foreign text passes one escaping function per destination ([`escape`]).

pub mod diagnosis;
pub mod diff;
pub mod escape;
pub mod findings;
pub mod history;
pub mod json;
pub mod mermaid;
pub mod message;
pub mod plan_text;
pub mod status;
pub mod style;
pub mod timeline;
