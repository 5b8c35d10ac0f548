//! A simulation as text and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use super::escape::terminal;
use super::json::{self, FindingJson, VERSION};
use super::plan_text::{short, value};
use super::style::{Style, pad};
use crate::model::finding::Finding;
use crate::model::text::counted;
use crate::model::timeline::{End, Event, StageEnd, Timeline, ValueEnd, What};

/// The text; `out` is set if the files of the end state were written.
pub(crate) fn text(timeline: &Timeline, out: bool, style: Style) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: virtual clock, PATH is not touched",
        style.bold(&format!("simulating {}", terminal(&timeline.name)))
    );
    if timeline.assumes_signals {
        text.push_str("every deployment, check and status that `ready` requires is assumed to succeed at once\n");
    }
    for repository in &timeline.assumed {
        let _ = writeln!(
            text,
            "{} was not read: assuming one new commit in it (--repo URL=PATH reads a clone)",
            terminal(repository)
        );
    }
    text.push('\n');
    let several = timeline
        .stages
        .windows(2)
        .any(|pair| pair[0].pipeline != pair[1].pipeline);
    let far = timeline.ended.duration_since(timeline.began).as_hours() >= 6 * 24;
    let mut last = None;
    for event in &timeline.events {
        line(&mut text, event, Shown { several, far, last }, style);
        last = Some(event.at);
    }
    if !timeline.events.is_empty() {
        text.push('\n');
    }
    stages(&mut text, &timeline.stages, several);
    text.push_str(&ending(timeline, out));
    text
}

/// What decides how a line is shown.
#[derive(Clone, Copy)]
struct Shown {
    /// There are several pipelines.
    several: bool,
    /// The name of a day alone is not unique.
    far: bool,
    /// The time of the line before.
    last: Option<jiff::Timestamp>,
}

fn line(text: &mut String, event: &Event, shown: Shown, style: Style) {
    let several = shown.several;
    let pattern = if shown.far {
        "%a %m-%d %H:%M"
    } else {
        "%a %H:%M"
    };
    let clock = event.at.strftime(pattern).to_string();
    let blank = " ".repeat(clock.len());
    // The time is shown if it differs.
    let changed = match shown.last == Some(event.at) {
        true => &blank,
        false => &clock,
    };
    let from: Vec<&str> = event.from.iter().map(|stage| stage.as_str()).collect();
    let arrow = format!("{} → {}", from.join(", "), event.to);
    let arrow = terminal(&if several {
        format!("{}  {arrow}", event.pipeline)
    } else {
        arrow
    });
    let _ = match &event.what {
        What::Proposed { changes } => {
            let _ = writeln!(
                text,
                "{clock}  {arrow}   {}  {}",
                style.bold("proposed"),
                event.plan.shown()
            );
            for change in changes {
                let path = change.path.to_string();
                let path = path.strip_prefix("spec.").unwrap_or(&path);
                let place = change.place();
                let _ = writeln!(
                    text,
                    "{blank}    {}  {}   ({}:{})",
                    terminal(path),
                    value(change),
                    terminal(place.file.as_str()),
                    place.line
                );
            }
            Ok(())
        }
        What::Requested => writeln!(
            text,
            "{changed}  {arrow}   {}  {}",
            style.bold("requested"),
            style.dim("(--promote; assumed to be by someone with write access)")
        ),
        What::Waits { gate, reason } => {
            writeln!(
                text,
                "{blank}  {}   {}",
                terminal(gate.as_str()),
                terminal(reason)
            )
        }
        What::Held { reason } => writeln!(
            text,
            "{changed}  {arrow}   {}  {}",
            style.yellow("held"),
            terminal(reason)
        ),
        What::Opens { gate, reason } => writeln!(
            text,
            "{changed}  {}   {}",
            terminal(gate.as_str()),
            terminal(reason)
        ),
        What::Approved { by } => writeln!(
            text,
            "{clock}  {} {}",
            pad(&format!("{} approves", terminal(by)), 22),
            style.dim("(--approve; assumed to have write access)")
        ),
        What::Committed { files, lines } => writeln!(
            text,
            "{changed}  {arrow}   {}  {}, {}",
            style.green("committed"),
            counted(*files, "file"),
            counted(*lines, "line")
        ),
        What::Refused { reason } => writeln!(
            text,
            "{changed}  {arrow}   {}  {}",
            style.red("refused"),
            terminal(reason)
        ),
    };
}

fn stages(text: &mut String, stages: &[StageEnd], several: bool) {
    let width = stages
        .iter()
        .map(|stage| stage.stage.as_str().chars().count())
        .max()
        .unwrap_or(0);
    let mut last = None;
    for stage in stages {
        if several && last != Some(&stage.pipeline) {
            let _ = writeln!(text, "  {}", terminal(stage.pipeline.as_str()));
        }
        last = Some(&stage.pipeline);
        // One value, or several of one service, need only as many names as distinguish them.
        let services: std::collections::BTreeSet<&str> = stage
            .values
            .iter()
            .map(|value| value.service.as_str())
            .collect();
        let names = Names {
            service: services.len() > 1,
            field: stage.values.len() > services.len(),
        };
        let now: Vec<String> = stage
            .values
            .iter()
            .map(|value| named(value, &names, now(value)))
            .collect();
        let was: Vec<String> = stage
            .values
            .iter()
            .filter(|value| value.secret.is_none() && value.now != value.was)
            .map(|value| named(value, &names, shown(value.was.as_deref())))
            .collect();
        let was = if was.is_empty() {
            String::new()
        } else {
            format!("   was {}", was.join(", "))
        };
        let now = if now.is_empty() {
            "nothing that is promoted".to_owned()
        } else {
            now.join(", ")
        };
        let _ = writeln!(
            text,
            "  {}  {now}{was}",
            pad(&terminal(stage.stage.as_str()), width)
        );
    }
    if !stages.is_empty() {
        text.push('\n');
    }
}

fn now(value: &ValueEnd) -> String {
    match value.secret {
        Some(true) => "changed, not shown".to_owned(),
        Some(false) => "unchanged, not shown".to_owned(),
        None => shown(value.now.as_deref()),
    }
}

fn shown(text: Option<&str>) -> String {
    text.map_or_else(|| "(nothing)".to_owned(), |text| terminal(&short(text)))
}

/// Which names a value needs.
struct Names {
    service: bool,
    field: bool,
}

fn named(value: &ValueEnd, names: &Names, text: String) -> String {
    let mut words = Vec::new();
    if names.service {
        words.push(terminal(&value.service));
    }
    if names.field {
        words.push(terminal(&value.field));
    }
    words.push(text);
    words.join(" ")
}

fn ending(timeline: &Timeline, out: bool) -> String {
    match &timeline.end {
        End::InSync => {
            let how = match timeline.events.is_empty() {
                true => "Nothing had to move.".to_owned(),
                false if timeline.ended > timeline.began => format!(
                    "All in sync after {}.",
                    lasted(timeline.ended.duration_since(timeline.began))
                ),
                false => format!("All in sync after {}.", counted(timeline.rounds, "run")),
            };
            let see = if timeline.events.is_empty() || out {
                ""
            } else {
                " See the files: --out DIR"
            };
            format!("{how}{see}\n")
        }
        End::Stopped { reasons } => reasons
            .iter()
            .map(|reason| format!("{}\n", terminal(reason)))
            .collect(),
        End::Restless { reason } => format!("It never finishes: {}\n", terminal(reason)),
    }
}

/// `2 days 17 h`, `4 h 30 min`.
fn lasted(length: jiff::SignedDuration) -> String {
    let minutes = length.as_mins();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let mut parts = Vec::new();
    if days > 0 {
        parts.push(counted(usize::try_from(days).unwrap_or(usize::MAX), "day"));
    }
    if hours > 0 {
        parts.push(format!("{hours} h"));
    }
    if minutes > 0 && days == 0 {
        parts.push(format!("{minutes} min"));
    }
    match parts.is_empty() {
        true => "less than a minute".to_owned(),
        false => parts.join(" "),
    }
}

#[derive(Serialize)]
struct TimelineJson<'a> {
    version: u32,
    name: &'a str,
    began: String,
    ended: String,
    rounds: usize,
    assumed: &'a BTreeSet<String>,
    events: Vec<EventJson<'a>>,
    stages: Vec<StageJson<'a>>,
    end: EndJson<'a>,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct EventJson<'a> {
    at: String,
    pipeline: &'a str,
    from: Vec<&'a str>,
    to: &'a str,
    plan: String,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<usize>,
}

#[derive(Serialize)]
struct StageJson<'a> {
    pipeline: &'a str,
    stage: &'a str,
    values: Vec<ValueJson<'a>>,
}

#[derive(Serialize)]
struct ValueJson<'a> {
    service: &'a str,
    field: &'a str,
    now: Option<&'a str>,
    was: Option<&'a str>,
    secret: bool,
    changed: bool,
}

#[derive(Serialize)]
struct EndJson<'a> {
    state: &'static str,
    reasons: Vec<&'a str>,
}

/// The document of `simulate`.
pub(crate) fn json(timeline: &Timeline, findings: &[Finding]) -> String {
    let end = match &timeline.end {
        End::InSync => EndJson {
            state: "in-sync",
            reasons: Vec::new(),
        },
        End::Stopped { reasons } => EndJson {
            state: "stopped",
            reasons: reasons.iter().map(String::as_str).collect(),
        },
        End::Restless { reason } => EndJson {
            state: "restless",
            reasons: vec![reason],
        },
    };
    json::document(&TimelineJson {
        version: VERSION,
        name: &timeline.name,
        began: timeline.began.to_string(),
        ended: timeline.ended.to_string(),
        rounds: timeline.rounds,
        assumed: &timeline.assumed,
        events: timeline.events.iter().map(event).collect(),
        stages: timeline.stages.iter().map(stage).collect(),
        end,
        findings: json::findings(findings),
    })
}

fn event(event: &Event) -> EventJson<'_> {
    let mut json = EventJson {
        at: event.at.to_string(),
        pipeline: event.pipeline.as_str(),
        from: event.from.iter().map(|stage| stage.as_str()).collect(),
        to: event.to.as_str(),
        plan: event.plan.to_string(),
        event: "",
        gate: None,
        reason: None,
        by: None,
        files: None,
        lines: None,
    };
    match &event.what {
        What::Requested => json.event = "requested",
        What::Proposed { .. } => json.event = "proposed",
        What::Waits { gate, reason } => {
            json.event = "waits";
            json.gate = Some(gate.as_str());
            json.reason = Some(reason);
        }
        What::Held { reason } => {
            json.event = "held";
            json.reason = Some(reason);
        }
        What::Opens { gate, reason } => {
            json.event = "opens";
            json.gate = Some(gate.as_str());
            json.reason = Some(reason);
        }
        What::Approved { by } => {
            json.event = "approved";
            json.by = Some(by);
        }
        What::Committed { files, lines } => {
            json.event = "committed";
            json.files = Some(*files);
            json.lines = Some(*lines);
        }
        What::Refused { reason } => {
            json.event = "refused";
            json.reason = Some(reason);
        }
    }
    json
}

fn stage(stage: &StageEnd) -> StageJson<'_> {
    StageJson {
        pipeline: stage.pipeline.as_str(),
        stage: stage.stage.as_str(),
        values: stage
            .values
            .iter()
            .map(|value| ValueJson {
                service: &value.service,
                field: &value.field,
                now: value.now.as_deref(),
                was: value.was.as_deref(),
                secret: value.secret.is_some(),
                changed: value.secret.unwrap_or(value.now != value.was),
            })
            .collect(),
    }
}
