//! Changes as the page shows them: `web 1.0.0 → 1.1.0`.

use serde::Serialize;

use super::documents::Change;
use crate::model::text::cut_words;
use crate::report::plan_text::short;

/// A value longer than this is cut, in characters.
const MAX_VALUE: usize = 40;

/// One change; of a secret without values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ChangeText {
    /// The manifest, and the field if it is not what everyone expects.
    pub name: String,
    pub old: String,
    /// `changed` of a secret.
    pub new: String,
}

/// The first of these changes, and how many more there are.
pub(super) fn texts<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
    most: usize,
) -> (Vec<ChangeText>, usize) {
    let mut all = changes.into_iter();
    let shown = all.by_ref().take(most).map(text).collect();
    (shown, all.count())
}

fn text(change: &Change) -> ChangeText {
    let name = match change.path.as_str() {
        "spec.git.ref" | "spec.helm.version" => change.name.clone(),
        path => {
            let key = path.rsplit('.').next().unwrap_or(path);
            format!("{} {}", change.name, cut_words(key, MAX_VALUE))
        }
    };
    if change.secret {
        return ChangeText {
            name,
            old: String::new(),
            new: "changed".to_owned(),
        };
    }
    let shown = |text: &Option<String>| text.as_deref().map_or_else(|| "nothing".to_owned(), value);
    ChangeText {
        name,
        old: shown(&change.old),
        new: shown(&change.new),
    }
}

/// A value: of a commit ID the first digits.
pub(super) fn value(text: &str) -> String {
    cut_words(&short(text), MAX_VALUE)
}
