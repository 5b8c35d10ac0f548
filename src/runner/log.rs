//! The one writer to stdout and stderr. The runner scans both for commands, so no foreign text may look like one
//! and no registered secret may be in any of it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use secrecy::{ExposeSecret, SecretString};

use super::commands::{self, Annotation, Level, inert};
use super::redact::Redactor;
use crate::report::escape::terminal;

/// What is in the group of lines about what happens.
const GROUP: &str = "What this run did, as it happened";
/// The number of annotations of each level that GitHub shows per step.
const SHOWN: usize = 10;

/// Who reads what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A person at a terminal, or a program behind a pipe: nothing is a command.
    Terminal,
    /// The runner of a workflow.
    Runner,
}

/// The log. Clones write to the same streams.
#[derive(Clone)]
pub(crate) struct Log(Arc<Mutex<Inner>>);

struct Inner {
    audience: Audience,
    /// Whether lines for finding defects are written.
    debug: bool,
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    redactor: Redactor,
    /// A group of lines is open: to the runner, what happens is folded.
    is_grouped: bool,
    /// Annotations by level: how many there were, and the last one that was held back.
    annotated: BTreeMap<Level, (usize, Option<Annotation>)>,
}

impl Log {
    /// A log on two streams. Nothing else may write to them.
    pub(crate) fn new(
        audience: Audience,
        debug: bool,
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
    ) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            audience,
            debug,
            out: Box::new(out),
            err: Box::new(err),
            redactor: Redactor::default(),
            is_grouped: false,
            annotated: BTreeMap::new(),
        })))
    }

    /// Registers a secret: from now on it is in nothing that is written. To be called before anything else could show it
    ///
    pub(crate) fn mask(&self, secret: &SecretString) {
        let mut inner = self.inner();
        let secret = secret.expose_secret();
        if inner.audience == Audience::Runner {
            for command in commands::add_mask(secret) {
                inner.command(&command);
            }
        }
        inner.redactor.register(secret);
        if (1..4).contains(&secret.chars().count()) {
            inner.line(
                Level::Warning,
                "masking a secret of fewer than four characters hides much of the log",
            );
        }
    }

    /// The text without registered secrets, for what goes elsewhere.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.inner().redactor.redact(text)
    }

    /// What a command prints. To a terminal it goes as it is, since its maker escaped it and coloured it; to the runner
    /// line by line.
    pub(crate) fn print(&self, text: &str) -> io::Result<()> {
        let inner = &mut *self.inner();
        inner.end_group();
        let text = inner.redactor.redact(text);
        match inner.audience {
            Audience::Terminal => inner.out.write_all(text.as_bytes())?,
            Audience::Runner => {
                for line in text.lines() {
                    writeln!(inner.out, "{}", log_safe(line))?;
                }
            }
        }
        inner.out.flush()
    }

    /// One line of what happens; foreign text in it is made harmless. A failing stream is nothing that one could report.
    pub(crate) fn say(&self, level: Level, message: &str) {
        let inner = &mut *self.inner();
        inner.end_group();
        inner.line(level, message);
    }

    /// One line of what has just happened. To the runner, such lines are a group, which ends with the next line of another kind.
    pub(super) fn happened(&self, message: &str) {
        let inner = &mut *self.inner();
        if inner.audience == Audience::Runner && !inner.is_grouped {
            inner.is_grouped = true;
            inner.command(&commands::group(GROUP));
        }
        inner.line(Level::Info, message);
        let _ = inner.out.flush();
    }

    /// Whether the runner of a workflow reads it.
    pub(super) fn is_for_runner(&self) -> bool {
        self.inner().audience == Audience::Runner
    }

    /// Whether lines for finding defects are written.
    pub(super) fn is_debug(&self) -> bool {
        self.inner().debug
    }

    /// A debug line of [`trace_to`](super::trace_to), to standard error.
    pub(super) fn trace(&self, line: &str) {
        let inner = &mut *self.inner();
        let line = format!("debug: {}", inner.redactor.redact(line));
        let line = match inner.audience {
            Audience::Terminal => terminal(&line),
            Audience::Runner => log_safe(&line),
        };
        let _ = writeln!(inner.err, "{line}");
    }

    /// Something that GitHub shows beside the run; on a terminal a line.
    pub(crate) fn annotate(&self, annotation: Annotation) {
        let inner = &mut *self.inner();
        inner.end_group();
        let annotation = annotation.redacted(&inner.redactor);
        if inner.audience == Audience::Terminal || annotation.level < Level::Notice {
            inner.line(annotation.level, &annotation.line());
            return;
        }
        let (count, held_back) = inner.annotated.entry(annotation.level).or_default();
        *count += 1;
        if *count < SHOWN {
            inner.command(&annotation.command());
        } else {
            let line = annotation.line();
            let level = annotation.level;
            *held_back = Some(annotation);
            inner.line(level, &line);
        }
    }

    /// To be called once, at the end: the tenth annotation of a level says how many more there are.
    pub(crate) fn finish(&self) {
        let inner = &mut *self.inner();
        inner.end_group();
        for (level, (count, held_back)) in std::mem::take(&mut inner.annotated) {
            let Some(last) = held_back else { continue };
            let last = match count {
                SHOWN => last,
                _ => Annotation::new(level, format!("{} more in the log", count + 1 - SHOWN)),
            };
            inner.command(&last.command());
        }
        let _ = inner.out.flush();
        let _ = inner.err.flush();
    }

    /// Sends panics through this log too. Their messages may contain foreign text.
    pub(crate) fn catch_panics(&self) {
        let log = self.clone();
        panic::set_hook(Box::new(move |panic| {
            let mut inner = match log.0.try_lock() {
                Ok(inner) => inner,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                // The code that panicked holds the lock.
                Err(TryLockError::WouldBlock) => return,
            };
            inner.line(Level::Error, &format!("this is a bug in sluice: {panic}"));
        }));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn line(&mut self, level: Level, message: &str) {
        if level == Level::Debug && !self.debug {
            return;
        }
        let message = self.redactor.redact(message);
        let line = match level {
            Level::Info => message.clone(),
            level => format!("{}: {message}", level.word()),
        };
        let _ = match self.audience {
            Audience::Terminal => writeln!(self.err, "{}", terminal(&line)),
            Audience::Runner if level == Level::Debug => {
                writeln!(self.out, "{}", commands::debug(&message))
            }
            // One stream, so that the runner shows lines in their order.
            Audience::Runner => writeln!(self.out, "{}", log_safe(&line)),
        };
    }

    fn end_group(&mut self) {
        if std::mem::take(&mut self.is_grouped) {
            self.command(commands::END_GROUP);
        }
    }

    fn command(&mut self, command: &str) {
        let _ = writeln!(self.out, "{command}");
        let _ = self.out.flush();
    }
}

/// A line in which the runner finds no command: what is hidden is made visible, `##[` anywhere and `::` at its start are
/// broken by a zero-width space.
fn log_safe(line: &str) -> String {
    let line = inert(line);
    let start = line.len() - line.trim_start().len();
    match line[start..].strip_prefix("::") {
        Some(rest) => format!("{}:\u{200b}:{rest}", &line[..start]),
        None => line,
    }
}

#[cfg(test)]
mod tests;
