//! What a service is, and in which environment: read from its names, its path and where it is deployed.
//!
//! Its own name is considered first, then namespace and folder, then where it deploys to. Two that disagree are a
//! contradiction, and nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::Sources;
use super::words::{EnvironmentSlot, Reading, read, without};
use crate::model::catalog::Catalog;
use crate::model::ids::ServiceId;
use crate::model::service::Service;
use crate::yaml::FieldPath;

/// A service and what was read about it.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'a> {
    /// Which service.
    pub id: ServiceId,
    /// Its manifest.
    pub service: &'a Service,
    /// Its name without the environment: equal for counterparts.
    pub base: String,
    /// Its position.
    pub placement: Placement,
    /// `metadata.name` without environment.
    pub name: String,
    /// Its path without environments.
    pub path: String,
    /// Its namespace without environment.
    pub namespace: String,
}

/// In which environment a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// In this one, called by this word.
    In(EnvironmentSlot, String),
    /// Nothing says so.
    Unknown,
    /// Two things say different ones.
    Contradictory(String),
}

impl Subject<'_> {
    /// Its environment.
    pub(crate) fn slot(&self) -> Option<&EnvironmentSlot> {
        match &self.placement {
            Placement::In(slot, _) => Some(slot),
            _ => None,
        }
    }
}

/// What says something about a service's place.
#[derive(Clone, Debug)]
struct Clue {
    what: &'static str,
    reading: Option<Reading>,
}

/// The clues about one service.
struct Clues<'a> {
    id: ServiceId,
    service: &'a Service,
    /// `spec.name`, else `metadata.name`.
    full: &'a str,
    /// From its names.
    names: [Clue; 2],
    /// From the path of its manifest ([`LIES`] of them), and from where it deploys to.
    places: [Clue; 5],
}

/// How many clues are about the path of a manifest; the ones after them are used only if there is nothing else.
const LIES: usize = 2;

/// What everything but its names says.
struct Placed {
    placement: Placement,
    /// It must not contradict the names: it comes from the manifest's path, and distinguishes services.
    firm: bool,
}

/// Reads all services.
pub(super) fn subjects<'a>(catalog: &'a Catalog, sources: &Sources) -> Vec<Subject<'a>> {
    let clues: Vec<Clues<'a>> = catalog
        .service_ids()
        .map(|id| Clues::of(id, catalog.service(id), sources))
        .collect();
    // A clue that is the same for everything distinguishes nothing: the namespace of a management cluster.
    let varies = [0, 1, 2, 3, 4].map(|index: usize| {
        let spots: BTreeSet<&EnvironmentSlot> = clues
            .iter()
            .filter_map(|clues| Some(&clues.places[index].reading.as_ref()?.slot))
            .collect();
        spots.len() > 1
    });
    let placed: Vec<Placed> = clues.iter().map(|clues| clues.placed(varies)).collect();
    // `dev-tools` in dev and in prod: the word is a part of the name.
    let mut same_name: BTreeMap<&str, BTreeSet<&EnvironmentSlot>> = BTreeMap::new();
    for (clues, placed) in clues.iter().zip(&placed) {
        if let Placement::In(slot, _) = &placed.placement {
            same_name.entry(clues.full).or_default().insert(slot);
        }
    }
    let own_word = |clues: &Clues<'_>| {
        let named = read(clues.full);
        let spots = same_name.get(clues.full);
        named.zip(spots).is_some_and(|(named, spots)| {
            spots.len() > 1 && spots.iter().any(|slot| slot.merged(&named.slot).is_none())
        })
    };
    clues
        .iter()
        .zip(&placed)
        .map(|(clues, placed)| clues.subject(placed, own_word(clues)))
        .collect()
}

impl<'a> Clues<'a> {
    fn of(id: ServiceId, service: &'a Service, sources: &Sources) -> Self {
        let full = service.spec_name.as_deref().unwrap_or(&service.key.name);
        let clue = |what, text: Option<&str>| Clue {
            what,
            reading: text.and_then(read),
        };
        let manifest = sources.manifest(&service.file, service.at);
        let text = |keys: &[&str]| manifest.and_then(|found| found.text(&FieldPath::keys(keys)));
        let cluster = text(&["spec", "cluster"]).or_else(|| text(&["spec", "clusterRef", "name"]));
        let folder = service.git.as_ref().and_then(|git| git.folder.as_deref());
        Self {
            id,
            service,
            full,
            names: [
                clue("its `metadata.name`", Some(&service.key.name)),
                clue("its `spec.name`", service.spec_name.as_deref()),
            ],
            places: [
                clue("its namespace", service.key.namespace.as_deref()),
                Clue {
                    what: "its path",
                    reading: path_reading(service, full),
                },
                clue("`spec.namespace`", service.spec_namespace.as_deref()),
                Clue {
                    what: "`spec.git.folder`",
                    reading: folder.and_then(deepest),
                },
                clue("its cluster", cluster),
            ],
        }
    }

    /// Its placement according to everything except its names.
    fn placed(&self, varies: [bool; 5]) -> Placed {
        let says = |clue: &&Clue| clue.reading.is_some();
        let telling: Vec<&Clue> = self
            .places
            .iter()
            .zip(varies)
            .filter(|(clue, varies)| *varies && says(clue))
            .map(|(clue, _)| clue)
            .collect();
        let lies: Vec<&Clue> = self.places[..LIES]
            .iter()
            .zip(varies)
            .filter(|(clue, varies)| *varies && says(clue))
            .map(|(clue, _)| clue)
            .collect();
        if !lies.is_empty() {
            return Placed {
                placement: agreed(&lies),
                firm: true,
            };
        }
        let any = telling.first().copied().or(self.places.iter().find(says));
        Placed {
            placement: any.map_or(Placement::Unknown, |clue| agreed(&[clue])),
            firm: false,
        }
    }

    fn named(&self) -> Placement {
        let heard: Vec<&Clue> = self
            .names
            .iter()
            .filter(|clue| clue.reading.is_some())
            .collect();
        agreed(&heard)
    }

    fn subject(&self, placed: &Placed, own_word: bool) -> Subject<'a> {
        let (base, placement) = if own_word {
            (self.full.to_lowercase(), placed.placement.clone())
        } else {
            (without(self.full), self.placement(placed))
        };
        let path = template(self.service.file.as_str());
        let base = if base.is_empty() {
            unnamed(&path, self.service)
        } else {
            base
        };
        Subject {
            id: self.id,
            service: self.service,
            base,
            placement,
            name: without(&self.service.key.name),
            namespace: self
                .service
                .key
                .namespace
                .as_deref()
                .map(without)
                .unwrap_or_default(),
            path,
        }
    }

    /// Names and place together.
    fn placement(&self, placed: &Placed) -> Placement {
        match (self.named(), &placed.placement) {
            (Placement::Unknown, placed) => placed.clone(),
            (named, Placement::Unknown) => named,
            (conflict @ Placement::Contradictory(_), _) => conflict,
            // The place that it deploys to may be called anything: its name is more reliable.
            (named, _) if !placed.firm => named,
            (_, conflict @ Placement::Contradictory(_)) => conflict.clone(),
            (Placement::In(slot, word), Placement::In(other, other_word)) => {
                match slot.merged(other) {
                    Some(both) => Placement::In(both, word),
                    None => Placement::Contradictory(format!(
                        "its name says {}, its path says {}",
                        slot.named(&word),
                        other.named(other_word)
                    )),
                }
            }
        }
    }
}

/// What all of these say together.
fn agreed(clues: &[&Clue]) -> Placement {
    let mut found: Option<(EnvironmentSlot, String, &'static str)> = None;
    for clue in clues {
        let Some(reading) = &clue.reading else {
            continue;
        };
        found = Some(match found {
            None => (reading.slot.clone(), reading.word.clone(), clue.what),
            Some((slot, word, what)) => match slot.merged(&reading.slot) {
                Some(both) => (both, word, what),
                None => {
                    return Placement::Contradictory(format!(
                        "{what} says {}, {} says {}",
                        slot.named(&word),
                        clue.what,
                        reading.slot.named(&reading.word)
                    ));
                }
            },
        });
    }
    match found {
        Some((slot, word, _)) => Placement::In(slot, word),
        None => Placement::Unknown,
    }
}

/// The environment of the deepest part of a path that names one.
fn deepest(path: &str) -> Option<Reading> {
    path.rsplit('/').find_map(read)
}

/// The environment that the path says. A file that is called like its service says nothing by that.
fn path_reading(service: &Service, full: &str) -> Option<Reading> {
    let path = service.file.as_str();
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = stem(file);
    if stem != full && stem != service.key.name {
        return read(stem).or_else(|| deepest(folders));
    }
    deepest(folders)
}

fn stem(file: &str) -> &str {
    let stem = file.strip_suffix(".yaml");
    stem.or_else(|| file.strip_suffix(".yml")).unwrap_or(file)
}

/// A path in which every environment is a `*`.
fn template(path: &str) -> String {
    let segments: Vec<String> = stem(path)
        .split('/')
        .map(|segment| match read(segment) {
            Some(reading) if reading.rest.is_empty() => "*".to_owned(),
            Some(reading) => format!("*-{}", reading.rest),
            None => segment.to_owned(),
        })
        .collect();
    segments.join("/")
}

/// A service that is just called `dev` is named by its folder, otherwise by its namespace.
fn unnamed(path: &str, service: &Service) -> String {
    let segment = path
        .rsplit('/')
        .find(|segment| !segment.starts_with('*'))
        .map(str::to_lowercase);
    let namespace = || service.key.namespace.as_deref().map(without);
    segment
        .or_else(namespace)
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "service".to_owned())
}
