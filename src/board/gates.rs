//! Gates as the page shows them: those of a promotion now, and those of a landing as its record says.

use serde::Serialize;

use super::documents::{Gate, Landing, Outcome, Verdict};
use super::links::Site;
use crate::model::text::cut_words;

/// More characters of a gate's reason or of recorded evidence are not shown.
const MAX_WORDS: usize = 160;

/// A gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct GateText {
    pub name: String,
    /// Shape and colour.
    pub class: &'static str,
    pub word: &'static str,
    pub reason: String,
    pub href: String,
}

/// The gates of a landing, as its record says.
pub(super) fn past_gates(landing: &Landing) -> Vec<GateText> {
    let gates = landing.gates.iter();
    gates
        .map(|gate| {
            let (class, word) = match gate.outcome {
                Some(Outcome::Pass) => ("sync", "passed"),
                Some(Outcome::Open) => ("stop", "was open"),
                None => ("none", "recorded"),
            };
            GateText {
                name: gate.name.clone().unwrap_or_default(),
                class,
                word,
                reason: cut_words(&gate.evidence, MAX_WORDS),
                href: String::new(),
            }
        })
        .collect()
}

/// Gates now. One with the same answer on several edges is shown once.
pub(super) fn gates(gates: &[Gate], site: Option<&Site>) -> Vec<GateText> {
    let mut shown: Vec<GateText> = Vec::new();
    for gate in gates {
        let (class, word) = match gate.verdict {
            Verdict::Pass => ("sync", "pass"),
            Verdict::Pending => ("wait", "pending"),
            Verdict::Blocked => ("stop", "blocked"),
            Verdict::Error => ("cross", "error"),
        };
        let text = GateText {
            name: gate.name.clone(),
            class,
            word,
            reason: cut_words(&gate.reason, MAX_WORDS),
            href: gate
                .link
                .as_deref()
                .and_then(|link| site?.foreign(link))
                .unwrap_or_default(),
        };
        if !shown.contains(&text) {
            shown.push(text);
        }
    }
    shown
}
