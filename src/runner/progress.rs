//! What is being done, on one line of a terminal, for anything that takes longer than a second.

use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::escape::terminal;

/// What is faster needs no line.
const AFTER: Duration = Duration::from_secs(1);
/// The time between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(120);
/// One line, cut at the terminal's width.
const TEMPLATE: &str = "{spinner} {wide_msg} {elapsed}";

/// A line on standard error that is replaced as things go on. Clones are the same line.
#[derive(Clone)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A line that begins with this text, to be shown after a second.
    pub(crate) fn begin(text: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        let progress = Self(bar);
        progress.say(text);
        let later = progress.0.clone();
        thread::spawn(move || {
            thread::sleep(AFTER);
            if !later.is_finished() {
                later.set_draw_target(ProgressDrawTarget::stderr());
                later.enable_steady_tick(TICK);
            }
        });
        progress
    }

    /// Shows another text; foreign text in it is made harmless.
    pub(crate) fn say(&self, text: &str) {
        self.0.set_message(terminal(text));
    }

    /// Writes something else to the terminal, without the line in between.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }

    /// Removes the line.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
