//! Debug lines on standard error: each request to GitHub and each round of a run.
//!
//! They are events of `tracing`, made where things happen. Here they become lines of the log, which removes secrets and escapes. Events
//! of other crates are not shown.

use std::io::{self, Write};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use super::log::Log;

/// From now on, writes the events of this process to the log, if that writes lines for finding defects. To be called once, after the
/// tokens are masked.
pub(crate) fn trace_to(log: &Log) {
    if log.is_debug() {
        // Only a second call would fail.
        let _ = tracing::subscriber::set_global_default(subscriber(log));
    }
}

pub(super) fn subscriber(log: &Log) -> impl Subscriber + Send + Sync + use<> {
    let log = log.clone();
    let lines = fmt::layer()
        .without_time()
        .with_target(false)
        .with_level(false)
        .with_writer(move || Lines(log.clone()));
    let ours = Targets::new().with_target("sluice", LevelFilter::DEBUG);
    registry().with(lines.with_filter(ours))
}

/// Takes one event at a time, as one line.
struct Lines(Log);

impl Write for Lines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(event);
        self.0.trace(line.strip_suffix('\n').unwrap_or(&line));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
