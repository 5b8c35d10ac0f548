//! The text for a terminal, as wide as that is, else eighty columns; long names, and old dates beside them, take it twenty further. The
//! heading of a pipeline answers why it has not moved; the rest is below it, stage by stage.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::installation;
use super::lines::{changes, debt, left_out, packed, running, services, since, wrapped};
use crate::model::finding::{Finding, Severity};
use crate::model::life::LifeState;
use crate::model::plan::{GateReport, State};
use crate::model::status::{PipelineStatus, PromotionStatus, StageStatus, Status, StatusKind};
use crate::model::text::counted;
use crate::model::text::cut_words;
use crate::model::verdict::Verdict;
use crate::model::when::utc;
use crate::report::escape::terminal;
use crate::report::findings;
use crate::report::style::{Style, pad};

/// The columns of the right side, unless its text is longer than that.
const RIGHT_SIDE: usize = 27;
/// The indentation of what is below the first line of a promotion.
const BELOW: usize = 7;
/// The beginning of a hint that names a command. It is on one line, however long, so that it can be pasted; and the
/// layout must not depend on the length of the path in the command.
const COMMAND: &str = "help: sluice ";
/// At most this many lines of changes are shown.
const MAX_LINES: usize = 8;

/// The text.
pub(crate) fn text(
    status: &Status,
    notices: &[String],
    validate: &str,
    short: bool,
    style: Style,
) -> String {
    let mut text = String::new();
    if let Some(alarm) = installation::alarm(status) {
        let _ = writeln!(text, "{}", style.red(&terminal(&format!("✗ {alarm}"))));
    }
    let _ = writeln!(text, "{}", heading(status, style));
    if !status.counts.is_empty() {
        let _ = writeln!(text, "{}", counts(&status.counts, style));
    }
    if let Some(line) = installation::quiet(status) {
        let _ = writeln!(text, "{}", style.dim(&terminal(&line)));
    }
    for notice in notices {
        let _ = writeln!(text, "{}", style.dim(&terminal(notice)));
    }
    text.push('\n');
    if status.pipelines.is_empty() {
        let why = match status.counts.is_empty() {
            true => NO_PIPELINE,
            false => NOTHING_WAITS,
        };
        let _ = writeln!(text, "{why}\n");
    }
    let alone = status.pipelines.len() == 1;
    let mut brief = false;
    for pipeline in &status.pipelines {
        let shown = Shown {
            pipeline,
            name: name(status, pipeline),
            now: status.now,
            style,
        };
        brief = short || (pipeline.state == StatusKind::InSync && !alone);
        shown.heading(&mut text);
        if !brief {
            shown.below(&mut text);
            text.push('\n');
        }
    }
    if brief {
        text.push('\n');
    }
    text.push_str(&found(&status.findings, validate, style));
    text.trim_end().lines().map(commandless).collect()
}

/// A line that a runner's log does not mistake for a workflow command: it ignores blanks at the beginning, where
/// foreign names are.
fn commandless(line: &str) -> String {
    let at = line.len() - line.trim_start().len();
    match line[at..]
        .strip_prefix(':')
        .filter(|rest| rest.starts_with(':'))
    {
        Some(rest) => format!("{}\\u{{3a}}{rest}\n", &line[..at]),
        None => format!("{line}\n"),
    }
}

fn heading(status: &Status, style: Style) -> String {
    let at = match (&status.base, status.tip) {
        (base, Some(tip)) => {
            let base = base.as_deref().unwrap_or("detached");
            format!("{base} {}", tip.short())
        }
        (Some(_), None) => "no commit yet".to_owned(),
        (None, None) => "a folder without history".to_owned(),
    };
    let name = format!("{}  {at}", status.repository);
    let now = status.now.to_zoned(TimeZone::UTC);
    format!(
        "{}   {}   {}",
        style.bold(&terminal(&name)),
        counted(status.pipelines.len(), "pipeline"),
        now.strftime("%Y-%m-%d %H:%M UTC")
    )
}

/// What gives a text its colour.
type Paint = fn(Style, &str) -> String;

/// How many promotions there are of each status: what needs a person first.
fn counts(counts: &BTreeMap<StatusKind, usize>, style: Style) -> String {
    use StatusKind as K;
    let number = |kinds: &[K]| -> usize { kinds.iter().filter_map(|kind| counts.get(kind)).sum() };
    let waiting = [
        K::WaitsForPeople,
        K::WaitsForChecks,
        K::WaitsForTime,
        K::Queued,
    ];
    let as_life = |kind: K, state: LifeState| {
        let number = number(&[kind]);
        (number, state.counted(number))
    };
    let of = |kinds: &[K], word: &str| (number(kinds), format!("{} {word}", number(kinds)));
    let all: [((usize, String), Paint); 10] = [
        (as_life(K::NeedsPerson, LifeState::NeedsPerson), Style::red),
        (as_life(K::Blocked, LifeState::Blocked), Style::red),
        (as_life(K::Error, LifeState::Error), Style::red),
        (of(&waiting, "waiting"), Style::yellow),
        (as_life(K::Frozen, LifeState::Frozen), Style::yellow),
        (as_life(K::Held, LifeState::Held), Style::yellow),
        (as_life(K::Due, LifeState::Due), Style::green),
        (of(&[K::Ahead], "ahead"), Style::yellow),
        (of(&[K::InSync], "in sync"), Style::dim),
        (of(&[K::NotMoved], "not moved"), Style::dim),
    ];
    let shown = all.iter().filter(|((number, _), _)| *number > 0);
    let shown: Vec<String> = shown.map(|((_, text), paint)| paint(style, text)).collect();
    shown.join(", ")
}

/// The name, with the namespace if another one has the same.
fn name(status: &Status, pipeline: &PipelineStatus) -> String {
    let same = status
        .pipelines
        .iter()
        .filter(|other| other.name == pipeline.name);
    match same.count() {
        1 => terminal(&pipeline.name),
        _ => terminal(&pipeline.full_name()),
    }
}

/// Errors in full, warnings as a number: they keep nothing from moving.
fn found(all: &[Finding], validate: &str, style: Style) -> String {
    let errors: Vec<Finding> = all
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .cloned()
        .collect();
    let mut text = findings::text(&errors, style);
    if all.len() > errors.len() {
        let number = counted(all.len() - errors.len(), "warning");
        let _ = writeln!(
            text,
            "{}",
            style.dim(&format!("{number}: {} shows them", terminal(validate)))
        );
    }
    text
}

/// A pipeline on its way into the text.
struct Shown<'a> {
    pipeline: &'a PipelineStatus,
    name: String,
    now: Timestamp,
    style: Style,
}

impl Shown<'_> {
    /// The columns of a line.
    fn width(&self) -> usize {
        self.style.width()
    }

    /// The column of the right side.
    fn right(&self) -> usize {
        self.width() - RIGHT_SIDE
    }

    /// Its name, and the one thing that matters.
    fn heading(&self, text: &mut String) {
        let name = self.name.chars().count();
        let said = cut_words(
            &terminal(&self.headline()),
            self.width().saturating_sub(name + 2).max(40),
        );
        let begins = self
            .right()
            .min(self.width().saturating_sub(said.chars().count()));
        let said = match self.pipeline.state {
            StatusKind::NeedsPerson | StatusKind::Blocked | StatusKind::Error => {
                self.style.red(&said)
            }
            StatusKind::Due => self.style.green(&said),
            StatusKind::NotMoved | StatusKind::InSync => self.style.dim(&said),
            _ => self.style.yellow(&said),
        };
        let gap = " ".repeat(begins.saturating_sub(name).max(2));
        let _ = writeln!(text, "{}{gap}{said}", self.style.bold(&self.name));
    }

    fn headline(&self) -> String {
        if let Some(why) = &self.pipeline.stopped {
            return format!("error: {}", brief(why));
        }
        let Some(worst) = self.pipeline.worst() else {
            return "nothing is promoted in it".to_owned();
        };
        let stage = &worst.promotion.stage;
        let gate = worst
            .deciding
            .and_then(|gate| worst.promotion.gates.get(gate));
        let reason = brief(gate.map_or(&worst.reason, |gate| &gate.judgement.reason));
        match worst.state {
            StatusKind::NeedsPerson => format!("{stage} needs you: {reason}"),
            StatusKind::Blocked => format!("{stage} blocked: {reason}"),
            StatusKind::Error => format!("{stage} error: {reason}"),
            StatusKind::WaitsForTime if worst.next.is_some() => {
                let at = worst.next.unwrap_or(self.now);
                format!("{stage} waits until {}", utc(at, self.now))
            }
            StatusKind::WaitsForPeople | StatusKind::WaitsForChecks | StatusKind::WaitsForTime => {
                match reason.strip_prefix("waits for ") {
                    Some(whom) => format!("{stage} waits for {whom}"),
                    None => format!("{stage} waits: {reason}"),
                }
            }
            StatusKind::Queued => format!("{stage} is in the merge queue"),
            StatusKind::Frozen if reason.starts_with("frozen") => format!("{stage} {reason}"),
            StatusKind::Frozen => format!("{stage} frozen: {reason}"),
            StatusKind::Held if reason.starts_with("held") => format!("{stage} {reason}"),
            StatusKind::Held => format!("{stage} held: {reason}"),
            StatusKind::Due => format!("{stage}: {reason}"),
            StatusKind::Ahead => format!("{stage} ahead of {}", from(worst)),
            StatusKind::NotMoved => format!("{stage} not moved"),
            StatusKind::InSync => "in sync".to_owned(),
        }
    }

    /// Why a pipeline is stopped is in its heading, and in full among the findings.
    fn below(&self, text: &mut String) {
        let names = self.pipeline.stages.iter();
        let width = names
            .map(|stage| terminal(stage.stage.as_str()).chars().count())
            .max()
            .unwrap_or(0);
        for stage in &self.pipeline.stages {
            self.stage(text, stage, width);
            if self.pipeline.stopped.is_some() {
                continue;
            }
            for promotion in &stage.promotions {
                if promotion.state != StatusKind::InSync {
                    self.promotion(text, promotion, stage.promotions.len() > 1);
                }
            }
        }
    }

    fn stage(&self, text: &mut String, stage: &StageStatus, width: usize) {
        let in_sync = stage.takes
            && !stage.promotions.is_empty()
            && stage
                .promotions
                .iter()
                .all(|promotion| promotion.state == StatusKind::InSync);
        let room = self.right().saturating_sub(width + 6);
        let lines = match in_sync {
            true => vec![format!("in sync with {}", terminal(&sources(stage)))],
            false => services(&running(&stage.values), room),
        };
        let since = self.style.dim(&since(&stage.since, self.now));
        let name = pad(&terminal(stage.stage.as_str()), width);
        let first = format!(
            "  {name}  {}",
            lines.first().map_or("", String::as_str).trim_end()
        );
        let _ = writeln!(text, "{}  {since}", pad(first.trim_end(), self.right() - 2));
        for line in lines.iter().skip(1) {
            let _ = writeln!(text, "  {}  {}", pad("", width), line.trim_end());
        }
    }

    fn promotion(&self, text: &mut String, status: &PromotionStatus, several: bool) {
        let promotion = &status.promotion;
        if !promotion.changes.is_empty() || promotion.skipped_services.is_empty() {
            self.first_line(text, status, several);
            let mut say = |sentence: &str| {
                let sentence = terminal(sentence);
                let lines = match sentence.starts_with(COMMAND) {
                    true => vec![sentence],
                    false => wrapped(&sentence, self.width() - BELOW),
                };
                for line in lines {
                    let _ = writeln!(text, "{}{line}", " ".repeat(BELOW));
                }
            };
            if let Some(why) = &status.emergency {
                say(&format!("EMERGENCY: {why}"));
            }
            // Without changes the first line already says it; a gate says it too, but not what else holds the promotion.
            match status.deciding {
                None if !promotion.changes.is_empty() => say(&status.reason),
                Some(_) if promotion.state == State::Held => say(&promotion.reason),
                _ => {}
            }
            if let Some(help) = status.help.as_ref().filter(|_| status.deciding.is_none()) {
                say(&format!("help: {help}"));
            }
            if let Some(newer) = status.newer {
                say(&format!("plan {} waits behind it", newer.shown()));
            }
            let names = promotion.gates.iter();
            let width = names
                .map(|gate| terminal(gate.name.as_str()).chars().count())
                .max()
                .unwrap_or(0);
            for (index, gate) in promotion.gates.iter().enumerate() {
                // A gate with one name may be on several edges, and has the same verdict on all of them.
                let same = |other: &GateReport| {
                    other.name == gate.name && other.judgement == gate.judgement
                };
                if !promotion.gates[..index].iter().any(same) {
                    self.gate(text, gate, width);
                }
            }
        }
        let behind = promotion
            .skipped_services
            .iter()
            .map(|service| left_out(service, self.now));
        let debts = promotion
            .overwritten_hotfixes
            .iter()
            .map(|service| debt(service, self.now));
        for sentence in behind.chain(debts) {
            let lines = wrapped(&sentence, self.width() - 6);
            for (index, line) in lines.iter().enumerate() {
                let _ = writeln!(text, "    {}{line}", if index == 0 { "" } else { "  " });
            }
        }
    }

    /// The pull request, what would change, and the plan's digits at the right.
    fn first_line(&self, text: &mut String, status: &PromotionStatus, several: bool) {
        let promotion = &status.promotion;
        let mut pieces = changes(&promotion.changes);
        if pieces.is_empty() {
            pieces = wrapped(&terminal(&status.reason), self.width() - BELOW);
        }
        let between = match promotion.changes.is_empty() {
            true => " ",
            false => ", ",
        };
        let mut before = String::new();
        if several {
            let _ = write!(before, "from {}: ", terminal(&from(status)));
        }
        if let Some(number) = status.pull {
            let _ = write!(before, "{number}  ");
        }
        if let Some(first) = pieces.first_mut() {
            *first = format!("{before}{first}");
        }
        let plan = promotion.plan.map(|plan| plan.shown()).unwrap_or_default();
        let mut lines = packed(&pieces, between, self.width() - BELOW - 8);
        let more = lines.len().saturating_sub(MAX_LINES);
        lines.truncate(MAX_LINES);
        if more > 0 {
            let lines_more = if more == 1 { "line" } else { "lines" };
            lines.push(format!("… and {more} more {lines_more} of changes"));
        }
        for (index, line) in lines.iter().enumerate() {
            let start = match index {
                0 => format!("    {} ", self.mark(status.state)),
                _ => " ".repeat(BELOW),
            };
            let end = match index {
                0 => format!("{}  {plan}", pad(line, self.width() - BELOW - 8)),
                _ => line.clone(),
            };
            let _ = writeln!(text, "{start}{}", end.trim_end());
        }
    }

    fn gate(&self, text: &mut String, gate: &GateReport, width: usize) {
        let mark = match gate.judgement.verdict {
            Verdict::Pass => self.style.green("✓ "),
            Verdict::Pending => self.style.yellow("⏳"),
            Verdict::Blocked => self.style.red("✗ "),
            Verdict::Error => self.style.red("! "),
        };
        let indent = BELOW + 3 + width + 2;
        let room = self.width().saturating_sub(indent).max(30);
        let mut lines = wrapped(&terminal(&gate.judgement.reason), room);
        if gate.judgement.verdict != Verdict::Pass {
            lines.extend(gate.link.as_deref().map(terminal));
        }
        let name = pad(&terminal(gate.name.as_str()), width);
        for (index, line) in lines.iter().enumerate() {
            let start = match index {
                0 => format!("{}{mark} {name}  ", " ".repeat(BELOW)),
                _ => " ".repeat(indent),
            };
            let _ = writeln!(text, "{start}{line}");
        }
    }

    /// Two cells wide: the hourglass is.
    fn mark(&self, state: StatusKind) -> String {
        match state {
            StatusKind::NeedsPerson | StatusKind::Blocked => self.style.red("⛔"),
            StatusKind::Error => self.style.red("✖ "),
            StatusKind::Held | StatusKind::Frozen => self.style.yellow("⏸ "),
            StatusKind::Due => self.style.green("● "),
            StatusKind::Ahead => self.style.yellow("↑ "),
            StatusKind::NotMoved => self.style.dim("– "),
            _ => self.style.yellow("⏳"),
        }
    }
}

/// The first part of a sentence, without what is in brackets or added to it.
fn brief(reason: &str) -> &str {
    let ends = [" (", "; "].into_iter().filter_map(|end| reason.find(end));
    &reason[..ends.min().unwrap_or(reason.len())]
}

/// The stages that a promotion comes from.
fn from(status: &PromotionStatus) -> String {
    let edges = status.promotion.edges.iter();
    let names: Vec<&str> = edges.map(|edge| edge.from.as_str()).collect();
    names.join(", ")
}

/// The stages that a stage is fed by.
fn sources(stage: &StageStatus) -> String {
    let edges = stage
        .promotions
        .iter()
        .flat_map(|status| &status.promotion.edges);
    let mut known = BTreeSet::new();
    let names: Vec<&str> = edges
        .map(|edge| edge.from.as_str())
        .filter(|name| known.insert(*name))
        .collect();
    names.join(", ")
}

/// Shown if only what waits was asked for.
const NOTHING_WAITS: &str = "Nothing waits.";

/// Shown if there is nothing to show.
pub(crate) const NO_PIPELINE: &str = "There is no Pipeline here, so there is nothing to promote.";
