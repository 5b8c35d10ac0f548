//! What the policy's types refuse alike: empty values, lengths of time that are zero, IDs that anyone could use.
//!
//! Each function reads one field, so that the error points at that field's value.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::time::Wait;
use crate::yaml::Located;

/// The account ID of `github-actions[bot]`; any workflow of the repository can report as this account.
pub(super) const GITHUB_ACTIONS_BOT: u64 = 41_898_282;
/// The ID of the App GitHub Actions; any workflow of the repository can report checks as this App.
pub(super) const GITHUB_ACTIONS_APP: u64 = 15_368;

/// A text that is not blank.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    said(String::deserialize(deserializer)?)
}

/// The same for an optional field.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)?.map(said).transpose()
}

/// The same, with its position.
pub(super) fn optional_located_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Located<String>>, D::Error> {
    let located: Option<Located<String>> = Option::deserialize(deserializer)?;
    if let Some(located) = &located {
        said::<D::Error>(located.value.clone())?;
    }
    Ok(located)
}

fn said<E: Error>(text: String) -> Result<String, E> {
    if text.trim().is_empty() {
        return Err(E::custom("this text is empty"));
    }
    Ok(text)
}

/// A list that is not empty.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.is_empty() {
        return Err(D::Error::custom(
            "this list is empty, so it could never be met: add at least one entry",
        ));
    }
    Ok(list)
}

/// The same for an optional field.
pub(super) fn optional_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let list: Option<Vec<T>> = Option::deserialize(deserializer)?;
    if list.as_ref().is_some_and(Vec::is_empty) {
        return Err(D::Error::custom(
            "this list is empty, so it could never be met: remove the field to use its default",
        ));
    }
    Ok(list)
}

/// A length of time that is not zero.
pub(super) fn wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Wait, D::Error> {
    lasting(Wait::deserialize(deserializer)?)
}

/// The same for an optional field.
pub(super) fn optional_wait<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Wait>, D::Error> {
    Option::deserialize(deserializer)?.map(lasting).transpose()
}

fn lasting<E: Error>(wait: Wait) -> Result<Wait, E> {
    if wait.duration().is_zero() {
        return Err(E::custom(
            "this length of time is zero: remove the field instead",
        ));
    }
    Ok(wait)
}

/// The ID of an account whose deployments or statuses are trusted.
pub(super) fn creator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    trusted_creator(u64::deserialize(deserializer)?)
}

/// The same for an optional field.
pub(super) fn optional_creator<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Option::deserialize(deserializer)?
        .map(trusted_creator)
        .transpose()
}

fn trusted_creator<E: Error>(id: u64) -> Result<u64, E> {
    match id {
        0 => Err(E::custom("0 is not the ID of any account")),
        GITHUB_ACTIONS_BOT => Err(E::custom(
            "41898282 is github-actions[bot]: anyone with write access could report this with a workflow; use the ID of an App's \
             account or of a machine account",
        )),
        id => Ok(id),
    }
}

/// The ID of an App whose checks are trusted.
pub(super) fn app<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        0 => Err(D::Error::custom("0 is not the ID of any App")),
        GITHUB_ACTIONS_APP => Err(D::Error::custom(
            "15368 is GitHub Actions: anyone with write access could report a check of this name with a workflow; use the ID \
             of another App, or use `workflow` for a gate",
        )),
        id => Ok(id),
    }
}
