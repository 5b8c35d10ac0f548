//! What a stage can go back to: what it held at a landing of its own, on the base's first-parent history.
//!
//! Trailers say where to search; the values are read from the blobs of that commit, and the commit's own difference
//! decides whether it is a landing. It fails closed: what could not be read is never rolled back to.

mod asked;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::follow::{self, follow};
use super::landing::landing;
use super::lineage::{Lineage, Then, Trail};
use crate::catalog::Resolver;
use crate::copy::Pair;
use crate::gather::lineage::naming::Followed;
use crate::model::change::Change as Changed;
use crate::model::facts::Values;
use crate::model::finding::Severity;
use crate::model::ids::CommitId;
use crate::model::name::EdgeName;
use crate::model::record::Record;
use crate::model::rollback::{BackTo, LandedFields, Rollback, ServiceThen};
use crate::model::when;
use crate::repo::{Change, EntryId, RepoError};

pub(crate) use asked::GoBack;
pub(crate) use asked::NoRollback;
pub(crate) use asked::RollbackSearch;

fn unread(error: &RepoError) -> NoRollback {
    NoRollback::from_why(format!("its history could not be read: {error}"))
}

/// Finds what a stage is to go back to.
///
/// # Errors
/// [`NoRollback`], as text for the person who requested it.
pub(crate) fn rollback(asked: &RollbackSearch<'_>) -> Result<Rollback, NoRollback> {
    let resolved = &asked.facts.resolved[asked.pipeline.0];
    let facts = asked.facts;
    let lineage = Lineage::new(
        asked.repo,
        asked.tip,
        facts.policy,
        facts.catalog,
        facts.resolved,
    );
    let targets: Vec<Target<'_>> = (0..resolved.stages[asked.stage].services.len())
        .filter_map(|service| {
            let (catalog, policy) = (asked.facts.catalog, asked.facts.policy);
            let pair = Pair::of(catalog, policy, resolved, asked.stage, service)?;
            let trail = lineage.trail(
                Some(Followed::service(pair.target)),
                pair.target_secret.map(Followed::secret),
            );
            Some(Target {
                service,
                trail,
                pair,
            })
        })
        .collect();
    let seeker = Seeker {
        asked,
        lineage,
        resolver: Resolver::new(asked.facts.catalog),
    };
    let mut search = [Search {
        targets,
        passed: Vec::new(),
        beyond: None,
        landed: LandedFields::default(),
        edges: None,
        answer: None,
    }];
    follow(
        asked.repo,
        asked.tip,
        &mut search,
        &|search, change| match seeker.step(search, change) {
            Ok(moved) => change.parent.filter(|_| moved),
            Err(why) => {
                search.answer = Some(Err(why));
                None
            }
        },
    );
    let [search] = search;
    search.answer.unwrap_or_else(|| Err(seeker.nothing()))
}

/// One target on the way back.
struct Target<'a> {
    service: usize,
    pair: Pair<'a>,
    trail: Trail,
}

/// What the stage's targets held at a commit, by their place in the stage.
type Held = BTreeMap<usize, Values>;

struct Search<'a> {
    targets: Vec<Target<'a>>,
    /// The commits on the way that changed a file of a target, the newest first: when, and what the stage held then.
    passed: Vec<(Timestamp, Held)>,
    /// What came after this commit was rolled back to it: none of it is gone back to.
    beyond: Option<CommitId>,
    /// What the landings changed that were passed.
    landed: LandedFields,
    /// With `join: any`, the edges of the newest landing: it is along them that the stage goes back.
    edges: Option<&'a Vec<EdgeName>>,
    answer: Option<Result<Rollback, NoRollback>>,
}

impl follow::Search for Search<'_> {
    fn files(&self) -> Vec<&str> {
        if self.answer.is_some() {
            return Vec::new();
        }
        let targets = self.targets.iter();
        targets.flat_map(|target| target.trail.files()).collect()
    }

    fn fail(&mut self, error: &RepoError) {
        self.answer = Some(Err(unread(error)));
    }
}

struct Seeker<'a> {
    asked: &'a RollbackSearch<'a>,
    lineage: Lineage<'a>,
    resolver: Resolver<'a>,
}

impl<'a> Seeker<'a> {
    /// Looks at one commit; whether a manifest came from another file at it.
    fn step(&self, search: &mut Search<'a>, change: &Change) -> Result<bool, NoRollback> {
        let then = self.at(&search.targets, &change.commit)?;
        let info = self
            .asked
            .repo
            .commit_info(&change.commit)
            .map_err(|error| unread(&error))?;
        let date = Timestamp::from_second(info.committer_time.unix_seconds)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let held: Held = search
            .targets
            .iter()
            .filter_map(|target| {
                let then = then.get(&target.service)?;
                let values = target
                    .pair
                    .promoted_values(&then.service, then.secret.as_ref());
                Some((target.service, values))
            })
            .collect();
        let landing = match &change.parent {
            Some(parent) => landing(
                self.asked.repo,
                &info,
                &change.commit,
                parent,
                self.asked.facts.policy,
            )
            .map_err(|error| unread(&error))?,
            None => None,
        };
        let landing = landing.map(|(record, changes)| (record, Self::touched(search, &changes)));
        if let Some((record, changes)) = landing
            && let Some(edges) = self.edges_of(search, &record, &changes)
            && self.looks_along(search, edges)
        {
            search.landed.add(changes.iter().map(|(_, change)| change));
            if self.stops_at(search, &change.commit, &record, edges, &then) {
                let to = BackTo {
                    landing: change.commit,
                    plan: record.plan,
                };
                search.answer = Some(self.answer(search, to, edges, &held, then));
                return Ok(false);
            }
        }
        search.passed.push((date, held));
        self.moved(search, change)
    }

    /// The targets at a commit, in the files that are followed. One that was not there is missing.
    fn at(
        &self,
        targets: &[Target<'a>],
        commit: &CommitId,
    ) -> Result<BTreeMap<usize, ServiceThen>, NoRollback> {
        let mut found = BTreeMap::new();
        for target in targets {
            let Then { service, secret } = self.lineage.at(&target.trail, commit)?;
            let Some(service) = service else { continue };
            let mut files = BTreeMap::new();
            let paths = [
                Some(&service.file),
                secret.as_ref().map(|secret| &secret.file),
            ];
            for path in paths.into_iter().flatten() {
                let entry = self.asked.repo.entry_at(commit, path.as_str());
                if let Some(EntryId::File(blob)) = entry.map_err(|error| unread(&error))? {
                    files.insert(path.clone(), blob);
                }
            }
            let origin = self.resolver.origin_of(&service, self.asked.here);
            let same_origin = origin.as_ref() == target.pair.target_origin;
            let then = ServiceThen {
                service,
                secret,
                files,
                same_origin,
            };
            found.insert(target.service, then);
        }
        Ok(found)
    }

    /// What a landing changed in the stage's targets, each with its target and under the name that the manifest has
    /// today. It is a landing of the stage if there is anything, whatever names its record has: pipelines, stages and
    /// services are renamed.
    fn touched(search: &Search<'a>, changes: &[Changed]) -> Vec<(usize, Changed)> {
        let today = |change: &Changed| {
            let is_it = |one: &Followed| {
                let written = change.written_namespace.as_deref();
                one.wanted().is(&change.manifest, written)
            };
            search
                .targets
                .iter()
                .enumerate()
                .find_map(|(index, target)| {
                    let Trail {
                        service, secret, ..
                    } = &target.trail;
                    let key = match (service, secret) {
                        (Some(service), _) if is_it(service) => &target.pair.target.key,
                        (_, Some(secret)) if is_it(secret) => &target.pair.target_secret?.key,
                        _ => return None,
                    };
                    let manifest = key.clone();
                    let change = change.clone();
                    Some((index, Changed { manifest, ..change }))
                })
        };
        changes.iter().filter_map(today).collect()
    }

    /// Whether a landing along these edges is looked at. By default that is so for those of the newest one: with `join: any`, what
    /// landed last is what broke the stage.
    fn looks_along(&self, search: &mut Search<'a>, edges: &'a Vec<EdgeName>) -> bool {
        let last = matches!(self.asked.back, GoBack::Last);
        !last || *search.edges.get_or_insert(edges) == edges
    }

    /// Whether a target takes something along these edges.
    fn is_over(&self, target: &Target<'_>, edges: &[EdgeName]) -> bool {
        let resolved = &self.asked.facts.resolved[self.asked.pipeline.0];
        let stages = &self
            .asked
            .facts
            .catalog
            .pipeline(self.asked.pipeline)
            .stages;
        resolved.stages_of(target.pair.source_id).any(|stage| {
            let from = &stages[stage].name.value;
            edges.iter().any(|edge| edge.from == *from)
        })
    }

    /// The promotion into the stage, by its edges, that a landing belongs to, if it changed any of the stage's targets.
    /// If all edges are joined, whatever the edges were then; otherwise those that its record names, or, if stages were
    /// renamed since, the only ones along which the targets take something that it changed.
    fn edges_of(
        &self,
        search: &Search<'a>,
        record: &Record,
        touched: &[(usize, Changed)],
    ) -> Option<&'a Vec<EdgeName>> {
        if touched.is_empty() {
            return None;
        }
        let mut edges = record.edges.clone();
        edges.sort();
        let several = match self.asked.edges {
            [all] => return Some(all),
            several => several,
        };
        if let Some(named) = several.iter().find(|one| **one == edges) {
            return Some(named);
        }
        let takes = |one: &&Vec<EdgeName>| {
            let mut touched = touched.iter().map(|(index, _)| &search.targets[*index]);
            touched.any(|target| self.is_over(target, one))
        };
        let mut fitting = several.iter().filter(takes);
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// Whether a landing is the one to go back to.
    fn stops_at(
        &self,
        search: &mut Search<'a>,
        commit: &CommitId,
        record: &Record,
        edges: &[EdgeName],
        then: &BTreeMap<usize, ServiceThen>,
    ) -> bool {
        match self.asked.back {
            GoBack::Landing(wanted) => wanted == commit,
            GoBack::Plan(wanted) => wanted.fits(&record.plan),
            GoBack::Last => {
                match search.beyond {
                    Some(reached) if reached == *commit => search.beyond = None,
                    Some(_) => return false,
                    None => {}
                }
                if self.differs(search, edges, then) {
                    return true;
                }
                // It holds now what a rollback brought: what that took back is not something to go back to.
                search.beyond = record.rollback.as_ref().map(|(to, _)| *to);
                false
            }
        }
    }

    /// Whether going back there would change anything that landings set, or be refused. What a person set in the
    /// meantime is not a reason.
    fn differs(
        &self,
        search: &Search<'a>,
        edges: &[EdgeName],
        then: &BTreeMap<usize, ServiceThen>,
    ) -> bool {
        let targets = search.targets.iter();
        let mut targets = targets.filter(|target| self.is_over(target, edges));
        targets.any(|target| {
            then.get(&target.service).is_some_and(|then| {
                let comparison = target.pair.back_to(then);
                let mut changes = comparison.changes.iter();
                let mut problems = comparison.problems.iter();
                changes.any(|change| search.landed.hold(change))
                    || problems.any(|problem| problem.severity == Severity::Error)
            })
        })
    }

    fn answer(
        &self,
        search: &Search<'a>,
        to: BackTo,
        edges: &[EdgeName],
        held: &Held,
        services: BTreeMap<usize, ServiceThen>,
    ) -> Result<Rollback, NoRollback> {
        let stage = self.stage();
        let goes_on = matches!(self.asked.back, GoBack::Landing(_));
        if !goes_on && !self.differs(search, edges, &services) {
            return Err(NoRollback::Refused {
                why: format!(
                    "{stage} already holds what landed in {} (plan {})",
                    to.landing.short(),
                    to.plan.shown()
                ),
                help: self.list(),
            });
        }
        // It held that until the oldest commit after it at which it held something else.
        let left = search.passed.iter().rev().find(|(_, later)| later != held);
        let left = left.map_or(self.asked.facts.now, |(date, _)| *date);
        let age = self.asked.facts.now.duration_since(left);
        let most = self.asked.facts.policy.rollback.age.duration();
        if age > most {
            return Err(NoRollback::Refused {
                why: format!(
                    "{stage} held what landed in {} until {} ago, but the policy limits rollbacks to {}",
                    to.landing.short(),
                    when::length(age),
                    when::length(most),
                ),
                help: "raise `rollback: { age: … }` in .github/sluice.yaml, or restore the values by hand".to_owned(),
            });
        }
        Ok(Rollback {
            to,
            edges: edges.to_vec(),
            services,
            landed: search.landed.clone(),
        })
    }

    /// Goes on to the files from which manifests came, and to the names that they had. Whether any did.
    fn moved(&self, search: &mut Search<'a>, change: &Change) -> Result<bool, NoRollback> {
        let mut moved = false;
        let Some(parent) = change.parent else {
            return Ok(false);
        };
        for target in &mut search.targets {
            let was = target.trail.clone();
            let stepped = self.lineage.step(&mut target.trail, change)?;
            if let Some(why) = stepped.untold {
                return Err(NoRollback::from_why(why));
            }
            // One that was away for a while is met again on the way back, in the same file.
            moved |= stepped.goes_on_at == Some(parent) && target.trail != was;
        }
        Ok(moved)
    }

    /// That history holds nothing to go back to.
    fn nothing(&self) -> NoRollback {
        let stage = self.stage();
        let by_hand =
            "find the commit that broke it (git log), and revert it by hand: git revert COMMIT";
        match self.asked.back {
            GoBack::Last => NoRollback::Refused {
                why: format!(
                    "nothing that {stage} held before came from a landing of Sluice, so there is nothing to go back to"
                ),
                help: by_hand.to_owned(),
            },
            GoBack::Plan(wanted) => NoRollback::Refused {
                why: format!("no landing of {stage} has the plan {wanted}"),
                help: self.list(),
            },
            GoBack::Landing(commit) => NoRollback::Refused {
                why: format!(
                    "{} is not a landing of {stage} in the base branch's history, so there is nothing to go back to",
                    commit.short()
                ),
                help: self.list(),
            },
        }
    }

    fn stage(&self) -> &'a str {
        let pipeline = self.asked.facts.catalog.pipeline(self.asked.pipeline);
        pipeline.stages[self.asked.stage].name.as_str()
    }

    /// The command that lists what there is.
    fn list(&self) -> String {
        let pipeline = self.asked.facts.catalog.pipeline(self.asked.pipeline);
        format!(
            "sluice history --pipeline {} --to {} lists what landed",
            pipeline.name,
            self.stage()
        )
    }
}
