//! What a landed pull request says.

use super::*;

/// Landed: every gate has passed.
fn landed(promotion: &mut Promotion) {
    let reasons = ["approved by carol and dave", "passed in 6 min", "open"];
    for (gate, reason) in promotion.gates.iter_mut().zip(reasons) {
        gate.judgement = Judgement {
            verdict: Verdict::Pass,
            reason: reason.into(),
            ..gate.judgement.clone()
        };
    }
}

fn receipt(promotion: &Promotion) -> String {
    let pull = PullRequest {
        landed: Some(Landed {
            commit: "9040f48".to_owned(),
            link: link("https://github.com/acme/gitops/commit/9040f48"),
        }),
        ..full(promotion)
    };
    body(&pull)
}

#[test]
fn a_landed_pull_request_says_who_approved_it_and_how_to_undo_it_and_asks_for_nothing() {
    let mut promotion = ordinary();
    landed(&mut promotion);
    let text = receipt(&promotion);
    for word in [
        "Review changes",
        "press Merge",
        "can approve",
        "Request changes",
        "[!",
    ] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    insta::assert_snapshot!(text, @r"
    **dev → prod** · ✅ landed

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    - ✅ passed · **prod-approval**: approved by carol and dave
    - ✅ passed · **integration-tests**: passed in 6 min ([run](https://github.com/acme/gitops/actions/runs/7))
    - ✅ passed · **office-hours**: open

    Landed as [`9040f48`](https://github.com/acme/gitops/commit/9040f48). To undo: *Run workflow → rollback* with pipeline **prod/podinfo** and stage **prod**.

    <details><summary>4 commits in api, by 2 people</summary>

    - `9be04d1` Fix retry on 504, frank, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Log less, grace, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Count retries, frank, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Bump hyper, frank, [#412](https://github.com/acme/api/pull/412)

    </details>

    Runbook: <https://wiki.example/prod>

    <sub>plan `7c1e09` · ready since 2026-11-20 14:02 UTC · replaces #118</sub>
    ");
}
