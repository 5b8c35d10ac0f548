//! What the guard cannot determine, reads in part, or reads much of.

use super::{HARMLESS, edits, guarded, pair, says, statuses};
use end_to_end::shop::{APPROVAL, chart, pipeline, shop};
use github_stand_in::{Fault, When};
use sluice::error::Exit;

#[tokio::test]
async fn conflicts_are_pending_and_what_github_has_not_worked_out_is_not_waited_for() {
    let site = guarded("").await;
    let number = edits(&site, "docs", &[("README.md", "hello")]).await;
    assert_eq!(says(&site, number), pair(HARMLESS));
    site.repo().files("main", &[("README.md", "welcome")]);
    site.run().await;
    let conflicts = ("pending", "it has conflicts with main");
    assert_eq!(says(&site, number), pair(conflicts));

    site.hub.switch(|switches| switches.mergeable_after = 1000);
    let late = edits(&site, "late", &[("b.md", "b")]).await;
    assert_eq!(says(&site, late), pair(HARMLESS));
    site.hub.forget_calls();
    site.run().await;
    let lists = site.hub.lines();
    let lists = lists.iter().filter(|line| line.contains("viewer")).count();
    assert_eq!(lists, 1, "{:?}", site.hub.lines());
}

#[tokio::test]
async fn a_base_that_moves_while_the_guard_reads_is_looked_at_again() {
    let site = shop("", "guard: true\n").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    carol.pushes(
        "hand",
        &[("prod.yaml", &chart("web-prod", "1.2.0"))],
        "Hand",
    );
    let number = carol.opens("hand", "main", "Hand");
    site.hub.before(When::graphql("viewer"), |world| {
        let place = world.place(end_to_end::site::REPO);
        place.files("main", &[("pipeline.yaml", &pipeline(APPROVAL))]);
    });
    let run = site.run().await;
    assert_eq!(says(&site, number).0, "failure", "{}", run.text);
    assert_eq!(statuses(&site, number).len(), 1);
}

#[tokio::test]
async fn while_a_manifest_of_the_base_cannot_be_read_nobody_can_tell_what_is_gated() {
    let site = guarded("").await;
    let broken = "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: [\n";
    site.repo().files("main", &[("broken.yaml", broken)]);
    let repo = site.repo();
    let carol = repo.by("carol");
    carol.pushes("dev", &[("dev.yaml", &chart("web-dev", "1.1.1"))], "Dev");
    let dev = carol.opens("dev", "main", "Dev");
    carol.pushes("docs", &[("README.md", "hi")], "Docs");
    let docs = carol.opens("docs", "main", "Docs");
    site.run().await;
    let words = "broken.yaml on main cannot be read, so it is unknown what is gated";
    assert_eq!(says(&site, dev), pair(("pending", words)));
    assert_eq!(says(&site, docs), pair(HARMLESS));
}

#[tokio::test]
async fn many_pull_requests_are_read_side_by_side_and_in_pages() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    for at in 0..20 {
        let branch = format!("edit-{at}");
        carol.pushes(
            &branch,
            &[(
                &format!("far/away/in/{at}/dev.yaml"),
                &chart(&format!("s{at}"), "1.0.0"),
            )],
            "Edit",
        );
        carol.opens(&branch, "main", "Edit");
    }
    site.hub.forget_calls();
    site.run().await;
    for number in 2..=21 {
        assert_eq!(says(&site, number), pair(HARMLESS));
    }
    // The base moves, so that both runs that are compared find the promotion behind it.
    let policy = repo.file("main", ".github/sluice.yaml").unwrap();
    repo.files(
        "main",
        &[(".github/sluice.yaml", &format!("{policy}# x\n"))],
    );
    site.run().await;
    site.hub.forget_calls();
    site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new());
    // The list, five levels of folders, the sizes of the files, the files: each in one call for all twenty.
    let with = site.hub.calls().len();
    // No more after further commits: the promotion has this page of history read anyway.
    for at in 0..5 {
        repo.files("main", &[(&format!("{at}.md"), "x")]);
    }
    site.run().await;
    site.hub.forget_calls();
    site.run().await;
    assert_eq!(site.hub.calls().len(), with, "{:?}", site.hub.lines());
    repo.files(
        "main",
        &[(".github/sluice.yaml", &policy.replace("true", "false"))],
    );
    site.hub.forget_calls();
    site.run().await;
    assert_eq!(with - site.hub.calls().len(), 8);

    site.hub.switch(|switches| switches.page = Some(3));
    repo.files(
        "main",
        &[
            (".github/sluice.yaml", &policy),
            (
                "pipeline.yaml",
                &pipeline("{ name: other, type: APPROVAL }"),
            ),
        ],
    );
    carol.pushes(
        "edit-0",
        &[("prod.yaml", &chart("web-prod", "1.2.0"))],
        "Edit",
    );
    site.run().await;
    assert_eq!(says(&site, 2).0, "failure");
    assert_eq!(says(&site, 21), pair(HARMLESS));
}

#[tokio::test]
async fn large_pull_requests_are_judged_up_to_a_limit_and_starve_no_other() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    let opens = |branch: &str, ending: &str, count: usize, more: &[(&str, &str)]| {
        let names: Vec<String> = (0..count)
            .map(|at| format!("many/{}/{at}.{ending}", at % 7))
            .collect();
        let mut files: Vec<(&str, &str)> =
            names.iter().map(|name| (name.as_str(), "a: 1\n")).collect();
        files.extend(more);
        carol.pushes(branch, &files, "Many");
        carol.opens(branch, "main", "Many")
    };
    let hand = chart("web-prod", "1.2.0");
    let hidden = opens("hidden", "txt", 150, &[("prod.yaml", &hand)]);
    let harmless = opens("harmless", "txt", 150, &[]);
    let manifests = opens("manifests", "yaml", 1_001, &[("prod.yaml", &hand)]);
    let files = opens("files", "txt", 3_001, &[]);
    site.run().await;
    assert_eq!(says(&site, hidden).0, "failure");
    assert_eq!(says(&site, harmless), pair(HARMLESS));
    let many = (
        "pending",
        "it changes 1002 manifest files, and a run reads at most 1000 for all pull requests",
    );
    assert_eq!(says(&site, manifests), pair(many));
    let too_many = (
        "pending",
        "it changes 3001 files, more than 3000: too many to be judged",
    );
    assert_eq!(says(&site, files), pair(too_many));
}

#[tokio::test]
async fn of_more_than_200_pull_requests_those_touched_last_are_looked_at_and_that_is_said() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    for at in 0..201 {
        let branch = format!("b{at}");
        carol.pushes(&branch, &[(&format!("{at}.md"), "a")], "Edit");
        carol.opens(&branch, "main", "Edit");
        site.hub.advance(1);
    }
    let run = site.run().await;
    let notice = "of 202 open pull requests the guard checked the 200 most recently updated ones: the others have no new status";
    assert!(
        run.notices.iter().any(|one| one == notice),
        "{:?}",
        run.notices
    );
    assert_eq!(statuses(&site, 2), []);
    for number in 3..=202 {
        assert_eq!(says(&site, number), pair(HARMLESS));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_no_success_and_heals() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    let number = edits(&site, "hand", &[("x/prod.yaml", "a: 1\n")]).await;
    let failing = |round: usize| {
        let text = format!("{}# {round}\n", chart("web-prod", "1.2.0"));
        carol.pushes("hand", &[("x/prod.yaml", &text)], "Edit");
    };
    failing(0);
    site.hub.forget_calls();
    site.run().await;
    let reads = site.hub.calls().iter().filter(|call| !call.write).count();
    let failure = (
        "failure",
        "x/prod.yaml: web-prod is added here, and is promoted through release",
    );
    assert_eq!(says(&site, number), pair(failure));
    let mut round = 0;
    let mut pending = 0;
    for read in 1..=reads {
        for fault in [
            Fault::ServerError,
            Fault::NotFound,
            Fault::Html,
            Fault::GraphQlError("FORBIDDEN".to_owned(), "no".to_owned()),
        ] {
            round += 1;
            failing(round);
            // This read alone, and then every read from it on.
            for when in [When::read().nth(read), When::read().nth(read).always()] {
                site.hub.fault(when, fault.clone());
                let run = site.run().await;
                site.hub.heal();
                let (state, description) = says(&site, number);
                assert_ne!(state, "success", "{read} {fault:?}: {}", run.text);
                if state == "pending" {
                    assert_eq!(run.exit, Exit::Failed, "{description}: {}", run.text);
                    pending += 1;
                }
            }
            site.run().await;
            assert_eq!(says(&site, number), pair(failure), "{read} {fault:?}");
        }
    }
    assert!(pending > 0, "no fault met the guard's own reading");
}
