//! `verified: true` if GitHub signs no commit of the token: someone else may push to the temporary branch on which GitHub makes one.

use crate::rollback::prod;
use end_to_end::shop::{chart, shop};
use end_to_end::site::Site;
use github_stand_in::{Fault, Role, When};

/// What mallory pushes to the temporary branch.
#[derive(Clone, Copy, Debug)]
enum Pushed {
    /// Another file besides.
    AnotherFile,
    /// The right files, and words that no run wrote.
    OtherWords,
    /// The very commit that Sluice made, which GitHub did not sign.
    Unsigned,
}

/// A shop that commits straight onto the base.
async fn signing() -> Site {
    let policy = "verified: true\nstages: { prod: { delivery: commit, trigger: auto } }\n";
    let site = shop("", policy).await;
    site.hub.switch(|switches| switches.verify_git_data = false);
    site
}

/// Whether a commit is on the base.
fn is_on_the_base(site: &Site, commit: &str) -> bool {
    let repo = site.repo();
    let mut at = repo.tip("main");
    while let Some(tip) = at {
        let parents = repo.parents(&tip);
        if tip == commit || parents.iter().any(|parent| parent == commit) {
            return true;
        }
        at = parents.into_iter().next();
    }
    false
}

#[tokio::test]
async fn a46_what_somebody_pushes_to_the_temporary_branch_is_not_used() {
    for pushed in [Pushed::AnotherFile, Pushed::OtherWords, Pushed::Unsigned] {
        let site = signing().await;
        let repo = site.repo();
        repo.role("mallory", Role::Write);
        // The answer does not come, and mallory is faster than the look that follows.
        let unanswered = When::graphql("createCommitOnBranch");
        site.hub.fault(unanswered, Fault::CloseBeforeApply);
        let look = When::rest("GET", "/git/ref/heads/sluice");
        site.hub.before(look, move |world| {
            let repo = world.place("acme/gitops");
            let branch = repo.branches("sluice/tmp-")[0].clone();
            if matches!(pushed, Pushed::Unsigned) {
                let loose = branch.trim_start_matches("sluice/tmp-");
                let loose = repo.edit(|repo| repo.resolve(loose)).unwrap().to_string();
                repo.by("mallory").force_pushes(&branch, &loose);
                return;
            }
            let right = chart("web-prod", "1.1.0");
            let mut files = vec![("prod.yaml", right.as_str())];
            if matches!(pushed, Pushed::AnotherFile) {
                files.push(("evil.yaml", "x: 1"));
            }
            repo.by("mallory").pushes(&branch, &files, "Mine");
        });
        let run = site.run().await;
        let at = format!("{pushed:?}: {}", run.text);
        let mine = repo.branches("sluice/tmp-");
        let evil = repo.tip(&mine[0]).unwrap();
        assert!(!is_on_the_base(&site, &evil), "{at}");
        assert!(
            repo.pulls(true).iter().all(|one| repo.head(*one) != evil),
            "{at}"
        );
        let why = match pushed {
            Pushed::AnotherFile | Pushed::OtherWords => "is not the one that was made",
            Pushed::Unsigned => "is not signed by GitHub",
        };
        assert!(run.text.contains(why), "{at}");
        // The next run does it right.
        let run = site.run().await;
        assert_eq!(prod(&site), "1.1.0", "{}", run.text);
    }
}
