//! Web addresses that Sluice sends requests or links to.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// An `https` address (`http` only to this machine) without a user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebAddress(Url);

/// A text that is not a valid [`WebAddress`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an https address without a user name or password")]
pub struct WebAddressError;

impl WebAddress {
    /// The address, in the one form that its parser writes.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl FromStr for WebAddress {
    type Err = WebAddressError;

    fn from_str(text: &str) -> Result<Self, WebAddressError> {
        let url = Url::parse(text).map_err(|_| WebAddressError)?;
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(WebAddressError),
        };
        let safe = url.scheme() == "https" || url.scheme() == "http" && here;
        if !safe || !url.username().is_empty() || url.password().is_some() {
            return Err(WebAddressError);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where GraphQL is if only REST's address is known: `/graphql` at github.com, `/api/graphql` beside `/api/v3` on a GitHub Enterprise
/// Server.
pub(crate) fn graphql_of(api: &str) -> String {
    let api = api.trim_end_matches('/');
    match api.strip_suffix("/v3") {
        Some(root) => format!("{root}/graphql"),
        None => format!("{api}/graphql"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine_and_never_a_user() {
        for good in [
            "https://api.github.com/",
            "https://ghe.example:8443/api/v3",
            "http://127.0.0.1:8080/",
            "http://localhost/x",
            "http://[::1]:9/",
        ] {
            assert_eq!(good.parse::<WebAddress>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "api.github.com",
            "//api.github.com/",
            "http://github.com/",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "ftp://github.com/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://user@github.com/",
            "https://user:secret@github.com/",
            "https://:secret@github.com/",
            "https://",
        ] {
            assert_eq!(bad.parse::<WebAddress>(), Err(WebAddressError), "{bad}");
        }
    }
}
