//! The command line: parsing, and nothing but parsing.
//!
//! One set of arguments per mode: a mode accepts only what it reads.

mod command_line;
mod mode;
mod promote;
mod shared;
mod status;

pub use command_line::Cli;
pub(crate) use command_line::DoctorArgs;
pub(crate) use command_line::GraphArgs;
pub(crate) use command_line::HistoryArgs;
pub(crate) use command_line::InitArgs;
pub(crate) use command_line::PlanArgs;
pub(crate) use command_line::ReconcileArgs;
pub(crate) use command_line::RetryArgs;
pub(crate) use command_line::RollbackArgs;
pub(crate) use command_line::SchemaArgs;
pub(crate) use command_line::SimulateArgs;
pub(crate) use command_line::ValidateArgs;
pub use mode::Mode;
pub(crate) use mode::OnGithub;
pub(crate) use promote::Dispatch;
pub(crate) use promote::LocalPromotion;
pub(crate) use shared::ForgeArgs;
pub(crate) use shared::Format;
pub(crate) use shared::PathArgs;
pub(crate) use shared::WorkflowArgs;
pub(crate) use status::BoardFile;
pub(crate) use status::StatusOnDisk;
pub(crate) use status::StatusOnGithub;
pub(crate) use status::StatusQuery;
