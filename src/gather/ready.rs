//! What is known about the content that sources hold: since when the server has had it there, and what was reported
//! about it (semantics: when a promotion is due, 2).
//!
//! Content is identified by what it is, not by the commit that happens to hold it: it was set by the newest
//! first-parent commit that changed it, and every commit after that one still holds it. A report about any of these is
//! about this content; a report about the same commit before it came here is not. Times are only the server's: when a
//! push brought it, when something was reported. A committer date decides nothing.

mod arrival;
mod content;
mod looking;
mod said;

use std::collections::BTreeMap;

use super::history::past::Past;
use super::repositories::{Repositories, RepositoryReader};
use super::revisions::RevisionResolver;
use crate::model::facts::{Facts, ReadyQuery};
use crate::model::policy::Ready;
use crate::model::signal::{ContentEvidence, Known};
use content::{Content, Stretch};
use looking::Looking;

/// Answers every query of the `ready` rules. Without GitHub there are no answers.
pub(crate) fn answer_ready(
    facts: &Facts<'_>,
    queries: &[(ReadyQuery, Ready)],
    repositories: &Repositories<'_>,
) -> BTreeMap<ReadyQuery, ContentEvidence> {
    let Some((here @ RepositoryReader::Forge(repo), tip)) = &repositories.here else {
        return BTreeMap::new();
    };
    let asked = RevisionResolver::here(repositories, here, *tip);
    let looking = Looking {
        facts,
        repositories,
        repo,
        tip: *tip,
        past: Past::new(*repo, facts.policy),
    };
    queries
        .iter()
        .map(|(query, rule)| {
            let evidence = match &asked {
                Ok(asked) => looking.evidence(query, rule, asked),
                Err(error) => nothing(looking.named(query), &error.to_string()),
            };
            (*query, evidence)
        })
        .collect()
}

fn nothing(service: String, why: &str) -> ContentEvidence {
    let failed = || Known::Failed(why.to_owned());
    ContentEvidence {
        service,
        since: Known::Failed(why.to_owned()),
        deployments: failed(),
        checks: failed(),
        statuses: failed(),
    }
}

impl Looking<'_> {
    fn named(&self, query: &ReadyQuery) -> String {
        self.facts.catalog.service(query.source).key.name.clone()
    }

    fn evidence(
        &self,
        query: &ReadyQuery,
        rule: &Ready,
        asked: &RevisionResolver<'_>,
    ) -> ContentEvidence {
        let service = self.named(query);
        let stretches = match self.content(query, asked) {
            Ok(Content::Stretches(stretches)) => stretches,
            Ok(Content::Unsaid(why)) => {
                return ContentEvidence {
                    service,
                    since: Known::Unsaid(why.clone()),
                    deployments: Known::Unsaid(why.clone()),
                    checks: Known::Unsaid(why.clone()),
                    statuses: Known::Unsaid(why),
                };
            }
            Err(why) => return nothing(service, &why),
        };
        let asks_signals =
            rule.deployment.is_some() || rule.check.is_some() || rule.status.is_some();
        let since = match asks_signals && stretches.iter().all(Stretch::tells_by_itself) {
            // There cannot be a report about it before it was there, so it does not matter when that was.
            true => Known::Unsaid("it was not read".to_owned()),
            false => arrival::of_all(&stretches, self.facts.now, rule.soak, asks_signals),
        };
        let floor = match (&since, stretches.iter().all(Stretch::tells_by_itself)) {
            (_, true) => Ok(None),
            (Known::Is(since), false) => Ok(Some(*since)),
            (Known::Unsaid(why), false) => Err(Known::Unsaid(why.clone())),
            (Known::Failed(why), false) => Err(Known::Failed(why.clone())),
        };
        let nothing_asked = || Known::Is(Vec::new());
        let said = |wanted: Option<Result<Vec<_>, String>>| match (wanted, &floor) {
            (None, _) => nothing_asked(),
            (Some(Err(why)), _) => Known::Failed(why),
            (Some(Ok(_)), Err(unknown)) => unknown.clone(),
            (Some(Ok(signals)), Ok(floor)) => {
                let after = |signal: &crate::model::signal::Signal| {
                    floor.is_none_or(|floor| signal.at >= floor)
                };
                Known::Is(signals.into_iter().filter(after).collect())
            }
        };
        let deployments = rule.deployment.as_deref().map(|environment| {
            said::deployments(&stretches, environment, rule.creator.unwrap_or_default())
        });
        let checks = rule
            .check
            .as_ref()
            .map(|check| said::checks(&stretches, check));
        let statuses = rule
            .status
            .as_ref()
            .map(|status| said::statuses(&stretches, &status.context, status.creator));
        ContentEvidence {
            service,
            deployments: said(deployments),
            checks: said(checks),
            statuses: said(statuses),
            since,
        }
    }
}
