//! The fixture `k3s-upgrade-version`, in which one promotion is due.

use crate::site::Site;

/// Its name.
pub const FIXTURE: &str = "k3s-upgrade-version";

/// Asks for its promotion.
pub const PROMOTE: [&str; 3] = ["promote", "--pipeline=k3s-upgrade", "--to=prod"];

/// Its promotion is open in pull request 1.
pub async fn opened() -> Site {
    let site = Site::of(FIXTURE).await;
    site.run().await;
    assert_eq!(site.repo().pulls(true), [1]);
    site
}

/// The branch of its promotion.
pub fn branch(site: &Site) -> String {
    site.repo().branches("sluice/")[0].clone()
}

/// Whether its promotion landed.
pub fn landed(site: &Site) -> bool {
    let file = site.repo().file("main", "upgrade.yaml").unwrap();
    file.contains("'v1.29.1'")
}
