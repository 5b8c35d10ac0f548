//! Looking things up in a repository, many in one query.

use std::collections::BTreeMap;
use std::ops::Range;

use futures_util::future::join_all;
use serde_json::Value;

use super::client::Forge;
use super::error::ForgeError;
use super::graphql::{GraphqlError, PartialResponse};
use super::object_query::{HistoryCommit, ObjectAnswer, ObjectQuery};
use super::query_builder::QueryBuilder;
use crate::model::fetched::Fetched;
use crate::model::ids::{CommitId, PullNumber};

/// A query that is heavier than this is split in half if it is not answered: it may have been too much to answer in
/// time.
const DIVISIBLE: usize = 300;

/// Many things to look up, as one part of a query.
pub(super) fn part_of(wanted: &[ObjectQuery]) -> QueryBuilder {
    let mut part = QueryBuilder::default();
    for (index, one) in wanted.iter().enumerate() {
        one.ask(index, &mut part);
    }
    part
}

/// What the repository's answer to [`part_of`] says of each, and the errors that name some of them.
pub(super) fn told(
    wanted: &[ObjectQuery],
    repository: &Value,
    errors: &[GraphqlError],
    operation: &str,
) -> Vec<Fetched<ObjectAnswer>> {
    let mut failed: BTreeMap<usize, String> = BTreeMap::new();
    for error in errors {
        if let Some(index) = index_of(error) {
            failed.insert(index, error.typed(operation).to_string());
        }
    }
    let each = wanted.iter().enumerate();
    each.map(|(index, one)| match failed.remove(&index) {
        Some(why) => Err(why),
        None => one.told(repository, index, operation),
    })
    .collect()
}

/// An answer in which at most some parts failed, individually: the repository is there, and the query was completed. If
/// GitHub breaks one off, it reports that for one field and returns nothing for the others.
pub(super) fn in_parts(
    probed: PartialResponse,
    operation: &str,
) -> Result<PartialResponse, ForgeError> {
    let (data, errors, _) = &probed;
    let whole = |error: &&GraphqlError| index_of(error).is_none() || error.is_broken_off();
    match errors.iter().find(whole) {
        Some(error) => Err(error.typed(operation)),
        None if data["repository"].is_object() => Ok(probed),
        None => Err(match errors.first() {
            Some(error) => error.typed(operation),
            None => ForgeError::NotUnderstood(format!("to {operation}: the answer is empty")),
        }),
    }
}

/// Which of the things that were asked for an error is of.
fn index_of(error: &GraphqlError) -> Option<usize> {
    let alias = error.path.get(1)?.strip_prefix('o')?;
    let digits = alias.trim_end_matches(['b', 't']);
    digits.parse().ok()
}

fn weight(wanted: &[ObjectQuery]) -> usize {
    wanted.iter().map(ObjectQuery::weight).sum()
}

impl Forge {
    /// Looks things up, in the order asked: one call for as much as fits into a query.
    pub async fn query_objects(&self, wanted: &[ObjectQuery]) -> Vec<Fetched<ObjectAnswer>> {
        let operation = format!("look up objects in {}", self.slug());
        let operation = operation.as_str();
        let mut waiting: Vec<Range<usize>> = Vec::new();
        let mut start = 0;
        while start < wanted.len() {
            let end = start + ObjectQuery::fitting(&wanted[start..]);
            waiting.push(start..end);
            start = end;
        }
        let mut answers: BTreeMap<usize, Vec<Fetched<ObjectAnswer>>> = BTreeMap::new();
        while !waiting.is_empty() {
            let asked = waiting.drain(..).map(|range| async move {
                let part = &wanted[range.clone()];
                let divisible = part.len() > 1 && weight(part) > DIVISIBLE;
                let (query, variables) = self.build(part_of(part));
                let answer = match divisible {
                    true => self.probe_once(&query, variables, operation).await,
                    false => self.query_partial(&query, variables, operation).await,
                };
                let answer = answer.and_then(|probed| in_parts(probed, operation));
                (range, divisible, answer)
            });
            let asked: Vec<_> = join_all(asked).await;
            for (range, divisible, answer) in asked {
                let part = &wanted[range.clone()];
                match answer {
                    Ok((data, errors, _)) => {
                        let told = told(part, &data["repository"], &errors, operation);
                        answers.insert(range.start, told);
                    }
                    Err(error) if divisible && may_be_too_much(&error) => {
                        let middle = range.start + part.len() / 2;
                        waiting.extend([range.start..middle, middle..range.end]);
                    }
                    Err(error) => {
                        let why = error.to_string();
                        answers.insert(range.start, vec![Err(why); part.len()]);
                    }
                }
            }
        }
        answers.into_values().flatten().collect()
    }

    /// A hundred commits of the history of `from`, with what was at `paths`.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn page(
        &self,
        from: &CommitId,
        paths: &[String],
    ) -> Fetched<Vec<HistoryCommit>> {
        let wanted = [ObjectQuery::Page(*from, paths.to_vec())];
        match self.query_objects(&wanted).await.pop() {
            Some(Ok(ObjectAnswer::Page(found))) => Ok(found),
            Some(Err(why)) => Err(why),
            _ => Err("GitHub did not answer it".to_owned()),
        }
    }

    /// The pull request that brought each commit, if there was one.
    pub async fn pulls_of(&self, commits: &[CommitId]) -> Vec<Fetched<Option<PullNumber>>> {
        let wanted: Vec<ObjectQuery> = commits.iter().copied().map(ObjectQuery::PullOf).collect();
        let told = self.query_objects(&wanted).await.into_iter();
        let pulls = told.map(|told| match told? {
            ObjectAnswer::PullOf(pull) => Ok(pull),
            _ => Err("GitHub answered with something else".to_owned()),
        });
        pulls.collect()
    }
}

/// Whether less at once may be answered: GitHub gives up on what takes it long, with a page of its proxy or with words of its own.
pub(super) fn may_be_too_much(error: &ForgeError) -> bool {
    error.uncertain() || matches!(error, ForgeError::Refused { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(kind: &str, path: &Value) -> GraphqlError {
        GraphqlError::of(&json!({ "type": kind, "path": path, "message": "no" }))
    }

    #[test]
    fn only_an_answer_that_was_carried_out_to_its_end_may_fail_in_parts() {
        let whole = json!({ "repository": { "o0": null, "o1": null } });
        let one = json!(["repository", "o1", "edges"]);
        let taken = |data: &Value, kind: &str, path: &Value| {
            in_parts((data.clone(), vec![error(kind, path)], None), "look").is_ok()
        };
        assert!(taken(&whole, "FORBIDDEN", &one));
        // A null beside the named field does not mean that it is missing.
        assert!(!taken(&whole, "RESOURCE_LIMITS_EXCEEDED", &one));
        for kind in ["FORBIDDEN", "RESOURCE_LIMITS_EXCEEDED"] {
            assert!(!taken(&json!({ "repository": null }), kind, &one));
            assert!(!taken(&Value::Null, kind, &one));
            for other in [
                json!(["repository"]),
                json!([]),
                json!(["repository", "owner"]),
            ] {
                assert!(!taken(&whole, kind, &other), "{other}");
            }
        }
        assert!(in_parts((Value::Null, Vec::new(), None), "look").is_err());
    }

    #[test]
    fn an_error_fails_what_it_names_and_nothing_else() {
        let wanted = [
            ObjectQuery::Name("main".to_owned()),
            ObjectQuery::May(7, "carol".to_owned()),
            ObjectQuery::Blob("a".repeat(40).parse().unwrap()),
        ];
        let repository = json!({ "o0b": null, "o0t": null, "o1": null, "o2": { "text": "hello" } });
        let failed = |path: &str| -> Vec<bool> {
            let errors = [error("FORBIDDEN", &json!(["repository", path]))];
            let told = told(&wanted, &repository, &errors, "look");
            told.iter().map(Result::is_err).collect()
        };
        assert_eq!(failed("o0t"), [true, false, false]);
        assert_eq!(failed("o1"), [false, true, false]);
        assert_eq!(failed("o2"), [false, false, true]);
    }
}
