//! Links of the page. They lead to the repository's own server or nowhere.

use serde::Serialize;

use crate::model::address::WebAddress;
use crate::model::slug::RepoSlug;

/// The repository on its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// `https://github.com/`
    server: String,
    /// `https://github.com/acme/gitops`
    repository: String,
}

/// A link. What it leads to holds no foreign text, or was parsed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Link {
    pub href: String,
    pub text: String,
}

impl Site {
    /// The repository `owner/name` on this server; `None` if one of the two is not valid.
    pub(crate) fn new(server: &str, repository: &str) -> Option<Self> {
        let server: WebAddress = server.parse().ok()?;
        let slug: RepoSlug = repository.parse().ok()?;
        let server = format!("{}/", server.as_str().trim_end_matches('/'));
        let repository = format!("{server}{slug}");
        Some(Self { server, repository })
    }

    /// The repository's own page.
    pub(super) fn home(&self) -> String {
        self.repository.clone()
    }

    pub(super) fn pull(&self, number: u64) -> Link {
        Link {
            href: format!("{}/pull/{number}", self.repository),
            text: format!("#{number}"),
        }
    }

    /// `None` if it is not the ID of a commit.
    pub(super) fn commit(&self, id: &str) -> Option<Link> {
        let is_id = id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| Link {
            href: format!("{}/commit/{id}", self.repository),
            text: id[..7].to_owned(),
        })
    }

    /// A foreign address, if it is on this server.
    pub(super) fn foreign(&self, address: &str) -> Option<String> {
        let address: WebAddress = address.parse().ok()?;
        let address = address.as_str();
        (address.len() <= 2000 && address.starts_with(&self.server)).then(|| address.to_owned())
    }
}

/// A pull request: a link, or its number as text.
pub(super) fn pull(site: Option<&Site>, number: u64) -> Link {
    site.map_or_else(
        || Link {
            href: String::new(),
            text: format!("#{number}"),
        },
        |site| site.pull(number),
    )
}

/// A commit: a link, or its first digits as text.
pub(super) fn commit(site: Option<&Site>, id: &str) -> Link {
    site.and_then(|site| site.commit(id))
        .unwrap_or_else(|| Link {
            href: String::new(),
            text: id.chars().take(7).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_repositorys_own_server_are_linked_to() {
        let site = Site::new("https://ghe.example:8443", "Acme/GitOps").unwrap();
        assert_eq!(
            site.pull(12).href,
            "https://ghe.example:8443/acme/gitops/pull/12"
        );
        let good = "https://ghe.example:8443/acme/gitops/actions/runs/1?a=b#c";
        assert_eq!(site.foreign(good).as_deref(), Some(good));
        for bad in [
            "",
            "javascript:alert(1)",
            "JavaScript:alert(1)//https://ghe.example:8443/",
            "data:text/html,<script>alert(1)</script>",
            "//ghe.example:8443/x",
            "/acme/gitops",
            "http://ghe.example:8443/x",
            "https://ghe.example/x",
            "https://ghe.example:8443.evil.example/x",
            "https://ghe.example:8443@evil.example/x",
            "https://evil.example/https://ghe.example:8443/",
            "https://ghe.example:84430/x",
        ] {
            assert_eq!(site.foreign(bad), None, "{bad}");
        }
        let long = format!("https://ghe.example:8443/{}", "a".repeat(2000));
        assert_eq!(site.foreign(&long), None);
        // What could end an attribute is encoded by the parser, and escaped once more by the page.
        assert_eq!(
            site.foreign("https://ghe.example:8443/\" onclick=\"x<b>")
                .as_deref(),
            Some("https://ghe.example:8443/%22%20onclick=%22x%3Cb%3E")
        );
    }

    #[test]
    fn what_is_not_a_server_a_repository_or_a_commit_gets_no_link() {
        for (server, repository) in [
            ("javascript:x", "acme/gitops"),
            ("http://github.com", "acme/gitops"),
            ("https://github.com", "gitops"),
            ("https://github.com", "acme/../x"),
            ("https://github.com", "acme/x\"y"),
        ] {
            assert_eq!(Site::new(server, repository), None, "{server} {repository}");
        }
        let site = Site::new("https://github.com/", "acme/gitops").unwrap();
        for bad in ["", "HEAD", "../../evil", &"g".repeat(40), &"é".repeat(20)] {
            assert_eq!(site.commit(bad), None, "{bad}");
            assert_eq!(commit(Some(&site), bad).href, "", "{bad}");
        }
    }
}
