//! Addresses that a text may link to.

use minijinja::Value;

use crate::model::address::WebAddress;

/// A [`WebAddress`] between `(` and `)` of a Markdown link: every character that has a meaning in Markdown, a table or
/// HTML is encoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Link(String);

impl Link {
    /// The address, if it may be linked to; at most 2,000 characters.
    pub(crate) fn parse(address: &str) -> Option<Self> {
        let address: WebAddress = address.parse().ok()?;
        let in_brackets = address.host().starts_with('[');
        let mut encoded = String::with_capacity(address.as_str().len());
        for c in address.as_str().chars() {
            match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' => encoded.push(c),
                '-' | '.' | '_' | '/' | ':' | '?' | '#' | '@' | '+' | ',' | '=' | '%' | '&' => {
                    encoded.push(c);
                }
                // An IPv6 address is in brackets; nothing else may be.
                '[' | ']' if in_brackets => return None,
                c => {
                    let mut bytes = [0; 4];
                    for byte in c.encode_utf8(&mut bytes).bytes() {
                        encoded.push_str(&format!("%{byte:02X}"));
                    }
                }
            }
        }
        (encoded.len() <= 2000).then_some(Self(encoded))
    }

    /// The address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// For a template, which prints it as it is.
    pub(super) fn value(&self) -> Value {
        Value::from_safe_string(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_without_a_user_is_linked_to() {
        for good in [
            "https://github.com/acme/gitops/pull/127",
            "https://github.com/acme/x/compare/3f2a1c9...9be04d1",
            "https://ghe.example:8443/a?b=c&d=e#L9",
            "http://127.0.0.1:8080/x",
            "http://localhost/x",
        ] {
            assert_eq!(Link::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "http://github.com/",
            "https://u@github.com/",
            "https://[::1]/x",
        ] {
            assert_eq!(Link::parse(bad), None, "{bad}");
        }
        assert_eq!(
            Link::parse(&format!("https://x.example/{}", "a".repeat(2000))),
            None
        );
    }

    #[test]
    fn what_has_a_meaning_in_markdown_is_encoded() {
        let link = Link::parse("https://x.example/a) [b](c)|`<d>\"'*;&lt;\n\u{202e}é").unwrap();
        assert_eq!(
            link.as_str(),
            "https://x.example/a%29%20%5Bb%5D%28c%29%7C%60%3Cd%3E%22%27%2A%3B&lt%3B%E2%80%AE%C3%A9"
        );
    }
}
