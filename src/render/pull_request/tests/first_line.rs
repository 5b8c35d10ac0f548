//! The first line: what a pull request waits for.

use super::*;

#[test]
fn the_first_line_says_what_it_waits_for() {
    let mut promotion = ordinary();
    let mut said = Vec::new();
    let mut note = |promotion: &Promotion, change: &dyn Fn(&mut PullRequest<'_>)| {
        let mut pull = full(promotion);
        change(&mut pull);
        let body = body(&pull);
        let lines: Vec<&str> = body
            .lines()
            .take_while(|line| !line.starts_with("<details>"))
            .collect();
        said.push(lines.join("\n"));
    };
    let unchanged = |_: &mut PullRequest<'_>| {};
    note(&promotion, &|pull| pull.gates.clear());
    note(&promotion, &|pull| {
        pull.held = Some(HeldFor {
            why: "held by carol since 2026-11-20 09:00 UTC (label sluice/hold)",
            next: "someone with write access must remove the label",
        });
    });
    note(&promotion, &|pull| {
        pull.hold_label_missing = true;
    });
    note(&promotion, &|pull| {
        pull.newer = Some("ab12cd34".repeat(8).parse().unwrap());
    });
    note(&promotion, &|pull| {
        pull.gates[0].ways = &[ApprovalChannel::Label, ApprovalChannel::Dispatch];
        pull.repository = Some("acme/gitops");
    });
    promotion.gates[2].judgement = Judgement::new(Verdict::Error, "the zone could not be read");
    note(&promotion, &unchanged);
    promotion.gates[0].judgement = Judgement::new(Verdict::Blocked, "frank requests changes");
    promotion.gates[2].judgement.verdict = Verdict::Pass;
    note(&promotion, &unchanged);
    promotion.gates[0].judgement.verdict = Verdict::Pass;
    note(&promotion, &|pull| pull.land = Land::Exact);
    promotion.gates[2].judgement.verdict = Verdict::Pending;
    note(&promotion, &unchanged);
    promotion.gates.remove(0);
    note(&promotion, &|pull| pull.gates.clear());
    promotion.state = State::Held;
    promotion.reason = "held: INC-4711".into();
    note(&promotion, &unchanged);
    promotion.state = State::Error;
    promotion.reason = "acme/api could not be read".into();
    note(&promotion, &unchanged);
    insta::assert_snapshot!(said.join("\n----\n"), @r"
    **dev → prod** · ⏳ waits for prod-approval, then office-hours (dave or erin can approve)

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**. Sluice merges; please do not press Merge or push here.

    ----
    > [!WARNING]
    > **dev → prod** · ⏸ held by carol since 2026-11-20 09:00 UTC (label sluice/hold)
    > To let it go on: someone with write access must remove the label.

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges once nothing holds it; please do not press Merge or push here.

    ----
    **dev → prod** · ⏳ waits for 1 approval, then Mon 09:00 (dave or erin can approve)

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges; please do not press Merge or push here.

    ----
    **dev → prod** · ⏳ waits for 1 approval, then Mon 09:00 (dave or erin can approve)

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges; please do not press Merge or push here.

    A newer plan `ab12cd` waits behind this one, because this one has been reviewed. To release it: *Request changes*, or close.

    ----
    **dev → prod** · ⏳ waits for 1 approval, then Mon 09:00 (dave or erin can approve)

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    add the label `approve/prod/prod-approval`, or *Run workflow → promote* with approve and the plan ID below. Sluice merges; please do not press Merge or push here.

    ----
    **dev → prod** · ✖ office-hours: the zone could not be read (dave or erin can approve)

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges; please do not press Merge or push here.

    ----
    **dev → prod** · ⛔ prod-approval: frank requests changes (dave or erin can approve)

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    **Files changed → Review changes → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges; please do not press Merge or push here.

    ----
    **dev → prod** · ✅ every gate is open

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    Nothing is left to do here: Sluice lands it. Please do not press Merge or push here.

    ----
    **dev → prod** · ⏳ waits for Mon 09:00

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    No one has to approve this. Sluice merges once every gate is open; please do not press Merge or push here.

    ----
    **dev → prod** · ⏳ waits for office-hours

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    No one has to approve this. Sluice merges once every gate is open; please do not press Merge or push here.

    ----
    **dev → prod** · ⏸ held: INC-4711

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    No one has to approve this. Sluice merges once nothing holds it and every gate is open; please do not press Merge or push here.

    ----
    **dev → prod** · ✖ acme/api could not be read

    | prod | now | then |
    |---|---|---|
    | **podinfo** chart | 6.5.2 | **6.5.3** |
    | **api** | `3f2a1c9` | **`9be04d1`**: 4 commits on main ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1)) |
    | **api-secrets** secret `db-password` |  | changed, not shown |

    - stays behind: **ledger** (held: INC-4711)

    No one has to approve this. Sluice merges once this can be read and every gate is open; please do not press Merge or push here.
    ");
}
