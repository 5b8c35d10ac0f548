//! What `doctor` says about one thing.

use serde::Serialize;

/// What is to be done about it. In the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It must be changed, or promotions fail.
    Change,
    /// It could not be read, so it is unknown.
    Unread,
    /// Good to know.
    Info,
    /// It is as it should be.
    Ok,
}

impl Outcome {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Unread => "unread",
            Self::Info => "info",
            Self::Ok => "ok",
        }
    }
}

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Which check says so.
    pub code: &'static str,
    /// What is to be done about it.
    pub outcome: Outcome,
    /// One plain sentence.
    pub message: String,
    /// Why it matters.
    pub why: Option<String>,
    /// What to do.
    pub action: Option<String>,
}
