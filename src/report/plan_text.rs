//! A plan as text for a terminal. One promotion is one block: what would change, what its gates say, and why it does
//! or does not move.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::escape::terminal;
use super::findings;
use super::style::{Style, pad};
use crate::model::catalog::Catalog;
use crate::model::change::Change;
use crate::model::commit_range::{self, Direction, LinkedRange, RangesByChange};
use crate::model::fetched::Fetched;
use crate::model::finding::Finding;
use crate::model::plan::{GateReport, PipelinePlan, Plan, Promotion, State};
use crate::model::source_location::RepoPath;
use crate::model::text::counted;
use crate::model::verdict::Verdict;

/// Everything that the text of a plan is made of.
pub(crate) struct PlanText<'a> {
    /// What is planned, as the heading says it: repository, branch, commit.
    pub heading: String,
    /// The manifests.
    pub catalog: &'a Catalog,
    /// The plan.
    pub plan: &'a Plan,
    /// What its changes bring, so far as that was looked up.
    pub ranges: &'a RangesByChange,
    /// Findings.
    pub findings: &'a [Finding],
    /// The command that plays what is due.
    pub simulate: &'a str,
    /// Notices: files that were not looked at and the like.
    pub notices: &'a [String],
    /// The policy's file, where `--why` names lines of it.
    pub why: Option<&'a RepoPath>,
    /// Diffs by stage, if they were requested.
    pub diffs: &'a BTreeMap<(usize, usize), String>,
    /// Colour.
    pub style: Style,
}

/// The column of the state in a promotion's first line.
const STATE_COLUMN: usize = 57;
/// The column of a value after its field, and of a gate's reason after its name.
const VALUE_COLUMN: usize = 22;
/// At most this many commits of one change are listed.
const COMMITS: usize = 10;

impl PlanText<'_> {
    /// The text.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{}   {}, {}",
            self.style.bold(&terminal(&self.heading)),
            counted(self.catalog.pipelines.len(), "pipeline"),
            counted(self.catalog.services.len(), "service"),
        );
        for notice in self.notices {
            let _ = writeln!(text, "{}", self.style.dim(&terminal(notice)));
        }
        text.push('\n');
        if self.catalog.pipelines.is_empty() {
            let _ = writeln!(
                text,
                "There is no Pipeline here, so there is nothing to promote.\n"
            );
        }
        for (index, pipeline) in self.plan.pipelines.iter().enumerate() {
            for (position, promotion) in pipeline.promotions.iter().enumerate() {
                self.promotion(&mut text, pipeline, promotion, (index, position));
            }
        }
        text.push_str(&findings::text(self.findings, self.style));
        let _ = writeln!(text, "{}", self.ending());
        text
    }

    fn promotion(
        &self,
        text: &mut String,
        pipeline: &PipelinePlan,
        promotion: &Promotion,
        place: (usize, usize),
    ) {
        let name = &self.catalog.pipeline(pipeline.id).name;
        let from: Vec<&str> = promotion
            .edges
            .iter()
            .map(|edge| edge.from.as_str())
            .collect();
        let title = format!("{name}  {} → {}", from.join(", "), promotion.stage);
        let plan = promotion
            .plan
            .map(|plan| format!("  {}", plan.shown()))
            .unwrap_or_default();
        let title = pad(&terminal(&title), STATE_COLUMN);
        let _ = writeln!(
            text,
            "{} {}{plan}",
            self.style.bold(title.trim_end()).to_string() + &gap(&title),
            self.state(promotion.state)
        );
        if promotion.state != State::Due {
            let _ = writeln!(text, "    {}", terminal(&promotion.reason));
            if let Some(help) = &promotion.help {
                let _ = writeln!(
                    text,
                    "    {}",
                    self.style.dim(&format!("help: {}", terminal(help)))
                );
            }
        } else if &*promotion.reason != "its sources changed" {
            let _ = writeln!(text, "    {}", self.style.dim(&terminal(&promotion.reason)));
        }
        self.backwards(text, promotion, place);
        if let (Some(policy), Some(at)) = (self.why, promotion.rule_at) {
            let _ = writeln!(
                text,
                "    {}",
                self.style
                    .dim(&format!("why: {}:{}", terminal(policy.as_str()), at.line))
            );
        }
        self.changes(text, &promotion.changes, place);
        for skipped in &promotion.skipped {
            let _ = writeln!(text, "  not copied: {}", terminal(skipped));
        }
        for service in &promotion.overwritten_hotfixes {
            let _ = writeln!(
                text,
                "  takes away: {}  {}",
                terminal(&service.name),
                terminal(&service.reason)
            );
        }
        // An ahead or held service that is the whole reason was named above.
        if !promotion.changes.is_empty() {
            for service in &promotion.skipped_services {
                let _ = writeln!(
                    text,
                    "  stays behind: {}  {}",
                    terminal(&service.name),
                    terminal(&service.reason)
                );
            }
        }
        if !promotion.gates.is_empty() {
            text.push_str("  gates\n");
            for gate in &promotion.gates {
                self.gate(text, gate);
            }
        }
        if let Some(diff) = self.diffs.get(&place) {
            text.push('\n');
            text.push_str(diff);
        }
        text.push('\n');
    }

    /// That it does not go forward, before anything else about what changes.
    fn backwards(&self, text: &mut String, promotion: &Promotion, place: (usize, usize)) {
        if promotion.state != State::Due {
            return;
        }
        for (at, change) in promotion.changes.iter().enumerate() {
            let range = self.ranges.get(&(place.0, place.1, at));
            let range = range.and_then(|range| range.as_ref().ok());
            if let Some(warning) = commit_range::warning(change, range.map(|range| &range.summary))
            {
                let line = format!("{} {warning}", terminal(&change.manifest.name));
                let _ = writeln!(text, "    {}", self.style.yellow(&line));
            }
        }
    }

    fn changes(&self, text: &mut String, changes: &[Change], place: (usize, usize)) {
        let longest = changes
            .iter()
            .map(|change| change.path.to_string().chars().count());
        let width = longest.max().unwrap_or(0).clamp(VALUE_COLUMN, 48);
        let mut last = None;
        for (at, change) in changes.iter().enumerate() {
            let range = self.ranges.get(&(place.0, place.1, at));
            let place = change.place();
            let head = (&change.manifest, &change.file);
            if last != Some(head) {
                let _ = writeln!(
                    text,
                    "  {}  {}:{}",
                    terminal(&change.manifest.name),
                    terminal(place.file.as_str()),
                    place.line
                );
                last = Some(head);
            }
            let _ = writeln!(
                text,
                "    {} {}{}",
                pad(&terminal(&change.path.to_string()), width),
                value(change),
                comes(change, range),
            );
            self.incoming(text, change, range);
        }
    }

    /// What a change brings, in lines below it; that it goes back comes first.
    fn incoming(&self, text: &mut String, change: &Change, range: Option<&Fetched<LinkedRange>>) {
        let found = range.and_then(|range| range.as_ref().ok());
        if let Some(warning) = commit_range::warning(change, found.map(|range| &range.summary)) {
            let _ = writeln!(text, "      {}", self.style.yellow(&warning));
        }
        let range = match range {
            None => return,
            Some(Ok(range)) => range,
            Some(Err(why)) => {
                let line = format!("its commits could not be looked up: {}", terminal(why));
                let _ = writeln!(text, "      {}", self.style.dim(&line));
                return;
            }
        };
        let brings = &range.summary;
        let mark = match brings.way {
            Direction::Back => "takes back ",
            Direction::Forward | Direction::Sideways => "",
        };
        for (id, subject, author, pull) in brings.listed.iter().take(COMMITS) {
            let pull = pull.map(|pull| format!(", #{pull}")).unwrap_or_default();
            let line = format!(
                "{mark}{id} {}, {}{pull}",
                terminal(subject),
                terminal(author)
            );
            let _ = writeln!(text, "      {line}");
        }
        let rest = brings.total - brings.listed.len().min(COMMITS);
        match (rest, brings.cut) {
            (0, false) => {}
            (rest, cut) => {
                let least = if cut { "at least " } else { "" };
                let _ = writeln!(text, "      … {least}{rest} more");
            }
        }
        if let Some(compare) = &range.compare {
            let line = terminal(compare.as_str());
            let _ = writeln!(text, "      {}", self.style.dim(&line));
        }
    }

    fn gate(&self, text: &mut String, gate: &GateReport) {
        let mark = match gate.judgement.verdict {
            Verdict::Pass => self.style.green("✓"),
            Verdict::Pending => self.style.yellow("?"),
            Verdict::Blocked => self.style.red("✗"),
            Verdict::Error => self.style.red("!"),
        };
        let why = match (self.why, gate.rule_at) {
            (Some(policy), Some(at)) => format!("   why: {}:{}", policy.as_str(), at.line),
            (Some(_), None) => format!("   why: the default of {}", gate.kind),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "    {mark} {} {}{}",
            pad(&terminal(gate.name.as_str()), VALUE_COLUMN - 2),
            terminal(&gate.judgement.reason),
            self.style.dim(&terminal(&why)),
        );
    }

    fn state(&self, state: State) -> String {
        match state {
            State::Error => self.style.red("ERROR"),
            State::Held => self.style.yellow("HELD"),
            State::Due => self.style.green("DUE"),
            State::Ahead => self.style.yellow("AHEAD"),
            State::NotMoved => self.style.dim("NOT MOVED"),
            State::InSync => self.style.dim("IN SYNC"),
        }
    }

    fn ending(&self) -> String {
        let states = self
            .plan
            .pipelines
            .iter()
            .flat_map(|pipeline| &pipeline.promotions)
            .map(|p| p.state);
        let mut counts: BTreeMap<State, usize> = BTreeMap::new();
        for state in states {
            *counts.entry(state).or_default() += 1;
        }
        let words = [
            (State::Error, "in error"),
            (State::Due, "due"),
            (State::Held, "held"),
            (State::Ahead, "ahead"),
            (State::InSync, "in sync"),
            (State::NotMoved, "not moved"),
        ];
        let parts: Vec<String> = words
            .iter()
            .filter_map(|(state, word)| counts.get(state).map(|count| format!("{count} {word}")))
            .collect();
        let parts = if parts.is_empty() {
            "Nothing to promote".to_owned()
        } else {
            parts.join(", ")
        };
        let next = if counts.contains_key(&State::Due) {
            format!(" Next: {}", terminal(self.simulate))
        } else {
            String::new()
        };
        format!("{parts}. Nothing was written.{next}")
    }
}

/// How many commits come with a change, as it continues after its values.
fn comes(change: &Change, range: Option<&Fetched<LinkedRange>>) -> String {
    let comes = range
        .and_then(|range| range.as_ref().ok())
        .and_then(|range| range.summary.incoming_count());
    match (comes, &change.said) {
        (None, _) => String::new(),
        (Some(count), Some(_)) => format!(", {count}"),
        (Some(count), None) => format!("   {count}"),
    }
}

fn gap(padded: &str) -> String {
    " ".repeat(padded.chars().count() - padded.trim_end().chars().count())
}

/// Old and new of a change; a commit id by its first digits, a secret not at all.
pub(crate) fn value(change: &Change) -> String {
    if change.is_secret() {
        return "changed, not shown".to_owned();
    }
    let shown = |text: Option<&str>| {
        text.map_or_else(|| "(nothing)".to_owned(), |text| terminal(&short(text)))
    };
    let old = shown(change.old.as_ref().and_then(|old| old.shown()));
    let new = shown(change.new.shown());
    let said = change
        .said
        .as_ref()
        .map(|said| format!("   {}", terminal(said)))
        .unwrap_or_default();
    format!("{old} → {new}{said}")
}

/// A commit ID by its first seven digits, other text as it is, cut if it is very long. A line break at its end, as in a
/// block scalar (`|`), is shown by its sign.
pub(crate) fn short(text: &str) -> String {
    const MAX_LENGTH: usize = 80;
    if let Some(text) = text.strip_suffix('\n') {
        return format!("{}⏎", short(text));
    }
    if text.parse::<crate::model::ids::CommitId>().is_ok() {
        return text.chars().take(7).collect();
    }
    if text.chars().count() <= MAX_LENGTH {
        return text.to_owned();
    }
    let cut: String = text.chars().take(MAX_LENGTH).collect();
    format!("{cut}…")
}
