//! The policy, `.github/sluice.yaml`: what the `Pipeline` resource has no field for.
//!
//! These types are its one definition: the parser, the JSON Schema and docs/policy.md all come from them, so a field's
//! comment is written for people who write a policy. What is parsed here is well-formed; whether the names in it exist,
//! and whether its rules can be met, is decided by the checks.

mod checked;
mod document;
mod gate;
mod named;
mod path;
mod people;
mod stage;
mod time;
mod untrusted;

pub(crate) use document::Hold;
pub(crate) use document::Land;
pub(crate) use document::MergeMethod;
pub use document::Policy;
pub(crate) use document::Refs;
pub(crate) use document::Texts;
pub(crate) use gate::ApprovalChannel;
pub(crate) use gate::ApproveLine;
pub(crate) use gate::CheckOf;
pub(crate) use gate::Exclude;
pub(crate) use gate::GateRule;
pub(crate) use named::Ruled;
pub(crate) use path::Glob;
pub(crate) use people::Voters;
pub(crate) use stage::Delivery;
pub(crate) use stage::Emergency;
pub(crate) use stage::EmergencySkip;
pub(crate) use stage::Join;
pub(crate) use stage::Ready;
pub(crate) use stage::RequiredGate;
pub(crate) use stage::RevisionMode;
pub(crate) use stage::StageEntry;
pub(crate) use stage::Trigger;
pub use time::Freeze;
pub use time::Hours;
pub use time::OpeningTimes;
pub(crate) use time::Wait;
pub use time::Zone;
pub(crate) use untrusted::Trusts;
pub(crate) use untrusted::UntrustedAccount;
