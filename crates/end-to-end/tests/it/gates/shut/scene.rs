//! The scenes: a site whose next run would land a promotion, one thing to shut there, and how that is opened again.

use end_to_end::shop::{APPROVAL, PROMOTE, chart, shop, shop_of_web};
use end_to_end::site::Site;
use github_stand_in::{Level, Membership, Place, Reach, Role, TokenKind};

const HOLD: &str = "sluice/hold";
const FROZEN: &str =
    "freeze: [{ from: 2000-01-01T00:00, until: 2999-01-01T00:00, zone: UTC, reason: audit }]\n";
const EXACT: &str = "land: exact\n";
const MANUAL: &str = "stages: { prod: { trigger: manual } }\n";

/// What is shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    /// Someone with write access requests changes.
    Refusal,
    /// The same, behind a hundred other reviews.
    RefusalOnTheSecondPage,
    /// Someone adds the label.
    Hold,
    /// Someone with triage adds the label, and removes it.
    HoldTakenOff,
    /// Someone with triage adds the label and closes the pull request, and another plan comes next.
    HoldClosed,
    /// Someone with write access closes the pull request.
    Veto,
    /// Someone pushes to the branch, and that is approved.
    HeadMoved,
    /// The person who approved loses write access.
    ApproverLostAccess,
    /// The pull request is closed and opened again.
    Reopened,
    /// One of two approvals is taken back.
    CountNotMet,
    /// The token loses permission to read the team that approves.
    UnreadTeam,
    /// The file gets another code owner.
    CodeOwnerMissing,
    /// The policy gets a freeze.
    Freeze,
    /// The hours of a window end.
    Window,
    /// The check of a gate fails.
    Check,
    /// The status that `ready` requires fails.
    NotReady,
    /// The same, of a stage that is committed straight onto the base.
    NotReadyCommit,
    /// The person who asked for it loses write access.
    RequesterLostAccess,
    /// The branch of the source is pushed back.
    GoesBack,
}

impl Scene {
    pub(super) const ALL: [Self; 19] = [
        Self::Refusal,
        Self::RefusalOnTheSecondPage,
        Self::Hold,
        Self::HoldTakenOff,
        Self::HoldClosed,
        Self::Veto,
        Self::HeadMoved,
        Self::ApproverLostAccess,
        Self::Reopened,
        Self::CountNotMet,
        Self::UnreadTeam,
        Self::CodeOwnerMissing,
        Self::Freeze,
        Self::Window,
        Self::Check,
        Self::NotReady,
        Self::NotReadyCommit,
        Self::RequesterLostAccess,
        Self::GoesBack,
    ];

    /// A site whose next run lands a promotion.
    pub(super) async fn about_to_land(self) -> Site {
        let site = self.set_up().await;
        // GitHub does not list collaborators to everyone: then people are looked up one by one.
        let listed = !self.is_about_what_somebody_may_do();
        site.hub.switch(|switches| switches.collaborators = listed);
        site
    }

    fn is_about_what_somebody_may_do(self) -> bool {
        matches!(
            self,
            Self::Refusal
                | Self::HoldTakenOff
                | Self::HoldClosed
                | Self::Veto
                | Self::ApproverLostAccess
                | Self::RequesterLostAccess
        )
    }

    async fn set_up(self) -> Site {
        match self {
            Self::Hold | Self::ApproverLostAccess | Self::Freeze => approved(APPROVAL, EXACT).await,
            Self::Refusal
            | Self::HoldTakenOff
            | Self::HoldClosed
            | Self::Veto
            | Self::HeadMoved
            | Self::Reopened => approved(APPROVAL, "").await,
            Self::RefusalOnTheSecondPage => {
                let site = approved(APPROVAL, "").await;
                for _ in 0..100 {
                    site.repo().by("rita").remarks(1);
                }
                site
            }
            Self::CountNotMet => {
                let two = "gates: { release: { approve: [{ by: writers, count: 2 }] } }\n";
                let site = approved(APPROVAL, two).await;
                site.repo().by("dave").approves(1);
                site
            }
            Self::UnreadTeam => {
                let team = "gates: { release: { approve: [{ by: acme/leads }] } }\n";
                let site = approved(APPROVAL, team).await;
                site.hub.organisation("acme", &["olga"], &["carol", "dave"]);
                site.hub.team("acme", "leads", "carol", Membership::Active);
                site
            }
            Self::CodeOwnerMissing => {
                let owners = "gates: { release: { approve: [{ by: code-owners }] } }\n";
                let site = approved(APPROVAL, owners).await;
                owner(&site.repo(), "carol");
                site
            }
            Self::Window => {
                let gates = format!("{APPROVAL}, {{ name: hours, type: WINDOW }}");
                let hours = "gates: { hours: { open: ['Mon 00:00-10:00'], zone: UTC } }\n";
                approved(&gates, hours).await
            }
            Self::Check => {
                let gates = format!("{APPROVAL}, {{ name: fleet, type: SENTINEL }}");
                let check = "gates: { fleet: { check: { name: e2e, app: 777 } } }\n";
                let site = approved(&gates, check).await;
                sentinel(&site.repo(), "success");
                site
            }
            Self::NotReady => {
                let site = ready(APPROVAL, "").await;
                let run = site.run().await;
                assert!(says_yes(&site), "{}", run.text);
                site
            }
            Self::NotReadyCommit => ready("", ", prod: { delivery: commit, trigger: auto }").await,
            Self::RequesterLostAccess => {
                let mut site = dispatchable(shop("", &format!("{MANUAL}{FROZEN}")).await);
                site.asks("carol", &PROMOTE).await;
                policy(&site.repo(), MANUAL);
                site
            }
            Self::GoesBack => {
                let auto = "stages: { prod: { trigger: auto } }\n";
                let (site, _) = shop_of_web("", auto).await;
                let site = dispatchable(site);
                let web = site.hub.repo("acme/web");
                web.by("carol").pushes("main", &[("app/x", "2")], "Newer");
                site.run().await;
                web.by("carol").pushes("main", &[("app/x", "3")], "Newest");
                site
            }
        }
    }

    /// Whether it is also shut right before the last look. What is left out is read there as in another scene; and another repository is
    /// read once in a run, so that what is pushed there meanwhile waits for the next one.
    pub(super) fn is_shut_at_the_last_look_too(self) -> bool {
        !matches!(
            self,
            Self::HoldTakenOff
                | Self::HoldClosed
                | Self::Veto
                | Self::HeadMoved
                | Self::CountNotMet
                | Self::Window
                | Self::GoesBack
        )
    }

    /// Shuts it.
    pub(super) fn shut(self, repo: &Place<impl Reach>) {
        match self {
            Self::Refusal | Self::RefusalOnTheSecondPage => {
                repo.by("dave").requests_changes(1);
            }
            Self::Hold => repo.by("tom").labels(1, HOLD),
            Self::HoldTakenOff => {
                repo.by("tom").labels(1, HOLD);
                repo.by("tom").unlabels(1, HOLD);
            }
            Self::HoldClosed => {
                repo.by("tom").labels(1, HOLD);
                repo.by("tom").closes(1);
                repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
            }
            Self::Veto => repo.by("dave").closes(1),
            Self::HeadMoved => {
                let branches = repo.branches("sluice/");
                repo.by("dave").pushes(&branches[0], &[("x", "1")], "More");
                repo.by("carol").approves(1);
            }
            Self::ApproverLostAccess | Self::RequesterLostAccess => {
                repo.role("carol", Role::Triage);
            }
            Self::Reopened => {
                repo.by("tom").closes(1);
                repo.by("tom").reopens(1);
            }
            Self::CountNotMet => repo.by("dave").dismisses(1, review(repo, "APPROVED")),
            Self::UnreadTeam => teams(repo, None),
            Self::CodeOwnerMissing => owner(repo, "dave"),
            Self::Freeze => policy(repo, &format!("{EXACT}{FROZEN}")),
            Self::Window => repo.with(|world, _| world.clock.set("2026-03-02T10:00:00Z")),
            Self::Check => sentinel(repo, "failure"),
            Self::NotReady | Self::NotReadyCommit => smoke(repo, "failure"),
            Self::GoesBack => repo.with(|world, _| {
                let web = world.place("acme/web");
                let newer = web.parents("main").remove(0);
                let first = web.parents(&newer).remove(0);
                web.by("dave").force_pushes("main", &first);
            }),
        }
    }

    /// In the path of the call, a POST, that comes right before the last look.
    pub(super) fn last_write(self) -> &'static str {
        match self {
            Self::NotReadyCommit => "/git/commits",
            _ => "/statuses/",
        }
    }

    /// Opens it again.
    pub(super) async fn open(self, site: &mut Site) {
        let repo = site.repo();
        match self {
            Self::Refusal | Self::RefusalOnTheSecondPage => {
                let refusal = review(&repo, "CHANGES_REQUESTED");
                repo.by("dave").dismisses(1, refusal);
            }
            Self::Hold | Self::HoldTakenOff => repo.by("dave").unlabels(1, HOLD),
            Self::HoldClosed => repo.by("dave").unlabels(2, HOLD),
            Self::HeadMoved => {
                repo.by("dave").closes(1);
                asks_as_dave(site).await;
            }
            Self::Veto | Self::GoesBack => asks_as_dave(site).await,
            Self::ApproverLostAccess | Self::RequesterLostAccess => {
                repo.role("carol", Role::Write);
            }
            Self::Reopened => {
                repo.by("carol").approves(1);
            }
            Self::CountNotMet => {
                repo.by("dave").approves(1);
            }
            Self::UnreadTeam => teams(&repo, Some(Level::Read)),
            Self::CodeOwnerMissing => owner(&repo, "carol"),
            Self::Freeze => policy(&repo, EXACT),
            Self::Window => site.hub.set_clock("2026-03-09T00:00:00Z"),
            Self::Check => sentinel(&repo, "success"),
            Self::NotReady | Self::NotReadyCommit => smoke(&repo, "success"),
        }
    }
}

/// Carol approves what is open, if a gate asks for it and she has not yet; whether she did.
pub(super) fn says_yes(site: &Site) -> bool {
    let repo = site.repo();
    let carol = repo.with(|world, _| world.ensure_user("carol"));
    let mut open = repo.pulls(true);
    assert!(open.len() < 2, "two open pull requests: {open:?}");
    let is_gated = repo
        .file("main", "pipeline.yaml")
        .unwrap()
        .contains("APPROVAL");
    open.retain(|number| {
        let reviews = repo.edit(|repo| repo.pulls[number].reviews.clone());
        is_gated && reviews.iter().all(|review| review.user != Some(carol))
    });
    for number in &open {
        repo.by("carol").approves(*number);
    }
    !open.is_empty()
}

/// What main holds for prod.
pub(super) fn content(site: &Site) -> String {
    site.repo().file("main", "prod.yaml").unwrap()
}

/// #1 is open, and carol approved it.
async fn approved(gates: &str, policy: &str) -> Site {
    let site = dispatchable(shop(gates, policy).await);
    let run = site.run().await;
    assert!(says_yes(&site), "{}", run.text);
    site
}

/// dev is ready by the word of `deployer`.
async fn ready(gates: &str, more: &str) -> Site {
    let site = shop(gates, "").await;
    let repo = site.repo();
    repo.role("deployer", Role::Write);
    let creator = repo.with(|world, _| world.ensure_user("deployer"));
    let rule = format!("{{ status: {{ context: smoke, creator: {creator} }} }}");
    policy(
        &repo,
        &format!("stages: {{ dev: {{ ready: {rule} }}{more} }}\n"),
    );
    smoke(&repo, "success");
    site
}

fn dispatchable(site: Site) -> Site {
    site.adds_workflow();
    site
}

async fn asks_as_dave(site: &mut Site) {
    site.asks("dave", &PROMOTE).await;
}

/// The newest review of #1 in that state.
fn review(repo: &Place<impl Reach>, state: &str) -> u64 {
    let reviews = repo.edit(|repo| repo.pulls[&1].reviews.clone());
    let newest = reviews.iter().rfind(|review| review.state == state);
    newest.unwrap().id
}

/// What every App may do about members of the organisation.
fn teams(repo: &Place<impl Reach>, level: Option<Level>) {
    repo.with(|world, _| {
        for token in world.tokens.values_mut() {
            if let TokenKind::Installation(_, _, permissions) = &mut token.kind {
                permissions.0.remove("members");
                permissions
                    .0
                    .extend(level.map(|level| ("members".to_owned(), level)));
            }
        }
    });
}

fn owner(repo: &Place<impl Reach>, login: &str) {
    let text = format!("prod.yaml @{login}\n");
    repo.files("main", &[(".github/CODEOWNERS", &text)]);
}

fn policy(repo: &Place<impl Reach>, text: &str) {
    let text = format!("version: 1\n{text}");
    repo.files("main", &[(".github/sluice.yaml", &text)]);
}

fn smoke(repo: &Place<impl Reach>, state: &str) {
    let tip = repo.tip("main").unwrap();
    repo.by("deployer").reports(&tip, "smoke", state);
}

fn sentinel(repo: &Place<impl Reach>, conclusion: &str) {
    let head = repo.head(1);
    let app = repo.app(777, "sentinel", "checks:write");
    app.checks(&head, "e2e", conclusion);
}
