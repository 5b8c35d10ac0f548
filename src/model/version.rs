//! Versions as charts have them: whole semantic versions, and which of two is the older one.

use std::cmp::Ordering;

/// A whole semantic version, with or without a leading `v`. Leading zeros are accepted, as Helm accepts them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version<'a> {
    core: [&'a str; 3],
    pre: Option<&'a str>,
}

impl<'a> Version<'a> {
    /// `None` for everything else: `6.5`, `6.5.x`, `>=6.5.3`, `latest`.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (text, None),
        };
        let mut numbers = core.split('.');
        let core = [numbers.next()?, numbers.next()?, numbers.next()?];
        let whole = numbers.next().is_none()
            && core.iter().all(|number| is_number(number))
            && [pre, build].into_iter().flatten().all(are_identifiers);
        whole.then_some(Self { core, pre })
    }

    /// The same, or a number alone as images are tagged: `v12` is `12.0.0`.
    pub(crate) fn parse_tag(text: &'a str) -> Option<Self> {
        let number = text.strip_prefix('v').unwrap_or(text);
        let alone = is_number(number).then_some(Self {
            core: [number, "0", "0"],
            pre: None,
        });
        alone.or_else(|| Self::parse(text))
    }

    /// Whether both texts are versions or numbers, and the second one is the older.
    pub(crate) fn goes_back(old: &str, new: &str) -> bool {
        match (Version::parse_tag(old), Version::parse_tag(new)) {
            (Some(old), Some(new)) => new.order(&old).is_lt(),
            _ => false,
        }
    }

    /// Which of two is the older one, by the rules of semantic versioning: number by number, a version with a `-`
    /// before its release, and what follows a `+` is ignored.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let core = self.core.iter().zip(&other.core);
        let core = core
            .map(|(a, b)| numbers(a, b))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal);
        core.then_with(|| match (self.pre, other.pre) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => pre_releases(a, b),
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn are_identifiers(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// Of any length: a build number may be a date and a time.
fn numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn pre_releases(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                (true, true) => numbers(a, b),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_semantic_version_is_one_and_nothing_else() {
        for whole in [
            "6.5.3",
            "v1.0.0",
            "1.2.3-rc.1",
            "1.2.3+build.5",
            "1.2.3-x-y.z+1",
        ] {
            assert!(Version::parse(whole).is_some(), "{whole}");
        }
        for other in [
            "",
            "6",
            "6.5",
            "6.5.x",
            "6.5.X",
            "x",
            "*",
            "6.*",
            ">=6.5.3",
            "~6.5.3",
            "^6.5.3",
            "6.5.3 - 6.5.4",
            "6.5.3 || 7.0.0",
            "latest",
            "6.5.3-",
            "6.5.3+",
            "=6.5.3",
            "1.2.3.4",
        ] {
            assert!(Version::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_number_alone_is_a_version_of_a_tag_and_of_nothing_else() {
        for (old, new, back) in [
            ("v12", "v11", true),
            ("12", "v11", true),
            ("v2", "1.9.0", true),
            ("2.0.1", "v2", true),
            ("v2", "2.0.0", false),
            ("v11", "v12", false),
            ("v12", "v12", false),
            ("1.10", "1.9", false),
            ("v", "1", false),
            ("latest", "1.0.0", false),
        ] {
            assert_eq!(Version::goes_back(old, new), back, "{old} {new}");
        }
        assert!(Version::parse("12").is_none());
    }

    #[test]
    fn versions_stand_in_the_order_of_semantic_versioning() {
        let ascending = [
            "1.0.0-1",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "v1.0.2",
            "1.2.0",
            "1.10.0",
            "10.0.0",
            "10.0.20261120093000123456789",
        ];
        let order = |a: &str, b: &str| {
            Version::parse(a)
                .unwrap()
                .order(&Version::parse(b).unwrap())
        };
        for (at, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(order(a, b), at.cmp(&other), "{a} {b}");
            }
        }
        assert_eq!(order("1.0.0+a", "v1.0.0+b"), Ordering::Equal);
        assert_eq!(order("1.02.0", "1.2.0"), Ordering::Equal);
    }
}
