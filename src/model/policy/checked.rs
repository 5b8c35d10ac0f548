//! Refusals that the policy's types share: what is empty, lengths of time that are none, ids that anybody could use.
//!
//! Each reads one field, so that the error stands at that field's value.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::time::Wait;
use crate::yaml::Located;

/// The account id of `github-actions[bot]`, as which every workflow of the repository may speak.
pub(super) const GITHUB_ACTIONS_BOT: u64 = 41_898_282;
/// The id of the App GitHub Actions, as which every workflow of the repository reports checks.
pub(super) const GITHUB_ACTIONS_APP: u64 = 15_368;

/// A text that is more than blanks.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    said(String::deserialize(deserializer)?)
}

/// The same, where it may be left out.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)?.map(said).transpose()
}

/// The same, with its place.
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

/// A list that holds something.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.is_empty() {
        return Err(D::Error::custom(
            "this list is empty, and nothing could ever meet it: it needs at least one entry",
        ));
    }
    Ok(list)
}

/// The same, where it may be left out.
pub(super) fn optional_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let list: Option<Vec<T>> = Option::deserialize(deserializer)?;
    if list.as_ref().is_some_and(Vec::is_empty) {
        return Err(D::Error::custom(
            "this list is empty, and nothing could ever meet it: leave the field out for its default",
        ));
    }
    Ok(list)
}

/// A length of time that is not zero.
pub(super) fn wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Wait, D::Error> {
    lasting(Wait::deserialize(deserializer)?)
}

/// The same, where it may be left out.
pub(super) fn optional_wait<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Wait>, D::Error> {
    Option::deserialize(deserializer)?.map(lasting).transpose()
}

fn lasting<E: Error>(wait: Wait) -> Result<Wait, E> {
    if wait.duration().is_zero() {
        return Err(E::custom("this is no time at all: leave it out instead"));
    }
    Ok(wait)
}

/// The id of an account that may speak for a deployment or status.
pub(super) fn creator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    trusted_creator(u64::deserialize(deserializer)?)
}

/// The same, where it may be left out.
pub(super) fn optional_creator<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Option::deserialize(deserializer)?
        .map(trusted_creator)
        .transpose()
}

fn trusted_creator<E: Error>(id: u64) -> Result<u64, E> {
    match id {
        0 => Err(E::custom("0 is the id of nobody")),
        GITHUB_ACTIONS_BOT => Err(E::custom(
            "41898282 is github-actions[bot]: a workflow of anybody who may write could say so; name the id of an App's \
             account or of a machine account",
        )),
        id => Ok(id),
    }
}

/// The id of an App whose checks may be believed.
pub(super) fn app<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        0 => Err(D::Error::custom("0 is the id of no App")),
        GITHUB_ACTIONS_APP => Err(D::Error::custom(
            "15368 is GitHub Actions: a workflow of anybody who may write could report a check of this name; name the id \
             of another App, or use `workflow` for a gate",
        )),
        id => Ok(id),
    }
}
