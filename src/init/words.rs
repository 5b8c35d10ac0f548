//! Environment words in names: `web-prod-eu` is `web` in prod, region eu.
//!
//! Owns which words count, in which order environments follow each other, and what a region looks like. A word that is
//! not listed says nothing: nothing is guessed.

use std::cmp::Ordering;

/// An environment. Several of one rank are beside each other; it is unknown which of them comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Environment {
    /// dev, development
    Dev,
    /// test
    Test,
    /// qa
    Qa,
    /// uat
    Uat,
    /// stage, staging
    Staging,
    /// preprod
    Preprod,
    /// prod, production
    Prod,
}

impl Environment {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "dev" | "development" => Self::Dev,
            "test" => Self::Test,
            "qa" => Self::Qa,
            "uat" => Self::Uat,
            "stage" | "staging" => Self::Staging,
            "preprod" | "preproduction" => Self::Preprod,
            "prod" | "production" => Self::Prod,
            _ => return None,
        })
    }

    /// Its word if the repository uses several.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Test => "test",
            Self::Qa => "qa",
            Self::Uat => "uat",
            Self::Staging => "staging",
            Self::Preprod => "preprod",
            Self::Prod => "prod",
        }
    }

    /// What comes earlier has the smaller rank.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Dev => 0,
            Self::Test => 1,
            Self::Qa | Self::Uat => 2,
            Self::Staging | Self::Preprod => 3,
            Self::Prod => 4,
        }
    }
}

/// An environment, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EnvironmentSlot {
    /// The environment.
    pub environment: Environment,
    /// `eu`, `us-east-1`, or empty.
    pub region: String,
}

impl EnvironmentSlot {
    /// Both together, if they do not contradict each other: one of them may omit the region.
    pub(crate) fn merged(&self, other: &Self) -> Option<Self> {
        if self.environment != other.environment {
            return None;
        }
        let region = match (&*self.region, &*other.region) {
            (own, "") => own,
            ("", other) => other,
            (own, other) if own == other => own,
            _ => return None,
        };
        Some(Self {
            environment: self.environment,
            region: region.to_owned(),
        })
    }

    /// `prod-eu`, with this word for the environment.
    pub(crate) fn named(&self, word: &str) -> String {
        match &*self.region {
            "" => word.to_owned(),
            region => format!("{word}-{region}"),
        }
    }
}

impl PartialOrd for EnvironmentSlot {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EnvironmentSlot {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |slot: &Self| {
            (
                slot.environment.rank(),
                slot.environment,
                slot.region.clone(),
            )
        };
        key(self).cmp(&key(other))
    }
}

/// A text that names an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Which.
    pub slot: EnvironmentSlot,
    /// The environment's word as it was written, in lower case.
    pub word: String,
    /// The text without environment and region, in lower case; empty if nothing is left.
    pub rest: String,
}

/// Reads one name or one segment of a path. `None`: it names no environment, or several of which none is at the end.
pub(super) fn read(text: &str) -> Option<Reading> {
    let lower = text.to_lowercase();
    let tokens: Vec<&str> = lower
        .split(['-', '_', '.'])
        .filter(|token| !token.is_empty())
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (environment, words) = match (tokens[at], tokens.get(at + 1).copied()) {
            // `non-prod` is a wish, not a place.
            ("non", Some(next)) if Environment::of(next).is_some() => (None, 2),
            ("pre", Some("prod" | "production")) => (Some(Environment::Preprod), 2),
            (token, _) => (Environment::of(token), 1),
        };
        let Some(environment) = environment else {
            at += words;
            continue;
        };
        let behind = at + words;
        let region = tokens[behind..]
            .iter()
            .take_while(|token| is_region(token))
            .count();
        found.push((environment, at, behind, behind + region));
        at = behind + region;
    }
    let (environment, start, behind, end) = match found[..] {
        [one] => one,
        [.., last] if last.3 == tokens.len() => last,
        _ => return None,
    };
    let rest: Vec<&str> = tokens[..start]
        .iter()
        .chain(&tokens[end..])
        .copied()
        .collect();
    Some(Reading {
        slot: EnvironmentSlot {
            environment,
            region: tokens[behind..end].join("-"),
        },
        word: tokens[start..behind].join("-"),
        rest: rest.join("-"),
    })
}

/// A text without environment and region, in lower case: equal for counterparts.
pub(super) fn without(text: &str) -> String {
    match read(text) {
        Some(reading) => reading.rest,
        None => text.to_lowercase(),
    }
}

/// Words that name a part of the world, with a number behind them or not; a number; a number and a letter.
fn is_region(token: &str) -> bool {
    const WORDS: [&str; 61] = [
        "eu",
        "us",
        "uk",
        "gb",
        "ap",
        "apac",
        "emea",
        "amer",
        "na",
        "sa",
        "latam",
        "ca",
        "de",
        "fr",
        "es",
        "nl",
        "se",
        "fi",
        "ie",
        "ch",
        "pl",
        "jp",
        "kr",
        "sg",
        "au",
        "nz",
        "cn",
        "hk",
        "br",
        "mx",
        "za",
        "ae",
        "il",
        "asia",
        "europe",
        "america",
        "africa",
        "australia",
        "global",
        "east",
        "west",
        "north",
        "south",
        "central",
        "northeast",
        "northwest",
        "southeast",
        "southwest",
        "euw",
        "euc",
        "eun",
        "use",
        "usw",
        "eastus",
        "westus",
        "centralus",
        "westeurope",
        "northeurope",
        "uksouth",
        "ukwest",
        "eastasia",
    ];
    let letters = token.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters.is_empty() || WORDS.contains(&letters) {
        return true;
    }
    let digits = token.trim_end_matches(|c: char| c.is_ascii_lowercase());
    token.len() == digits.len() + 1
        && !digits.is_empty()
        && digits.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match read(text) {
            None => "-".to_owned(),
            Some(Reading { slot, word, rest }) => {
                format!("{:?} {word} [{}] {rest}", slot.environment, slot.region)
            }
        }
    }

    #[test]
    fn environments_are_read_as_prefix_suffix_and_between() {
        for (text, wanted) in [
            ("web-dev", "Dev dev [] web"),
            ("dev-web", "Dev dev [] web"),
            ("web_Production", "Prod production [] web"),
            ("prod", "Prod prod [] "),
            ("web-prod-eu", "Prod prod [eu] web"),
            ("web-prod-us-east-1", "Prod prod [us-east-1] web"),
            ("prod-eu-web", "Prod prod [eu] web"),
            ("web-prod-2", "Prod prod [2] web"),
            ("web-prod-worker", "Prod prod [] web-worker"),
            ("web-pre-prod", "Preprod pre-prod [] web"),
            ("web-preprod", "Preprod preprod [] web"),
            ("k3s-test", "Test test [] k3s"),
            ("a.staging.b", "Staging staging [] a-b"),
            ("dev-tools-prod", "Prod prod [] dev-tools"),
            ("web", "-"),
            ("", "-"),
            ("web-nonprod", "-"),
            ("web-non-prod", "-"),
            ("developer-portal", "-"),
            ("dev-test-runner", "-"),
        ] {
            assert_eq!(shown(text), wanted, "{text}");
        }
    }

    #[test]
    fn environments_follow_in_their_order_and_regions_side_by_side() {
        let slot = |text: &str| read(text).unwrap().slot;
        let mut spots: Vec<EnvironmentSlot> =
            ["prod-us", "uat", "dev", "prod-eu", "staging", "qa", "test"]
                .map(slot)
                .to_vec();
        spots.sort();
        let names: Vec<String> = spots
            .iter()
            .map(|slot| slot.named(slot.environment.word()))
            .collect();
        assert_eq!(
            names,
            ["dev", "test", "qa", "uat", "staging", "prod-eu", "prod-us"]
        );
        assert_eq!(
            slot("qa").environment.rank(),
            slot("uat").environment.rank()
        );
    }

    #[test]
    fn a_region_that_one_leaves_out_is_no_contradiction() {
        let slot = |text: &str| read(text).unwrap().slot;
        assert_eq!(slot("prod").merged(&slot("prod-eu")), Some(slot("prod-eu")));
        assert_eq!(slot("prod-us").merged(&slot("prod-eu")), None);
        assert_eq!(slot("prod").merged(&slot("dev")), None);
    }
}
