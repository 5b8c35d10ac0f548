//! What a landing records of a service: which source, and which values were taken.

use crate::copy::Comparison;
use crate::model::change::{Change, Text};
use crate::model::facts::Slot;
use crate::model::name::full_name;
use crate::model::plan::{Take, Taken};
use crate::model::reference::ManifestKey;

/// The record of one service: what it takes, and from where. A rollback takes from the target itself.
pub(super) fn take(target: &ManifestKey, source: &ManifestKey, comparison: &Comparison) -> Take {
    Take {
        target: name(target),
        source: name(source),
        values: comparison
            .taken
            .iter()
            .map(|(slot, text)| taken(slot_name(slot), text, &comparison.changes))
            .collect(),
    }
}

fn name(key: &ManifestKey) -> String {
    full_name(key.namespace.as_deref(), &key.name)
}

fn slot_name(slot: &Slot) -> String {
    match slot {
        Slot::GitRef => "git.ref".to_owned(),
        Slot::HelmVersion => "helm.version".to_owned(),
        Slot::HelmChart => "helm.chart".to_owned(),
        Slot::Key(key) => key.clone(),
        Slot::Field(path) => path.to_string(),
    }
}

/// A secret is recorded by the file that holds it at the source, and by the `Secret` into which it goes.
fn taken(name: String, text: &Text, changes: &[Change]) -> (String, Taken) {
    if let Some(shown) = text.shown() {
        return (name, Taken::Plain(shown.to_owned()));
    }
    let change = changes
        .iter()
        .filter(|change| change.path.last_key() == Some(name.as_str()))
        .find_map(|change| change.secret.map(|files| (change, files)));
    match change {
        Some((change, files)) => (change.manifest.secret_slot(&name), Taken::Secret(files.new)),
        None => (name, Taken::Unchanged),
    }
}
