//! Validated types that everything else speaks in: ids, references, manifests, policy, facts, plan, verdict, finding.
//!
//! No I/O, no clock, no environment. Of the rest of the crate only [`crate::yaml`] is known here: its paths,
//! positions and edits are how a field is pointed at.

pub(crate) mod actor;
pub(crate) mod address;
pub mod assumption;
pub(crate) mod authors;
pub(crate) mod catalog;
pub mod change;
pub(crate) mod code_owners;
pub mod commit_range;
pub mod diagnosis;
pub(crate) mod evidence;
pub(crate) mod facts;
pub(crate) mod fetched;
pub(crate) mod few;
pub mod finding;
pub mod guard;
pub(crate) mod hidden;
pub mod ids;
pub(crate) mod job;
pub mod label;
pub(crate) mod landed;
pub(crate) mod merge_state;
pub mod name;
pub(crate) mod nearest;
pub(crate) mod origin;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub mod plan_id;
pub(crate) mod plan_prefix;
pub mod policy;
pub(crate) mod promotion_id;
pub(crate) mod promotion_index;
pub(crate) mod proposal;
pub(crate) mod pull;
pub mod record;
pub mod reference;
pub(crate) mod repo_url;
pub(crate) mod resolved;
pub(crate) mod rollback;
pub(crate) mod roster;
pub(crate) mod service;
pub mod settings;
pub mod signal;
pub(crate) mod slug;
pub(crate) mod source_line;
pub mod source_location;
pub(crate) mod status;
pub(crate) mod text;
pub(crate) mod timeline;
pub(crate) mod verdict;
pub(crate) mod version;
pub(crate) mod when;
pub mod wire_words;
pub mod workflow;
