//! The message of a promotion's commit: what a person reads in the log, then the record.

use std::fmt::Write;

use super::escape::commit;
use super::plan_text::short;
use crate::model::change::Change;
use crate::model::plan::Promotion;
use crate::model::text::counted;

/// `podinfo → prod: 6.5.2 → 6.5.3`, or a count where several things change.
pub(crate) fn subject(pipeline: &str, promotion: &Promotion) -> String {
    let what = match &promotion.changes[..] {
        [one] => values(one),
        several => {
            let services: std::collections::BTreeSet<_> =
                several.iter().map(|change| &change.manifest).collect();
            counted(several.len(), "change") + " in " + &counted(services.len(), "manifest")
        }
    };
    commit(&format!("{pipeline} → {}: {what}", promotion.stage))
}

/// The lines between subject and trailers, each ended.
pub(crate) fn body(promotion: &Promotion) -> String {
    let mut text = String::new();
    for change in &promotion.changes {
        let line = format!(
            "{} {}: {}",
            change.manifest.name,
            change.path,
            values(change)
        );
        let _ = writeln!(text, "- {}", commit(&line));
    }
    for service in &promotion.skipped_services {
        let _ = writeln!(
            text,
            "- {}",
            commit(&format!(
                "{} stays behind: {}",
                service.name, service.reason
            ))
        );
    }
    text
}

fn values(change: &Change) -> String {
    if change.is_secret() {
        return "changed, not shown".to_owned();
    }
    let shown = |text: Option<&str>| text.map_or_else(|| "(nothing)".to_owned(), short);
    let old = shown(change.old.as_ref().and_then(|old| old.shown()));
    format!("{old} → {}", shown(change.new.shown()))
}
