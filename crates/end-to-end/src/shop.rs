//! The pipeline `shop` from dev to prod, of one service `web` each, behind whatever gates a scenario is about.

use github_stand_in::{Role, TokenKind};

use crate::site::Site;

/// What Sluice's App may do if gates depend on what others say.
pub const PERMISSIONS: &str = "contents:write, pull-requests:write, issues:write, statuses:write, actions:write, checks:read, \
    deployments:read, members:read";

/// Asks for the promotion into prod.
pub const PROMOTE: [&str; 3] = ["promote", "--pipeline=shop", "--to=prod"];
/// An APPROVAL gate, for the pipeline's edge.
pub const APPROVAL: &str = "{ name: release, type: APPROVAL }";

/// A service that takes its chart from anywhere.
pub fn chart(name: &str, version: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: {name}, namespace: apps }}\n\
         spec:\n  helm: {{ url: https://charts.example.com, chart: web, version: {version} }}\n"
    )
}

/// The pipeline `shop` from dev to prod, with these gates on its edge.
pub fn pipeline(gates: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: shop, namespace: apps }}\nspec:\n  stages:\n\
         \x20 - {{ name: dev, services: [{{ serviceRef: {{ name: web-dev }} }}] }}\n\
         \x20 - {{ name: prod, services: [{{ serviceRef: {{ name: web-prod }}, criteria: {{ serviceRef: {{ name: web-dev }} }} }}] }}\n\
         \x20 edges:\n  - {{ from: dev, to: prod, gates: [{gates}] }}\n"
    )
}

/// A service that takes its content from `app` of acme/web at this ref.
pub fn from_web(name: &str, reference: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: {name}, namespace: apps }}\n\
         spec:\n  git: {{ url: https://github.com/acme/web, folder: app, ref: {reference} }}\n"
    )
}

/// dev follows main of acme/web, where carol and dave write, and prod is pinned to its first commit, which is given too.
pub async fn shop_of_web(gates: &str, policy: &str) -> (Site, String) {
    let mut site = Site::empty().await;
    let web = site.hub.repo("acme/web");
    web.role("carol", Role::Write).role("dave", Role::Write);
    let first = web.files("main", &[("app/x", "1")]);
    let policy = format!("version: 1\n{policy}");
    site.repo().files(
        "main",
        &[
            ("pipeline.yaml", &pipeline(gates)),
            ("dev.yaml", &from_web("web-dev", "main")),
            ("prod.yaml", &from_web("web-prod", &first)),
            (".github/sluice.yaml", &policy),
        ],
    );
    site.token = site.repo().with(|world, _| {
        let app = world.ensure_app(4242, "sluice-app");
        let bot = world.apps[&app].bot;
        let both = ["acme/gitops", "acme/web"].map(|slug| world.ensure_repo(slug));
        let map = PERMISSIONS.parse().unwrap();
        world.issue(bot, TokenKind::Installation(app, both.to_vec(), map))
    });
    (site, first)
}

/// dev runs 1.1.0 and prod 1.0.0; the gates, and the policy below its first line.
pub async fn shop(gates: &str, policy: &str) -> Site {
    let mut site = Site::empty().await;
    let repo = site.repo();
    let policy = format!("version: 1\n{policy}");
    repo.files(
        "main",
        &[
            ("pipeline.yaml", &pipeline(gates)),
            ("dev.yaml", &chart("web-dev", "1.1.0")),
            ("prod.yaml", &chart("web-prod", "1.0.0")),
            (".github/sluice.yaml", &policy),
        ],
    );
    site.token = repo.app_token(4242, "sluice-app", PERMISSIONS);
    site
}

/// Whether prod runs 1.1.0.
pub fn landed(site: &Site) -> bool {
    let file = site.repo().file("main", "prod.yaml").unwrap();
    file.contains("version: 1.1.0")
}
