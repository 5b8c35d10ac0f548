//! The record that a landing leaves behind: trailers of its commit (semantics: records).
//!
//! A record, never evidence: a commit is a landing if its plan ID can be recomputed from its own difference. Foreign
//! names are written so that they stay on their line and can be read back.

use std::fmt::Write;

use crate::model::hidden::{is_hidden, push_escaped};
use crate::model::ids::{CommitId, PlanId};
use crate::model::name::EdgeName;
use crate::model::plan::{Take, Taken};
use crate::model::promotion_id::{PipelineKey, PromotionId, StageKey};
use crate::model::wire_words::{BRANCHES, TRAILER, trailer as names};

/// What the trailers of a landing say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The pipeline's namespace.
    pub namespace: Option<String>,
    /// The pipeline's name.
    pub pipeline: String,
    /// The stage.
    pub stage: String,
    /// The edges.
    pub edges: Vec<EdgeName>,
    /// The plan.
    pub plan: PlanId,
    /// The build: the plan and the files as they were before it.
    pub build: String,
    /// Lower-case `owner/name`, or `""` without a forge.
    pub repository: String,
    /// The base branch.
    pub base: String,
    /// What was taken: `target from source: slot=value, …`.
    pub sources: Vec<SourceLine>,
    /// The numeric id of the person who asked for it by a dispatch.
    pub requested_by: Option<u64>,
    /// Why, as that person said; foreign text.
    pub reason: Option<String>,
    /// It was asked for as an emergency: what the policy let it skip, joined by `+`, or `nothing`.
    pub emergency: Option<String>,
    /// It is a rollback: the landing that it goes back to, and that landing's plan.
    pub rollback: Option<(CommitId, PlanId)>,
}

/// One `Sluice-Source` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The target: namespace/name.
    pub target: String,
    /// The source: namespace/name.
    pub source: String,
    /// What was taken.
    pub values: Vec<(String, Taken)>,
}

impl SourceLine {
    /// The line for what a target takes.
    pub fn of(take: &Take) -> Self {
        Self {
            target: take.target.clone(),
            source: take.source.clone(),
            values: take.values.clone(),
        }
    }
}

impl Record {
    /// The promotion that it is about.
    pub fn promotion(&self) -> PromotionId {
        let pipeline = PipelineKey::new(self.namespace.clone(), self.pipeline.as_str());
        PromotionId::new(pipeline, self.stage.as_str().into(), self.edges.clone())
    }

    /// The trailers, one a line, each line ended.
    pub fn trailers(&self) -> String {
        let mut text = String::new();
        let pipeline = match &self.namespace {
            Some(namespace) => format!("{}/{}", part(namespace), part(&self.pipeline)),
            None => part(&self.pipeline),
        };
        line(&mut text, names::PIPELINE, &pipeline);
        line(&mut text, names::STAGE, &word(&self.stage));
        for edge in &self.edges {
            let ends = format!("{} -> {}", word(edge.from.as_str()), word(edge.to.as_str()));
            line(&mut text, names::EDGES, &ends);
        }
        line(&mut text, names::PLAN, &self.plan.to_string());
        line(&mut text, names::BUILD, &self.build);
        for source in &self.sources {
            let values: Vec<String> = source
                .values
                .iter()
                .map(|(slot, taken)| match taken {
                    Taken::Plain(value) => format!("{}={}", word(slot), word(value)),
                    Taken::Secret(file) => format!("{}@{file}", word(slot)),
                    Taken::Unchanged => format!("{}@unchanged", word(slot)),
                })
                .collect();
            let taken = format!(
                "{} from {}: {}",
                word(&source.target),
                word(&source.source),
                values.join(" ")
            );
            line(&mut text, names::SOURCE, &taken);
        }
        if let Some(person) = self.requested_by {
            line(&mut text, names::REQUESTED_BY, &person.to_string());
        }
        if let Some(reason) = &self.reason {
            line(&mut text, names::REASON, &word(reason));
        }
        if let Some(skips) = &self.emergency {
            line(&mut text, names::EMERGENCY, &word(skips));
        }
        if let Some((landing, plan)) = &self.rollback {
            line(&mut text, names::ROLLBACK, &format!("{landing} {plan}"));
        }
        line(
            &mut text,
            names::REPOSITORY,
            &format!("{}@{}", self.repository, word(&self.base)),
        );
        text
    }

    /// Reads the trailers of a commit message. `None` if they are missing, incomplete or not in the form in which they
    /// are written.
    pub fn parse(message: &str) -> Option<Self> {
        let all = |name: &str| -> Vec<&str> {
            let start = format!("{TRAILER}{name}: ");
            message
                .lines()
                .filter_map(|line| line.strip_prefix(start.as_str()))
                .collect()
        };
        let one = |name: &str| match all(name)[..] {
            [value] => Some(value),
            _ => None,
        };
        let (first, rest) = take_until(one(names::PIPELINE)?, &['/'])?;
        let (namespace, pipeline) = match rest.strip_prefix('/') {
            Some(rest) => (Some(first), whole_word(rest)?),
            None if rest.is_empty() => (None, first),
            None => return None,
        };
        let edges = all(names::EDGES)
            .into_iter()
            .map(parse_edge)
            .collect::<Option<Vec<_>>>()?;
        let (repository, base) = one(names::REPOSITORY)?.split_once('@')?;
        let requested_by = match all(names::REQUESTED_BY)[..] {
            [] => None,
            [person] => Some(person.parse().ok()?),
            _ => return None,
        };
        let reason = match all(names::REASON)[..] {
            [] => None,
            [reason] => Some(whole_word(reason)?),
            _ => return None,
        };
        let emergency = match all(names::EMERGENCY)[..] {
            [] => None,
            [skips] => Some(whole_word(skips)?),
            _ => return None,
        };
        let rollback = match all(names::ROLLBACK)[..] {
            [] => None,
            [to] => {
                let (landing, plan) = to.split_once(' ')?;
                Some((landing.parse().ok()?, plan.parse().ok()?))
            }
            _ => return None,
        };
        Some(Self {
            namespace,
            pipeline,
            stage: whole_word(one(names::STAGE)?)?,
            edges,
            plan: one(names::PLAN)?.parse().ok()?,
            build: one(names::BUILD)?.to_owned(),
            repository: repository.to_owned(),
            base: whole_word(base)?,
            sources: all(names::SOURCE)
                .into_iter()
                .map(parse_source)
                .collect::<Option<Vec<_>>>()?,
            requested_by,
            reason,
            emergency,
            rollback,
        })
    }
}

/// One trailer line of any text: written so that it stays on its line and can be read back.
pub fn trailer(name: &str, value: &str) -> String {
    let mut text = String::new();
    line(&mut text, name, &word(value));
    text
}

/// The values of all trailers of a name, as [`trailer`] wrote them; one that was not written so is left out.
pub fn trailers_of(message: &str, name: &str) -> Vec<String> {
    let start = format!("{TRAILER}{name}: ");
    let lines = message.lines();
    lines
        .filter_map(|line| whole_word(line.strip_prefix(start.as_str())?))
        .collect()
}

/// The name of the branch for a record: `sluice/<pipeline>/<stage>/<plan>-<build>`, twelve digits each.
pub fn branch_name(record: &Record) -> String {
    format!(
        "{}{}",
        branch_start(&record.pipeline, &record.stage, &record.plan),
        record.build
    )
}

/// How the branches of a plan begin, whatever their build: `sluice/<pipeline>/<stage>/<plan>-`.
pub fn branch_start(pipeline: &str, stage: &str, plan: &PlanId) -> String {
    format!("{}/{}-", branch_folder(pipeline, stage), plan.named())
}

/// The folder of the branches of a stage: `sluice/<pipeline>/<stage>`. Characters that a branch cannot contain become
/// `-`: the plan distinguishes pipelines.
pub fn branch_folder(pipeline: &str, stage: &str) -> String {
    let part = |text: &str| -> String {
        let kept: String = text
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '-'
                }
            })
            .take(60)
            .collect();
        if kept.is_empty() {
            "-".to_owned()
        } else {
            kept
        }
    };
    format!("{BRANCHES}{}/{}", part(pipeline), part(stage))
}

/// How many characters are added to a branch's name if the plain one is taken.
pub const SUFFIX_LENGTH: usize = 6;

/// Whether a branch has the name of a record, without or with a suffix: six characters, or a number as older versions
/// wrote.
pub fn branch_is_of(branch: &str, record: &Record) -> bool {
    let plain = branch_name(record);
    let Some(rest) = branch.strip_prefix(plain.as_str()) else {
        return false;
    };
    let Some(suffix) = rest.strip_prefix('-') else {
        return rest.is_empty();
    };
    let random = suffix.len() == SUFFIX_LENGTH
        && suffix
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let number = suffix.parse::<u32>();
    random || number.is_ok_and(|number| number > 1 && number.to_string() == suffix)
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{TRAILER}{name}: {value}");
}

/// A name as one word: unchanged if it is harmless, otherwise as a JSON string. `/`, `:`, `=`, `@` are part of harmless
/// words only where they are not separators.
fn word(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    if text
        .split('/')
        .all(|part| !part.is_empty() && part.chars().all(harmless))
    {
        text.to_owned()
    } else {
        let json = serde_json::Value::from(text).to_string();
        // What a forge would act on, or a reader would take for a line's end, is written as its number.
        let mut safe = String::with_capacity(json.len());
        for c in json.chars() {
            if matches!(c, '[' | ']' | '@' | '#' | '*' | ':') || is_hidden(c) {
                push_escaped(&mut safe, c);
            } else {
                safe.push(c);
            }
        }
        safe
    }
}

/// A name on one side of a `/`.
fn part(text: &str) -> String {
    let text_as_word = word(text);
    if text.contains('/') && !text_as_word.starts_with('"') {
        return format!("\"{text}\"");
    }
    text_as_word
}

fn take_word(text: &str) -> Option<(String, &str)> {
    take_until(text, &[' ', ':', '=', '@'])
}

fn take_until<'a>(text: &'a str, ends: &[char]) -> Option<(String, &'a str)> {
    if text.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let value = values.next()?.ok()?;
        return Some((value, &text[values.byte_offset()..]));
    }
    let end = text.find(ends).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

fn whole_word(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    take_word(text)
        .filter(|(_, rest)| rest.is_empty())
        .map(|(word, _)| word)
}

fn parse_edge(text: &str) -> Option<EdgeName> {
    let (from, rest) = take_word(text)?;
    let to = whole_word(rest.strip_prefix(" -> ")?)?;
    Some(EdgeName {
        from: from.into(),
        to: to.into(),
    })
}

fn parse_source(text: &str) -> Option<SourceLine> {
    let (target, rest) = take_word(text)?;
    let (source, rest) = take_word(rest.strip_prefix(" from ")?)?;
    let mut rest = rest.strip_prefix(':')?;
    let mut values = Vec::new();
    while let Some(next) = rest.strip_prefix(' ') {
        if next.is_empty() {
            break;
        }
        let (slot, after) = take_word(next)?;
        let taken = if let Some(value) = after.strip_prefix('=') {
            let (value, left) = take_word(value)?;
            rest = left;
            Taken::Plain(value)
        } else {
            let (file, left) = take_word(after.strip_prefix('@')?)?;
            rest = left;
            match file.as_str() {
                "unchanged" => Taken::Unchanged,
                file => Taken::Secret(file.parse().ok()?),
            }
        };
        values.push((slot, taken));
    }
    rest.trim().is_empty().then_some(SourceLine {
        target,
        source,
        values,
    })
}

/// Whether a branch is named for this plan of a stage, whatever its build.
pub fn branch_is_of_plan(branch: &str, key: &StageKey, plan: &PlanId) -> bool {
    let start = branch_start(key.pipeline.name.as_str(), key.stage.as_str(), plan);
    branch.starts_with(&start)
}

#[cfg(test)]
mod tests;
