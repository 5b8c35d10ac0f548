//! What a ref of another repository stands for over time: each kind of it lands, what is not to be trusted is an Error that lands
//! nothing and stops no one else, and what moves under a promotion is not landed unseen.

mod other_repositories;

use serde_json::json;
use sluice::error::Exit;

use crate::landings::{APP, open, quiet, two_repositories};
use end_to_end::site::{Report, Site};
use github_stand_in::Role;

/// The two repositories with both pipelines pinned to the first commit, which is given; `api` of dev follows nothing yet.
async fn pinned() -> (Site, String) {
    let site = two_repositories().await;
    let first = site.hub.repo(APP).tip("main").unwrap();
    let repo = site.repo();
    // The history begins like this, since what a person sets in an existing file would stay.
    let prod = repo.file("main", "prod/api.yaml").unwrap();
    let prod = prod.replace("ref: main", &format!("ref: {first}"));
    repo.by("carol")
        .begins_anew("main", &[("prod/api.yaml", &prod)]);
    (site, first)
}

/// Lets a service of dev take its content from this ref.
fn follow(site: &Site, service: &str, reference: &str) {
    let repo = site.repo();
    let path = format!("dev/{service}.yaml");
    let file = repo.file("main", &path).unwrap();
    let new: String = file
        .lines()
        .map(|line| match line.split_once("ref: ") {
            Some((start, _)) => format!("{start}ref: {reference}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    repo.files("main", &[(&path, &new)]);
}

/// A commit of the chart of `api` on a branch of the code.
fn chart(site: &Site, branch: &str, text: &str) -> String {
    let app = site.hub.repo(APP);
    app.by("carol")
        .pushes(branch, &[("charts/api/Chart.yaml", text)], "Release")
}

/// The line of prod's ref without what comes before it.
fn held(site: &Site, service: &str) -> String {
    let file = site.repo().file("main", &format!("prod/{service}.yaml"));
    let file = file.unwrap();
    let mut lines = file
        .lines()
        .filter_map(|line| line.trim().strip_prefix("ref: "));
    lines.next().unwrap().to_owned()
}

/// Moves a tag as `git push --force` does.
fn moves_tag(site: &Site, tag: &str, to: &str) {
    site.hub.repo(APP).by("carol").does(
        "PATCH",
        &format!("/git/refs/tags/{tag}"),
        json!({ "sha": to, "force": true }),
    );
}

/// Opens what is due, lets dave approve it, and lands it.
async fn lands(site: &Site) -> u64 {
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("opened"), "{}", run.text);
    let number = open(site);
    site.repo().by("dave").approves(number);
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
    number
}

/// What a run says of the promotion of this pipeline.
fn said(run: &Report, pipeline: &str) -> String {
    let rows = run.json["promotions"].as_array().unwrap();
    let mut rows = rows.iter().filter(|row| row["pipeline"] == pipeline);
    rows.next().map_or_else(String::new, |row| {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text("state"), text("why"))
    })
}

#[tokio::test]
async fn every_kind_of_ref_lands_as_its_commit_with_its_name_behind_it() {
    let (site, first) = pinned().await;
    let one = chart(&site, "main", "version: 1\n");
    let two = chart(&site, "release", "version: 2\n");
    let three = chart(&site, "main", "version: 3\n");
    let app = site.hub.repo(APP);
    app.by("carol").tags("light", &one);
    app.by("carol").annotates("v1.4.0", &two, "The fourth");
    app.by("carol").tags("of-all", &three);
    for (reference, commit, name) in [
        ("light", &one, " # sluice: light"),
        ("release", &two, " # sluice: release 2026-03-02"),
        (first.as_str(), &first, ""),
        ("v1.4.0", &two, " # sluice: v1.4.0"),
        ("refs/heads/main", &three, " # sluice: main 2026-03-02"),
        ("refs/tags/light", &one, " # sluice: light"),
        (three.as_str(), &three, ""),
    ] {
        follow(&site, "api", reference);
        lands(&site).await;
        assert_eq!(held(&site, "api"), format!("{commit}{name}"), "{reference}");
    }
    // A commit that is there under another name already is the same one.
    follow(&site, "api", "of-all");
    let run = quiet(&site).await;
    assert_eq!(run.lines(), Vec::<String>::new(), "{}", run.text);
    site.requests_hold();
}

type Make = fn(&Site) -> String;

/// What must not be promoted: how it comes to be, and the reason that is given.
const REFUSED: [(&str, Make, &str); 9] = [
    (
        "a branch that is deleted",
        |site| {
            chart(site, "gone", "version: 2\n");
            site.hub.repo(APP).by("carol").deletes("gone");
            "gone".to_owned()
        },
        "there is no branch, tag or commit with this name",
    ),
    (
        "a branch and a tag of one name",
        |site| {
            let commit = chart(site, "both", "version: 2\n");
            site.hub.repo(APP).by("carol").tags("both", &commit);
            "both".to_owned()
        },
        "ambiguous",
    ),
    (
        "a commit that only a fork has",
        |site| {
            let files = [("charts/api/Chart.yaml", "version: 666\n")];
            let app = site.hub.repo(APP);
            let number = app.by("eve").opens_from_fork("evil", &files, "Evil");
            app.head(number)
        },
        "not reachable",
    ),
    (
        "a commit that a branch was pushed over",
        |site| {
            let lost = chart(site, "moving", "version: 2\n");
            let app = site.hub.repo(APP);
            app.by("carol").rewrites(
                "moving",
                &[("charts/api/Chart.yaml", "version: 3\n")],
                "Release again",
            );
            lost
        },
        "not reachable",
    ),
    (
        "the head of a pull request",
        |site| {
            chart(site, "side", "version: 2\n");
            let app = site.hub.repo(APP);
            let number = app.by("carol").opens("side", "main", "Side");
            format!("refs/pull/{number}/head")
        },
        "refs/pull",
    ),
    (
        "a branch that the policy does not allow",
        |site| {
            site.policy("refs: { branches: [main], tags: [v*] }\n");
            chart(site, "feature", "version: 2\n");
            "feature".to_owned()
        },
        "not reachable",
    ),
    (
        "a tag that the policy does not allow",
        |site| {
            site.policy("refs: { branches: [main], tags: [v*] }\n");
            let commit = chart(site, "feature", "version: 2\n");
            site.hub.repo(APP).by("carol").tags("nightly", &commit);
            "nightly".to_owned()
        },
        "not reachable",
    ),
    (
        "a repository that is not there",
        |site| {
            elsewhere(site, "acme/nowhere");
            "main".to_owned()
        },
        "acme/nowhere",
    ),
    (
        "a private repository without a token for it",
        |site| {
            let hidden = site.hub.repo("acme/hidden");
            hidden.private().role("rob", Role::Read);
            hidden.files("main", &[("charts/api/Chart.yaml", "version: 2\n")]);
            elsewhere(site, "acme/hidden");
            "main".to_owned()
        },
        "acme/hidden",
    ),
];

/// Lets both services of `api` take their content from another repository.
fn elsewhere(site: &Site, slug: &str) {
    let repo = site.repo();
    for stage in ["dev", "prod"] {
        let path = format!("{stage}/api.yaml");
        let file = repo.file("main", &path).unwrap();
        repo.files("main", &[(&path, &file.replace(APP, slug))]);
    }
}

#[tokio::test]
async fn what_is_not_to_be_trusted_is_an_error_that_lands_nothing_and_stops_nobody_else() {
    for (name, make, why) in REFUSED {
        let (site, first) = pinned().await;
        let reference = make(&site);
        follow(&site, "api", &reference);
        follow(&site, "web", "main");
        let app = site.hub.repo(APP);
        let newest =
            app.by("carol")
                .pushes("main", &[("charts/web/Chart.yaml", "version: 2\n")], "Web");
        let run = site.run().await;
        assert!(
            matches!(run.exit, Exit::Failed | Exit::Invalid),
            "{name}: {}",
            run.text
        );
        let error = said(&run, "apps/api");
        assert!(
            error.starts_with("error: ") && error.contains(why),
            "{name}: {error}"
        );
        let number = open(&site);
        site.repo().by("dave").approves(number);
        let run = site.run().await;
        assert_eq!(
            said(&run, "apps/web"),
            "landed: landed",
            "{name}: {}",
            run.text
        );
        assert!(held(&site, "web").starts_with(&newest), "{name}");
        assert_eq!(held(&site, "api"), first, "{name}");
        assert!(said(&run, "apps/api").contains(why), "{name}: {}", run.text);
    }
    // What the policy allows is taken under the very same rule.
    let (site, _) = pinned().await;
    site.policy("refs: { branches: [main], tags: [v*] }\n");
    let commit = chart(&site, "feature", "version: 2\n");
    site.hub.repo(APP).by("carol").tags("v2", &commit);
    follow(&site, "api", "v2");
    lands(&site).await;
    assert_eq!(held(&site, "api"), format!("{commit} # sluice: v2"));
}

#[tokio::test]
async fn a_tag_that_moves_is_another_plan_and_only_what_was_approved_lands() {
    let (site, first) = pinned().await;
    let [one, two, three] = ["1", "2", "3"].map(|text| chart(&site, "main", text));
    site.hub.repo(APP).by("carol").tags("stable", &one);
    follow(&site, "api", "stable");
    site.run().await;
    let proposed = open(&site);
    // Moved while no one has looked at it: it is replaced.
    moves_tag(&site, "stable", &two);
    site.run().await;
    assert_eq!(site.repo().state(proposed), "CLOSED");
    let proposed = open(&site);
    let head = site.repo().head(proposed);
    assert!(
        site.repo()
            .file(&head, "prod/api.yaml")
            .unwrap()
            .contains(&two)
    );
    assert_eq!(held(&site, "api"), first);
    // Moved once it is approved: what was approved lands, and nothing else does with that approval.
    site.repo().by("dave").approves(proposed);
    moves_tag(&site, "stable", &three);
    let run = site.run().await;
    assert_eq!(site.repo().state(proposed), "MERGED", "{}", run.text);
    assert_eq!(held(&site, "api"), format!("{two} # sluice: stable"));
    let run = site.run().await;
    let next = open(&site);
    assert_ne!(next, proposed, "{}", run.text);
    site.repo().by("dave").approves(next);
    site.run().await;
    assert_eq!(held(&site, "api"), format!("{three} # sluice: stable"));
    // Moved back after it landed: that is a promotion like any other, and says so.
    moves_tag(&site, "stable", &one);
    site.run().await;
    let back = open(&site);
    let body = site.repo().body(back);
    assert!(body.contains("goes back"), "{body}");
    assert!(held(&site, "api").starts_with(&three));
    site.requests_hold();
}

#[tokio::test]
async fn a_branch_that_is_pushed_over_after_it_landed_is_due_again_and_says_where_it_goes() {
    let (site, _) = pinned().await;
    let lost = chart(&site, "release", "version: 2\n");
    follow(&site, "api", "release");
    lands(&site).await;
    let app = site.hub.repo(APP);
    let new = app.by("carol").rewrites(
        "release",
        &[("charts/api/Chart.yaml", "version: 3\n")],
        "Release again",
    );
    site.run().await;
    let number = open(&site);
    let body = site.repo().body(number);
    assert!(body.contains("goes sideways"), "{body}");
    assert!(held(&site, "api").starts_with(&lost));
    site.repo().by("dave").approves(number);
    site.run().await;
    assert!(held(&site, "api").starts_with(&new));
    // A branch that is gone leaves what landed.
    app.by("carol").deletes("release");
    let run = site.run().await;
    assert!(
        said(&run, "apps/api").starts_with("error: "),
        "{}",
        run.text
    );
    assert!(held(&site, "api").starts_with(&new));
}

#[tokio::test]
async fn what_was_approved_does_not_land_once_no_branch_or_tag_leads_to_it() {
    let (site, first) = pinned().await;
    let bad = chart(&site, "release", "version: 2\n");
    follow(&site, "api", "release");
    site.run().await;
    let number = open(&site);
    site.repo().by("dave").approves(number);
    // Someone who pushes over a commit does not want it: it gives way to the one in its place, which needs its own approval.
    let app = site.hub.repo(APP);
    let good = app.by("carol").rewrites(
        "release",
        &[("charts/api/Chart.yaml", "version: 3\n")],
        "Release again",
    );
    let run = site.run().await;
    assert_eq!(held(&site, "api"), first, "{}", run.text);
    assert_eq!(site.repo().state(number), "CLOSED", "{}", run.text);
    let newer = open(&site);
    let file = site.repo().file(&site.repo().head(newer), "prod/api.yaml");
    let file = file.unwrap();
    assert!(file.contains(&good) && !file.contains(&bad), "{file}");
    site.requests_hold();
}

#[tokio::test]
async fn what_cannot_be_read_any_more_does_not_land_until_it_can() {
    type Deed = fn(&Site);
    let deeds: [(&str, Deed, Deed); 2] = [
        (
            "private",
            |site| {
                site.hub.repo(APP).private();
            },
            |site| site.hub.repo(APP).edit(|repo| repo.private = false),
        ),
        (
            "ambiguous",
            |site| {
                let app = site.hub.repo(APP);
                let tip = app.tip("release").unwrap();
                app.by("carol").tags("release", &tip);
            },
            |site| {
                let path = "/git/refs/tags/release";
                site.hub
                    .repo(APP)
                    .by("carol")
                    .does("DELETE", path, serde_json::Value::Null);
            },
        ),
    ];
    for (name, breaks, mends) in deeds {
        let (site, first) = pinned().await;
        let commit = chart(&site, "release", "version: 2\n");
        follow(&site, "api", "release");
        site.run().await;
        let number = open(&site);
        site.repo().by("dave").approves(number);
        breaks(&site);
        let run = site.run().await;
        assert!(
            said(&run, "apps/api").starts_with("error: "),
            "{name}: {}",
            run.text
        );
        assert_ne!(run.exit, Exit::Done, "{name}");
        assert_eq!(site.repo().state(number), "OPEN", "{name}");
        assert_eq!(held(&site, "api"), first, "{name}");
        mends(&site);
        let run = site.run().await;
        assert_eq!(
            said(&run, "apps/api"),
            "landed: landed",
            "{name}: {}",
            run.text
        );
        assert!(held(&site, "api").starts_with(&commit), "{name}");
    }
}
