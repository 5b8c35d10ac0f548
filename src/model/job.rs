//! The names that identify the run of a job: the digest in its title, the context of its status.

use sha2::{Digest, Sha256};

use super::ids::CommitId;
use super::name::GateName;

/// What distinguishes a requested run from any other: 16 hex digits over head, gate, workflow and attempt.
pub(crate) fn digest(head: &CommitId, gate: &GateName, workflow: &str, attempt: u32) -> String {
    let subject = serde_json::json!([1, head.to_string(), gate.as_str(), workflow, attempt]);
    let digest = Sha256::digest(subject.to_string());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether a run's title names this head and this digest, each as a word of its own.
pub(crate) fn title_holds(title: &str, head: &CommitId, digest: &str) -> bool {
    let head = head.to_string();
    let mut words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let (mut has_head, mut has_digest) = (false, false);
    words.by_ref().for_each(|word| {
        has_head |= word.eq_ignore_ascii_case(&head);
        has_digest |= word == digest;
    });
    has_head && has_digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_names_head_and_digest_as_whole_words() {
        let head: CommitId = "ab".repeat(20).parse().unwrap();
        let ours = digest(&head, &"tests".into(), "ci.yml", 1);
        // The titles of runs contain it; it is never edited.
        assert_eq!(ours, "6d8b9181369bc53d");
        assert_ne!(ours, digest(&head, &"tests".into(), "ci.yml", 2));
        assert_ne!(ours, digest(&head, &"other".into(), "ci.yml", 1));
        assert!(title_holds(&format!("tests {head} ({ours})"), &head, &ours));
        for wrong in [
            format!("tests {head}{ours}"),
            format!("tests {ours}"),
            format!("tests {head}"),
            format!("tests {} {ours}", head.short()),
        ] {
            assert!(!title_holds(&wrong, &head, &ours), "{wrong}");
        }
    }
}
