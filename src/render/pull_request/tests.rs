mod first_line;
mod hostile;
mod labels;
mod receipt;

use super::*;
use crate::model::plan::State;
use crate::model::policy::ApprovalChannel;
use crate::model::verdict::{Judgement, Verdict};
use crate::render::link::Link;
use crate::render::sample::{CANARY, change, edge, hostile, ordinary, promotion};

fn link(address: &str) -> Option<Link> {
    Some(Link::parse(address).unwrap())
}

/// The pull request of the layouts.
fn full(promotion: &Promotion) -> PullRequest<'_> {
    PullRequest {
        gates: vec![
            GateDetail {
                missing: Some("1 approval".to_owned()),
                ways: &[ApprovalChannel::Review, ApprovalChannel::Label],
                label: Some("approve/prod/prod-approval".to_owned()),
                ..GateDetail::default()
            },
            GateDetail {
                link: link("https://github.com/acme/gitops/actions/runs/7"),
                ..GateDetail::default()
            },
            GateDetail {
                missing: Some("Mon 09:00".to_owned()),
                ..GateDetail::default()
            },
        ],
        compare: vec![
            None,
            link("https://github.com/acme/api/compare/3f2a1c9...9be04d1"),
        ],
        commits: vec![Commits {
            service: "api",
            back: false,
            total: 4,
            more: false,
            listed: [
                "Fix retry on 504",
                "Log less",
                "Count retries",
                "Bump hyper",
            ]
            .into_iter()
            .zip(["frank", "grace", "frank", "frank"])
            .map(|(subject, author)| Commit {
                id: "9be04d1",
                subject,
                author,
                number: Some(412),
                link: link("https://github.com/acme/api/pull/412"),
            })
            .collect(),
        }],
        can_approve: vec!["dave".to_owned(), "erin".to_owned()],
        ready_since: Some("2026-11-20T14:02:11Z".parse().unwrap()),
        replaces: Some(118),
        note: Some("Runbook: <https://wiki.example/prod>"),
        ..PullRequest::new("prod/podinfo", promotion)
    }
}

/// The body, its breaks made visible.
fn body(pull: &PullRequest<'_>) -> String {
    let body = pull.body().unwrap();
    assert_eq!(
        body,
        pull.body().unwrap(),
        "the same state gives the same bytes"
    );
    assert!(
        !body.contains(CANARY) && !body.contains("[ ]") && !body.contains("\n\n\n"),
        "{body}"
    );
    body.replace('\u{200b}', "·")
}

#[test]
fn the_number_of_a_replaced_pull_request_can_be_read_back() {
    let promotion = ordinary();
    let body = full(&promotion).body().unwrap();
    assert_eq!(crate::model::wire_words::replaced_pull(&body), Some(118));
}

#[test]
fn an_ordinary_pull_request_asks_first() {
    let promotion = ordinary();
    insta::assert_snapshot!(body(&full(&promotion)), @r"
    **dev → prod** · ⏳ waits for 1 approval, then Mon 09:00 (dave or erin can approve)

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges; please do not press Merge or push here.

    <details><summary>Gates, refuse, pause, undo</summary>

    - ⏳ waiting · **prod-approval**: 1 of 2 from carol, dave, erin
    - ✅ passed · **integration-tests**: passed in 6 min ([run](https://github.com/acme/gitops/actions/runs/7))
    - ⏳ waiting · **office-hours**: opens Mon 09:00 Europe/Berlin (07:00 UTC)
    - To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    - To undo: *Run workflow → rollback*.

    </details>

    <details><summary>4 commits in api, by 2 people</summary>

    - `9be04d1` Fix retry on 504, frank, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Log less, grace, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Count retries, frank, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Bump hyper, frank, [#412](https://github.com/acme/api/pull/412)

    </details>

    Runbook: <https://wiki.example/prod>

    <sub>plan `7c1e09` · ready since 2026-11-20 14:02 UTC · replaces #118 · approvals apply to this plan only</sub>
    ");
}

#[test]
fn what_is_not_known_is_left_out() {
    let promotion = promotion(vec![change("podinfo", "spec.helm.version", None, "6.5.3")]);
    insta::assert_snapshot!(body(&PullRequest::new("podinfo", &promotion)), @r"
    **dev → prod** · ✅ ready

    **podinfo** chart **6.5.3** (was not set)

    Nothing is left to do here: Sluice merges. Please do not press Merge or push here.

    <details><summary>Refuse, pause, undo</summary>

    - To refuse: close. To pause: label `sluice/hold`.
    - To undo: *Run workflow → rollback*.

    </details>

    <sub>plan `7c1e09` · approvals apply to this plan only</sub>
    ");
}

#[test]
fn a_label_that_counts_already_is_asked_of_nobody_else() {
    let promotion = ordinary();
    let mut pull = full(&promotion);
    let asked = |pull: &PullRequest<'_>| {
        let body = pull.body().unwrap();
        let line = body
            .lines()
            .find(|line| line.starts_with("**Files changed"));
        line.map(str::to_owned)
    };
    assert_eq!(
        asked(&pull).as_deref(),
        Some(
            "**Files changed → Review changes → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges; please do not press Merge or push here."
        )
    );
    pull.gates[0].label_counts = true;
    assert_eq!(
        asked(&pull).as_deref(),
        Some(
            "**Files changed → Review changes → Approve**. Sluice merges; please do not press Merge or push here."
        )
    );
}

#[test]
fn people_are_asked_before_the_clock() {
    let mut promotion = ordinary();
    promotion.gates.reverse();
    let mut pull = full(&promotion);
    pull.gates.reverse();
    assert!(body(&pull).contains("waits for 1 approval, then Mon 09:00"));
}

#[test]
fn joined_edges_are_named_at_their_gates() {
    let mut promotion = ordinary();
    promotion.edges = vec![edge("qa-eu", "prod"), edge("qa-us", "prod")];
    let body = body(&full(&promotion));
    assert!(
        body.starts_with("**qa-eu, qa-us → prod** · ⏳ waits for "),
        "{body}"
    );
    assert!(body.contains("**prod-approval** (dev → prod): "), "{body}");
}

#[test]
fn the_longest_promotion_still_fits_and_says_what_is_left_out() {
    let mut promotion = hostile();
    let longest = "\u{e0001}".repeat(1000);
    for change in &mut promotion.changes {
        change.manifest.name.clone_from(&longest);
        change.said = Some(longest.clone());
    }
    promotion.changes = promotion
        .changes
        .iter()
        .cycle()
        .take(3000)
        .cloned()
        .collect();
    promotion.gates[0].name = longest.as_str().into();
    promotion.gates[0].judgement.reason.clone_from(&longest);
    promotion.gates = promotion.gates.iter().cycle().take(500).cloned().collect();
    promotion.skipped_services[0].reason.clone_from(&longest);
    promotion.skipped_services = promotion
        .skipped_services
        .iter()
        .cycle()
        .take(500)
        .cloned()
        .collect();
    promotion.skipped = vec![longest.clone(); 500];
    let mut pull = full(&promotion);
    pull.commits = vec![pull.commits[0].clone(); 100];
    let body = pull.body().unwrap();
    assert!(body.len() <= MAX_BYTES);
    assert!(
        body.contains("- … 2995 more: see *Files changed*"),
        "{body}"
    );
    assert!(body.ends_with("approvals apply to this plan only</sub>"));
    // A hundred ordinary changes lose nothing but the end of their list.
    let many = self::promotion(vec![
        change("podinfo", "spec.helm.version", Some("1"), "2");
        100
    ]);
    assert!(
        PullRequest::new("p", &many)
            .body()
            .unwrap()
            .contains("- … 40 more")
    );
}

#[test]
fn a_rollback_says_what_it_goes_back_to_and_that_it_stays() {
    let mut promotion = ordinary();
    promotion.rollback = Some(crate::model::rollback::BackTo {
        landing: "4d0c2aa".repeat(6)[..40].parse().unwrap(),
        plan: "7c1e09".repeat(11)[..64].parse().unwrap(),
    });
    let pull = PullRequest {
        reason: Some("INC-7: *checkout* fails @everyone"),
        ..PullRequest::new("podinfo", &promotion)
    };
    let text = body(&pull);
    let head: Vec<&str> = text.lines().take(4).collect();
    insta::assert_snapshot!(head.join("\n"), @r"
    > [!CAUTION]
    > **Rollback of prod** · ⏳ waits for prod-approval, then office-hours
    > INC-7: \*checkout\* fails @·everyone
    ");
    assert!(text.contains("undo: merge the next promotion"), "{text}");
}

#[test]
fn what_would_undo_a_rollback_says_first_that_it_is_held_and_how_it_goes_on() {
    let promotion = ordinary();
    let back = crate::model::rollback::RolledBack {
        commit: "4d0c2aa".repeat(6)[..40].parse().unwrap(),
        at: jiff::Timestamp::UNIX_EPOCH,
        to: "9be04d1".repeat(6)[..40].parse().unwrap(),
        by: Some(7),
        reason: Some("INC-7: *checkout* fails @everyone".to_owned()),
    };
    let pull = PullRequest {
        held_back: Some(&back),
        ..PullRequest::new("podinfo", &promotion)
    };
    let text = body(&pull);
    let head: Vec<&str> = text.lines().take(6).collect();
    insta::assert_snapshot!(head.join("\n"), @r"
    > [!WARNING]
    > **dev → prod** · ⏸ held because it was rolled back
    > `prod` was rolled back in `4d0c2aa`: INC-7: \*checkout\* fails @·everyone. This would undo that.
    > To let it through, as someone with write access: remove the label `sluice/hold`.

    | prod | now | then |
    ");
}
