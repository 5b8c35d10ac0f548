//! The command line: parsing, and nothing but parsing.
//!
//! One set of arguments per mode: a mode accepts only what it reads.

mod command_line;
mod mode;
mod promote;
mod shared;
mod status;

pub use command_line::{
    Cli, Command, DoctorArgs, GraphArgs, HistoryArgs, InitArgs, PlanArgs, ReconcileArgs, RetryArgs,
    RollbackArgs, SchemaArgs, SimulateArgs, ValidateArgs,
};
pub use mode::{Mode, OnGithub};
pub use promote::{Dispatch, LocalPromotion, PromoteArgs};
pub use shared::{ForgeArgs, Format, Place, TakeWhat};
pub use status::{AskedOfStatus, StatusArgs, StatusOnDisk, StatusOnGithub};
