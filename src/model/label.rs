//! The labels that Sluice uses.

use sha2::{Digest, Sha256};

use super::name::{GateName, StageName};
use super::wire_words::APPROVALS;

/// Whether a label is one that approves a gate.
pub(crate) fn approves(label: &str) -> bool {
    label.to_ascii_lowercase().starts_with(APPROVALS)
}

/// [`HOLD`] is added by anyone with triage access: then nothing of this promotion lands. [`BLOCKED`] is added by Sluice
/// to a pull request that someone pushed to.
pub use super::wire_words::{BLOCKED, HOLD};

/// A label as it is created if the repository does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLabel {
    /// Its name.
    pub name: String,
    /// Its colour, as six hexadecimal digits.
    pub colour: &'static str,
    /// What it is for, in at most 100 characters.
    pub description: String,
}

impl NewLabel {
    /// [`HOLD`].
    pub fn hold() -> Self {
        Self {
            name: HOLD.to_owned(),
            colour: "fbca04",
            description: "Sluice lands nothing while this label is on".to_owned(),
        }
    }

    /// [`BLOCKED`].
    pub fn blocked() -> Self {
        Self {
            name: BLOCKED.to_owned(),
            colour: "b60205",
            description: "Someone pushed to this branch; Sluice does not land it".to_owned(),
        }
    }

    /// The label that approves the gates of this name into a stage.
    pub fn approve(stage: &StageName, gate: &GateName) -> Self {
        let description = format!("Approves {gate} into {stage}");
        Self {
            name: approve_label(stage, gate),
            colour: "0e8a16",
            description: description.chars().take(100).collect(),
        }
    }
}

/// The longest name that GitHub gives a label.
const MAX_LENGTH: usize = 50;

/// The label that approves the gates with this name into a stage. Long names, and names with characters that a label
/// cannot contain, are distinguished by a digest.
pub fn approve_label(stage: &StageName, gate: &GateName) -> String {
    let plain = format!("{APPROVALS}{stage}/{gate}");
    let fits = plain.len() <= MAX_LENGTH
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte));
    if fits {
        return plain;
    }
    let digest = Sha256::digest(serde_json::json!([stage.as_str(), gate.as_str()]).to_string());
    let digest: String = digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let readable: String = plain
        .chars()
        .skip(APPROVALS.len())
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(MAX_LENGTH - APPROVALS.len() - "/".len() - digest.len())
        .collect();
    format!("{APPROVALS}{readable}/{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels of open promotions have these names; they are never edited.
    #[test]
    fn a_label_keeps_its_name_for_ever() {
        let label = |stage: &str, gate: &str| approve_label(&stage.into(), &gate.into());
        assert_eq!(label("prod", "approval-gate"), "approve/prod/approval-gate");
        let long = "approve/prodggggggggggggggggggggggggg/83b746711e46";
        assert_eq!(label("prod", &"g".repeat(60)), long);
        assert_eq!(label("a,b", "c"), "approve/abc/569c363fb7e8");
    }

    #[test]
    fn a_label_names_stage_and_gate_and_never_grows_too_long() {
        let label = |stage: &str, gate: &str| approve_label(&stage.into(), &gate.into());
        assert_eq!(label("prod", "approval-gate"), "approve/prod/approval-gate");
        let long = label("prod", &"g".repeat(60));
        assert!(
            long.len() <= 50 && long.starts_with("approve/prodggg"),
            "{long}"
        );
        assert_ne!(long, label("prod", &"g".repeat(61)));
        assert_ne!(label("a,b", "c"), label("a;b", "c"));
        assert!(!label("a,b", "c").contains(','));
    }
}
