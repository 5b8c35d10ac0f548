//! Whether a merge is tried now. Pure: what GitHub asks for before it merges, and what came of earlier tries, go in.
//!
//! GitHub takes at most 1,000 statuses for a commit and context, and a try costs two of them. So nothing is tried that GitHub is sure to
//! refuse, and what it refused is tried again only when something that it looks at has changed, or after a day. What was refused is
//! remembered at the end of the description of the status `sluice`, on the head that was refused.

use std::fmt::{self, Write};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::model::merge_state::{ContextState, MergeState, Mergeable, ReviewDecision};
use crate::model::text::cut_words;
use crate::model::when;
use crate::model::wire_words::{REFUSED, REFUSED_DIGEST};

/// After this many refusals of a head only a person's dispatch tries again.
const MAX_ATTEMPTS: u32 = 20;
/// After this long what was refused is tried again although nothing changed.
const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// GitHub cuts the description of a status here, in characters.
const MAX_DESCRIPTION: usize = 140;

/// The merges of a head that GitHub has refused so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusals {
    /// How many.
    pub count: u32,
    /// [`digest`] of what GitHub looked at when it refused last.
    pub digest: String,
}

/// The last merge that was refused, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// How many were, this one included.
    pub refusals: Refusals,
    /// GitHub's words; foreign text.
    pub words: String,
    /// When it was remembered.
    pub at: Timestamp,
    /// It was let into the merge queue and removed from it again. That costs a run of every check, so a day alone does not bring another try.
    pub from_queue: bool,
}

/// Whether a merge is tried now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// It is.
    Now,
    /// It is not, for this reason.
    Later(String),
}

/// Decides whether a merge is tried now. `refused`: the last one that was refused. `asked`: a person asks for it in this run.
pub(crate) fn attempt(
    state: &MergeState,
    refused: Option<&Refused>,
    now: Timestamp,
    asked: bool,
) -> Attempt {
    if let Some(obstacle) = obstacle(state) {
        return Attempt::Later(obstacle);
    }
    let Some(refused) = refused.filter(|_| !asked) else {
        return Attempt::Now;
    };
    let said = format!("GitHub refused to merge it: {}", refused.words);
    let count = refused.refusals.count;
    if count >= MAX_ATTEMPTS {
        return Attempt::Later(format!(
            "{said} ({count} times; only a person's `promote` tries again)"
        ));
    }
    if refused.refusals.digest != digest(state) {
        return Attempt::Now;
    }
    if refused.from_queue {
        return Attempt::Later(format!(
            "{said} (tried again when its checks or reviews change, or on a person's `promote`)"
        ));
    }
    let again = refused.at.checked_add(RETRY_AFTER);
    let again = again.unwrap_or(Timestamp::MAX);
    if now < again {
        return Attempt::Later(format!(
            "{said} (tried again when its checks or reviews change, or {})",
            when::utc(again, now)
        ));
    }
    Attempt::Now
}

/// What GitHub is sure to refuse a merge for.
fn obstacle(state: &MergeState) -> Option<String> {
    if state.mergeable == Mergeable::No {
        return Some("GitHub reports a conflict with the base branch".to_owned());
    }
    if state.draft {
        return Some("it is a draft".to_owned());
    }
    let checks: Vec<String> = state
        .required
        .iter()
        .flatten()
        .filter(|(_, required)| required.binds && required.state != ContextState::Success)
        .map(|(name, required)| format!("the required check {name} {}", required.state))
        .collect();
    let review = match state.review.filter(|_| state.reviews_bind) {
        Some(ReviewDecision::ChangesRequested) => {
            Some("a review that the branch rules require asks for changes".to_owned())
        }
        Some(ReviewDecision::ReviewRequired) => {
            Some("a review that the branch rules require is missing".to_owned())
        }
        Some(ReviewDecision::Approved) | None => None,
    };
    let all: Vec<String> = checks.into_iter().chain(review).collect();
    match &all[..] {
        [] => None,
        [first, rest @ ..] if rest.len() > 2 => Some(format!("{first}, and {} more", rest.len())),
        several => Some(several.join(", ")),
    }
}

/// What GitHub considers before it merges, in 8 hex digits: without the base's tip, which moves all the time and
/// decides nothing. That mergeability is still being computed is not a change.
pub(crate) fn digest(state: &MergeState) -> String {
    let mut text = format!(
        "{}\n{}\n{:?}\n",
        state.mergeable == Mergeable::No,
        state.draft,
        state.review
    );
    match &state.required {
        Ok(required) => {
            for (name, required) in required {
                let _ = writeln!(text, "{name}\t{:?}", required.state);
            }
        }
        // The words of an error may differ from run to run.
        Err(_) => text.push_str("unread\n"),
    }
    let digest = Sha256::digest(text.as_bytes());
    digest[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Refusals {
    /// One more refusal, of a merge in this state.
    pub(crate) fn one_more(before: Option<&Self>, state: &MergeState) -> Self {
        Self {
            count: before.map_or(0, |before| before.count).saturating_add(1),
            digest: digest(state),
        }
    }

    /// Reads the end of a status's description: the refusals, and the words before them.
    pub(crate) fn parse(description: &str) -> Option<(Self, &str)> {
        let (words, rest) = description.rsplit_once(REFUSED)?;
        let (count, digest) = rest.split_once(REFUSED_DIGEST)?;
        let hex = digest.len() == 8 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let count = count.parse().ok().filter(|count| *count > 0 && hex)?;
        let refusals = Self {
            count,
            digest: digest.to_ascii_lowercase(),
        };
        Some((refusals, words.trim_end()))
    }

    /// The description of a status that says these words and remembers what was refused before.
    pub(crate) fn describe(words: &str, refusals: Option<&Self>) -> String {
        let end = refusals.map_or_else(String::new, Self::to_string);
        let room = MAX_DESCRIPTION.saturating_sub(end.chars().count());
        cut_words(words, room) + &end
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{REFUSED}{}{REFUSED_DIGEST}{}", self.count, self.digest)
    }
}

#[cfg(test)]
mod tests;
