//! A plan ID as a person typed it: all of its digits, or the first ones.

use std::fmt;
use std::str::FromStr;

use super::ids::{IdError, PlanId};

/// The first 12 to 64 hexadecimal digits of a plan ID, in lower case.
///
/// A prefix shorter than the whole ID may only narrow what is read: anyone who writes the sources can make two plans
/// with the same first 12 digits in minutes. What makes something happen compares [`PlanPrefix::whole`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PlanPrefix(String);

/// As many digits as branches carry.
const MIN_DIGITS: usize = 12;
/// The digits of a whole plan ID.
const ALL: usize = 64;

impl PlanPrefix {
    /// The plan ID, if all 64 digits were given.
    pub(crate) fn whole(&self) -> Option<PlanId> {
        self.0.parse().ok()
    }

    /// Whether a plan ID begins with these digits.
    pub(crate) fn fits(&self, plan: &PlanId) -> bool {
        plan.to_string().starts_with(&self.0)
    }
}

impl FromStr for PlanPrefix {
    type Err = IdError;

    /// Takes 12 to 64 hexadecimal digits in either case.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match digits && (MIN_DIGITS..=ALL).contains(&text.len()) {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(IdError::new(
                text,
                "a plan ID (64 hexadecimal digits, or at least the first 12)",
            )),
        }
    }
}

impl fmt::Display for PlanPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PlanPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_plans_that_share_12_digits_are_told_apart_by_the_whole_id_only() {
        let start = "7c1e09ab7c1e";
        let one: PlanId = format!("{start}{}", "0".repeat(52)).parse().unwrap();
        let other: PlanId = format!("{start}{}1", "0".repeat(51)).parse().unwrap();
        let short: PlanPrefix = start.to_uppercase().parse().unwrap();
        assert!(short.fits(&one) && short.fits(&other));
        assert_eq!(short.whole(), None);
        let almost: PlanPrefix = one.to_string()[..63].parse().unwrap();
        assert_eq!(almost.whole(), None);
        let whole: PlanPrefix = one.to_string().to_uppercase().parse().unwrap();
        assert!(whole.fits(&one) && !whole.fits(&other));
        assert_eq!(whole.whole(), Some(one));
    }

    #[test]
    fn what_is_not_a_plan_id_is_refused() {
        for text in ["", "7c1e09ab7c1", "7c1e09ab7c1x", &"0".repeat(65)] {
            assert!(text.parse::<PlanPrefix>().is_err(), "{text}");
        }
    }
}
