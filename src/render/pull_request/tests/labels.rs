//! What a pull request says if labels do not exist in the repository.

use super::*;
use crate::model::policy::ApprovalChannel;
use crate::model::rollback::RolledBack;

/// The text before the gates.
fn top(pull: &PullRequest<'_>) -> String {
    let body = body(pull);
    let (top, _) = body.split_once("\n\n<details>").unwrap();
    top.to_owned()
}

fn without_labels<'a>(promotion: &'a Promotion, ways: &'a [ApprovalChannel]) -> PullRequest<'a> {
    let mut pull = full(promotion);
    pull.hold_label_missing = true;
    pull.gates[0].ways = ways;
    pull.gates[0].label_missing = true;
    pull
}

#[test]
fn a_label_that_does_not_exist_is_not_offered() {
    let promotion = ordinary();
    let pull = without_labels(
        &promotion,
        &[ApprovalChannel::Review, ApprovalChannel::Label],
    );
    insta::assert_snapshot!(top(&pull), @r"
    **dev → prod** · ⏳ waits for 1 approval, then Mon 09:00 (dave or erin can approve)

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**. Sluice merges; please do not press Merge or push here.
    ");
}

#[test]
fn a_gate_that_only_such_a_label_opens_says_what_is_missing() {
    let promotion = ordinary();
    let pull = without_labels(&promotion, &[ApprovalChannel::Label]);
    insta::assert_snapshot!(top(&pull), @r"
    **dev → prod** · ⏳ waits for 1 approval, then Mon 09:00

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    No one can approve this yet. Once every gate is open, Sluice merges; please do not press Merge or push here.
    The gate **prod-approval** needs the label `approve/prod/prod-approval`, which does not exist in this repository: someone with write access must create it (*Issues → Labels → New label*) and add it here.
    ");
}

#[test]
fn what_would_undo_a_rollback_says_how_it_goes_on_without_its_label() {
    let promotion = ordinary();
    let back = RolledBack {
        commit: "3f2a1c9".repeat(6)[..40].parse().unwrap(),
        at: jiff::Timestamp::UNIX_EPOCH,
        to: "9be04d1".repeat(6)[..40].parse().unwrap(),
        by: None,
        reason: None,
    };
    let mut pull = without_labels(&promotion, &[ApprovalChannel::Review]);
    pull.held_back = Some(&back);
    insta::assert_snapshot!(top(&pull), @r"
    > [!WARNING]
    > **dev → prod** · ⏸ held because it was rolled back
    > `prod` was rolled back in `3f2a1c9`. This would undo that.
    > The label `sluice/hold` does not exist in this repository. To let this through, as someone with write access: create the label `sluice/hold`, add it, and remove it again.

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**. Sluice merges once nothing holds it; please do not press Merge or push here.
    ");
}
