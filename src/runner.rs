//! The GitHub Actions runner around this process: its inputs and event come in, log, annotations, outputs and summary go
//! out, and its signals stop us.
//!
//! It is told the environment and the streams to write to; it reads no clock, knows no forge and plans nothing. Whatever
//! it prints the runner scans for commands, so one writer ([`Log`]) owns both streams.

mod commands;
mod described;
mod environment;
mod event;
mod files;
mod inputs;
mod log;
mod outputs;
mod redact;
mod signals;

pub use commands::{Annotation, Level};
pub use described::Described;
pub use environment::Environment;
pub use event::{AddressRefused, Event, MergeGroup, ReadOnly, Run};
pub use files::Files;
pub use inputs::{INPUTS, InputError, Inputs, Task, arguments};
pub use log::{Audience, Log};
pub use outputs::{Moved, OUTPUTS, Outputs};
pub use signals::Stop;
