//! Whole lives, in one repository and over two: what lands in dev's source reaches prod as a commit id with its name behind it,
//! what does not belong to it starts nothing, and what a person set by hand stays.

use serde_json::{Value, json};
use sluice::error::Exit;

use super::landed::{Asked, Landed, agree};
use super::{APP, listed, monorepo, open, quiet, two_repositories};
use crate::history::{deviations, history};
use crate::support::clone::clone_of;
use crate::support::github::Place;
use crate::support::site::{REPO, Report, Site};

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
    fn code(&self) -> Place<impl crate::support::github::Reach + use<>> {
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

    /// Reconciles, and gives the pull request that it put up for the target.
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
        assert_eq!(
            run.lines(),
            [format!(
                "promoted {} → prod #{number}: landed",
                self.pipeline
            )],
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

    /// What a person set by hand stands, is said, and nothing is written.
    async fn stays(&self, hotfix: &str, manifest: &str) {
        let run = quiet(&self.site).await;
        let shown = json!([{
            "pipeline": self.pipeline, "stage": "prod", "service": self.service, "commit": hotfix,
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

/// The day of a commit, as it stands behind a branch's name.
fn day(home: &Home, commit: &str) -> String {
    let found = home
        .code()
        .by("carol")
        .does("GET", &format!("/git/commits/{commit}"), Value::Null);
    found["committer"]["date"].as_str().unwrap()[..10].to_owned()
}

async fn lives(home: Home) {
    let site = &home.site;
    let carol_fixes = |text: &str, subject: &str| {
        home.code()
            .by("carol")
            .pushes("main", &[(home.watched[0], text)], subject)
    };

    // At first the target follows the branch by itself: it is pinned where it stands, which brings nothing.
    let start = carol_fixes("a: 0\n", "Start");
    home.something_else("0\n");
    let (number, _) = home.opens().await;
    let body = site.repo().body(number);
    assert_eq!(listed(&body), Vec::<String>::new(), "{body}");
    assert!(!body.contains("goes "), "{body}");
    let mut landed = vec![home.lands(number, "carol").await];
    let name = |commit: &str| format!("ref: {commit} # sluice: main {}", day(&home, commit));
    assert_eq!(home.pinned(), name(&start));
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
    let lists = |number: u64| {
        let body = site.repo().body(number);
        (listed(&body), body)
    };
    let (found, body) = lists(number);
    let link = format!(
        "[#{theirs}](https://github.com/{}/pull/{theirs})",
        home.code
    );
    assert_eq!(
        found,
        [
            format!(
                "`{}` Add a limit (#\u{200b}{theirs}), dave, {link}",
                &second[..7]
            ),
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
    let (found, body) = lists(newer);
    assert_eq!(found.len(), 3, "{body}");
    assert_eq!(found[0], format!("`{}` Mend it again, carol", &third[..7]));
    landed.push(home.lands(newer, "dave").await);
    assert_eq!(home.pinned(), name(&third));
    home.rests().await;
    let clone = clone_of(site);
    history(clone.path(), &["--verify"]).exits(0);
    agree(site, &clone, &landed);

    // A person mends prod by hand, with a commit that the source has not: it stays however often is looked and whatever else is
    // committed, and is said each time.
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

    // The source moves, the mend in it: now it goes on, the person's comment stays, and what was done by hand is not forgotten.
    let takes_the_mend = || {
        let number = code.by("dave").opens("mend", "main", "Raise the limit");
        code.by("dave").merges(number, "merge")
    };
    let newest = if home.code == REPO {
        takes_the_mend();
        home.rests().await;
        carol_fixes("a: 3\n", "Mend it for good")
    } else {
        // Here a source without the mend would take it back: it stays even then.
        carol_fixes("a: 3\n", "Mend it for good");
        home.stays(&hotfix, &fixed).await;
        takes_the_mend()
    };
    let (number, _) = home.opens().await;
    let (found, body) = lists(number);
    assert!(!body.contains("goes "), "{body}");
    assert_eq!(found.len(), 1, "{body}");
    assert!(found[0].ends_with(" Mend it for good, carol"), "{body}");
    landed.push(home.lands(number, "dave").await);
    assert_eq!(home.pinned(), format!("ref: {newest} # INC-7"));
    home.rests().await;
    let clone = clone_of(site);
    let document = history(clone.path(), &["--verify"]).exits(3).json();
    assert_eq!(deviations(&document), drift);
    agree(site, &clone, &landed);
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
