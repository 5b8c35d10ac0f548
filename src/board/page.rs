//! The page: from the two documents to HTML. All text passes the template engine's escaping for HTML; characters that
//! hide or reorder text are written as their numbers first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, escape_formatter};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ages::{duration, minute};
use super::documents::{Finding, HistoryDocument, Severity, StatusDocument};
use super::figures::{DAYS, Figures, figures};
use super::landings::{Landed, MAX_LANDINGS, landings};
use super::links::{self, Link, Site};
use super::matrix::{Table, tables};
use super::past::Past;
use super::state::Group;
use super::waiting::{GroupRows, groups, in_sync};
use crate::model::text::{counted, cut_words};
use crate::report::escape::terminal;

const TEMPLATE: &str = include_str!("board.html.jinja");
const STYLE: &str = include_str!("board.css");
const SCRIPT: &str = include_str!("board.js");

/// A page that is older than this many intervals is out of date.
const MAX_INTERVALS: i32 = 3;
/// More errors or notices are counted, not listed.
const MAX_LISTED: usize = 20;

/// What a page is made from.
pub(crate) struct Source<'a> {
    /// The document of `status`.
    pub status: &'a str,
    /// The document of `history`, or why there is none.
    pub history: Result<&'a str, &'a str>,
    /// Where links lead to.
    pub site: Option<&'a Site>,
    /// How often a page is made.
    pub interval: SignedDuration,
    /// What the run that read all this had to say.
    pub notices: &'a [String],
}

/// A page that could not be made. It is a defect of Sluice: both documents are its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BoardError {
    /// A document is not what docs/json.md says.
    #[error("the board could not be made: the document of `{0}` is not as expected: {1}")]
    Document(&'static str, serde_json::Error),
    /// The template.
    #[error("the board could not be made: {0}")]
    Template(#[from] minijinja::Error),
}

#[derive(Serialize)]
struct Page {
    title: String,
    repository: String,
    repository_href: String,
    /// The most urgent count, with the class of its shape and colour.
    verdict: Count,
    counts: Vec<Count>,
    base: String,
    tip: Option<Link>,
    read_at: String,
    read: String,
    interval: String,
    limit: String,
    limit_minutes: i64,
    notices: Vec<String>,
    more_notices: usize,
    errors: Vec<ErrorText>,
    more_errors: usize,
    warnings: String,
    groups: Vec<GroupRows>,
    tables: Vec<Table>,
    history: Option<HistoryText>,
    no_history: String,
    days: i64,
}

#[derive(Serialize)]
struct Count {
    class: &'static str,
    text: String,
    /// The part of the page that it counts.
    href: &'static str,
}

#[derive(Serialize)]
struct ErrorText {
    place: String,
    code: String,
    message: String,
}

#[derive(Serialize)]
struct HistoryText {
    /// What of it is missing.
    gaps: Vec<String>,
    landings: Vec<Landed>,
    /// How many landings there are.
    all: usize,
    most: usize,
    more_others: usize,
    figures: Vec<Figures>,
}

/// The page, and its verdict in one line.
///
/// # Errors
/// [`BoardError`].
pub(crate) fn page(source: &Source<'_>) -> Result<(String, String), BoardError> {
    let status: StatusDocument = serde_json::from_str(source.status)
        .map_err(|error| BoardError::Document("status", error))?;
    let history: Option<HistoryDocument> = source
        .history
        .ok()
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| BoardError::Document("history", error))?;
    let page = content(source, &status, history.as_ref());
    let verdict = words(&page);
    Ok((rendered(&page)?, verdict))
}

fn words(page: &Page) -> String {
    let mut all = vec![page.verdict.text.as_str()];
    all.extend(page.counts.iter().map(|count| count.text.as_str()));
    all.join(", ")
}

fn content(
    source: &Source<'_>,
    status: &StatusDocument,
    history: Option<&HistoryDocument>,
) -> Page {
    let past = Past::of(history);
    let groups = groups(status, &past, source.site);
    let mut counts: Vec<Count> = Vec::new();
    for group in Group::ALL {
        let (heading, class) = group.heading();
        let rows = groups.iter().find(|rows| rows.heading == heading);
        if let Some(number) = rows.map(|rows| rows.rows.len()) {
            counts.push(Count {
                class,
                text: group.counted(number),
                href: group.href(),
            });
        }
    }
    let errors = of(&status.findings, Severity::Error);
    if !errors.is_empty() {
        let text = counted(errors.len(), "error");
        counts.push(Count {
            class: "cross",
            text: format!("{text} in the manifests"),
            href: "#wrong",
        });
    }
    if counts.is_empty() {
        let text = match status.pipelines.is_empty() {
            true => "There is no Pipeline here",
            false => "Nothing waits",
        };
        counts.push(Count {
            class: "sync",
            text: text.to_owned(),
            href: "",
        });
    }
    counts.push(Count {
        class: "sync",
        text: format!("{} in sync", in_sync(status)),
        href: "#services",
    });
    let mut counts = counts.into_iter();
    let verdict = counts.next().unwrap_or(Count {
        class: "none",
        text: String::new(),
        href: "",
    });
    let limit = source.interval * MAX_INTERVALS;
    Page {
        title: format!("{} · {}", verdict.text, status.repository),
        repository: status.repository.clone(),
        repository_href: source.site.map(Site::home).unwrap_or_default(),
        verdict,
        counts: counts.collect(),
        base: match (&status.base, &status.tip) {
            (Some(base), _) => base.clone(),
            (None, Some(_)) => "no branch".to_owned(),
            (None, None) => "a folder without history".to_owned(),
        },
        tip: status
            .tip
            .as_deref()
            .map(|tip| links::commit(source.site, tip)),
        read_at: status.now.to_string(),
        read: minute(status.now),
        interval: duration(source.interval),
        limit: duration(limit),
        limit_minutes: limit.as_mins(),
        notices: source
            .notices
            .iter()
            .take(MAX_LISTED)
            .map(|notice| cut_words(notice, 400))
            .collect(),
        more_notices: source.notices.len().saturating_sub(MAX_LISTED),
        more_errors: errors.len().saturating_sub(MAX_LISTED),
        errors: errors.into_iter().take(MAX_LISTED).map(error).collect(),
        warnings: match of(&status.findings, Severity::Warning).len() {
            0 => String::new(),
            number => counted(number, "warning"),
        },
        groups,
        tables: tables(status, &past, source.site),
        history: history.map(|history| past_text(source, status, history)),
        no_history: source.history.err().unwrap_or_default().to_owned(),
        days: DAYS,
    }
}

fn of(findings: &[Finding], severity: Severity) -> Vec<&Finding> {
    let found = findings.iter();
    found.filter(|one| one.severity == severity).collect()
}

fn error(finding: &Finding) -> ErrorText {
    ErrorText {
        place: format!("{}:{}", finding.file, finding.line),
        code: finding.code.clone(),
        message: cut_words(&finding.message, 400),
    }
}

fn past_text(
    source: &Source<'_>,
    status: &StatusDocument,
    history: &HistoryDocument,
) -> HistoryText {
    let mut gaps = Vec::new();
    if status.tip.as_deref().is_some_and(|tip| tip != history.tip) {
        let at = links::commit(None, &history.tip).text;
        gaps.push(format!(
            "It was read at {at}, the commit of the clone, which is not the one above."
        ));
    }
    if let Some(boundary) = &history.boundary {
        let at = links::commit(None, boundary).text;
        gaps.push(format!(
            "The clone ends at {at}: what is older is not read here. fetch-depth: 0 reads all of it."
        ));
    }
    for unread in history.unread.iter().take(MAX_LISTED) {
        gaps.push(format!(
            "Could not be read: {}",
            cut_words(&unread.why, 300)
        ));
    }
    if history.unread.len() > MAX_LISTED {
        let more = history.unread.len() - MAX_LISTED;
        gaps.push(format!("{more} more could not be read."));
    }
    if history.verified.is_none() {
        gaps.push("Whether anything came another way was not read here.".to_owned());
    }
    let (landings, more_others) = landings(history, status, source.site);
    HistoryText {
        gaps,
        landings,
        all: history.landings.len(),
        most: MAX_LANDINGS,
        more_others,
        figures: figures(status, history),
    }
}

fn rendered(page: &Page) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_debug(false);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => {
            escape_formatter(out, state, &Value::from(terminal(text)))
        }
        _ => escape_formatter(out, state, value),
    });
    environment.add_filter("href", |address: &str| {
        Value::from_safe_string(attribute(address))
    });
    let template = environment.template_from_named_str("board.html", TEMPLATE)?;
    template.render(context! {
        page => Value::from_serialize(page),
        policy => Value::from_safe_string(policy()),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
    })
}

/// An address between double quotes of an attribute. The engine would also escape every slash, which makes large pages
/// a fifth larger.
fn attribute(address: &str) -> String {
    let mut text = String::with_capacity(address.len());
    for c in terminal(address).chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            c => text.push(c),
        }
    }
    text
}

/// The content security policy: nothing but this one style and this one script.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}
