//! Reading what was said about open pull requests: only where something was said, or a gate asks for it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{Asked, Seen, jobs, permissions};
use crate::app::session::Session;
use crate::error::Failure;
use crate::gather::{self, AskedOfAuthors, Bringing, Carried};
use crate::model::actor::{Actor, UserId};
use crate::model::authors::ChangeAuthors;
use crate::model::brought::Brings;
use crate::model::change::Change;
use crate::model::code_owners::{self, CodeOwners};
use crate::model::evidence::Evidence;
use crate::model::fetched::Fetched;
use crate::model::ids::{CommitId, PipelineId, PullNumber};
use crate::model::proposal::Proposal;
use crate::model::pull::Pull;
use crate::model::resolved::StageIndex;
use crate::model::roster::Roster;
use crate::plan::Needs;
use crate::repo::{EntryId, ReadObjects};

/// An open pull request to ask about.
pub(super) struct Question<'a> {
    pub pull: &'a Pull,
    /// Who asked for it, as its record says.
    pub requester: Option<UserId>,
    /// The person whose dispatch approves it.
    pub dispatched: Option<Actor>,
    /// What its gates ask for.
    pub needs: &'a Needs,
    /// The commit on which its build stands.
    pub built_on: Option<CommitId>,
    /// Who made what it carries, where a gate asks.
    pub change_authors: Option<Fetched<ChangeAuthors>>,
}

/// Whether anything was said that could decide.
pub(super) fn was_spoken_about(pull: &Pull) -> bool {
    pull.reviews > 0 || pull.unlabeled || pull.labels.iter().any(|label| approves(label))
}

/// Reads the evidence about pull requests side by side, and what the people in all of it may do in one call.
pub(super) async fn read(
    session: &Session,
    seen: &Seen,
    questions: &[Question<'_>],
) -> BTreeMap<PullNumber, Fetched<Evidence>> {
    let reads = questions.iter().map(|question| async move {
        let (found, checks, jobs) = tokio::join!(
            session.forge.evidence(question.pull),
            checks(session, question),
            jobs::read(session, seen, question),
        );
        let mut found = found;
        if let Ok(evidence) = &mut found {
            compare_label_names(session, evidence).await;
        }
        let found = found.map(|evidence| Evidence {
            requester: question.requester,
            dispatched: question.dispatched.clone(),
            change_authors: question.change_authors.clone(),
            checks,
            jobs,
            ..evidence
        });
        (
            question.pull.number,
            found.map_err(|error| error.to_string()),
        )
    });
    let mut found: BTreeMap<PullNumber, Fetched<Evidence>> =
        join_all(reads).await.into_iter().collect();
    let people: BTreeMap<UserId, String> = found
        .values()
        .flatten()
        .flat_map(Evidence::people)
        .collect();
    let permissions = permissions::read(session, seen, people).await;
    for evidence in found.values_mut().flatten() {
        evidence.permissions.clone_from(&permissions);
    }
    found
}

/// Compares the names of labels in the events with those in REST, if a label approves something: it must not have had another name.
async fn compare_label_names(session: &Session, evidence: &mut Evidence) {
    if !evidence.labels.iter().any(|label| approves(label)) {
        return;
    }
    let Ok(events) = &mut evidence.label_events else {
        return;
    };
    if let Err(why) = session.compare_label_names(evidence.pull, events).await {
        evidence.label_events = Err(why);
    }
}

fn approves(label: &str) -> bool {
    label.to_ascii_lowercase().starts_with("approve/")
}

/// The checks that gates ask for, on exactly the head.
async fn checks(
    session: &Session,
    question: &Question<'_>,
) -> BTreeMap<crate::model::policy::CheckOf, Fetched<Vec<crate::model::signal::Signal>>> {
    let reads = question.needs.checks.iter().map(|check| async move {
        let signals = session.forge.check_runs(&question.pull.head, check).await;
        (check.clone(), signals.map_err(|error| error.to_string()))
    });
    join_all(reads).await.into_iter().collect()
}

/// Looks up the teams, people and code owners that rules ask for. Teams are read with the token for reading.
pub(super) async fn roster(session: &Session, seen: &Seen, needs: &[&Needs]) -> Roster {
    let mut teams: BTreeSet<String> = BTreeSet::new();
    let mut logins: BTreeSet<String> = BTreeSet::new();
    let mut owners = None;
    if needs.iter().any(|needs| needs.code_owners) {
        let found = code_owners(session, seen).await;
        if let Ok(Some(found)) = &found {
            for owner in found.named() {
                match owner {
                    code_owners::Owner::Person(login) => {
                        logins.insert(login.to_lowercase());
                    }
                    code_owners::Owner::Team(team) => {
                        teams.insert(team.to_lowercase());
                    }
                    code_owners::Owner::Email(_) => {}
                }
            }
        }
        owners = Some(found);
    }
    for needs in needs {
        teams.extend(needs.teams.iter().cloned());
        logins.extend(needs.logins.iter().cloned());
    }
    let reads = teams.into_iter().map(|team| async move {
        let members = session.elsewhere.team_members(&team).await;
        (team, members)
    });
    let teams: BTreeMap<_, _> = join_all(reads).await.into_iter().collect();
    for members in teams.values().flatten() {
        logins.extend(members.values().map(|login| login.to_lowercase()));
    }
    let people = match logins.is_empty() {
        true => BTreeMap::new(),
        false => session.forge.people(&logins).await,
    };
    Roster {
        teams,
        people,
        code_owners: owners,
    }
}

/// CODEOWNERS of the base branch's tip: the first place that GitHub looks at and that holds one.
async fn code_owners(session: &Session, seen: &Seen) -> Fetched<Option<CodeOwners>> {
    let repo = session.remotes.here();
    let tip = seen.snapshot.tip.id;
    let found = session
        .settle(|| {
            for path in code_owners::PATHS {
                if let Some(EntryId::File(blob)) = repo.entry_at(&tip, path)? {
                    return Ok(Some((path, repo.blob(&blob)?)));
                }
            }
            Ok(None)
        })
        .await
        .map_err(|failure| format!("CODEOWNERS could not be read: {}", failure.message))?;
    match found {
        None => Ok(None),
        Some((path, bytes)) if bytes.len() > code_owners::MAX_BYTES => {
            Err(format!("{path} is larger than GitHub reads"))
        }
        Some((path, bytes)) => match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Some(CodeOwners::parse(text))),
            Err(_) => Err(format!("{path} is not UTF-8")),
        },
    }
}

fn bringing<'a>(
    seen: &'a Seen,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &'a [Change],
) -> Vec<Bringing<'a>> {
    let found = seen
        .evaluation
        .bringing(&seen.world, pipeline, stage, changes);
    found.into_iter().map(|(_, bringing)| bringing).collect()
}

/// Whether every commit that changes of a stage set may still be promoted: a branch or tag that the policy allows leads to it.
pub(super) async fn promotable(
    session: &Session,
    seen: &Seen,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &[Change],
) -> Result<Fetched<bool>, Failure> {
    let changes = bringing(seen, pipeline, stage, changes);
    let refs = &seen.world.policy.refs;
    session
        .settle(|| Ok(gather::promotable(&session.remotes, refs, &changes)))
        .await
}

/// Who made what a proposal carries. `at`: the commit of the base at which the sources hold it. `rollback`: the landing to which it goes
/// back instead.
pub(super) async fn change_authors(
    session: &Session,
    seen: &Seen,
    proposal: &Proposal,
    (pipeline, stage): (PipelineId, StageIndex),
    changes: &[Change],
    (at, rollback): (CommitId, Option<CommitId>),
) -> Fetched<ChangeAuthors> {
    let evaluation = &seen.evaluation;
    let bringing = bringing(seen, pipeline, stage, changes);
    let asked = AskedOfAuthors::new(
        &session.remotes,
        (&seen.snapshot.base, seen.snapshot.tip.id),
        &seen.world.policy,
        &seen.world.here,
        (&evaluation.catalog, &evaluation.resolved),
    );
    let carried = Carried {
        namespace: proposal.namespace.as_deref(),
        pipeline: &proposal.pipeline,
        stage: proposal.stage.as_str(),
        changes,
        bringing: &bringing,
        at,
        rollback,
    };
    let found = session.settle(|| Ok(asked.of(&carried))).await;
    found.unwrap_or_else(|failure| Err(failure.message))
}

/// What the changes of a stage bring, for people to read.
pub(super) async fn brings(
    session: &Session,
    seen: &Seen,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &[Change],
) -> Vec<Brings> {
    let bringing = bringing(seen, pipeline, stage, changes);
    let found = session
        .settle(|| Ok(gather::brings(&session.remotes, &bringing)))
        .await;
    found.unwrap_or_default()
}

/// The person whose dispatch approves a plan.
pub(super) fn approving(
    asked: Option<&Asked>,
    by: Option<&Actor>,
    plan: &crate::model::ids::PlanId,
) -> Option<Actor> {
    let asked = asked?;
    asked.approves(plan).then(|| by.cloned()).flatten()
}
