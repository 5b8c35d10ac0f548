//! What happens while a command runs: lines about what it did, a line on a terminal about what it is doing, and debug lines on standard
//! error about each request to GitHub and each round of a run.
//!
//! They are events of `tracing`, made where things happen. Here they become lines of the log, which removes secrets and escapes. Events
//! of other crates are not shown.

use std::io::{self, Write};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::Context;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use super::log::Log;
use super::progress::Progress;

/// From now on, shows the events of this process: all of them, if the log writes lines for finding defects; else what was done, in the log
/// of a workflow and on a terminal, where `progress` shows what is being done. To be called once, after the tokens are masked.
pub(crate) fn trace_to(log: &Log, progress: Option<&Progress>) {
    // Only a second call would fail.
    let _ = match log.is_debug() {
        true => tracing::subscriber::set_global_default(subscriber(log)),
        false if log.is_for_runner() || progress.is_some() => {
            tracing::subscriber::set_global_default(live(log, progress))
        }
        false => Ok(()),
    };
}

/// Shows what was done, line by line, and what is being done.
pub(super) fn live(
    log: &Log,
    progress: Option<&Progress>,
) -> impl Subscriber + Send + Sync + use<> {
    let level = match progress {
        Some(_) => LevelFilter::DEBUG,
        None => LevelFilter::INFO,
    };
    let live = Live {
        log: log.clone(),
        progress: progress.cloned(),
    };
    let ours = Targets::new().with_target("sluice", level);
    registry().with(live.with_filter(ours))
}

struct Live {
    log: Log,
    progress: Option<Progress>,
}

impl<S: Subscriber> Layer<S> for Live {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message::default();
        event.record(&mut message);
        let Message(text) = message;
        let was_done = *event.metadata().level() == tracing::Level::INFO;
        match &self.progress {
            Some(progress) if was_done => progress.suspend(|| self.log.happened(&text)),
            Some(progress) => progress.say(&self.log.redact(&text)),
            None => self.log.happened(&text),
        }
    }
}

/// The text of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
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
