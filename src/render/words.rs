//! Words that several texts share: lists of names, what a promotion changes.

use crate::model::change::Change;
use crate::model::plan::Promotion;
use crate::model::text::{counted, list};
use crate::report::plan_text::short;

/// `dave`, `dave or erin`, `carol, dave or erin`, and beyond five `carol, dave, erin, frank or 3 others`.
pub(super) fn any_of(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut names: Vec<String> = names.to_vec();
    if names.len() > SHOWN + 1 {
        let others = names.len() - SHOWN;
        names.truncate(SHOWN);
        names.push(format!("{others} others"));
    }
    list(names, "or")
}

/// What a promotion takes from: the names of the stages at which its edges start.
pub(super) fn sources(promotion: &Promotion) -> String {
    let names: Vec<&str> = promotion
        .edges
        .iter()
        .map(|edge| edge.from.as_str())
        .collect();
    names.join(", ")
}

/// The old and the new value of a change as people are shown them: a commit id by its first digits. `None` for a secret.
pub(super) fn values(change: &Change) -> Option<(Option<String>, String)> {
    if change.is_secret() {
        return None;
    }
    let shown = |text: &str| match text {
        "" => "(empty)".to_owned(),
        text => short(text),
    };
    let old = match &change.old {
        None => None,
        Some(old) => Some(shown(old.shown()?)),
    };
    Some((old, shown(change.new.shown()?)))
}

/// What a promotion changes, for a line: `6.5.2 → 6.5.3`; with several values each after the name of its manifest; a
/// count if that would be long. Never a secret's value.
pub(crate) fn what(promotion: &Promotion) -> String {
    const MAX_LENGTH: usize = 90;
    let arrow = |(old, new): &(Option<String>, String)| match old {
        Some(old) => format!("{old} → {new}"),
        None => new.clone(),
    };
    let secrets = promotion
        .changes
        .iter()
        .filter(|change| values(change).is_none())
        .count();
    let mut shown: Vec<(&str, (Option<String>, String))> = Vec::new();
    for change in &promotion.changes {
        if let Some(values) = values(change) {
            let item = (change.manifest.name.as_str(), values);
            if !shown.contains(&item) {
                shown.push(item);
            }
        }
    }
    let secret_words = |alone: bool| match (secrets, alone) {
        (0, _) => None,
        (1, true) => Some("1 secret".to_owned()),
        (1, false) => Some("a secret".to_owned()),
        (many, _) => Some(format!("{many} secrets")),
    };
    let same = shown
        .iter()
        .all(|(_, values)| Some(values) == shown.first().map(|(_, values)| values));
    let mut parts: Vec<String> = match &shown[..] {
        [] => Vec::new(),
        [(_, values), ..] if same => vec![arrow(values)],
        several => several
            .iter()
            .map(|(name, values)| format!("{name} {}", arrow(values)))
            .collect(),
    };
    parts.extend(secret_words(parts.is_empty()));
    let line = parts.join(", ");
    if parts.len() <= 3 && line.chars().count() <= MAX_LENGTH {
        return line;
    }
    let manifests: std::collections::BTreeSet<_> = promotion
        .changes
        .iter()
        .map(|change| &change.manifest)
        .collect();
    format!(
        "{} in {}",
        counted(promotion.changes.len(), "change"),
        counted(manifests.len(), "manifest")
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample::{change, promotion, secret};
    use super::*;
    use crate::model::change::Text;

    #[test]
    fn names_are_listed_as_one_would_say_them() {
        let names = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        assert_eq!(any_of(&[]), "");
        assert_eq!(any_of(&names("dave")), "dave");
        assert_eq!(any_of(&names("dave erin")), "dave or erin");
        assert_eq!(any_of(&names("a b c d e")), "a, b, c, d or e");
        assert_eq!(any_of(&names("a b c d e f")), "a, b, c, d or 2 others");
    }

    #[test]
    fn a_value_that_goes_into_a_secret_is_not_shown_even_where_it_comes_from_plain_text() {
        let mut change = secret("keys", "token");
        change.old = Some(Text::Plain("old".to_owned()));
        change.new = Text::Plain("new".to_owned());
        assert_eq!(values(&change), None);
    }

    #[test]
    fn what_changes_is_said_in_a_line() {
        let version =
            |name: &str, old: &str, new: &str| change(name, "spec.helm.version", Some(old), new);
        let commit = |name: &str| {
            change(
                name,
                "spec.git.ref",
                Some(&"3f".repeat(20)),
                &"9b".repeat(20),
            )
        };
        let said = |changes| what(&promotion(changes));
        assert_eq!(
            said(vec![version("podinfo", "6.5.2", "6.5.3")]),
            "6.5.2 → 6.5.3"
        );
        // The same step for many services is listed once.
        assert_eq!(
            said(vec![commit("a"), commit("b"), commit("c"), commit("d")]),
            "3f3f3f3 → 9b9b9b9"
        );
        assert_eq!(
            said(vec![
                version("podinfo", "6.5.2", "6.5.3"),
                commit("api"),
                secret("keys", "token")
            ]),
            "podinfo 6.5.2 → 6.5.3, api 3f3f3f3 → 9b9b9b9, a secret"
        );
        assert_eq!(said(vec![secret("keys", "a")]), "1 secret");
        assert_eq!(
            said(vec![secret("keys", "a"), secret("keys", "b")]),
            "2 secrets"
        );
        assert_eq!(
            said(vec![change("api", "spec.helm.chart", None, "api")]),
            "api"
        );
        let many = (0..4).map(|n| version("x", "1", &n.to_string())).collect();
        assert_eq!(said(many), "4 changes in 1 manifest");
    }
}
