//! Secrets in texts that leave: as they are, and as they look when something wrote them down.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use crate::report::escape::terminal;

/// What replaces a secret.
const HIDDEN: &str = "***";
/// A form this short would hide other texts rather than the secret.
const SHORTEST: usize = 4;

/// Removes registered secrets from texts.
#[derive(Default)]
pub(super) struct Redactor {
    /// The longest first, so that a form that holds another goes as a whole.
    forms: Vec<SecretString>,
}

impl Redactor {
    /// Registers a secret: itself (however short), its lines, and its base64, percent-encoded and escaped forms.
    pub(super) fn register(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let mut forms = vec![secret.to_owned()];
        let lines = secret
            .split(['\n', '\r'])
            .filter(|line| line.len() >= SHORTEST);
        for text in std::iter::once(secret).chain(lines) {
            forms.push(text.to_owned());
            forms.push(terminal(text));
            forms.push(
                serde_json::Value::from(text)
                    .to_string()
                    .trim_matches('"')
                    .to_owned(),
            );
            for set in [NON_ALPHANUMERIC, UNRESERVED] {
                let encoded = utf8_percent_encode(text, set).to_string();
                forms.push(in_lower_case(&encoded));
                forms.push(encoded);
            }
            forms.extend(inside_base64(text.as_bytes()));
        }
        forms.retain(|form| form.len() >= SHORTEST || form == secret);
        self.forms.extend(forms.into_iter().map(SecretString::from));
        self.forms.sort_by(|a, b| {
            (b.expose_secret().len(), b.expose_secret())
                .cmp(&(a.expose_secret().len(), a.expose_secret()))
        });
        self.forms
            .dedup_by(|a, b| a.expose_secret() == b.expose_secret());
    }

    /// The text without them.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.expose_secret()) {
                text = text.replace(form.expose_secret(), HIDDEN);
            }
        }
        text
    }
}

/// What stays as it is in most encoders of addresses and forms.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// `%2B` as `%2b`.
fn in_lower_case(encoded: &str) -> String {
    let mut lower = String::with_capacity(encoded.len());
    let mut digits = 0;
    for c in encoded.chars() {
        lower.push(if digits > 0 {
            c.to_ascii_lowercase()
        } else {
            c
        });
        digits = match c {
            '%' => 2,
            _ => digits.max(1) - 1,
        };
    }
    lower
}

/// The digits that a text has in base64 whatever comes before and after it: three bytes make four digits, so there are
/// three ways to begin. Each without the digits that it shares with its neighbours.
fn inside_base64(text: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(text);
        let own_from = (before * 8).div_ceil(6);
        let own_until = bytes.len() * 8 / 6;
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = engine.encode(&bytes);
            if let Some(own) = encoded.get(own_from..own_until)
                && own.len() >= 2 * SHORTEST
            {
                forms.push(own.to_owned());
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redactor(secret: &str) -> Redactor {
        let mut redactor = Redactor::default();
        redactor.register(secret);
        redactor
    }

    #[test]
    fn a_secret_goes_in_every_form_in_which_it_was_written() {
        let secret = "s3cr€t/+:\"&x\u{1}y";
        let redactor = redactor(secret);
        for text in [
            secret.to_owned(),
            terminal(secret),
            serde_json::json!({ "key": secret }).to_string(),
            format!(
                "https://x.example/?q={}",
                utf8_percent_encode(secret, NON_ALPHANUMERIC)
            ),
            format!(
                "https://x.example/?q={}",
                utf8_percent_encode(secret, UNRESERVED)
            ),
            format!(
                "q={}",
                utf8_percent_encode(secret, UNRESERVED)
                    .to_string()
                    .replace("%E2%82%AC", "%e2%82%ac")
                    .replace("%2F%2B%3A%22%26", "%2f%2b%3a%22%26")
            ),
        ] {
            let shown = redactor.redact(&text);
            assert!(shown.contains("***"), "{text} → {shown}");
            assert!(!shown.contains("cr"), "{text} → {shown}");
        }
    }

    #[test]
    fn the_lines_of_a_secret_go_one_by_one_but_not_its_braces() {
        let redactor = redactor("{\n  \"password\": \"hunter2\"\n}");
        assert_eq!(redactor.redact("{\n  \"password\": \"hunter2\"\n}"), "***");
        assert_eq!(
            redactor.redact("a {   \"password\": \"hunter2\" }"),
            "a { *** }"
        );
        assert_eq!(redactor.redact("{} stay"), "{} stay");
    }

    #[test]
    fn a_short_secret_goes_too_and_none_hides_nothing() {
        assert_eq!(redactor("x1").redact("a x1 b"), "a *** b");
        assert_eq!(redactor("").redact("abc"), "abc");
    }

    proptest! {
        #[test]
        fn base64_gives_nothing_away_whatever_stands_around(
            secret in "[ -~]{12,40}", before in "[ -~]{0,5}", behind in "[ -~]{0,5}",
        ) {
            let redactor = redactor(&secret);
            for engine in [&STANDARD, &URL_SAFE] {
                let encoded = engine.encode(format!("{before}{secret}{behind}"));
                let shown = redactor.redact(&encoded);
                prop_assert!(shown.contains("***"), "{encoded} → {shown}");
                // What is left around it is not longer than what was around it.
                prop_assert!(shown.len() <= 3 + (before.len() + behind.len()) * 4 / 3 + 8);
            }
        }

        #[test]
        fn a_registered_secret_is_in_no_text(secret in ".{1,12}", around in ".{0,12}") {
            prop_assume!(!secret.contains(['*', '\n']));
            let text = format!("{around}{secret}{around}");
            let shown = redactor(&secret).redact(&text);
            // What was before and after it must not be read together.
            prop_assert!(!shown.replace("***", "\n").contains(&secret), "{shown}");
        }
    }
}
