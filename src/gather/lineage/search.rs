//! Looks for what preceded a manifest whose name appeared at a commit.

use std::collections::{BTreeMap, BTreeSet};

use super::Lineage;
use super::Trail;
use super::naming::{self, COMMITS_BEYOND, Followed};
use super::preceding::Preceding;
use crate::gather::follow::{Next, follow_one, unreadable};
use crate::gather::history::past::FILES_BEYOND;
use crate::model::facts::LastSet;
use crate::model::ids::CommitId;
use crate::model::reference::{Kind, ManifestKey};
use crate::model::service::Service;
use crate::repo::Change;

impl Lineage<'_> {
    /// What a `Secret` was before a commit at which it appeared: the same one in another file, the one that the service
    /// named then, or itself before it was deleted. `at` is where the service continues.
    pub(super) fn preceding_secret(
        &self,
        secret: &Followed,
        service: Option<&Service>,
        commit: &CommitId,
        at: &CommitId,
    ) -> Result<Preceding, LastSet> {
        // All that may have to be read is asked for before anything of it is missed.
        let _ = self.repo.touches(at, &secret.file);
        if let Some(moved) = self.moved(secret, commit, at)? {
            return Ok(moved);
        }
        let reference = service.and_then(|service| service.configuration_ref.as_ref());
        if let (Some(service), Some(reference)) = (service, reference)
            && reference.name != secret.key.name
        {
            let namespace = reference
                .namespace
                .as_ref()
                .or(service.key.namespace.as_ref());
            let named = Followed {
                key: ManifestKey {
                    kind: Kind::Secret,
                    namespace: namespace.cloned(),
                    name: reference.name.clone(),
                },
                written: namespace.cloned(),
                file: secret.file.clone(),
            };
            let (found, whole) = self.find_secret(&named, commit, at)?;
            return Ok(match found {
                Some(file) => Preceding::Was {
                    manifest: Followed { file, ..named },
                    at: *at,
                    left: None,
                },
                // It may be kept elsewhere than in git.
                None if whole => Preceding::Nothing,
                None => too_much(secret, commit),
            });
        }
        if let Some(there) = self.last_there(secret, at)? {
            return Ok(there);
        }
        Ok(match self.past.looked_at_all(at, commit)? {
            true => Preceding::Nothing,
            false => too_much(secret, commit),
        })
    }

    /// The file that contained a `Secret`, and whether everything was searched.
    fn find_secret(
        &self,
        secret: &Followed,
        commit: &CommitId,
        at: &CommitId,
    ) -> Result<(Option<String>, bool), LastSet> {
        let today = self.catalog.secrets.iter();
        let today = today.filter(|one| one.key.name == secret.key.name);
        let today: Vec<String> = today.map(|one| one.file.to_string()).collect();
        let mut look = |file: &str| {
            let found = self.past.secret(&secret.wanted(), file, at)?;
            Ok(found.map(|_| file.to_owned()))
        };
        self.find(&secret.file, today, (commit, at), &mut look)
    }

    /// What a service was before a commit at which its name appeared.
    pub(super) fn look_for_preceding(
        &self,
        followed: &Followed,
        now: &Service,
        trail: &Trail,
        commit: &CommitId,
        parent: &CommitId,
    ) -> Result<Preceding, LastSet> {
        // All that may have to be read is asked for before anything of it is missed.
        let _ = self.repo.touches(parent, &followed.file);
        for entry in &trail.entries {
            for at in [parent, commit, &self.tip] {
                let _ = self.stage_as_today(*entry, at);
            }
        }
        if let Some(moved) = self.moved(followed, commit, parent)? {
            return Ok(moved);
        }
        if let Some(there) = self.last_there(followed, parent)? {
            return Ok(there);
        }
        // The name that a pipeline had for it.
        for entry in &trail.entries {
            let appeared = naming::Appeared {
                service: now,
                file: &followed.file,
                commit,
                parent,
                left: trail.left.as_ref(),
            };
            let names = self.names_before(*entry, &appeared)?;
            if names.is_empty() {
                continue;
            }
            match self.same_place(&names, now, followed, commit, parent)? {
                Preceding::Nothing => {}
                found => return Ok(found),
            }
        }
        // The one service that vanishes from the same file.
        let gone = self.past.gone_services(&followed.file, parent, commit)?;
        let gone: Vec<&Service> = gone.iter().filter(|one| is_same_place(one, now)).collect();
        match gone[..] {
            [] if self.past.looked_at_all(parent, commit)? => Ok(Preceding::Nothing),
            [] => Ok(too_much(followed, commit)),
            [one] => Ok(Preceding::Was {
                manifest: Followed::service(one),
                at: *parent,
                left: Some(*commit),
            }),
            _ => Ok(Preceding::Untold(several(followed, commit))),
        }
    }

    /// The same manifest in another file, which the commit removed or changed.
    fn moved(
        &self,
        followed: &Followed,
        commit: &CommitId,
        parent: &CommitId,
    ) -> Result<Option<Preceding>, LastSet> {
        let wanted = followed.wanted();
        let from = self
            .past
            .moved_from(&wanted, &followed.file, parent, commit)?;
        Ok(from.map(|file| Preceding::Was {
            manifest: Followed {
                file,
                ..followed.clone()
            },
            at: *parent,
            left: None,
        }))
    }

    /// A manifest that does not exist at `parent`, as it was in the same file when it was last there.
    fn last_there(
        &self,
        followed: &Followed,
        parent: &CommitId,
    ) -> Result<Option<Preceding>, LastSet> {
        let touches = self.repo.touches(parent, &followed.file);
        let touches = touches.map_err(|error| unreadable(&error))?;
        if touches.is_some_and(|all| all.is_empty()) {
            return Ok(None);
        }
        let mut found = None;
        let files = |_: &Option<Preceding>| vec![followed.file.clone()];
        let mut step = |found: &mut Option<Preceding>, change: &Change| {
            let (wanted, file) = (followed.wanted(), &followed.file);
            let Some(before) = change.parent else {
                return Ok(Next::On);
            };
            let is_there = match followed.key.kind {
                Kind::Secret => self.past.secret(&wanted, file, &before)?.is_some(),
                _ => self.past.service(&wanted, file, &before)?.is_some(),
            };
            if !is_there {
                return Ok(Next::On);
            }
            *found = Some(Preceding::Was {
                manifest: followed.clone(),
                at: before,
                left: Some(change.commit),
            });
            Ok(Next::Stop)
        };
        follow_one(
            self.repo,
            *parent,
            COMMITS_BEYOND,
            &mut found,
            &files,
            &mut step,
        )?;
        Ok(found)
    }

    /// Of the services that had these names at `parent`, the one that comes from the same place and goes to the same cluster.
    fn same_place(
        &self,
        names: &[naming::Name],
        now: &Service,
        followed: &Followed,
        commit: &CommitId,
        parent: &CommitId,
    ) -> Result<Preceding, LastSet> {
        let mut found: BTreeMap<ManifestKey, Followed> = BTreeMap::new();
        let mut missing = None;
        for name in names {
            let there = self.find_named(name, &followed.file, commit, parent)?;
            if there.is_empty() {
                missing = Some(name);
            }
            for one in there {
                if is_same_place(&one, now) {
                    found.insert(one.key.clone(), Followed::service(&one));
                }
            }
        }
        let mut found = found.into_values();
        Ok(match (found.next(), found.next(), missing) {
            (Some(manifest), None, _) => Preceding::Was {
                manifest,
                at: *parent,
                left: Some(*commit),
            },
            (Some(_), Some(_), _) => Preceding::Untold(several(followed, commit)),
            (None, _, Some(name)) => Preceding::Untold(format!(
                "{} appeared in {}; its stage ran {name} before, which was not found there",
                followed.key,
                commit.short()
            )),
            (None, _, None) => Preceding::Nothing,
        })
    }

    /// The services that a name of a pipeline may have meant at `parent`: in the same file, among what the commit
    /// replaced, where it is today, and finally anywhere.
    fn find_named(
        &self,
        name: &naming::Name,
        file: &str,
        commit: &CommitId,
        parent: &CommitId,
    ) -> Result<Vec<Service>, LastSet> {
        let today = self
            .catalog
            .service_ids()
            .map(|id| self.catalog.service(id));
        let today = today.filter(|one| name.means(one));
        let today: Vec<String> = today.map(|one| one.file.to_string()).collect();
        let mut look = |file: &str| {
            let mut found = self.past.services(file, parent)?;
            found.retain(|one| name.means(one));
            Ok(Some(found).filter(|found| !found.is_empty()))
        };
        let (found, _) = self.find(file, today, (commit, parent), &mut look)?;
        Ok(found.unwrap_or_default())
    }

    /// Searches the files that may have contained a manifest at `parent`: the same file, where it is today, those that
    /// the commit replaced, and finally those that no longer exist unchanged: a file that is still the same contains
    /// what the catalog says. Also returns whether everything was searched.
    fn find<T>(
        &self,
        file: &str,
        today: Vec<String>,
        (commit, parent): (&CommitId, &CommitId),
        look: &mut dyn FnMut(&str) -> Result<Option<T>, LastSet>,
    ) -> Result<(Option<T>, bool), LastSet> {
        let mut near = vec![file.to_owned()];
        near.extend(today);
        near.extend(self.past.replaced(parent, commit)?);
        let mut seen = BTreeSet::new();
        for file in near {
            if seen.insert(file.clone())
                && let Some(found) = look(&file)?
            {
                return Ok((Some(found), true));
            }
        }
        let (lost, whole) = self.past.lost_since(parent, &self.tip)?;
        for file in lost {
            if !seen.contains(&file)
                && let Some(found) = look(&file)?
            {
                return Ok((Some(found), true));
            }
        }
        Ok((None, whole))
    }
}

/// Whether two manifests take git from the same folder of the same repository, or the same chart from the same place, and go to the same
/// cluster.
fn is_same_place(a: &Service, b: &Service) -> bool {
    let git = |one: &Service| {
        let git = one.git.as_ref()?;
        let repository = one.repository.as_ref();
        let repository = repository.map(|one| one.name.clone());
        Some((git.url.clone(), git.folder.clone(), repository))
    };
    let chart = |one: &Service| {
        let helm = one.helm.as_ref()?;
        Some((helm.origin.clone(), helm.chart.text().map(str::to_owned)))
    };
    let same_git = git(a).is_some() && git(a) == git(b);
    let same_chart = chart(a).is_some() && chart(a) == chart(b);
    let neither = [a, b]
        .iter()
        .all(|one| one.git.is_none() && one.helm.is_none());
    a.cluster == b.cluster && (same_git || same_chart || neither)
}

fn too_much(followed: &Followed, commit: &CommitId) -> Preceding {
    Preceding::Untold(format!(
        "{} appeared in {}, and more than {FILES_BEYOND} manifest files would have to be read to find out what it was before",
        followed.key,
        commit.short()
    ))
}

fn several(followed: &Followed, commit: &CommitId) -> String {
    format!(
        "{} appeared in {}, and several services may have preceded it",
        followed.key,
        commit.short()
    )
}
