//! Attack A3 in its sharpest form: a writer makes a branch that looks like Sluice's in every way, record and plan id
//! included (both can be computed by anyone), and opens the pull request. Only what Sluice would do itself is landed.

use end_to_end::site::Site;
use sluice::error::Exit;
use sluice::model::name::EdgeName;
use sluice::model::plan_id::{PlanChange, PlanSubject};
use sluice::model::record::{Record, branch_name};

/// dev → staging moves automatically; staging → prod needs two approvals.
const APP: &str = include_str!("forged.yaml");
const POLICY: &str = "version: 1\nstages: { staging: { trigger: auto } }\n\
                      gates: { release: { approve: [{ by: writers, count: 2 }] } }\n";

async fn site() -> Site {
    let site = Site::empty().await;
    let files = [("app.yaml", APP), (".github/sluice.yaml", POLICY)];
    site.repo().files("main", &files);
    site
}

/// What a forger writes: one field of one service, under the name of some stage.
#[derive(Clone, Copy)]
struct Forgery<'a> {
    stage: &'a str,
    edge: (&'a str, &'a str),
    service: &'a str,
    old: &'a str,
    new: &'a str,
    requested_by: Option<u64>,
}

impl Forgery<'_> {
    fn record(&self) -> Record {
        let plan = PlanSubject {
            repository: "acme/gitops",
            base: "main",
            namespace: Some("apps"),
            pipeline: &"shop".into(),
            stage: &self.stage.into(),
            edges: vec![(self.edge.0.to_owned(), self.edge.1.to_owned())],
            changes: vec![PlanChange {
                kind: "ServiceDeployment".to_owned(),
                namespace: Some("apps".to_owned()),
                name: self.service.to_owned(),
                path: "spec.helm.version".to_owned(),
                old: Some(self.old.to_owned()),
                new: self.new.to_owned(),
            }],
        }
        .id();
        Record {
            namespace: Some("apps".to_owned()),
            pipeline: "shop".to_owned(),
            stage: self.stage.to_owned(),
            edges: vec![EdgeName {
                from: self.edge.0.into(),
                to: self.edge.1.into(),
            }],
            plan,
            build: "0123456789ab".to_owned(),
            repository: "acme/gitops".to_owned(),
            base: "main".to_owned(),
            sources: Vec::new(),
            requested_by: self.requested_by,
            reason: None,
            emergency: None,
            rollback: None,
        }
    }

    /// carol pushes the branch and opens the pull request.
    fn opened(&self, site: &Site) -> u64 {
        let branch = self.pushed(site);
        site.repo()
            .by("carol")
            .opens(&branch, "main", "Promote shop to staging")
    }

    /// carol pushes the branch.
    fn pushed(&self, site: &Site) -> String {
        self.pushed_as(site, &self.record())
    }

    /// carol pushes the branch with this record.
    fn pushed_as(&self, site: &Site, record: &Record) -> String {
        let repo = site.repo();
        let file = repo.file("main", "app.yaml").unwrap();
        let (above, service) = file.split_once(&format!("name: {}", self.service)).unwrap();
        let service = service.replacen(
            &format!("version: {}", self.old),
            &format!("version: {}", self.new),
            1,
        );
        let file = format!("{above}name: {}{service}", self.service);
        let message = format!("Promote\n\n{}", record.trailers());
        let branch = branch_name(record);
        repo.by("carol")
            .pushes(&branch, &[("app.yaml", &file)], &message);
        branch
    }
}

/// staging has no gate, and prod's version is what the branch changes.
fn prod_by_the_way_of_staging(requested_by: Option<u64>) -> Forgery<'static> {
    Forgery {
        stage: "staging",
        edge: ("dev", "staging"),
        service: "web-prod",
        old: "1.0.0",
        new: "6.6.6",
        requested_by,
    }
}

/// The number of carol, who may ask for promotions.
fn carol(site: &Site) -> u64 {
    site.hub.account("carol", github_stand_in::Kind::User)
}

#[tokio::test]
async fn a03_a_forgery_under_sluices_own_name_writes_no_field_of_another_stage() {
    let site = site().await;
    let repo = site.repo();
    site.run().await;
    let before = repo.tip("main");
    // As with the workflow's token, which a writer's own workflow gets as well: the account is the same.
    let branch = prod_by_the_way_of_staging(Some(carol(&site))).pushed(&site);
    let number = repo
        .with_token(&site.token)
        .opens(&branch, "main", "Promote shop to staging");
    let run = site.run().await;
    assert_eq!(repo.tip("main"), before, "{}", run.text);
    assert_eq!(repo.state(number), "OPEN");
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    assert!(
        run.text.contains("no promotion into its stage changes"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn a03_a_forgery_under_sluices_own_name_does_not_land_what_its_plan_does_not_say() {
    for value in ["1.1.0", "6.6.6"] {
        let site = site().await;
        let repo = site.repo();
        site.run().await;
        let before = repo.tip("main");
        let said = Forgery {
            new: "1.1.0",
            service: "web-staging",
            ..prod_by_the_way_of_staging(Some(carol(&site)))
        };
        let branch = Forgery { new: value, ..said }.pushed_as(&site, &said.record());
        repo.with_token(&site.token)
            .opens(&branch, "main", "Promote shop to staging");
        let run = site.run().await;
        let is_said = value == said.new;
        assert_eq!(repo.tip("main") != before, is_said, "{value}: {}", run.text);
        assert_eq!(run.exit == Exit::Blocked, !is_said, "{}", run.text);
    }
}

#[tokio::test]
async fn a03_a_forged_request_lands_nothing_that_no_gate_let_through() {
    let site = site().await;
    let repo = site.repo();
    site.run().await;
    let before = repo.tip("main");
    // staging has no gate, and the record says that someone asked for it: prod's version is what it changes.
    let forgery = prod_by_the_way_of_staging(Some(carol(&site)));
    let number = forgery.opened(&site);
    let run = site.run().await;
    assert_eq!(repo.tip("main"), before, "{}", run.text);
    assert_eq!(repo.state(number), "OPEN");
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let named = run
        .notices
        .iter()
        .any(|notice| notice.contains("not by Sluice"));
    assert!(named, "{:?}", run.notices);
}

#[tokio::test]
async fn a03_a_forged_plan_of_one_stage_does_not_change_another_under_its_gate() {
    let site = site().await;
    let repo = site.repo();
    site.run().await;
    let before = repo.tip("main");
    let forgery = prod_by_the_way_of_staging(None);
    let number = forgery.opened(&site);
    repo.by("dave").approves(number);
    let run = site.run().await;
    assert_eq!(repo.tip("main"), before, "{}", run.text);
    assert_eq!(repo.state(number), "OPEN");
}

#[tokio::test]
async fn a03_a_forged_value_is_not_landed_because_one_person_approved_it() {
    let site = site().await;
    let repo = site.repo();
    site.run().await;
    let before = repo.tip("main");
    // The stage's own service, but a value that no source ever had.
    let forgery = Forgery {
        stage: "prod",
        edge: ("staging", "prod"),
        service: "web-prod",
        old: "1.0.0",
        new: "6.6.6",
        requested_by: None,
    };
    let number = forgery.opened(&site);
    repo.role("erin", github_stand_in::Role::Write);
    repo.by("dave").approves(number);
    repo.by("erin").approves(number);
    let run = site.run().await;
    assert_eq!(repo.tip("main"), before, "{}", run.text);
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let named = run
        .notices
        .iter()
        .any(|notice| notice.contains("not by Sluice"));
    assert!(named, "{:?}", run.notices);
}
