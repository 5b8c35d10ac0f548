//! Titles, subjects and notes: built in, or as the policy's `texts:` would have them.
//!
//! A text of the policy is a template over a few plain names: `{{ pipeline }}`, `{{ stage }}`, `{{ sources }}`, `{{
//! services }}`, `{{ old }}`, `{{ new }}`, `{{ changes }}`, `{{ plan }}`. All of them always exist; `services` are
//! those of which a field changes, `old` and `new` are empty if several values change, and a secret's value is in none.
//! Expressions are allowed, statements are not. One that fails stops nothing: the built-in text is used, and the
//! [`Problem`] says so.

use std::fmt;

use serde::Serialize;

use super::engine::{Bounds, Escape, render};
use super::link::Link;
use super::words::{sources, values, what};
use crate::model::ids::PullNumber;
use crate::model::plan::Promotion;
use crate::model::policy::Texts;
use crate::model::reference::Kind;
use crate::model::source_location::{Position, RepoPath};
use crate::model::text::cut;
use crate::report::escape;

/// One line that may be a commit's subject or a pull request's title: escaped, cut, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line(String);

impl Line {
    /// The line.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The same with the pull request behind it, as GitHub itself ends the subject of a squash.
    #[must_use]
    pub(crate) fn with_pull(&self, number: PullNumber) -> Self {
        Self(format!("{} ({number})", self.0))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text, and what was wrong with the policy's own wording of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Worded<T> {
    /// The text.
    pub text: T,
    /// Why it is not as the policy says.
    pub problem: Option<Problem>,
}

/// A text of the policy that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} of the policy is not used: {why}")]
pub(crate) struct Problem {
    /// The field: `texts.title`, `texts.subject` or `texts.note`.
    pub field: &'static str,
    /// Its position in the policy file.
    pub at: Position,
    /// Why, in plain words.
    pub why: String,
}

impl Problem {
    /// The whole notice: `.github/sluice.yaml:3:10: texts.title …`.
    pub(crate) fn in_file(&self, file: &RepoPath) -> String {
        format!("{file}:{}:{}: {self}", self.at.line, self.at.column)
    }
}

/// The title of a promotion's pull request: the policy's, else such as `podinfo → prod: 6.5.2 → 6.5.3`.
pub(crate) fn title(texts: &Texts, pipeline: &str, promotion: &Promotion) -> Worded<Line> {
    let own = texts.title.as_ref().map(|own| (own.value.as_str(), own.at));
    prefix_emergency(line("texts.title", own, pipeline, promotion), promotion)
}

/// The subject of a promotion's commits: the policy's, else the same as the built-in title.
pub(crate) fn subject(texts: &Texts, pipeline: &str, promotion: &Promotion) -> Worded<Line> {
    let own = texts
        .subject
        .as_ref()
        .map(|own| (own.value.as_str(), own.at));
    prefix_emergency(line("texts.subject", own, pipeline, promotion), promotion)
}

/// An emergency and a rollback come first, whatever the policy's wording.
fn prefix_emergency(mut worded: Worded<Line>, promotion: &Promotion) -> Worded<Line> {
    let first = match (&promotion.emergency, &promotion.rollback) {
        (Some(_), Some(_)) => "EMERGENCY, rollback: ",
        (Some(_), None) => "EMERGENCY: ",
        (None, Some(_)) => "Rollback: ",
        (None, None) => return worded,
    };
    worded.text = Line(cut(&format!("{first}{}", worded.text), MAX_SUBJECT_LENGTH));
    worded
}

/// The policy's note for a pull request, as Markdown: its lines, in which only addresses that it spells out are links.
pub(crate) fn note(texts: &Texts, pipeline: &str, promotion: &Promotion) -> Worded<Option<String>> {
    let Some(own) = &texts.note else {
        return Worded {
            text: None,
            problem: None,
        };
    };
    let names = Names::of(pipeline, promotion);
    match expand("texts.note", &own.value, &names, 4000) {
        Ok(text) => Worded {
            text: Some(note_lines(&text, names.hold_an_address())).filter(|text| !text.is_empty()),
            problem: None,
        },
        Err(why) => Worded {
            text: None,
            problem: Some(Problem {
                field: "texts.note",
                at: own.at,
                why,
            }),
        },
    }
}

fn line(
    field: &'static str,
    own: Option<(&str, Position)>,
    pipeline: &str,
    promotion: &Promotion,
) -> Worded<Line> {
    let built_in = || {
        let start = format!(
            "{} → {}",
            cut(pipeline, 63),
            cut(promotion.stage.as_str(), 63)
        );
        one_line(&format!("{start}: {}", what(promotion)))
    };
    let Some((template, at)) = own else {
        return Worded {
            text: built_in(),
            problem: None,
        };
    };
    let expanded =
        expand(field, template, &Names::of(pipeline, promotion), 1000).and_then(|text| match text
            .trim()
        {
            "" => Err("it is empty for this promotion".to_owned()),
            text => Ok(one_line(text)),
        });
    match expanded {
        Ok(text) => Worded {
            text,
            problem: None,
        },
        Err(why) => Worded {
            text: built_in(),
            problem: Some(Problem { field, at, why }),
        },
    }
}

/// GitHub accepts titles of 256 characters, including a pull request's number at the end; no one reads that many.
const MAX_SUBJECT_LENGTH: usize = 240;

/// Cut first: what is escaped stays whole.
fn one_line(text: &str) -> Line {
    let words: Vec<&str> = text.split_whitespace().collect();
    let words = words.join(" ");
    // Escaping makes it longer, the more so the more there is to escape.
    let mut most = 200;
    loop {
        let line = escape::commit(&cut(&words, most));
        if line.chars().count() <= MAX_SUBJECT_LENGTH || most < 25 {
            return Line(line);
        }
        most = most * 3 / 4;
    }
}

/// What a text of the policy may name.
#[derive(Serialize)]
struct Names {
    pipeline: String,
    stage: String,
    sources: String,
    services: String,
    old: String,
    new: String,
    changes: String,
    plan: String,
}

impl Names {
    const ALL: &str = "pipeline, stage, sources, services, old, new, changes and plan";

    fn of(pipeline: &str, promotion: &Promotion) -> Self {
        const MAX_LENGTH: usize = 200;
        let mut services: Vec<&str> = promotion
            .changes
            .iter()
            .filter(|change| change.manifest.kind == Kind::ServiceDeployment)
            .map(|change| change.manifest.name.as_str())
            .collect();
        services.dedup();
        let mut shown = promotion.changes.iter().map(values);
        let only = match shown.next() {
            Some(Some(first)) if shown.all(|other| other.as_ref() == Some(&first)) => Some(first),
            _ => None,
        };
        let (old, new) = only.map_or_else(Default::default, |(old, new)| {
            (old.unwrap_or_default(), new)
        });
        Self {
            pipeline: cut(pipeline, MAX_LENGTH),
            stage: cut(promotion.stage.as_str(), MAX_LENGTH),
            sources: cut(&sources(promotion), MAX_LENGTH),
            services: cut(&services.join(", "), MAX_LENGTH),
            old,
            new,
            changes: what(promotion),
            plan: promotion.plan.map(|plan| plan.shown()).unwrap_or_default(),
        }
    }

    /// Whether a value looks like an address itself, so that it is unclear which of a text's addresses are the policy's
    /// own.
    fn hold_an_address(&self) -> bool {
        [
            &self.pipeline,
            &self.stage,
            &self.sources,
            &self.services,
            &self.old,
            &self.new,
            &self.changes,
        ]
        .into_iter()
        .any(|value| value.contains("://"))
    }
}

/// A template of the policy over its names, unescaped.
fn expand(
    field: &'static str,
    template: &str,
    names: &Names,
    most: usize,
) -> Result<String, String> {
    if template.chars().nth(most).is_some() {
        return Err(format!("it has more than {most} characters"));
    }
    refuse(template)?;
    let bounds = Bounds {
        fuel: 5_000,
        bytes: 8 * most,
    };
    render(field, template, names, Escape::Later, bounds).map_err(|error| match error.undefined {
        true => format!("{}; there are {}", error.why, Names::ALL),
        false => error.why,
    })
}

/// Refuses what could make a short template a long computation: statements (loops, assignments), `*` (which repeats
/// texts), and braces, backslashes or open quotes in an expression, behind which those could hide. What is left grows no
/// faster than the template is long.
fn refuse(template: &str) -> Result<(), String> {
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        match rest.chars().next() {
            Some('{') => {}
            Some('%' | '#') => {
                return Err(
                    "statements and comments are not for texts; use {{ … }} with a name".to_owned(),
                );
            }
            _ => continue,
        }
        rest = &rest[1..];
        let end = rest
            .find("}}")
            .ok_or_else(|| "a {{ is not closed by }}".to_owned())?;
        let inside = &rest[..end];
        if let Some(c) = inside.chars().find(|c| matches!(c, '*' | '{' | '}' | '\\')) {
            return Err(format!("`{c}` is not for texts: {{{{{inside}}}}}"));
        }
        let mut quote = None;
        for c in inside.chars() {
            match quote {
                None if matches!(c, '"' | '\'') => quote = Some(c),
                Some(open) if open == c => quote = None,
                _ => {}
            }
        }
        if quote.is_some() {
            return Err(format!("a quote is not closed: {{{{{inside}}}}}"));
        }
        rest = &rest[end + 2..];
    }
    Ok(())
}

/// The lines of a note as Markdown, at most 30. Each is escaped; a word that is a whole `https` address stays a link.
fn note_lines(text: &str, no_links: bool) -> String {
    // A site alone may be written without the `/` that its address has.
    let same =
        |link: &str, address: &str| link == address || link.strip_suffix('/') == Some(address);
    let word = |word: &str| {
        let address = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        match Link::parse(address) {
            Some(link) if !no_links && same(link.as_str(), address) => {
                format!("<{address}>{}", escape::markdown(&word[address.len()..]))
            }
            _ => escape::markdown(word),
        }
    };
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            // The start of a line is escaped as such; behind it a word cannot open anything.
            let words: Vec<String> = line.split_whitespace().map(word).collect();
            words.join(" ")
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).take(30).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests;
