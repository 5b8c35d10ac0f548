//! The location of a repository, as people and git write it, and when two spellings mean the same location.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// A text that is not the location of a repository. It is not repeated here: it may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a git repository: {why}")]
pub struct UrlError {
    /// What is wrong with it.
    pub why: &'static str,
}

/// A repository on some host. Scheme, user, default port, a trailing `.git` and the host's case make no difference
/// (semantics: revisions); user and password are dropped while parsing and cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoUrl {
    host: String,
    /// Without leading and trailing slashes, without `.git`, case kept.
    path: String,
}

impl RepoUrl {
    /// The host in lower case, with its port if that is not the scheme's default.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `owner/name`, if the path has exactly these two segments.
    pub fn slug(&self) -> Option<&str> {
        (self.path.split('/').count() == 2).then_some(&self.path)
    }

    /// Whether the host is GitHub's, or by its name a GitHub of one's own: `github.com`, `acme.ghe.com`,
    /// `github.example.com`. The pages of others are not known.
    pub fn is_on_github(&self) -> bool {
        let host = self.host.as_str();
        host == "github.com" || host.ends_with(".ghe.com") || host.starts_with("github.")
    }

    fn new(host: &str, default_port: &str, path: &str) -> Result<Self, UrlError> {
        let host = host.to_ascii_lowercase();
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port == default_port || port.is_empty() => name,
            _ => &host,
        };
        let name = host.split(':').next().unwrap_or_default();
        let is_host =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if !host.starts_with('[') && name.is_empty() || !host.chars().all(is_host) {
            return Err(UrlError {
                why: "it has no host",
            });
        }
        let segments: Vec<_> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        let forbidden =
            |c: char| c.is_control() || c.is_whitespace() || matches!(c, '?' | '#' | '\\');
        if segments
            .iter()
            .any(|segment| matches!(*segment, "." | "..") || segment.contains(forbidden))
        {
            return Err(UrlError {
                why: "its path holds a segment or a character that no repository has",
            });
        }
        let path = segments.join("/");
        let path = path
            .strip_suffix(".git")
            .unwrap_or(&path)
            .trim_end_matches('/');
        if path.is_empty() {
            return Err(UrlError {
                why: "it has no path",
            });
        }
        Ok(Self {
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }
}

impl fmt::Display for RepoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl FromStr for RepoUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        match text.parse()? {
            Location::Remote(url) => Ok(url),
            Location::Local(_) => Err(UrlError {
                why: "it is a local path",
            }),
        }
    }
}

/// The location of a repository: on a host, or in the local file system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// `https:`, `http:`, `ssh:`, `git:` addresses and git's short form `user@host:path`.
    Remote(RepoUrl),
    /// `file:` addresses, absolute paths and paths that start with `./` or `../`.
    Local(PathBuf),
}

impl Location {
    /// A relative local path taken from `base`, without `.` and `..` (by name alone: links are not followed).
    pub fn relative_to(self, base: &Path) -> Self {
        match self {
            Self::Local(path) => {
                let mut full = PathBuf::new();
                for part in base.join(path).components() {
                    match part {
                        Component::CurDir => {}
                        Component::ParentDir => {
                            full.pop();
                        }
                        part => full.push(part),
                    }
                }
                Self::Local(full)
            }
            remote => remote,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(url) => url.fmt(f),
            Self::Local(path) => path.display().fmt(f),
        }
    }
}

impl FromStr for Location {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(UrlError {
                why: "it contains a control character",
            });
        }
        if let Some(path) = strip_scheme(text, "file") {
            return local_url(path);
        }
        if is_local(text) {
            return Ok(Self::Local(PathBuf::from(text)));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let port = match scheme.to_ascii_lowercase().as_str() {
                "https" | "git+https" => "443",
                "http" | "git+http" => "80",
                "ssh" | "git+ssh" | "ssh+git" => "22",
                "git" => "9418",
                _ => {
                    return Err(UrlError {
                        why: "its scheme is not https, http, ssh, git or file",
                    });
                }
            };
            let (authority, path) = rest.split_once('/').ok_or(UrlError {
                why: "it has no path",
            })?;
            return RepoUrl::new(without_user(authority), port, path).map(Self::Remote);
        }
        // git's short form: a colon before the first slash.
        let (authority, path) = text.split_once(':').ok_or(UrlError {
            why: "it is not a URL, user@host:path or a path that starts with /, ./ or ../",
        })?;
        let host = without_user(authority);
        if host.contains('/') || host.contains(['[', ']']) {
            return Err(UrlError {
                why: "it has no host",
            });
        }
        RepoUrl::new(host, "", path).map(Self::Remote)
    }
}

/// What follows `scheme:`, whatever its case.
fn strip_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let (head, rest) = text.split_once(':')?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn is_local(text: &str) -> bool {
    let drive = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() > 2
            && bytes[0].is_ascii_alphabetic()
            && bytes[1] == b':'
            && matches!(bytes[2], b'/' | b'\\')
    };
    matches!(text, "." | "..")
        || ["/", "./", "../"]
            .iter()
            .any(|start| text.starts_with(start))
        || drive(text)
}

/// `file:///path`, `file://localhost/path` or `file:/path`, percent-decoded as git does.
fn local_url(rest: &str) -> Result<Location, UrlError> {
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest
            .strip_prefix("localhost")
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(rest),
        None => rest,
    };
    if !path.starts_with('/') {
        return Err(UrlError {
            why: "a file: address needs an absolute path",
        });
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    let path = String::from_utf8(bytes).map_err(|_| UrlError {
        why: "its path is not UTF-8",
    })?;
    if path.contains('\0') {
        return Err(UrlError {
            why: "it contains a control character",
        });
    }
    Ok(Location::Local(PathBuf::from(path)))
}

/// Drops user and password; a password may itself hold an `@`.
fn without_user(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_spellings_of_one_repository_are_equal() {
        let plain: RepoUrl = "https://github.com/acme/fleet".parse().unwrap();
        assert_eq!(plain.to_string(), "github.com/acme/fleet");
        assert_eq!(
            (plain.host(), plain.slug()),
            ("github.com", Some("acme/fleet"))
        );
        for same in [
            "https://github.com/acme/fleet.git",
            "https://github.com/acme/fleet/",
            "https://github.com/acme/fleet.git/",
            "HTTPS://GitHub.com/acme/fleet",
            "https://x-access-token:ghs_secret@github.com/acme/fleet.git",
            "https://user:p@ss@github.com:443/acme/fleet",
            "http://github.com/acme/fleet",
            "ssh://git@github.com/acme/fleet.git",
            "ssh://git@github.com:22/acme/fleet",
            "git://github.com/acme/fleet",
            "git+ssh://git@github.com/acme/fleet",
            "git@github.com:acme/fleet.git",
            "github.com:acme/fleet",
            "git@GITHUB.com:/acme/fleet",
            " https://github.com//acme//fleet ",
        ] {
            assert_eq!(same.parse::<RepoUrl>().as_ref(), Ok(&plain), "{same}");
        }
    }

    #[test]
    fn other_repositories_stay_different() {
        let plain: RepoUrl = "https://github.com/acme/fleet".parse().unwrap();
        for other in [
            "https://github.com/acme/fleet2",
            "https://github.com/Acme/fleet",
            "https://github.com/acme/fleet/sub",
            "https://github.com:8443/acme/fleet",
            "https://gitlab.com/acme/fleet",
            "https://github.com.evil.example/acme/fleet",
            "https://github.com@evil.example/acme/fleet",
        ] {
            assert_ne!(other.parse::<RepoUrl>().unwrap(), plain, "{other}");
        }
        let deep: RepoUrl = "https://gitlab.com/group/sub/name".parse().unwrap();
        assert_eq!(deep.slug(), None);
    }

    #[test]
    fn local_places_are_told_from_remote_ones() {
        for (text, path) in [
            ("file:///srv/a%20b.git", "/srv/a b.git"),
            ("file://localhost/srv/a", "/srv/a"),
            ("FILE:/srv/a", "/srv/a"),
            ("/srv/a", "/srv/a"),
            ("./a", "./a"),
            ("../a:b", "../a:b"),
            ("..", ".."),
            ("C:\\repos\\a", "C:\\repos\\a"),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Location::Local(PathBuf::from(path))),
                "{text}"
            );
        }
        let from = |text: &str| {
            text.parse::<Location>()
                .unwrap()
                .relative_to(Path::new("/srv/tree"))
        };
        assert_eq!(from("../other"), Location::Local("/srv/other".into()));
        assert_eq!(from("/srv/a"), Location::Local("/srv/a".into()));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in [
            "",
            "acme/fleet",
            "fleet",
            "https://github.com",
            "https:///acme/fleet",
            "https://user:secret@/acme/fleet",
            "ftp://user:secret@host/a",
            "ext::sh -c secret",
            "https://github.com/acme/fleet?token=secret",
            "https://github.com/../fleet",
            "git@:acme/secret",
            "file://host/share",
            "file:relative",
            "a\nb:c",
            "https://secret host/a/b",
            "-oProxyCommand=secret:x y",
        ] {
            let error = text.parse::<Location>().unwrap_err();
            assert!(!error.to_string().contains("secret"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_never_keeps_the_user(text in ".*", user in "[a-z]{8}", password in "[A-Z]{8}") {
            let _ = text.parse::<Location>();
            let url = format!("https://{user}:{password}@example.com/{}", "o/r");
            let shown = format!("{:?}", url.parse::<Location>());
            prop_assert!(!shown.contains(&user) && !shown.contains(&password));
        }

        #[test]
        fn what_is_shown_parses_to_the_same(owner in "[A-Za-z0-9_-]{1,10}", name in "[A-Za-z0-9_.-]{0,9}[a-z]") {
            let url: RepoUrl = format!("git@Example.com:{owner}/{name}.git").parse().unwrap();
            prop_assert_eq!(format!("https://{url}.git").parse::<RepoUrl>(), Ok(url));
        }
    }
}
