//! `simulate --promote`: a person requests a stage that moves on request only.

use test_support::{fixture, run};

#[test]
fn a_stage_that_moves_on_request_stays_until_it_is_requested() {
    let path = fixture("triggers");
    let at = ["simulate", "--at=2026-07-01T12:00:00Z"];
    let held = run(&path, &at);
    insta::assert_snapshot!(held.out, @"
    simulating triggers: virtual clock, PATH is not touched

    Wed 12:00  dev → auto   proposed  e2a157
                 helm.version  1.0.0 → 1.1.0   (services.yaml:15)
               dev → auto   committed  1 file, 1 line

      dev     1.1.0
      auto    1.1.0   was 1.0.0
      manual  1.0.0
      unset   1.0.0

    app → manual is held: promoted only on a person's request (`trigger: manual`). Try --promote apps/app/manual
    app → unset is held: no trigger: the stage has no gate, its source has no `ready` rule, and `trigger: auto` is not set
    ");
    let named = "--promote=apps/app/manual";
    let moved = run(&path, &[&at[..], &[named]].concat());
    insta::assert_snapshot!(moved.out, @"
    simulating triggers: virtual clock, PATH is not touched

    Wed 12:00  dev → auto   proposed  e2a157
                 helm.version  1.0.0 → 1.1.0   (services.yaml:15)
               dev → manual   requested  (--promote; assumed to be by someone with write access)
    Wed 12:00  dev → manual   proposed  98b38e
                 helm.version  1.0.0 → 1.1.0   (services.yaml:23)
               dev → auto   committed  1 file, 1 line
               dev → manual   committed  1 file, 1 line

      dev     1.1.0
      auto    1.1.0   was 1.0.0
      manual  1.1.0   was 1.0.0
      unset   1.0.0

    app → unset is held: no trigger: the stage has no gate, its source has no `ready` rule, and `trigger: auto` is not set
    ");
}

#[test]
fn what_is_not_a_stage_is_refused() {
    let path = fixture("triggers");
    for (named, says) in [
        ("--promote=manual", "such as shop/prod"),
        ("--promote=/manual", "such as shop/prod"),
        ("--promote=none/manual", "there is no pipeline none"),
        ("--promote=app/none", "app has no stage none"),
    ] {
        run(&path, &["simulate", named]).exits(64).says(&[says]);
    }
}
