//! What the template of a summary is filled with.

use minijinja::Value;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::content::Summary;
use crate::model::finding::{Finding, Severity};
use crate::model::life::{LIFE_STATES, LifeState, OutputList};
use crate::model::text::counted;
use crate::render::link::Link;
use crate::report::mermaid;

/// How much is shown.
#[derive(Clone, Copy)]
pub(super) struct SizeBudget {
    /// Items of one list.
    items: usize,
    /// Characters of one text.
    pub text: usize,
    /// Whether a list is shorter than it is.
    truncated: bool,
}

impl SizeBudget {
    /// Enough for all of it.
    pub(super) fn whole(summary: &Summary<'_>) -> Self {
        Self {
            items: summary
                .rows
                .len()
                .max(summary.ahead.len())
                .max(summary.findings.len()),
            text: 300,
            truncated: false,
        }
    }

    /// Half of it; `None` if nothing is left to omit.
    pub(super) fn smaller(self) -> Option<Self> {
        (self.items > 0 || self.text > 40).then_some(Self {
            items: self.items / 2,
            text: if self.items < 1000 {
                (self.text / 2).max(40)
            } else {
                self.text
            },
            truncated: true,
        })
    }
}

#[derive(Serialize)]
pub(super) struct View<'a> {
    heading: String,
    banner: Option<&'a str>,
    errors: Vec<FindingView<'a>>,
    rows: Vec<RowView<'a>>,
    nothing: Option<String>,
    not_moved: Option<String>,
    ahead: Vec<AheadView<'a>>,
    warnings: Vec<FindingView<'a>>,
    warnings_title: String,
    fold: bool,
    chart: Value,
    truncated: Option<String>,
    base: &'a str,
    tip: Option<String>,
    pipelines: String,
    footer: Vec<String>,
    explained: Value,
}

#[derive(Serialize)]
struct RowView<'a> {
    mark: &'static str,
    word: &'static str,
    kind: Option<&'a str>,
    pipeline: &'a str,
    to: &'a str,
    what: &'a str,
    pull: Value,
    pull_link: Value,
    why: &'a str,
    linked: Option<String>,
    link: Value,
    approve: Value,
    next: &'a str,
}

#[derive(Serialize)]
struct AheadView<'a> {
    service: &'a str,
    stage: &'a str,
    commit: String,
    link: Value,
    taken_away: bool,
    author: &'a str,
    date: String,
}

#[derive(Serialize)]
struct FindingView<'a> {
    code: &'a str,
    place: String,
    link: Value,
    message: &'a str,
    help: Option<&'a str>,
}

/// What ends a path in an address, or begins an encoded character there; [`Link`] sees to the rest.
const PATH: &AsciiSet = &CONTROLS.add(b'#').add(b'?').add(b'%').add(b'\\');

/// More warnings than this are folded.
const SHOWN_WARNINGS: usize = 10;
/// More pipelines than this make a chart that no one reads.
const DRAWN_PIPELINES: usize = 5;

/// The view of a summary, with this much room.
pub(super) fn of<'a>(summary: &'a Summary<'a>, budget: SizeBudget) -> View<'a> {
    let mut rows: Vec<_> = summary.rows.iter().collect();
    // Stable: within a state the caller's order stays.
    rows.sort_by_key(|row| row.state);
    let of = |severity| {
        let findings: Vec<&Finding> = summary
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .collect();
        findings
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let draw =
        !summary.moving.is_empty() && summary.moving.len() <= DRAWN_PIPELINES && !budget.truncated;
    View {
        heading: heading(summary, errors.len()),
        banner: summary.banner,
        nothing: nothing(summary),
        not_moved: not_moved(summary),
        truncated: budget.truncated.then(|| {
            missing(
                budget.items,
                &[
                    (rows.len(), "promotions"),
                    (errors.len(), "errors"),
                    (summary.ahead.len(), "services ahead"),
                    (warnings.len(), "warnings"),
                ],
            )
        }),
        fold: warnings.len() > SHOWN_WARNINGS,
        warnings_title: counted(warnings.len(), "warning"),
        errors: errors
            .into_iter()
            .take(budget.items)
            .map(|finding| finding_view(finding, summary))
            .collect(),
        warnings: warnings
            .into_iter()
            .take(budget.items)
            .map(|finding| finding_view(finding, summary))
            .collect(),
        rows: rows
            .into_iter()
            .take(budget.items)
            .map(|row| RowView {
                mark: row.state.mark(),
                word: row.state.word(),
                kind: row.kind,
                pipeline: row.pipeline,
                to: row.to,
                what: row.what,
                // One's own number is meant as the reference that it becomes.
                pull: safe(row.pull.as_ref().map(|pull| format!("#{}", pull.number))),
                pull_link: link(row.pull.as_ref().and_then(|pull| pull.link.as_ref())),
                why: &row.why,
                linked: row.commit.as_ref().map(|(commit, _)| commit.short()),
                link: link(row.commit.as_ref().and_then(|(_, link)| link.as_ref())),
                approve: link(row.approve.as_ref()),
                next: &row.next,
            })
            .collect(),
        ahead: summary
            .ahead
            .iter()
            .take(budget.items)
            .map(|service| AheadView {
                service: service.service,
                stage: service.stage,
                commit: service.by.commit.short(),
                link: link(service.link.as_ref()),
                taken_away: service.taken_away,
                author: &service.by.author,
                date: service.by.date.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            })
            .collect(),
        // The chart's labels are escaped where it is made; it contains no backtick.
        chart: safe(draw.then(|| mermaid::chart_of(summary.moving.iter().copied()))),
        base: summary.base,
        tip: summary.tip.map(|tip| tip.short()),
        pipelines: counted(summary.pipelines, "pipeline"),
        footer: footer(summary),
        explained: link(summary.explained.as_ref().filter(|_| waits(summary))),
    }
}

/// `1 needs you, 2 waiting · 1 ahead, 195 in sync`.
fn heading(summary: &Summary<'_>, errors: usize) -> String {
    let some = |number: usize, word: &str| (number > 0).then(|| format!("{number} {word}"));
    let moved: Vec<String> = LIFE_STATES
        .into_iter()
        .filter_map(|state| {
            let count = |state| summary.rows.iter().filter(|row| row.state == state).count();
            let number = match state {
                LifeState::Error => count(state) + errors,
                // What was opened waits.
                LifeState::Opened => 0,
                LifeState::Waiting => count(state) + count(LifeState::Opened),
                state => count(state),
            };
            (number > 0).then(|| state.counted(number))
        })
        .collect();
    let still: Vec<String> = [
        some(summary.not_opened, "due later"),
        some(summary.ahead.len(), "ahead"),
        some(summary.in_sync, "in sync"),
        some(summary.not_moved, "not moved"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let parts: Vec<String> = [moved, still]
        .into_iter()
        .filter(|parts| !parts.is_empty())
        .map(|parts| parts.join(", "))
        .collect();
    match parts.is_empty() {
        true => "nothing to promote".to_owned(),
        false => parts.join(" · "),
    }
}

/// The text in place of an empty table; none if the errors say enough.
fn nothing(summary: &Summary<'_>) -> Option<String> {
    let errors = summary
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    match (summary.pipelines, errors) {
        (_, true) => None,
        (0, false) => Some(format!(
            "There is no Pipeline on {}, so there is nothing to promote.",
            summary.base
        )),
        (_, false) if summary.not_opened > 0 => None,
        (_, false) => Some("Nothing had to move.".to_owned()),
    }
}

/// The sentence about stages that nothing promotes, because nothing else ever mentions them.
fn not_moved(summary: &Summary<'_>) -> Option<String> {
    let which = match summary.not_moved {
        0 => return None,
        1 => "1 stage is not moved: no service of it takes".to_owned(),
        many => format!("{many} stages are not moved: no service of them takes"),
    };
    Some(format!(
        "{which} anything from another. `sluice init` shows the `serviceRef` to add, `sluice plan` says why."
    ))
}

fn missing(items: usize, lists: &[(usize, &str)]) -> String {
    let parts: Vec<String> = lists
        .iter()
        .filter(|(number, _)| *number > items)
        .map(|(number, word)| format!("{} of {number} {word} are left out", number - items))
        .collect();
    match parts.is_empty() {
        true => "texts are cut".to_owned(),
        false => parts.join(", "),
    }
}

fn finding_view<'a>(finding: &'a Finding, summary: &Summary<'_>) -> FindingView<'a> {
    let place = &finding.place;
    let there = summary.files.as_ref().and_then(|files| {
        let path = utf8_percent_encode(place.file.as_str(), PATH);
        Link::parse(&format!("{}{path}#L{}", files.as_str(), place.line))
    });
    FindingView {
        code: finding.code,
        place: format!("{}:{}", place.file, place.line),
        link: link(there.as_ref()),
        message: &finding.message,
        help: finding.help.as_deref(),
    }
}

/// Whether something waits or has to be looked at.
fn waits(summary: &Summary<'_>) -> bool {
    let mut rows = summary.rows.iter();
    rows.any(|row| row.state.output() != OutputList::Promoted)
}

fn footer(summary: &Summary<'_>) -> Vec<String> {
    let requests = summary.requests.map(|number| counted(number, "request"));
    let took = summary
        .took
        .map(|took| format!("{:.1} s", took.as_secs_f64()));
    requests
        .into_iter()
        .chain(took)
        .chain(summary.notices.iter().take(10).cloned())
        .collect()
}

fn safe(text: Option<String>) -> Value {
    text.map_or(Value::from(()), Value::from_safe_string)
}

fn link(link: Option<&Link>) -> Value {
    link.map_or(Value::from(()), Link::value)
}
