//! Whole lives, in one repository and over two: what lands in dev's source reaches prod as a commit id with its name behind it,
//! what does not belong to it starts nothing, and what a person set by hand stays.

use serde_json::{Value, json};
use sluice::error::Exit;

use super::landed::{Asked, Landed, agree};
use super::{APP, listed, monorepo, open, quiet, two_repositories};
use end_to_end::clone::clone_of;
use end_to_end::site::{REPO, Report, Site};
use github_stand_in::Place;
use test_support::{deviations, history};

/// Where the parts of a life lie.
struct Home {
    site: Site,
    /// The repository of what is deployed.
    code: &'static str,
    /// The manifest of the target, and its service.
    target: &'static str,
    service: &'static str,
    pipeline: &'static str,
    /// Two files that the target watches, and one that it does not.
    watched: [&'static str; 2],
    beside: &'static str,
}

impl Home {
    fn code(&self) -> Place<impl github_stand_in::Reach + use<>> {
        self.site.hub.repo(self.code)
    }

    fn manifest(&self) -> String {
        self.site.repo().file("main", self.target).unwrap()
    }

    /// The line of the target's ref.
    fn pinned(&self) -> String {
        let file = self.manifest();
        let line = file.lines().find(|line| line.contains("ref: "));
        line.unwrap().trim().to_owned()
    }

    /// Changes nothing that is watched.
    fn something_else(&self, text: &str) {
        self.code()
            .by("dave")
            .pushes("main", &[(self.beside, text)], "Words only");
    }

    /// Reconciles, and returns the pull request that it opened for the target.
    async fn opens(&self) -> (u64, Report) {
        let run = self.site.run().await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        assert!(run.lines()[0].starts_with("opened"), "{}", run.text);
        (open(&self.site), run)
    }

    /// Lands the pull request once this person has approved it; only the ref of the target may have changed.
    async fn lands(&self, number: u64, by: &'static str) -> Landed {
        let before = self.manifest();
        let review = self.site.repo().by(by).approves(number);
        assert!(review > 0);
        let run = self.site.run().await;
        let lines = run.lines();
        let landed = format!("landed {} → prod #{number}: landed", self.pipeline);
        assert_eq!(lines[0], landed, "{}", run.text);
        // The text of a rollback says what it left.
        let rest = lines[1..].iter();
        assert!(
            rest.clone()
                .all(|line| line.contains("it was rolled back in")),
            "{}",
            run.text
        );
        let after = self.manifest();
        let moved: Vec<_> = before
            .lines()
            .zip(after.lines())
            .filter(|(old, new)| old != new)
            .collect();
        assert_eq!(before.lines().count(), after.lines().count());
        assert!(
            matches!(moved[..], [(old, _)] if old.contains("ref: ")),
            "{moved:?}"
        );
        Landed::by_sluice(number, &run.json["promotions"][0], Asked::nobody())
    }

    /// Asks for prod to go back, as dave; the pull request that was opened.
    async fn goes_back(&mut self, reason: &str) -> u64 {
        let site = &mut self.site;
        site.adds_workflow();
        let pipeline = format!("--pipeline={}", self.pipeline);
        let reason = format!("--reason={reason}");
        let rollback = ["rollback", &pipeline, "--to=prod", &reason];
        let run = site.asks("dave", &rollback).await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        open(site)
    }

    /// What a person set by hand stays, is reported, and nothing is written.
    async fn stays(&self, hotfix: &str, manifest: &str) {
        let run = quiet(&self.site).await;
        let shown = json!([{
            "pipeline": self.pipeline, "stage": "prod", "service": self.service, "commit": hotfix,
            "author": "carol", "date": run.json["ahead"][0]["date"], "taken_away": false,
        }]);
        assert_eq!(run.json["ahead"], shown, "{}", run.text);
        assert_eq!(run.lines(), Vec::<String>::new(), "{}", run.text);
        assert_eq!(self.manifest(), manifest);
        let status = self.site.call(&["status", "--format=text"]).await;
        assert!(status.text.contains("carol"), "{}", status.text);
    }

    /// Nothing is due, and nothing is written.
    async fn rests(&self) {
        let run = quiet(&self.site).await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
        assert_eq!(run.lines(), Vec::<String>::new(), "{}", run.text);
        assert_eq!(run.json["ahead"], json!([]), "{}", run.text);
    }
}

/// The day of a commit, as it is written behind a branch's name.
fn day(home: &Home, commit: &str) -> String {
    let found = home
        .code()
        .by("carol")
        .does("GET", &format!("/git/commits/{commit}"), Value::Null);
    found["committer"]["date"].as_str().unwrap()[..10].to_owned()
}

async fn lives(mut home: Home) {
    let first_part = begins(&home).await;
    let mut landed = breaks(&mut home, first_part).await;
    is_mended_by_hand(&home, &mut landed).await;
}

/// What has landed so far, the commit that it went back to and the newest one.
struct Begun {
    landed: Vec<Landed>,
    before: (String, String),
    third: String,
}

/// A change of what is deployed.
fn fixes(home: &Home, text: &str, subject: &str) -> String {
    home.code()
        .by("carol")
        .pushes("main", &[(home.watched[0], text)], subject)
}

/// How the target's line reads if it is pinned to a commit of main.
fn name(home: &Home, commit: &str) -> String {
    format!("ref: {commit} # sluice: main {}", day(home, commit))
}

/// What a pull request lists, and its body.
fn lists(home: &Home, number: u64) -> (Vec<String>, String) {
    let body = home.site.repo().body(number);
    (listed(&body), body)
}

/// Prod is promoted twice.
async fn begins(home: &Home) -> Begun {
    let site = &home.site;
    let carol_fixes = |text: &str, subject: &str| fixes(home, text, subject);

    // At first the target follows the branch on its own: it is pinned to what it is at, which brings nothing.
    let start = carol_fixes("a: 0\n", "Start");
    home.something_else("0\n");
    let (number, _) = home.opens().await;
    let body = site.repo().body(number);
    assert_eq!(listed(&body), Vec::<String>::new(), "{body}");
    assert!(!body.contains("goes "), "{body}");
    let mut landed = vec![home.lands(number, "carol").await];
    let before = (landed[0].commit(site), home.manifest());
    assert_eq!(home.pinned(), name(home, &start));
    home.rests().await;

    // What does not belong to it starts nothing.
    for text in ["1\n", "2\n"] {
        home.something_else(text);
        home.rests().await;
    }

    // Commits land in dev's source, one of them through a pull request, with others in between.
    let first = carol_fixes("a: 1\n", "Mend the retry");
    home.something_else("3\n");
    let code = home.code();
    code.by("dave")
        .pushes("limit", &[(home.watched[1], "b: 1\n")], "Add a limit");
    let theirs = code.by("dave").opens("limit", "main", "Add a limit");
    let second = code.by("carol").merges(theirs, "squash");
    home.something_else("4\n");
    let (number, opened) = home.opens().await;
    let (found, body) = lists(home, number);
    let link = format!(
        "[#{theirs}](https://github.com/{}/pull/{theirs})",
        home.code
    );
    assert_eq!(
        found,
        [
            format!("`{}` Add a limit, dave, {link}", &second[..7]),
            format!("`{}` Mend the retry, carol", &first[..7]),
        ],
        "{body}"
    );
    let compare = format!(
        "https://github.com/{}/compare/{start}...{second}",
        home.code
    );
    assert!(body.contains(&compare), "{body}");
    assert!(body.contains(&format!("2 commits in {}, by 2 people", home.service)));
    let run = quiet(site).await;
    assert_eq!(
        run.json["promotions"][0]["plan"],
        opened.json["promotions"][0]["plan"]
    );
    // More of the same while it waits: it is replaced by one that lists all three.
    let third = carol_fixes("a: 2\n", "Mend it again");
    let (newer, _) = home.opens().await;
    assert_eq!(site.repo().state(number), "CLOSED");
    let (found, body) = lists(home, newer);
    assert_eq!(found.len(), 3, "{body}");
    assert_eq!(found[0], format!("`{}` Mend it again, carol", &third[..7]));
    landed.push(home.lands(newer, "dave").await);
    assert_eq!(home.pinned(), name(home, &third));
    home.rests().await;
    let clone = clone_of(site);
    history(clone.path(), &["--verify"]).exits(0);
    agree(site, &clone, &landed);
    Begun {
        landed,
        before,
        third,
    }
}

/// Prod is broken at night, and taken back; what it left comes again only once someone allows it.
async fn breaks(home: &mut Home, begun: Begun) -> (Vec<Landed>, String) {
    let Begun {
        mut landed,
        before: (landing, manifest),
        third,
    } = begun;
    let broken = home.manifest();
    let number = home.goes_back("INC-3: checkout fails").await;
    let (found, body) = lists(home, number);
    assert!(body.contains("**goes back"), "{body}");
    assert_eq!(found.len(), 3, "what it takes away: {body}");
    let asked = Asked::by("dave", "INC-3: checkout fails");
    let back = home.lands(number, "carol").await;
    landed.push(back.asked_by(asked).going_back_to(landing));
    assert_eq!(home.manifest(), manifest, "byte for byte as it was");
    let (forward, _) = home.opens().await;
    let (found, body) = lists(home, forward);
    assert_eq!(found.len(), 3, "{body}");
    assert!(
        body.contains("> `prod` was rolled back in") && body.contains("INC-3: checkout fails"),
        "{body}"
    );
    let site = &home.site;
    assert_eq!(site.repo().labels(forward).last().unwrap(), "sluice/hold");
    site.repo().by("carol").approves(forward);
    for text in ["8\n", "9\n"] {
        let run = site.run().await;
        assert_eq!(home.manifest(), manifest, "{}", run.text);
        home.something_else(text);
        quiet(site).await;
    }
    let clone = clone_of(site);
    history(clone.path(), &["--verify"]).exits(0);
    agree(site, &clone, &landed);
    site.repo().by("dave").unlabels(forward, "sluice/hold");
    let run = site.run().await;
    assert_eq!(home.manifest(), broken, "{}", run.text);
    landed.push(Landed::by_sluice(
        forward,
        &run.json["promotions"][0],
        Asked::nobody(),
    ));
    home.rests().await;
    let clone = clone_of(site);
    history(clone.path(), &["--verify"]).exits(0);
    agree(site, &clone, &landed);
    (landed, third)
}

/// A person fixes prod by hand, and the source takes over the fix.
async fn is_mended_by_hand(home: &Home, (landed, third): &mut (Vec<Landed>, String)) {
    let site = &home.site;
    let code = home.code();
    let third = third.as_str();
    let carol_fixes = |text: &str, subject: &str| fixes(home, text, subject);
    // A person fixes prod by hand, with a commit that the source does not have: it stays, however often Sluice looks and
    // whatever else is committed, and it is reported each time.
    let mend = code
        .by("carol")
        .pushes("mend", &[(home.watched[1], "b: 2\n")], "Raise the limit");
    let fixed = home
        .manifest()
        .replace(&home.pinned(), &format!("ref: {mend} # INC-7"));
    let hotfix =
        site.repo()
            .by("carol")
            .pushes("main", &[(home.target, &fixed)], "Raise the limit now");
    for text in ["5\n", "6\n", "7\n"] {
        home.stays(&hotfix, &fixed).await;
        home.something_else(text);
    }
    let drift = [format!(
        "drift {}: {} spec.git.ref: {third} → {mend}",
        &hotfix[..7],
        home.service
    )];
    let clone = clone_of(site);
    let document = history(clone.path(), &["--verify"]).exits(3).json();
    assert_eq!(deviations(&document), drift);

    // The source moves, fix included: now it goes on, the person's comment stays, and what was done by hand is not forgotten.
    let takes_the_mend = || {
        let number = code.by("dave").opens("mend", "main", "Raise the limit");
        code.by("dave").merges(number, "merge")
    };
    let newest = if home.code == REPO {
        takes_the_mend();
        home.rests().await;
        carol_fixes("a: 3\n", "Mend it for good")
    } else {
        // Here a source without the fix would take it back: it stays even then.
        carol_fixes("a: 3\n", "Mend it for good");
        home.stays(&hotfix, &fixed).await;
        takes_the_mend()
    };
    let (number, _) = home.opens().await;
    let (found, body) = lists(home, number);
    assert!(!body.contains("goes "), "{body}");
    assert_eq!(found.len(), 1, "{body}");
    assert!(found[0].ends_with(" Mend it for good, carol"), "{body}");
    landed.push(home.lands(number, "dave").await);
    assert_eq!(home.pinned(), format!("ref: {newest} # INC-7"));
    home.rests().await;
    let clone = clone_of(site);
    let document = history(clone.path(), &["--verify"]).exits(3).json();
    assert_eq!(deviations(&document), drift);
    agree(site, &clone, landed);
    site.requests_hold();
}

#[tokio::test]
async fn a_monorepo_lives_from_commit_to_commit() {
    let site = monorepo().await;
    lives(Home {
        site,
        code: REPO,
        target: "gitops/web-prod.yaml",
        service: "web-prod",
        pipeline: "apps/web",
        watched: ["services/web/deployment.yaml", "services/web/limit.yaml"],
        beside: "docs/notes.md",
    })
    .await;
}

#[tokio::test]
async fn two_repositories_live_from_commit_to_commit() {
    let site = two_repositories().await;
    lives(Home {
        site,
        code: APP,
        target: "prod/api.yaml",
        service: "api-prod",
        pipeline: "apps/api",
        // A chart, and the code that the policy has the pipeline watch.
        watched: ["charts/api/Chart.yaml", "src/api/main.conf"],
        beside: "charts/web/Chart.yaml",
    })
    .await;
}
