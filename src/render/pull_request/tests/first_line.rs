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
            .take_while(|line| !line.starts_with("###"))
            .collect();
        said.push(lines.join("\n"));
    };
    let unchanged = |_: &mut PullRequest<'_>| {};
    note(&promotion, &|pull| pull.gates.clear());
    note(&promotion, &|pull| {
        pull.blocked = Some(Blocked::HeadMoved { by: Some("frank") });
    });
    note(&promotion, &|pull| {
        pull.blocked = Some(Blocked::HeadMoved { by: None });
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
    **dev ✅ → prod ⏳ waits for prod-approval, then office-hours** (dave or erin can approve)

    To approve: **Files changed → Review → Approve**. Sluice merges automatically.
    To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    ----
    **dev → prod ⛔ frank pushed to the branch**

    Sluice neither merges nor overwrites this pull request any more.
    To go on: close it, then *Run workflow → promote* with pipeline `prod/podinfo` and stage `prod`.

    ----
    **dev → prod ⛔ its branch was pushed to**

    Sluice neither merges nor overwrites this pull request any more.
    To go on: close it, then *Run workflow → promote* with pipeline `prod/podinfo` and stage `prod`.

    ----
    **dev ✅ → prod ⏳ waits for 1 approval, then Mon 09:00** (dave or erin can approve)

    To approve: **Files changed → Review → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges automatically.
    To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    A newer plan `ab12cd` waits behind this one, because this one has been reviewed. To release it: *Request changes*, or close.

    ----
    **dev ✅ → prod ⏳ waits for 1 approval, then Mon 09:00** (dave or erin can approve)

    To approve: add the label `approve/prod/prod-approval`, or *Run workflow → promote* with approve and the plan ID below. Sluice merges automatically.
    To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    <details><summary>Approve by running the workflow</summary>

    Plan ID: `7c1e09ab7c1e09ab7c1e09ab7c1e09ab7c1e09ab7c1e09ab7c1e09ab7c1e09ab`

    ```sh
    gh workflow run sluice-promote.yml --repo acme/gitops -f command=promote -f pipeline=prod/podinfo -f to=prod -f plan=7c1e09ab7c1e09ab7c1e09ab7c1e09ab7c1e09ab7c1e09ab7c1e09ab7c1e09ab -f approve=true
    ```

    The file is called sluice-promote.yml in the examples; if yours has a different name, use that.

    </details>

    ----
    **dev ✅ → prod ❗ office-hours: the zone could not be read** (dave or erin can approve)

    To approve: **Files changed → Review → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges automatically.
    To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    ----
    **dev ✅ → prod ⛔ prod-approval: frank requests changes** (dave or erin can approve)

    To approve: **Files changed → Review → Approve**, or add the label `approve/prod/prod-approval`. Sluice merges automatically.
    To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    ----
    **dev ✅ → prod ✅ every gate is open**

    Nothing is left to do here. Sluice lands it automatically.
    To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    ----
    **dev ✅ → prod ⏳ waits for Mon 09:00**

    No one has to approve this. Sluice merges automatically once every gate is open.
    To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    ----
    **dev ✅ → prod ⏳ waits for office-hours**

    No one has to approve this. Sluice merges automatically once every gate is open.
    To refuse: close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    ----
    **dev → prod ⏸️ held: INC-4711**

    No one has to approve this. Sluice merges automatically once nothing holds it and every gate is open.
    To refuse: close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.

    ----
    **dev → prod ❗ acme/api could not be read**

    No one has to approve this. Sluice merges automatically once this can be read and every gate is open.
    To refuse: close. To pause: label `sluice/hold`.
    Please do not press Merge, and do not push here.
    ");
}
