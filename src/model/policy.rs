//! The policy, `.github/sluice.yaml`: what the `Pipeline` resource has no field for.
//!
//! These types are its one definition: the parser, the JSON Schema and docs/policy.md all come from them, so what stands
//! at a field is written for whoever writes a policy. What is parsed here is well-formed; whether the names in it exist,
//! and whether its rules can be met, is for the checks to say.

mod checked;
mod document;
mod gate;
mod named;
mod path;
mod people;
mod stage;
mod time;
mod untrusted;

pub use document::{
    FormatVersion, Hold, Land, Limits, Manifests, MergeMethod, PipelineEntry, Policy, Refs,
    Rollback, Texts,
};
pub use gate::{ApproveLine, CheckOf, Exclude, GateRule, Way};
pub use named::{Named, Ruled};
pub use path::{Glob, Namespace, PromotedField};
pub use people::Voters;
pub use stage::{
    Delivery, Emergency, EmergencySkip, Join, Ready, RequiredGate, RevisionMode, StageEntry,
    StatusOf, Trigger,
};
pub use time::{Closing, Freeze, Hours, Instant, OpeningTimes, Wait, Weekday, Zone};
pub use untrusted::{TrustingRule, Trusts, UntrustedAccount};
