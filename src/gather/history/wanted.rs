//! The manifest that is looked for in the past, and which one of several it is.

use crate::model::facts::LastSet;
use crate::model::ids::CommitId;
use crate::model::reference::ManifestKey;

/// The way out if history cannot be read past a commit.
pub(super) const SET_ONCE: &str =
    "set the target by hand once, so that history does not have to be read past that commit";

/// The manifest that is looked for in the past. Its namespace may have been written since, or filled in by the policy:
/// a manifest without one of its own is the same manifest.
pub(in crate::gather) struct Wanted<'a> {
    pub(super) key: &'a ManifestKey,
    written: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    pub(in crate::gather) fn new(key: &'a ManifestKey, written: Option<&'a str>) -> Self {
        Self { key, written }
    }

    pub(in crate::gather) fn is(&self, key: &ManifestKey, written: Option<&str>) -> bool {
        let unsaid = |written: Option<&str>| written.is_none_or(str::is_empty);
        let same_namespace =
            key.namespace == self.key.namespace || unsaid(written) || unsaid(self.written);
        key.kind == self.key.kind && key.name == self.key.name && same_namespace
    }
}

/// The one manifest that is wanted; an exact key wins. `Err` if two could be meant.
pub(super) fn pick<'m, M>(
    wanted: &Wanted<'_>,
    manifests: impl Iterator<Item = &'m M>,
    of: impl Fn(&'m M) -> (&'m ManifestKey, Option<&'m str>),
) -> Result<Option<&'m M>, ()> {
    let mut near = Vec::new();
    for manifest in manifests {
        let (key, written) = of(manifest);
        if key == wanted.key {
            return Ok(Some(manifest));
        }
        if wanted.is(key, written) {
            near.push(manifest);
        }
    }
    match near[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(()),
    }
}

/// Two manifests of which either may be meant.
pub(super) fn several(wanted: &Wanted<'_>, commit: &CommitId) -> LastSet {
    LastSet::Failed {
        why: format!(
            "at {} more than one manifest could have been {}",
            commit.short(),
            wanted.key
        ),
        help: Some(SET_ONCE.to_owned()),
    }
}
