//! The landings on the first-parent history of a commit, and whether anything else changed what they promote.
//!
//! What a commit is follows from what it changed. Its message only says what to compute: a record whose plan ID does
//! not match the commit's own difference is not a landing, and is reported if everything is verified. It fails closed:
//! what could not be read is an entry of its own, and such a history never counts as clean.

mod asked;
mod drift;
mod exact;
mod fields;

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::landing::{Borne, Recomputed, borne_record, landed_changes};
use crate::model::change::Change;
use crate::model::ids::CommitId;
use crate::model::landed::{
    ChangedValues, Claim, Deviation, DeviationKind, FieldChange, GateLine, Landed, PastLandings,
    Unread, Verified, pull_of_message,
};
use crate::model::policy::Policy;
use crate::model::record::Record;
use crate::repo::{CommitInfo, ParentState, RepoError};
use asked::words;

pub(crate) use asked::LandingsSearch;
pub(crate) use fields::PromotedFields;
pub(super) use fields::slot_of;

/// Reads the history.
///
/// # Errors
/// If the commits themselves cannot be walked. Anything else that could not be read is in the answer.
pub(crate) fn past_landings(asked: &LandingsSearch<'_>) -> Result<PastLandings, RepoError> {
    let mut walk = Walk::default();
    // Without a date to look for, a list that is full needs no more history.
    let enough = asked
        .limit
        .filter(|_| asked.verify.is_none() && asked.since.is_none());
    asked
        .repo
        .walk_commits(&asked.tip, &mut |commit, info, before| {
            let at = walk.dates.len();
            let date = date_of(info);
            walk.dates.push(date);
            walk.places.insert(*commit, at);
            if before == ParentState::Cut {
                walk.boundary = Some(*commit);
            }
            if let Err(error) = walk.look(asked, commit, info, before) {
                walk.unread.push(Unread {
                    commit: Some(*commit),
                    why: words(&error),
                });
            }
            Ok(match enough {
                Some(limit) if walk.wanted >= limit => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
        })?;
    Ok(walk.answer(asked))
}

fn date_of(info: &CommitInfo) -> Timestamp {
    Timestamp::from_second(info.committer_time.unix_seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A landing and what was found about it.
struct Found {
    landed: Landed,
    wanted: bool,
    /// What it is besides its plan.
    more: Option<Deviation>,
}

/// A record that its commit does not prove, or for which that cannot be determined.
struct Unproved {
    deviation: Deviation,
    own: bool,
}

/// What was seen on the way. Landings and the like by their place on it.
#[derive(Default)]
struct Walk {
    dates: Vec<Timestamp>,
    places: HashMap<CommitId, usize>,
    landings: BTreeMap<usize, Found>,
    /// How many of them were asked for.
    wanted: usize,
    unproved: BTreeMap<usize, Unproved>,
    boundary: Option<CommitId>,
    unread: Vec<Unread>,
}

impl Walk {
    /// Looks at a commit that may be a landing.
    fn look(
        &mut self,
        asked: &LandingsSearch<'_>,
        commit: &CommitId,
        info: &CommitInfo,
        before: ParentState,
    ) -> Result<(), RepoError> {
        let at = self.places[commit];
        let parent = match before {
            // What it changed is on the other side of the boundary.
            ParentState::Cut => return Ok(()),
            ParentState::Nothing => None,
            ParentState::Parent(parent) => Some(parent),
        };
        let Some(Borne { record, head }) = borne_record(asked.repo, info)? else {
            return Ok(());
        };
        let recomputed = match &parent {
            Some(parent) => recomputed(asked, commit, parent, &record)?,
            None => Recomputed::Another,
        };
        let kind = match recomputed {
            Recomputed::TooManyWays => DeviationKind::NotRecomputable,
            Recomputed::Plan(_) | Recomputed::Another => DeviationKind::FalseRecord,
        };
        let Some((parent, changes)) = parent.zip(recomputed.proved()) else {
            let deviation = deviation(commit, info, kind, &record);
            let own = head.is_none();
            self.unproved.insert(at, Unproved { deviation, own });
            return Ok(());
        };
        let more = match asked.verify {
            Some(_) => exact::more_than_the_plan(asked, commit, &parent, &changes)?,
            None => None,
        };
        let more = more.map(|why| Deviation {
            why: Some(why),
            ..deviation(commit, info, DeviationKind::MoreThanItsPlan, &record)
        });
        let namespace = record.namespace.as_deref();
        let wanted = asked
            .narrowed
            .takes(namespace, &record.pipeline, &record.stage);
        self.wanted += usize::from(wanted);
        let landed = landed(commit, info, Borne { record, head }, &changes);
        let found = Found {
            landed,
            wanted,
            more,
        };
        self.landings.insert(at, found);
        Ok(())
    }

    fn answer(mut self, asked: &LandingsSearch<'_>) -> PastLandings {
        let commits = self.dates.len();
        let within = match asked.since {
            None => commits,
            Some(since) => {
                let last = self.dates.iter().rposition(|date| *date >= since);
                last.map_or(0, |last| last + 1)
            }
        };
        let verified = asked
            .verify
            .map(|fields| self.verify(asked, fields, within));
        let places = &self.places;
        self.unread.retain(|unread| {
            let place = unread.commit.and_then(|commit| places.get(&commit));
            place.is_none_or(|place| *place < within)
        });
        let landings = self.landings.range(..within);
        let landings = landings.filter(|(_, found)| found.wanted);
        PastLandings {
            landings: landings
                .map(|(_, found)| found.landed.clone())
                .take(asked.limit.unwrap_or(usize::MAX))
                .collect(),
            commits: within,
            older: commits - within,
            boundary: self.boundary,
            unread: self.unread,
            verified,
        }
    }

    /// Everything within reach that is not clean, newest first.
    ///
    /// Changes are searched in a walk of its own: only after all commits were dated is it known where `--since` draws the line, and what is
    /// behind it must not be read. A folder that cannot be read ends that walk alone, not the list of landings. It reads folders and files;
    /// the repository has kept the commits.
    fn verify(
        &mut self,
        asked: &LandingsSearch<'_>,
        fields: &PromotedFields,
        within: usize,
    ) -> Verified {
        let drift = drift::find(asked, fields, &|commit| match self.places.get(commit) {
            Some(at) if *at < within => match self.landings.contains_key(at) {
                true => drift::Met::Landing,
                false => drift::Met::Other,
            },
            _ => drift::Met::Beyond,
        });
        self.unread.extend(drift.unread);
        let mut found: BTreeMap<usize, Deviation> = BTreeMap::new();
        for (at, landing) in self.landings.range(..within) {
            if let Some(more) = landing.more.as_ref().filter(|_| landing.wanted) {
                found.insert(*at, more.clone());
            }
        }
        for (at, unproved) in self.unproved.range(..within) {
            let claim = unproved.deviation.claim.as_ref();
            let wanted = claim.is_some_and(|claim| {
                let namespace = claim.namespace.as_deref();
                asked
                    .narrowed
                    .takes(namespace, &claim.pipeline, &claim.stage)
            });
            // A merge claims nothing by what it merges.
            if wanted && unproved.own {
                found.insert(*at, unproved.deviation.clone());
            }
        }
        for (commit, (info, changes)) in drift.commits {
            let at = self.places[&commit];
            let entry = found.entry(at).or_insert_with(|| {
                let merged = self.unproved.get(&at);
                Deviation {
                    kind: DeviationKind::Drift,
                    commit,
                    date: date_of(&info),
                    pull: pull_of_message(&info.message),
                    author: info.author_name,
                    claim: merged.and_then(|merged| merged.deviation.claim.clone()),
                    why: merged.filter(|merged| !merged.own).map(|_| {
                        "it merges a promotion's head, and also changes something else".to_owned()
                    }),
                    changes: Vec::new(),
                }
            });
            entry.changes = changes;
        }
        Verified {
            deviations: found.into_values().collect(),
            landings: self
                .landings
                .range(..within)
                .filter(|(_, landing)| landing.wanted)
                .count(),
            fields: fields.count(),
        }
    }
}

/// What a commit changed, if that proves its record, with the policy of now or that of its time.
fn recomputed(
    asked: &LandingsSearch<'_>,
    commit: &CommitId,
    parent: &CommitId,
    record: &Record,
) -> Result<Recomputed, RepoError> {
    let with = |policy: &Policy| landed_changes(asked.repo, commit, parent, record, policy);
    let now = with(asked.policy)?;
    if matches!(now, Recomputed::Plan(_)) {
        return Ok(now);
    }
    let then = match (asked.policy_at)(parent)? {
        Some(policy) => with(&policy)?,
        None => Recomputed::Another,
    };
    Ok(match (now, then) {
        (Recomputed::TooManyWays, Recomputed::Another) => Recomputed::TooManyWays,
        (_, then) => then,
    })
}

fn deviation(
    commit: &CommitId,
    info: &CommitInfo,
    kind: DeviationKind,
    record: &Record,
) -> Deviation {
    Deviation {
        kind,
        commit: *commit,
        date: date_of(info),
        author: info.author_name.clone(),
        pull: pull_of_message(&info.message),
        claim: Some(Claim {
            namespace: record.namespace.clone(),
            pipeline: record.pipeline.clone(),
            stage: record.stage.clone(),
            plan: record.plan,
        }),
        why: None,
        changes: Vec::new(),
    }
}

fn landed(commit: &CommitId, info: &CommitInfo, borne: Borne, changes: &[Change]) -> Landed {
    let Borne { record, head } = borne;
    let gates = GateLine::of_message(&head.as_ref().unwrap_or(info).message);
    Landed {
        commit: *commit,
        date: date_of(info),
        merge: info.parents.len() > 1,
        pull: pull_of_message(&info.message),
        record,
        changes: changes.iter().map(field_change).collect(),
        gates,
    }
}

fn field_change(change: &Change) -> FieldChange {
    let values = match change.new.shown() {
        Some(new) if !change.is_secret() => ChangedValues::Shown {
            old: change
                .old
                .as_ref()
                .and_then(|old| old.shown())
                .map(str::to_owned),
            new: Some(new.to_owned()),
        },
        _ => ChangedValues::Secret,
    };
    FieldChange {
        manifest: change.manifest.clone(),
        file: change.file.clone(),
        path: change.path.clone(),
        values,
    }
}
