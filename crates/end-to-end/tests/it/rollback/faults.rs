//! Every call of a rollback fails once, and a run is killed before every call: the stage goes back only with its approval, and
//! what it left never comes again automatically.

use super::{dev, goes_back, is_held, prod};
use end_to_end::shop::{APPROVAL, PROMOTE, pipeline, shop};
use end_to_end::site::{Site, WORKFLOW};
use github_stand_in::{Fault, Seen};

enum Trouble {
    Fault(usize, Fault),
    Kill(usize),
}

/// prod was promoted to 1.1.0 and 1.2.0 by commits straight onto the base; now it has an approval gate.
async fn site() -> Site {
    let site = shop(
        "",
        "stages: { prod: { delivery: commit, trigger: auto } }\n",
    )
    .await;
    for version in ["1.1.0", "1.2.0"] {
        dev(&site, version);
        site.run().await;
        assert_eq!(prod(&site), version);
    }
    let gates = pipeline(APPROVAL);
    site.repo().files(
        "main",
        &[
            ("pipeline.yaml", &gates),
            (".github/sluice.yaml", "version: 1\n"),
            WORKFLOW,
        ],
    );
    site.hub.forget_calls();
    site
}

/// One life from there; the calls that it made.
async fn live(begun: &Site, trouble: Option<&Trouble>) -> Vec<Seen> {
    let mut site = begun.copy();
    match trouble {
        None => {}
        Some(Trouble::Fault(index, fault)) => site.hub.fault_at(*index, fault.clone()),
        Some(Trouble::Kill(index)) => site.hub.kill_at(*index),
    }
    let repo = site.repo();
    goes_back(&mut site, &["--reason=INC-7"]).await;
    assert_eq!(prod(&site), "1.2.0", "nobody approved it");
    let approve = |site: &Site| {
        for number in site.repo().pulls(true) {
            if site.repo().reviews(number).is_empty() {
                site.repo().by("carol").approves(number);
            }
        }
    };
    approve(&site);
    for _ in 0..2 {
        site.run().await;
        assert_ne!(prod(&site), "1.3.0");
    }
    let calls = site.hub.calls();
    site.hub.heal();
    site.hub.advance(3700);
    if prod(&site) == "1.2.0" {
        // Cut off before its pull request was there, nothing remembers it: it is asked for again, as a person would.
        goes_back(&mut site, &["--reason=INC-7"]).await;
        approve(&site);
        let run = site.run().await;
        assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    }
    for _ in 0..3 {
        let run = site.run().await;
        assert_eq!(prod(&site), "1.1.0", "{}", run.text);
        approve(&site);
    }
    let open = repo.pulls(true);
    assert!(open.len() == 1 && is_held(&site, open[0]), "{open:?}");
    site.hub.forget_calls();
    let quiet = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", quiet.text);
    repo.by("dave").unlabels(open[0], "sluice/hold");
    let run = site.run().await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
    calls
}

#[tokio::test]
async fn every_call_of_a_rollback_may_fail_once_or_be_the_last() {
    let begun = site().await;
    let calls = live(&begun, None).await;
    let tried = |fault: &Fault| !matches!(fault, Fault::Slow(_) | Fault::EndlessBody);
    let kinds: Vec<Fault> = Fault::every().into_iter().filter(tried).collect();
    // The other sweeps try every sort of trouble at every call; here every other call fails. Killed before a call that reads, a run leaves
    // what it leaves if it is killed before the next write.
    for call in &calls {
        if call.write {
            live(&begun, Some(&Trouble::Kill(call.index))).await;
        }
        if call.index % 2 == 1 {
            let fault = kinds[call.index % kinds.len()].clone();
            live(&begun, Some(&Trouble::Fault(call.index, fault))).await;
        }
    }
}

#[tokio::test]
async fn who_asks_for_the_stage_again_still_finds_it_held() {
    let mut site = site().await;
    goes_back(&mut site, &[]).await;
    let repo = site.repo();
    repo.by("carol").approves(repo.pulls(true)[0]);
    site.run().await;
    assert_eq!(prod(&site), "1.1.0");
    site.run().await;
    repo.by("dave").closes(repo.pulls(true)[0]);
    dev(&site, "1.3.0");
    let run = site.asks("dave", &PROMOTE).await;
    let number = *repo.pulls(true).last().unwrap();
    assert!(is_held(&site, number), "{}", run.text);
    repo.by("carol").approves(number);
    site.run().await;
    assert_eq!(prod(&site), "1.1.0");
}
