//! Tests this client's assumptions about GitHub, on a scratch repository that was given for it.
//!
//! The run's name is in everything that is created: branches below `sluice/proof/`, two labels, one pull request
//! between two of these branches. Nothing else in the repository is written to, and all of it is removed again; only
//! the closed pull request stays, because GitHub keeps those.

mod commits;
mod labels;
mod pulls;
mod reads;
mod test_merge;

use http::Method;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::refs::encoded;
use super::writer::Writer;
use crate::model::assumption::{ASSUMPTIONS, Proof, Proved, Trial};
use crate::model::ids::{CommitId, PullNumber};
use crate::model::settings::{Identity, TokenKind};
use crate::model::wire_words::PROOFS;

/// The repository and the settings for testing assumptions.
#[derive(Clone, Debug)]
pub struct Live<'a> {
    /// A name that no other run has: lower-case letters and digits.
    pub run: &'a str,
    /// The default branch.
    pub base: &'a str,
    /// Its tip.
    pub tip: CommitId,
    /// Whose token it is.
    pub identity: &'a Identity,
    /// A team of the repository's organisation that may be asked to review, by its slug; its members are notified.
    pub team: Option<&'a str>,
}

/// What came of it all.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// One for each assumption, in their order.
    pub proofs: Vec<Proof>,
    /// The pull request that was opened; closed by now.
    pub pull: Option<PullNumber>,
    /// What could not be removed again, and why.
    pub left: Vec<String>,
}

/// What was made so far, and what is known of it.
struct Bench<'a> {
    forge: &'a Forge,
    writer: &'a Writer,
    live: &'a Live<'a>,
    found: Vec<(&'static str, Proved, String)>,
    /// Why nothing more could be proved, once that is so.
    ended: Option<String>,
    pull: Option<PullNumber>,
}

impl Writer {
    /// Tests every assumption that can be tested, one after the other, and cleans up. Never fails as a whole: what
    /// could not be tried counts as undetermined.
    pub async fn prove(&self, live: &Live<'_>) -> Proofs {
        let mut left = self.sweep().await;
        let mut bench = Bench {
            forge: &self.forge,
            writer: self,
            live,
            found: Vec::new(),
            ended: None,
            pull: None,
        };
        bench.read().await;
        if let Err(error) = bench.write().await {
            bench.ended = Some(error.to_string());
        }
        if let Some(pull) = bench.pull
            && let Err(error) = self.close_pull(pull).await
        {
            left.push(format!("pull request {pull}: {error}"));
        }
        left.extend(self.sweep().await);
        Proofs {
            pull: bench.pull,
            proofs: bench.proofs(),
            left,
        }
    }

    /// Deletes every branch and label that a run made; what could not be deleted, and why.
    async fn sweep(&self) -> Vec<String> {
        let operation = "look for leftovers of earlier runs";
        let query = "query($owner: String!, $name: String!, $refs: String!, $label: String!) { \
            repository(owner: $owner, name: $name) { refs(refPrefix: $refs, first: 100) { nodes { prefix name } } \
            labels(first: 100, query: $label) { nodes { name } } } }";
        let variables = json!({
            "owner": self.forge.slug().owner(), "name": self.forge.slug().name(), "refs": format!("refs/heads/{PROOFS}"),
            "label": PROOFS,
        });
        let found = match self.forge.query(query, variables, operation).await {
            Ok((data, _)) => data,
            Err(error) => return vec![format!("leftovers of earlier runs: {error}")],
        };
        let mut left = Vec::new();
        let rows = |part: &str| {
            let nodes = found["repository"][part]["nodes"].as_array();
            nodes.cloned().unwrap_or_default()
        };
        let text = |row: &Value, part: &str| row[part].as_str().unwrap_or_default().to_owned();
        for row in rows("refs") {
            let full = format!("{}{}", text(&row, "prefix"), text(&row, "name"));
            let Some(branch) = full.strip_prefix("refs/heads/") else {
                continue;
            };
            if !branch.starts_with(PROOFS) {
                continue;
            }
            let path = self
                .forge
                .path(&format!("/git/refs/heads/{}", encoded(branch)));
            if let Err(why) = self.gone(path, "delete a branch of a proof").await {
                left.push(format!("branch {branch}: {why}"));
            }
        }
        for row in rows("labels") {
            let label = text(&row, "name");
            if !label.starts_with(PROOFS) {
                continue;
            }
            let name =
                percent_encoding::utf8_percent_encode(&label, percent_encoding::NON_ALPHANUMERIC);
            let path = self.forge.path(&format!("/labels/{name}"));
            if let Err(why) = self.gone(path, "delete a label of a proof").await {
                left.push(format!("label {label}: {why}"));
            }
        }
        left
    }

    async fn gone(&self, path: String, operation: &str) -> Result<(), ForgeError> {
        match self
            .write_again(Method::DELETE, path, None, operation)
            .await
        {
            Ok(_) | Err(ForgeError::NotFound { .. }) => Ok(()),
            Err(error) if error.said("does not exist") => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Bench<'_> {
    /// GitHub's words come on several lines, and some are long.
    fn note(&mut self, code: &'static str, proved: Proved, seen: impl Into<String>) {
        let words: Vec<String> = seen.into().split_whitespace().map(str::to_owned).collect();
        let mut seen = words.join(" ");
        seen.truncate(seen.floor_char_boundary(400));
        self.found.push((code, proved, seen));
    }

    /// It holds if `right` says so.
    fn judge(&mut self, code: &'static str, right: bool, seen: impl Into<String>) {
        let proved = if right {
            Proved::Holds
        } else {
            Proved::DoesNotHold
        };
        self.note(code, proved, seen);
    }

    /// How it is, if either answer is fine.
    fn report(&mut self, code: &'static str, seen: impl Into<String>) {
        self.note(code, Proved::Reported, seen);
    }

    fn untold(&mut self, code: &'static str, why: impl Into<String>) {
        self.note(code, Proved::Untold, why);
    }

    /// A write that is to be refused with these words: it holds if it was.
    fn refused<T>(&mut self, code: &'static str, words: &[&str], answer: Result<T, ForgeError>) {
        match answer {
            Ok(_) => self.judge(code, false, "it was not refused"),
            Err(error) if error.uncertain() => self.untold(code, error.to_string()),
            Err(ForgeError::Refused { status, said, .. }) => {
                let lower = said.to_lowercase();
                let right = words.is_empty() || words.iter().any(|word| lower.contains(word));
                self.judge(code, right, format!("{said} ({status})"));
            }
            Err(error) => self.judge(code, false, error.to_string()),
        }
    }

    fn person(&self) -> bool {
        self.live.identity.kind == TokenKind::Person
    }

    /// A branch of this run.
    fn branch(&self, name: &str) -> String {
        format!("{PROOFS}{}/{name}", self.live.run)
    }

    fn proofs(self) -> Vec<Proof> {
        let ended = self
            .ended
            .unwrap_or_else(|| "what it depends on could not be determined".to_owned());
        let one = |assumption: &'static crate::model::assumption::Assumption| {
            let found = self
                .found
                .iter()
                .find(|(code, ..)| *code == assumption.code);
            let (proved, seen) = match (found, assumption.trial) {
                (Some((_, proved, seen)), _) => (*proved, seen.clone()),
                (None, Trial::Cannot(why)) => (Proved::Untold, why.to_owned()),
                (None, Trial::Run | Trial::EitherWay) => (Proved::Untold, ended.clone()),
            };
            Proof {
                assumption,
                proved,
                seen,
            }
        };
        ASSUMPTIONS.iter().map(one).collect()
    }
}
