//! One thing is shut, and whatever fails, nothing lands (A37).
//!
//! Each scene has a site whose next run would land a promotion, and shuts one thing there: before that run, or in it, right before its last
//! look. The run meets trouble: it is killed before a call, or a call fails. Then come runs without trouble, until one writes nothing: the
//! second at the latest. Nothing ever lands; in the end no open pull request has `success`, and the reason is the one that is given
//! without any trouble. At last, in a life without trouble, the thing is opened again, and the promotion lands: nothing else kept it.
//!
//! To stay fast, every call of a run fails in one way in each scene, and in the next way in the next scene, so that each place in a run meets
//! every kind of fault. What does not end the run fails from then on, whenever the same is asked for: else it would just be read again. What a
//! scene reads beyond what every run reads also fails with status 500 from then on, in a life of its own. A run is killed before every write:
//! killed before a call that reads, it leaves what it leaves if it is killed before the next write.

mod scene;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use end_to_end::site::{REPO, Report, Site};
use github_stand_in::{Fault, Seen, When};
use scene::{Scene, content, says_yes};

/// When it is shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    BeforeTheRun,
    AtTheLastLook,
}

/// What goes wrong.
#[derive(Clone, Debug)]
enum Trouble {
    /// The run is killed before the call of this index.
    Kill(usize),
    /// The call of this index fails.
    Once(usize, Fault),
    /// A call fails, and every later one that asks for the same.
    FromThen(Box<When>, Fault),
}

impl Trouble {
    fn befalls(&self, site: &Site) {
        match self {
            Self::Kill(index) => site.hub.kill_at(*index),
            Self::Once(index, fault) => site.hub.fault_at(*index, fault.clone()),
            Self::FromThen(when, fault) => site.hub.fault(*when.clone(), fault.clone()),
        }
    }
}

/// Every run reads this much first, whatever is shut: the present state, and the manifests.
const READ_BY_EVERY_RUN: usize = 5;

/// What goes wrong in the run of a life without trouble.
fn troubles(scene: Scene, moment: Moment, life: &Life) -> Vec<Trouble> {
    // Slow answers are not a fault here, and a body that never ends costs 32 MiB a call: it is tried alone (A39).
    let tried = |fault: &Fault| !matches!(fault, Fault::Slow(_) | Fault::EndlessBody);
    let faults: Vec<Fault> = Fault::every().into_iter().filter(tried).collect();
    assert!(Scene::ALL.len() >= faults.len(), "some fault has no scene");
    let number = Scene::ALL.iter().position(|one| *one == scene).unwrap();
    let mut troubles = Vec::new();
    for at in life.under_trouble.clone() {
        let call = &life.calls[at];
        let earlier = life.calls[..at].iter();
        let alike = earlier.filter(|one| one.asks_for() == call.asks_for());
        let alike = alike.count();
        let from_then = |fault: Fault| {
            let when = When::like(call).nth(alike + 1).always();
            Trouble::FromThen(Box::new(when), fault)
        };
        let fault = faults[(number + at) % faults.len()].clone();
        troubles.push(match fault.ends_a_run() {
            true => Trouble::Once(call.index, fault),
            false => from_then(fault),
        });
        if call.write {
            troubles.push(Trouble::Kill(call.index));
        } else if moment == Moment::BeforeTheRun && at >= READ_BY_EVERY_RUN && alike == 0 {
            troubles.push(from_then(Fault::ServerError));
        }
    }
    troubles
}

/// Runs, and once more if there was something to approve then.
async fn runs(site: &Site) -> Report {
    let run = site.run().await;
    match says_yes(site) {
        true => site.run().await,
        false => run,
    }
}

/// What a life came to.
struct Life {
    site: Site,
    /// What prod had at its beginning.
    before: String,
    /// The calls of its run in trouble.
    calls: Vec<Seen>,
    /// Which of them are to fail in other lives.
    under_trouble: Range<usize>,
    /// What its last run says.
    says: String,
}

/// A line without the time since which a label holds.
fn without_since(line: String) -> String {
    match line.split_once(" since ") {
        Some((start, rest)) if line.starts_with("held ") => {
            let (_, end) = rest.split_once(" UTC").unwrap_or_default();
            format!("{start}{end}")
        }
        _ => line,
    }
}

/// One life, from a site whose next run would land.
async fn live(
    scene: Scene,
    about_to_land: &Site,
    moment: Moment,
    trouble: Option<&Trouble>,
) -> Life {
    let at = format!("{scene:?}, {moment:?}, {trouble:?}");
    let site = about_to_land.copy();
    let before = content(&site);
    let stays = |run: &Report| assert_eq!(content(&site), before, "{at}: {}", run.text);
    site.hub.forget_calls();
    let is_shut = Arc::new(AtomicBool::new(false));
    match moment {
        Moment::BeforeTheRun => scene.shut(&site.repo()),
        Moment::AtTheLastLook => {
            let is_shut = Arc::clone(&is_shut);
            let write = When::rest("POST", scene.last_write());
            site.hub.before(write, move |world| {
                scene.shut(&world.place(REPO));
                is_shut.store(true, Ordering::Relaxed);
            });
        }
    }
    if let Some(trouble) = trouble {
        trouble.befalls(&site);
    }
    stays(&runs(&site).await);
    let calls = site.hub.calls();
    site.hub.heal();
    // A run that was killed before its last write never got there.
    if moment == Moment::AtTheLastLook && !is_shut.load(Ordering::Relaxed) {
        scene.shut(&site.repo());
    }
    // A rate limit is over after an hour.
    site.hub.advance(3700);
    site.hub.forget_calls();
    let mut healed = runs(&site).await;
    stays(&healed);
    // One run may take back what another one left, and the next one shows the state that is left.
    for _ in 0..2 {
        if site.writes().is_empty() {
            break;
        }
        site.hub.forget_calls();
        healed = site.run().await;
        stays(&healed);
    }
    assert_eq!(site.writes(), Vec::<String>::new(), "{at}: {}", healed.text);
    let repo = site.repo();
    for number in repo.pulls(true) {
        let statuses = repo.statuses(&repo.head(number));
        let own = statuses.iter().find(|status| status.starts_with("sluice="));
        assert_ne!(own.map(String::as_str), Some("sluice=success"), "{at}");
    }
    // When a label was added differs from life to life.
    let lines = healed.lines().into_iter();
    let says: Vec<String> = lines.map(without_since).collect();
    let says = says.join("\n");
    Life {
        site,
        before,
        under_trouble: match moment {
            Moment::BeforeTheRun => 0..calls.len(),
            Moment::AtTheLastLook => last_look(scene, &calls),
        },
        calls,
        says,
    }
}

/// The calls from the write before the last look to the one that takes it back, if there is one. What follows is a run like any other.
fn last_look(scene: Scene, calls: &[Seen]) -> Range<usize> {
    let is_last = |call: &Seen| call.method == "POST" && call.path.contains(scene.last_write());
    let Some(first) = calls.iter().position(is_last) else {
        return 0..0;
    };
    let back = calls[first + 1..].iter().position(|call| call.write);
    first..back.map_or(calls.len(), |back| first + back + 2)
}

/// Lives a scene without trouble and with every trouble; what each of its last runs says.
async fn sweep(scene: Scene) -> String {
    let late = scene.is_shut_at_the_last_look_too();
    let moments = [Moment::BeforeTheRun].into_iter();
    let moments = moments.chain(late.then_some(Moment::AtTheLastLook));
    let mut said = Vec::new();
    let site = scene.about_to_land().await;
    for moment in moments {
        let mut life = live(scene, &site, moment, None).await;
        assert!(!life.under_trouble.is_empty(), "{scene:?}, {moment:?}");
        for trouble in troubles(scene, moment, &life) {
            let troubled = live(scene, &site, moment, Some(&trouble)).await;
            assert_eq!(
                troubled.says, life.says,
                "{scene:?}, {moment:?}, {trouble:?}"
            );
        }
        scene.open(&mut life.site).await;
        let run = runs(&life.site).await;
        assert_ne!(content(&life.site), life.before, "{scene:?}: {}", run.text);
        said.push(life.says);
    }
    said.dedup();
    said.join("\n")
}

#[tokio::test]
async fn a_refusal_shuts_every_gate() {
    insta::assert_snapshot!(sweep(Scene::Refusal).await, @"needs-person apps/shop → prod #1: release: dave requested changes");
}

#[tokio::test]
async fn a_refusal_on_the_second_page_of_reviews_counts_too() {
    insta::assert_snapshot!(sweep(Scene::RefusalOnTheSecondPage).await, @"needs-person apps/shop → prod #1: release: dave requested changes");
}

#[tokio::test]
async fn a_label_holds() {
    insta::assert_snapshot!(sweep(Scene::Hold).await, @"held apps/shop → prod #1: held by tom (label sluice/hold)");
}

#[tokio::test]
async fn a_label_holds_that_somebody_without_write_access_took_off() {
    insta::assert_snapshot!(sweep(Scene::HoldTakenOff).await, @"held apps/shop → prod #1: held by sluice-app (label sluice/hold)");
}

#[tokio::test]
async fn a_label_holds_the_next_plan_if_somebody_without_write_access_closed_the_pull_request() {
    insta::assert_snapshot!(sweep(Scene::HoldClosed).await, @"held apps/shop → prod #2: held by sluice-app (label sluice/hold)");
}

#[tokio::test]
async fn what_somebody_with_write_access_closed_stays_closed() {
    insta::assert_snapshot!(sweep(Scene::Veto).await, @"needs-person apps/shop → prod: dave closed #1; it is opened again when the plan changes, or on request");
}

#[tokio::test]
async fn what_somebody_pushed_to_a_branch_does_not_land() {
    insta::assert_snapshot!(sweep(Scene::HeadMoved).await, @"blocked apps/shop → prod #1: its head has no record of Sluice: someone pushed to the branch");
}

#[tokio::test]
async fn who_lost_write_access_has_approved_nothing() {
    insta::assert_snapshot!(sweep(Scene::ApproverLostAccess).await, @"waiting apps/shop → prod #1: release: waits for 1 approval by anyone with write access; carol does not have write access");
}

#[tokio::test]
async fn an_approval_ends_with_the_pull_request_and_does_not_come_back_with_it() {
    insta::assert_snapshot!(sweep(Scene::Reopened).await, @"waiting apps/shop → prod #1: release: waits for 1 approval by anyone with write access; carol approved before the current head was pushed");
}

#[tokio::test]
async fn one_approval_is_not_two() {
    insta::assert_snapshot!(sweep(Scene::CountNotMet).await, @"waiting apps/shop → prod #1: release: 1 of 2 approvals by anyone with write access");
}

#[tokio::test]
async fn nobody_is_in_a_team_that_cannot_be_read() {
    insta::assert_snapshot!(sweep(Scene::UnreadTeam).await, @"error apps/shop → prod #1: release: the token cannot read the team acme/leads: it needs the organisation's permission Members: read, which only an App or a person's token can have (input `read-token`); or the team does not exist");
}

#[tokio::test]
async fn who_owns_no_file_does_not_approve_for_its_code_owner() {
    insta::assert_snapshot!(sweep(Scene::CodeOwnerMissing).await, @"waiting apps/shop → prod #1: release: waits for 1 approval by code owners (dave can approve)");
}

#[tokio::test]
async fn a_freeze_holds() {
    insta::assert_snapshot!(sweep(Scene::Freeze).await, @"frozen apps/shop → prod #1: frozen until Tue 2999-01-01 00:00 UTC: audit");
}

#[tokio::test]
async fn a_window_that_ended_is_shut() {
    insta::assert_snapshot!(sweep(Scene::Window).await, @"waiting apps/shop → prod #1: hours: opens Mon 2026-03-09 00:00 UTC");
}

#[tokio::test]
async fn a_check_that_failed_shuts_its_gate() {
    insta::assert_snapshot!(sweep(Scene::Check).await, @"needs-person apps/shop → prod #1: fleet: the check e2e of App 777 ended with failure");
}

#[tokio::test]
async fn what_is_not_ready_is_not_taken() {
    insta::assert_snapshot!(sweep(Scene::NotReady).await, @"held apps/shop → prod #1: web-dev in dev: the status smoke ended with failure; waits for one that succeeds");
}

#[tokio::test]
async fn what_is_not_ready_is_not_committed() {
    insta::assert_snapshot!(sweep(Scene::NotReadyCommit).await, @"held apps/shop → prod: web-dev in dev: the status smoke ended with failure; waits for one that succeeds");
}

#[tokio::test]
async fn who_lost_write_access_has_asked_for_nothing() {
    insta::assert_snapshot!(sweep(Scene::RequesterLostAccess).await, @"held apps/shop → prod #1: carol requested it, but no longer has write access: request it again");
}

#[tokio::test]
async fn what_goes_back_waits_for_a_person() {
    insta::assert_snapshot!(sweep(Scene::GoesBack).await, @"held apps/shop → prod: goes back only on a person's request: web-prod spec.git.ref 096f864 → 4c36eea (the current value descends from it)");
}
