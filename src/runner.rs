//! The GitHub Actions runner around this process: its inputs and event come in, log, annotations, outputs and summary go
//! out, and its signals stop us.
//!
//! It is given the environment and the streams to write to; it reads no clock, knows no GitHub API and plans nothing.
//! The runner scans everything that it prints for commands, so one writer ([`Log`]) owns both streams.

mod commands;
mod described;
mod environment;
mod event;
mod files;
mod inputs;
mod log;
mod outputs;
mod progress;
mod redact;
mod signals;
mod trace;

pub(crate) use commands::Annotation;
pub(crate) use commands::Level;
pub use environment::Environment;
pub use event::Run;
pub(crate) use files::Files;
pub use inputs::INPUTS;
pub(crate) use inputs::InputError;
pub(crate) use inputs::Inputs;
pub(crate) use log::Audience;
pub(crate) use log::Log;
pub use outputs::OUTPUTS;
pub(crate) use outputs::Outputs;
pub(crate) use outputs::{Moved, NeedsPerson};
pub(crate) use progress::Progress;
pub(crate) use signals::Stop;
pub(crate) use trace::trace_to;
