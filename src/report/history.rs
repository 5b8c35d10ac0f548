//! A history of landings as text for a terminal, and what verifying it found. No line is wider than 100 columns.

mod content;
mod json;

use std::fmt::Write;

use jiff::Timestamp;

use super::escape::terminal;
use super::plan_text::short;
use super::style::{Style, pad};
use crate::model::ids::CommitId;
use crate::model::landed::{
    ChangedValues, Deviation, DeviationKind, FieldChange, GateLine, GateOutcome, Landed,
    PastLandings, Verified,
};
use crate::model::name::full_name;
use crate::model::text::{counted, cut};

pub(crate) use content::HistoryReport;
pub(crate) use json::document;

/// No line is wider, in characters.
const WIDTH: usize = 100;

/// The text.
pub(crate) fn text(report: &HistoryReport<'_>, style: Style) -> String {
    let found = report.found;
    let mut page = Page {
        text: String::new(),
        style,
    };
    let heading = style.bold(&terminal(&report.heading));
    let commits = counted(found.commits, "commit");
    let _ = writeln!(page.text, "{heading}   {commits} read, times in UTC\n");
    match &found.verified {
        None => {
            for landing in &found.landings {
                page.landing(report, landing);
            }
        }
        Some(verified) => {
            for deviation in &verified.deviations {
                page.deviation(deviation);
            }
        }
    }
    for unread in &found.unread {
        page.text.push_str(&style.red("could not be read"));
        if let Some(commit) = unread.commit {
            let _ = write!(page.text, "  {}", commit.short());
        }
        page.text.push('\n');
        page.wrapped("    ", "", &unread.why);
        page.text.push('\n');
    }
    if let (Some(since), true) = (report.since, found.older > 0) {
        let older = counted(found.older, "older commit");
        let day = since.strftime("%Y-%m-%d %H:%M");
        let line = format!("Skipped: {older}, before {day} by commit date.");
        page.wrapped("", "", &line);
    }
    if let Some(boundary) = &found.boundary {
        let line = format!(
            "History ends at the clone's boundary, {}; fetch-depth: 0 reads all of it.",
            boundary.short()
        );
        page.wrapped("", "", &line);
    }
    match &found.verified {
        // It ends with a command, which is pasted whole: it is never broken over two lines.
        None => {
            let _ = writeln!(page.text, "{}", listed(found, report.verify));
        }
        Some(verified) => page.wrapped("", "", &judged(found, verified)),
    }
    page.text
}

fn listed(found: &PastLandings, verify: &str) -> String {
    let landings = match found.landings.len() {
        0 => "No landings".to_owned(),
        number => counted(number, "landing"),
    };
    format!("{landings}. Next: {}", terminal(verify))
}

/// The sentence at the end. It says "clean" only if everything was read.
fn judged(found: &PastLandings, verified: &Verified) -> String {
    let of = |kind| {
        let all = verified.deviations.iter();
        all.filter(|deviation| deviation.kind == kind).count()
    };
    let kinds = [
        (DeviationKind::Drift, "drift"),
        (DeviationKind::FalseRecord, "false record"),
        (
            DeviationKind::NotRecomputable,
            "record that cannot be recomputed",
        ),
        (DeviationKind::MoreThanItsPlan, "landing beyond its plan"),
    ];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter(|(kind, _)| of(*kind) > 0)
        .map(|(kind, words)| match of(kind) {
            number if kind == DeviationKind::MoreThanItsPlan && number > 1 => {
                format!("{number} landings beyond their plans")
            }
            number if kind == DeviationKind::NotRecomputable && number > 1 => {
                format!("{number} records that cannot be recomputed")
            }
            number => counted(number, words),
        })
        .collect();
    if !parts.is_empty() {
        return format!("Not clean: {}.", parts.join(", "));
    }
    if found.boundary.is_some() || !found.unread.is_empty() {
        return "It is unknown whether it is clean: not all of it could be read.".to_owned();
    }
    let landings = match verified.landings {
        0 => "no landing".to_owned(),
        1 => "1 landing is exactly its plan".to_owned(),
        number => format!("{number} landings are exactly their plans"),
    };
    let fields = match verified.fields {
        0 => "no field is promoted here".to_owned(),
        1 => "the 1 promoted field was not changed any other way".to_owned(),
        number => format!("none of {number} promoted fields was changed any other way"),
    };
    format!("Clean: {landings}, and {fields}.")
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn landing(&mut self, report: &HistoryReport<'_>, landing: &Landed) {
        let from: Vec<&str> = landing
            .record
            .edges
            .iter()
            .map(|edge| edge.from.as_str())
            .collect();
        let name = full_name(
            landing.record.namespace.as_deref(),
            &landing.record.pipeline,
        );
        let what = format!("{name}  {} → {}", from.join(", "), landing.record.stage);
        let pull = pull(landing.pull);
        let plan = format!("plan {}{pull}", landing.record.plan.shown());
        self.head(&landing.commit, landing.date, &what, &plan);
        self.changes(&landing.changes);
        if let Some(skips) = &landing.record.emergency {
            let mark = self.style.red("!");
            self.wrapped(
                &format!("  {mark} "),
                "emergency  ",
                &format!("skipped {skips}"),
            );
        }
        if let Some((to, _)) = &landing.record.rollback {
            let mark = self.style.red("!");
            let words = format!("back to what landed in {}", to.short());
            self.wrapped(&format!("  {mark} "), "rollback  ", &words);
        }
        if let Some(person) = landing.record.requested_by {
            let why = landing
                .record
                .reason
                .as_deref()
                .unwrap_or("no reason is recorded");
            self.wrapped("    ", &format!("requested by {person}  "), why);
        } else if let Some(reason) = &landing.record.reason {
            self.wrapped("    ", "why  ", reason);
        }
        if landing.gates.is_empty() {
            let words = self.style.dim("gates: evidence not recorded");
            let _ = writeln!(self.text, "    {words}");
        }
        for gate in &landing.gates {
            self.gate(gate);
        }
        if report
            .branch
            .is_some_and(|branch| branch != landing.record.base)
        {
            self.wrapped("    ", "recorded for  ", &landing.record.base);
        }
        self.text.push('\n');
    }

    fn gate(&mut self, gate: &GateLine) {
        let mark = match gate.outcome {
            Some(GateOutcome::Pass) => self.style.green("✓"),
            Some(GateOutcome::Open) => self.style.red("✗"),
            None => self.style.yellow("?"),
        };
        let open = match gate.outcome {
            Some(GateOutcome::Open) => "did not pass: ",
            _ => "",
        };
        let name = match &gate.gate {
            Some(name) => format!("{}  ", terminal(&short(name))),
            None => String::new(),
        };
        let evidence = format!("{open}{}", gate.evidence);
        self.wrapped(&format!("  {mark} "), &name, &evidence);
    }

    fn deviation(&mut self, deviation: &Deviation) {
        let kind = deviation.kind.words();
        let what = format!("{kind}  by {}", deviation.author);
        let pull = pull(deviation.pull);
        self.head(&deviation.commit, deviation.date, &what, pull.trim_start());
        if let Some(claim) = &deviation.claim {
            let name = full_name(claim.namespace.as_deref(), &claim.pipeline);
            let plan = claim.plan.shown();
            let words = match (deviation.kind, &deviation.why) {
                (DeviationKind::FalseRecord, None) => ", which does not match what it changed",
                (DeviationKind::NotRecomputable, None) => {
                    ", which cannot be recomputed from what it changed: its list elements can be named in too many ways"
                }
                _ => "",
            };
            let claimed = format!("{name} → {}, plan {plan}{words}", claim.stage);
            self.wrapped("    ", "claims  ", &claimed);
        }
        if let Some(why) = &deviation.why {
            self.wrapped("    ", "", why);
        }
        let mut last = None;
        for change in &deviation.changes {
            if last != Some(&change.file) {
                self.wrapped("    ", "in  ", change.file.as_str());
                last = Some(&change.file);
            }
            self.changes(std::slice::from_ref(change));
        }
        self.text.push('\n');
    }

    fn head(&mut self, commit: &CommitId, date: Timestamp, what: &str, end: &str) {
        let when = date.strftime("%Y-%m-%d %H:%M").to_string();
        let start = format!("{when}  {}  ", commit.short());
        let room = WIDTH - start.chars().count() - end.chars().count() - 2;
        let what = cut(&terminal(what), room);
        let _ = writeln!(
            self.text,
            "{}",
            format!("{start}{}  {end}", self.style.bold(&what)).trim_end()
        );
    }

    /// One line for each, or two if its values are long.
    fn changes(&mut self, changes: &[FieldChange]) {
        let names: Vec<String> = changes
            .iter()
            .map(|change| cut(&terminal(&change.manifest.name), 40))
            .collect();
        let paths: Vec<String> = changes
            .iter()
            .map(|change| cut(&terminal(&change.path.to_string()), 50))
            .collect();
        let widest = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max();
        let (name_width, path_width) = (
            widest(&names).unwrap_or_default(),
            widest(&paths).unwrap_or_default(),
        );
        for ((change, name), path) in changes.iter().zip(names).zip(paths) {
            let start = format!("    {}  {}", pad(&name, name_width), pad(&path, path_width));
            let value = value(&change.values);
            if start.chars().count() + 2 + value.chars().count() <= WIDTH {
                let _ = writeln!(self.text, "{start}  {value}");
            } else {
                let _ = writeln!(self.text, "{}", start.trim_end());
                self.wrapped("        ", "", &value);
            }
        }
    }

    /// Foreign text after a start, broken between words; later lines are below the text.
    fn wrapped(&mut self, indent: &str, start: &str, text: &str) {
        // Colour has no width: an indent is four wide at most, whatever it is painted with.
        let plain = indent.chars().filter(|c| *c == ' ').count();
        let indent_width = plain + usize::from(indent.trim() != "");
        let start = terminal(start);
        let start = cut(&start, WIDTH / 2);
        let hang = indent_width + start.chars().count();
        let room = WIDTH - hang;
        let mut lines = lines_of(&terminal(text), room).into_iter();
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(
            self.text,
            "{}",
            format!("{indent}{start}{first}").trim_end()
        );
        for line in lines {
            let _ = writeln!(self.text, "{}{line}", " ".repeat(hang));
        }
    }
}

fn lines_of(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let line = lines.len() - 1;
            let used = lines[line].chars().count();
            let gap = usize::from(used > 0);
            if used + gap + word.len() <= room {
                if gap > 0 {
                    lines[line].push(' ');
                }
                lines[line].extend(word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            // A word that is wider than a line.
            let rest = word.split_off(room);
            lines[line].extend(word);
            lines.push(String::new());
            word = rest;
        }
    }
    lines
}

fn pull(pull: Option<u64>) -> String {
    pull.map(|number| format!("  #{number}"))
        .unwrap_or_default()
}

fn value(values: &ChangedValues) -> String {
    let shown = |text: &Option<String>| match text.as_deref() {
        None => "(nothing)".to_owned(),
        Some("") => "(empty)".to_owned(),
        Some(text) => terminal(&short(text)),
    };
    match values {
        ChangedValues::Secret => "changed, not shown".to_owned(),
        ChangedValues::Shown { old, new } => format!("{} → {}", shown(old), shown(new)),
    }
}
