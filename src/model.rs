//! Validated types that everything else speaks in: ids, references, manifests, policy, facts, plan, verdict, finding.
//!
//! No I/O, no clock, no environment. Of the rest of the crate only [`crate::yaml`] is known here: its paths,
//! positions and edits are how a field is pointed at.

pub mod actor;
pub mod address;
pub mod assumption;
pub mod authors;
pub mod brought;
pub mod catalog;
pub mod change;
pub mod code_owners;
pub mod diagnosis;
pub mod evidence;
pub mod facts;
pub mod fetched;
pub mod few;
pub mod finding;
pub mod guard;
pub mod hidden;
pub mod ids;
pub mod job;
pub mod label;
pub mod landed;
pub mod merge_state;
pub mod name;
pub mod nearest;
pub mod origin;
pub mod pipeline;
pub mod place;
pub mod plan;
pub mod plan_id;
pub mod plan_prefix;
pub mod policy;
pub mod promotion_id;
pub mod promotion_index;
pub mod proposal;
pub mod pull;
pub mod reference;
pub mod repo_url;
pub mod resolved;
pub mod rollback;
pub mod roster;
pub mod service;
pub mod settings;
pub mod signal;
pub mod slug;
pub mod source_line;
pub mod status;
pub mod timeline;
pub mod verdict;
pub mod version;
pub mod when;
