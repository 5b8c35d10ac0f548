//! What is too large to judge is pending, and costs the others nothing.

use super::{HARMLESS, edits, guarded, pair, says};
use end_to_end::shop::chart;

const MIB: usize = 1 << 20;
const TOO_LARGE: (&str, &str) = (
    "pending",
    "too large to judge: its manifest files have 9 MiB, more than 8 MiB: split it, or ask an admin to merge it",
);

/// A manifest of this many bytes, most of them a comment.
fn large(name: &str, bytes: usize) -> String {
    let text = chart(name, "1.0.0");
    let comment = "x".repeat(bytes - text.len() - 2);
    format!("#{comment}\n{text}")
}

/// A manifest of a few hundred bytes in which aliases stand for 400,000 nodes.
fn bomb(name: &str) -> String {
    let ten = |of: &str| [of; 10].join(", ");
    let mut text = format!("{}x:\n- &a [{}]\n", chart(name, "1.0.0"), ten("1"));
    for (anchor, of) in [("b", "*a"), ("c", "*b"), ("d", "*c"), ("e", "*d")] {
        text.push_str(&format!("- &{anchor} [{}]\n", ten(of)));
    }
    text.push_str("- [*e, *e]\n");
    text
}

#[tokio::test]
async fn manifests_of_too_many_bytes_are_pending_unread_and_no_other_verdict_changes() {
    let site = guarded("").await;
    let own = edits(&site, "own", &[("new.yaml", &chart("new", "1.0.0"))]).await;
    assert_eq!(says(&site, own), pair(HARMLESS));
    let hand = edits(&site, "hand", &[("prod.yaml", &chart("web-prod", "1.2.0"))]).await;
    let third = large("large", 3 * MIB);
    let parts = [
        ("1.yaml", third.as_str()),
        ("2.yaml", &third),
        ("3.yaml", &third),
    ];
    let tom = site.repo();
    let number = tom.by("tom").opens_from_fork("large", &parts, "Large");
    site.hub.forget_calls();
    site.run().await;
    assert_eq!(says(&site, number), pair(TOO_LARGE));
    assert_eq!(says(&site, own), pair(HARMLESS));
    assert_eq!(says(&site, hand).0, "failure");
    let whole = |line: &String| line.contains("/git/blobs/");
    assert!(
        !site.hub.lines().iter().any(whole),
        "{:?}",
        site.hub.lines()
    );
    site.requests_hold();
}

#[tokio::test]
async fn manifests_of_too_many_nodes_are_pending_however_few_bytes_they_are() {
    let site = guarded("").await;
    let bombs: Vec<String> = (0..3).map(|at| bomb(&format!("bomb-{at}"))).collect();
    let one = edits(&site, "one", &[("1.yaml", &bombs[0])]).await;
    assert_eq!(says(&site, one), pair(HARMLESS));
    let parts = [
        ("1.yaml", bombs[0].as_str()),
        ("2.yaml", &bombs[1]),
        ("3.yaml", &bombs[2]),
        // Even though it touches what is gated: nothing is judged in part.
        ("prod.yaml", &chart("web-prod", "1.2.0")),
    ];
    let all = edits(&site, "all", &parts).await;
    let words = "too large to judge: its manifest files have more than 1000000 YAML nodes after alias expansion: split it, or ask an admin to merge it";
    assert_eq!(says(&site, all), pair(("pending", words)));
    assert_eq!(says(&site, one), pair(HARMLESS));
}

#[tokio::test]
async fn of_more_than_a_run_reads_forks_are_left_out_before_others_and_large_ones_before_small() {
    let site = guarded("").await;
    let repo = site.repo();
    let seven = large("large", 7 * MIB);
    // A blob of these bytes is there once: each pull request counts it.
    let forks: Vec<u64> = (0..9)
        .map(|at| {
            let branch = format!("fork-{at}");
            let files = [("large.yaml", seven.as_str())];
            repo.by("tom").opens_from_fork(&branch, &files, "Large")
        })
        .collect();
    let larger = large("large", 7 * MIB + 1);
    let own = edits(&site, "own", &[("large.yaml", &larger)]).await;
    let small =
        repo.by("rita")
            .opens_from_fork("small", &[("new.yaml", &chart("new", "1.0.0"))], "Small");
    site.run().await;
    assert_eq!(says(&site, small), pair(HARMLESS));
    let unreadable = "large.yaml: cannot be read after this: line 1: the file has 7340033 bytes, more than the 4194304 that are read";
    assert_eq!(says(&site, own), pair(("failure", unreadable)));
    let left_out =
        "its manifest files have 7 MiB, and a run reads at most 64 MiB for all pull requests";
    let verdicts: Vec<_> = forks.iter().map(|fork| says(&site, *fork)).collect();
    let pending = verdicts
        .iter()
        .filter(|one| **one == pair(("pending", left_out)));
    assert_eq!(pending.count(), 1, "{verdicts:?}");
}
