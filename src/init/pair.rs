//! Counterparts: services that are the same thing in different environments, and from which each takes its values.
//!
//! Two candidates for one place are never chosen between: neither is paired, and both are named.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::subject::{Placement, Subject};
use super::unpaired::{Unpaired, Why};
use super::words::EnvironmentSlot;
use crate::catalog::{RepositoryIdentity, Resolver};
use crate::model::catalog::Catalog;
use crate::model::ids::ServiceId;
use crate::model::origin::Origin;
use crate::model::service::{ChartOrigin, Service};

/// One thing in several environments.
#[derive(Clone, Debug)]
pub(super) struct Family {
    /// What it is called without environment.
    pub base: String,
    /// Its services, by environment.
    pub members: BTreeMap<EnvironmentSlot, ServiceId>,
    /// From which environment each takes its values: source → target.
    pub links: BTreeSet<(EnvironmentSlot, EnvironmentSlot)>,
}

/// What the pairing came to.
#[derive(Debug, Default)]
pub(super) struct Paired {
    /// Things in several environments, by name.
    pub families: Vec<Family>,
    /// What was left over.
    pub unpaired: Vec<Unpaired>,
}

/// Pairs these services. `label` is the namespace that one without any would be given.
pub(super) fn pair<'s>(
    free: &[&'s Subject<'s>],
    taken: &BTreeMap<&str, String>,
    catalog: &Catalog,
    here: &RepositoryIdentity,
    label: &dyn Fn(ServiceId) -> Option<String>,
) -> Paired {
    let resolver = Resolver::new(catalog);
    let files: BTreeSet<&str> = catalog
        .services
        .iter()
        .map(|service| service.file.as_str())
        .collect();
    let mut paired = Paired::default();
    let mut by_base: BTreeMap<&str, Vec<(&EnvironmentSlot, &'s Subject<'s>)>> = BTreeMap::new();
    for subject in free {
        match &subject.placement {
            Placement::In(slot, _) => {
                let group = by_base.entry(&subject.base).or_default();
                group.push((slot, subject));
            }
            Placement::Unknown => paired.leave(
                subject,
                Why::NoEnvironment,
                "neither its name nor its path names an environment",
            ),
            Placement::Contradictory(why) => paired.leave(subject, Why::Ambiguous, why),
        }
    }
    let differs = |source: ServiceId, target: ServiceId| {
        difference(
            &Side::of(source, catalog, &resolver, here, label),
            &Side::of(target, catalog, &resolver, here, label),
            &|side| side.manifests(here, &files),
        )
    };
    for (base, group) in by_base {
        for group in split(group, 0) {
            match group {
                Split::Ambiguous(group) => paired.ambiguous(&group),
                Split::Clear(group) => paired.family(base, &group, taken, &differs),
            }
        }
    }
    paired
}

enum Split<'s> {
    /// At most one service is in each place.
    Clear(Vec<(&'s EnvironmentSlot, &'s Subject<'s>)>),
    Ambiguous(Vec<(&'s EnvironmentSlot, &'s Subject<'s>)>),
}

/// Splits a group in which two are in one place by whatever else distinguishes its members: name, then path, then
/// namespace, each without its environment.
fn split<'s>(group: Vec<(&'s EnvironmentSlot, &'s Subject<'s>)>, by: usize) -> Vec<Split<'s>> {
    let spots: BTreeSet<&EnvironmentSlot> = group.iter().map(|(slot, _)| *slot).collect();
    if spots.len() == group.len() {
        return vec![Split::Clear(group)];
    }
    let mut parts: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (slot, subject) in &group {
        let key = match by {
            0 => &subject.name,
            1 => &subject.path,
            2 => &subject.namespace,
            _ => return vec![Split::Ambiguous(group)],
        };
        parts.entry(key).or_default().push((*slot, *subject));
    }
    // A split after which nothing belongs together any more has distinguished nothing.
    let together = |part: &Vec<(&EnvironmentSlot, _)>| {
        let spots: BTreeSet<&EnvironmentSlot> = part.iter().map(|(slot, _)| *slot).collect();
        spots.len() > 1
    };
    if parts.len() == 1 || !parts.values().any(together) {
        return split(group, by + 1);
    }
    parts
        .into_values()
        .flat_map(|part| split(part, by + 1))
        .collect()
}

impl Paired {
    fn leave(&mut self, subject: &Subject<'_>, kind: Why, why: impl Into<String>) {
        self.unpaired
            .push(Unpaired::of(subject.service, kind, why.into()));
    }

    fn ambiguous(&mut self, group: &[(&EnvironmentSlot, &Subject<'_>)]) {
        let mut twice: BTreeMap<&EnvironmentSlot, Vec<&Subject<'_>>> = BTreeMap::new();
        for (slot, subject) in group {
            twice.entry(slot).or_default().push(subject);
        }
        let places: Vec<String> = twice
            .into_iter()
            .filter(|(_, candidates)| candidates.len() > 1)
            .map(|(slot, candidates)| {
                let places = lines(candidates.iter().map(|candidate| candidate.service));
                let word = slot.named(slot.environment.word());
                format!("{} match {word}: {}", counted(candidates.len()), places)
            })
            .collect();
        for (_, subject) in group {
            self.leave(subject, Why::Ambiguous, places.join("; "));
        }
    }

    fn family(
        &mut self,
        base: &str,
        group: &[(&EnvironmentSlot, &Subject<'_>)],
        taken: &BTreeMap<&str, String>,
        differs: &dyn Fn(ServiceId, ServiceId) -> Option<String>,
    ) {
        let all: BTreeMap<&EnvironmentSlot, &Subject<'_>> = group.iter().copied().collect();
        let mut dropped: BTreeSet<&EnvironmentSlot> = BTreeSet::new();
        let mut links: BTreeSet<(EnvironmentSlot, EnvironmentSlot)> = BTreeSet::new();
        for (slot, subject) in &all {
            match source_of(slot, &all) {
                Source::First => {}
                Source::Unclear(candidates) => {
                    dropped.insert(slot);
                    let candidates = lines(candidates.iter().map(|slot| all[slot].service));
                    let why = format!("it could take its values from any of {candidates}");
                    self.leave(subject, Why::Ambiguous, why);
                }
                Source::From(source) => {
                    let before = all[source];
                    let why = if dropped.contains(source) {
                        Some(format!(
                            "what comes before it, {}, is not paired",
                            line(before.service)
                        ))
                    } else {
                        differs(before.id, subject.id)
                    };
                    match why {
                        None => {
                            links.insert((source.clone(), (*slot).clone()));
                        }
                        Some(why) => {
                            dropped.insert(slot);
                            self.leave(subject, Why::Differs, why);
                        }
                    }
                }
            }
        }
        let linked: BTreeSet<&EnvironmentSlot> = links.iter().flat_map(|(a, b)| [a, b]).collect();
        for (slot, subject) in &all {
            if linked.contains(slot) || dropped.contains(slot) {
                continue;
            }
            let why = match (dropped.is_empty(), taken.get(base)) {
                (false, _) => {
                    "what could take its values is not paired: see the others of this name"
                        .to_owned()
                }
                (true, Some(pipeline)) => {
                    format!("its counterparts are in {pipeline}: add it there")
                }
                (true, None) => "it has no counterpart in another environment".to_owned(),
            };
            self.leave(subject, Why::Alone, why);
        }
        if !links.is_empty() {
            let members = all
                .iter()
                .filter(|(slot, _)| linked.contains(*slot))
                .map(|(slot, subject)| ((*slot).clone(), subject.id))
                .collect();
            self.families.push(Family {
                base: base.to_owned(),
                members,
                links,
            });
        }
    }
}

/// The place that a place takes its values from.
enum Source<'s> {
    /// It is among the first.
    First,
    From(&'s EnvironmentSlot),
    Unclear(Vec<&'s EnvironmentSlot>),
}

/// Among those of the environment before: the one of the same region, else the one without a region, else the only one.
fn source_of<'s>(
    slot: &EnvironmentSlot,
    all: &BTreeMap<&'s EnvironmentSlot, &Subject<'_>>,
) -> Source<'s> {
    let rank = slot.environment.rank();
    let ranks = all.keys().map(|other| other.environment.rank());
    let Some(before) = ranks.filter(|other| *other < rank).max() else {
        return Source::First;
    };
    let candidates: Vec<&EnvironmentSlot> = all
        .keys()
        .copied()
        .filter(|other| other.environment.rank() == before)
        .collect();
    for wanted in [&*slot.region, ""] {
        let of_region: Vec<&EnvironmentSlot> = candidates
            .iter()
            .copied()
            .filter(|other| other.region == wanted)
            .collect();
        match of_region[..] {
            [] => {}
            [one] => return Source::From(one),
            _ => return Source::Unclear(of_region),
        }
    }
    match candidates[..] {
        [one] => Source::From(one),
        _ => Source::Unclear(candidates),
    }
}

/// What one side of a promotion takes from where.
struct Side<'a> {
    service: &'a Service,
    git: Option<Origin>,
    chart: Option<ChartOrigin>,
}

impl<'a> Side<'a> {
    fn of(
        id: ServiceId,
        catalog: &'a Catalog,
        resolver: &Resolver<'_>,
        here: &RepositoryIdentity,
        label: &dyn Fn(ServiceId) -> Option<String>,
    ) -> Self {
        let service = catalog.service(id);
        let mut chart = service.helm.as_ref().map(|helm| helm.origin.clone());
        // A chart's reference without a namespace means the service's own.
        if let Some(chart) = &mut chart
            && let Some((namespace @ None, _)) = &mut chart.repository_ref
        {
            *namespace = label(id);
        }
        Self {
            service,
            git: resolver.origin_of(service, here),
            chart,
        }
    }
}

impl Side<'_> {
    /// A file with manifests of services in the folder that this service deploys from this repository, as far as that
    /// can be determined.
    fn manifests<'f>(
        &self,
        here: &RepositoryIdentity,
        files: &BTreeSet<&'f str>,
    ) -> Option<&'f str> {
        let may_be_here = match self.git.as_ref()? {
            Origin::Here | Origin::Unknown { .. } | Origin::Unsaid => true,
            // Without a remote the name of this repository is unknown.
            Origin::Remote(_) => here.remotes.is_empty(),
            Origin::Local(_) | Origin::Unreadable(_) => false,
        };
        let folder = self.service.git.as_ref()?.folder.as_deref().unwrap_or("");
        let parts: Vec<&str> = folder
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        if !may_be_here || parts.is_empty() && self.git != Some(Origin::Here) {
            return None;
        }
        let below = parts
            .iter()
            .map(|part| format!("{part}/"))
            .collect::<String>();
        let from = (Bound::Included(&*below), Bound::Unbounded);
        let first = files.range::<str, _>(from).next()?;
        first.starts_with(&below).then_some(*first)
    }
}

/// Why a promotion would be refused, or would have nothing to do, or do harm; `None`: none of these.
fn difference<'f>(
    source: &Side<'_>,
    target: &Side<'_>,
    manifests: &dyn Fn(&Side<'_>) -> Option<&'f str>,
) -> Option<String> {
    let from = |origin: &Option<Origin>| {
        origin
            .as_ref()
            .map_or_else(|| "nowhere".to_owned(), Origin::to_string)
    };
    let source_ref = source
        .service
        .git
        .as_ref()
        .and_then(|git| git.reference.value());
    let takes_git = source_ref.is_some() && target.service.git.is_some();
    if takes_git && source.git != target.git {
        return Some(format!(
            "it takes git from {}, and {} from {}: a promotion would be refused as `repository-differs`",
            from(&target.git),
            line(source.service),
            from(&source.git),
        ));
    }
    let deployed = manifests(target).or_else(|| manifests(source));
    if let Some(file) = deployed.filter(|_| takes_git) {
        return Some(format!(
            "it deploys manifests of services ({file}): with its git ref pinned, what is promoted in those would wait for it"
        ));
    }
    let chart = source.service.helm.as_ref();
    let chart = chart.filter(|helm| helm.version.value().is_some() || helm.chart.value().is_some());
    let takes_chart = chart.is_some() && target.service.helm.is_some();
    if takes_chart && source.chart != target.chart {
        return Some(format!(
            "it takes its chart from a different place than {}: a promotion would be refused as `repository-differs`",
            line(source.service)
        ));
    }
    let takes_field = source
        .service
        .fields
        .iter()
        .any(|field| field.value().is_some());
    if takes_git || takes_chart || takes_field {
        return None;
    }
    Some(format!(
        "it has no git ref or chart in common with {}, so there is nothing to promote",
        line(source.service)
    ))
}

/// `clusters/dev/web.yaml:1`
pub(super) fn line(service: &Service) -> String {
    format!("{}:{}", service.file, service.at.line)
}

/// The places of several services; of many only the first.
pub(crate) fn lines<'s>(services: impl IntoIterator<Item = &'s Service>) -> String {
    const SHOWN: usize = 5;
    let mut services = services.into_iter();
    let shown: Vec<String> = services.by_ref().take(SHOWN).map(line).collect();
    match services.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn counted(number: usize) -> String {
    match number {
        2 => "two services".to_owned(),
        number => format!("{number} services"),
    }
}
