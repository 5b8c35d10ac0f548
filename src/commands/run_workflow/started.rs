//! A workflow that was started, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::found::{Found, FoundLanding, FoundPull};
use crate::error::Exit;
use crate::forge::FollowedRun;
use crate::model::signal::Ended;
use crate::report::escape::terminal;
use crate::report::json;
use crate::report::style::Style;

/// A workflow that was started, and what came of it.
#[derive(Debug)]
pub(in crate::commands) struct StartedWorkflow {
    /// What was asked for: `rollback of shop/prod`.
    pub(super) what: String,
    /// Who started it.
    pub(super) by: String,
    /// The name of the workflow's file.
    pub(super) file: String,
    /// Its run, as it was seen last.
    pub(super) run: FollowedRun,
    /// What it left, once it has ended.
    pub(super) found: Option<Found>,
}

impl StartedWorkflow {
    /// The exit code: that of a failure only if the run ended as one.
    pub(in crate::commands) fn exit(&self) -> Exit {
        match self.run.ended {
            Ended::Badly(_) => Exit::Failed,
            Ended::Well | Ended::NotYet => Exit::Done,
        }
    }
}

impl StartedWorkflow {
    /// The text for people.
    pub(in crate::commands) fn text(&self, style: Style) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{}",
            style.bold(&terminal(&format!(
                "{}: started {} as {}, run {}",
                self.what, self.file, self.by, self.run.number
            )))
        );
        let _ = writeln!(text, "  {}", terminal(&self.run.url));
        let ended = match &self.run.ended {
            Ended::NotYet => return text,
            Ended::Well => "success",
            Ended::Badly(word) => word,
        };
        let _ = writeln!(
            text,
            "\nRun {} ended with {}.",
            self.run.number,
            terminal(ended)
        );
        let Some(found) = &self.found else {
            return text;
        };
        for landing in &found.landed {
            let what = format!("{}  {}", landing.commit.short(), landing.subject);
            line(&mut text, "landed", &what, &landing.url);
        }
        for pull in &found.open {
            let word = match pull.is_new {
                true => "opened",
                false => "open",
            };
            line(
                &mut text,
                word,
                &format!("{}  {}", pull.number, pull.title),
                &pull.url,
            );
        }
        if found.landed.is_empty() && found.open.is_empty() {
            text.push_str("Nothing landed, and no pull request is open for this stage: the log of the run says why.\n");
        }
        text
    }

    /// The JSON document.
    pub(in crate::commands) fn json(&self) -> Value {
        let conclusion = match &self.run.ended {
            Ended::NotYet => None,
            Ended::Well => Some("success"),
            Ended::Badly(word) => Some(word.as_str()),
        };
        let landed = |one: &FoundLanding| json!({ "commit": one.commit, "url": one.url });
        let open =
            |one: &FoundPull| json!({ "pull": one.number, "url": one.url, "new": one.is_new });
        let found = self.found.as_ref();
        json!({
            "version": json::VERSION,
            "workflow": self.file,
            "run": { "id": self.run.id, "number": self.run.number, "url": self.run.url, "conclusion": conclusion },
            "landed": found.map(|found| found.landed.iter().map(landed).collect::<Vec<_>>()),
            "open": found.map(|found| found.open.iter().map(open).collect::<Vec<_>>()),
            "findings": [],
        })
    }
}

fn line(text: &mut String, word: &str, what: &str, url: &str) {
    let _ = writeln!(
        text,
        "  {word:<7} {}\n          {}",
        terminal(what),
        terminal(url)
    );
}
