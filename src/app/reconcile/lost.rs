//! What may be lost: requested reviewers, comments, and labels other than `sluice/hold`. It comes last in whatever is done, fails
//! nothing, never decides how a run ends, and is no sign of what the token may do otherwise.

use std::collections::BTreeSet;

use super::stages::Place;
use super::turn::Turn;
use super::{Memory, texts};
use crate::forge::{ForgeError, Reviewers};
use crate::model::ids::PullNumber;
use crate::model::label::NewLabel;
use crate::model::pull::Pull;

/// What was lost so far in a run.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Who could not be asked to review: not asked again in this run.
    unasked: BTreeSet<Reviewers>,
    /// GitHub takes no more calls, or no writes: nothing more is spent on what may be lost.
    stops: bool,
    /// The run was told to stop.
    stopped: bool,
}

impl Lost {
    /// Whether nothing more is to be tried.
    pub(super) fn stops(&self) -> bool {
        self.stops
    }

    /// A run that was told to stop ends with that, and not with what it lost.
    ///
    /// # Errors
    /// [`ForgeError::Stopped`].
    pub(super) fn ends(&self) -> Result<(), ForgeError> {
        match self.stopped {
            true => Err(ForgeError::Stopped),
            false => Ok(()),
        }
    }
}

impl Memory {
    /// Says once that something was lost, and why.
    pub(super) fn lose(&mut self, what: &str, error: &ForgeError) {
        self.lost.stops |= matches!(
            error,
            ForgeError::Stopped
                | ForgeError::ReadOnly
                | ForgeError::RateLimited { .. }
                | ForgeError::Unauthorized(_)
        );
        self.lost.stopped |= matches!(error, ForgeError::Stopped);
        if matches!(error, ForgeError::Stopped | ForgeError::ReadOnly) {
            return;
        }
        self.note(format!("{what}: {}", error.reason()));
    }

    /// Adds a notice, unless it was said already.
    pub(super) fn note(&mut self, notice: String) {
        if !self.outcome.notices.contains(&notice) {
            self.outcome.notices.push(notice);
        }
    }
}

impl Turn<'_> {
    /// Asks those whom the policy names to review a pull request that was just opened: people and teams apart.
    pub(super) async fn request_reviewers(
        &self,
        place: Place,
        number: PullNumber,
        memory: &mut Memory,
    ) {
        let (people, teams) = texts::reviewers(self, place, self.stages.promotion(place));
        let owner = self.session.forge.slug().owner();
        let named: Vec<String> = teams.iter().map(|team| format!("{owner}/{team}")).collect();
        for (names, reviewers) in [
            (people.clone(), Reviewers::People(people)),
            (named, Reviewers::Teams(teams)),
        ] {
            if names.is_empty() || memory.lost.stops || memory.lost.unasked.contains(&reviewers) {
                continue;
            }
            let asked = self.session.forge.request_reviewers(number, &reviewers);
            let Err(error) = asked.await else { continue };
            let what = format!("{} could not be asked to review", names.join(", "));
            memory.lose(&what, &error);
            if !error.uncertain() {
                memory.lost.unasked.insert(reviewers);
            }
        }
    }

    /// Says under a pull request, once, why it was closed.
    pub(super) async fn say_closed(&self, pull: &Pull, why: &str, memory: &mut Memory) {
        if memory.lost.stops {
            return;
        }
        let marker = "<!-- sluice: closed -->";
        let said = self
            .session
            .forge
            .comment_once(pull.number, author(pull), marker, why)
            .await;
        if let Err(error) = said {
            let what = "the comment that says why a pull request was closed could not be written";
            memory.lose(what, &error);
        }
    }

    /// Labels a pull request that somebody pushed to, and says under it, once, what to do. The label goes on last: with it everything is
    /// done. Where it cannot be created, the comment alone is.
    pub(super) async fn say_blocked(&self, pull: &Pull, why: &str, memory: &mut Memory) {
        let label = NewLabel::blocked();
        if pull.has_label(&label.name) || memory.lost.stops {
            return;
        }
        let forge = &self.session.forge;
        let marker = "<!-- sluice: blocked -->";
        // Of a pull request that somebody else opened the author is not this account: then anybody's counts.
        let by = author(pull).filter(|_| pull.own);
        let what = "the comment that says why a pull request is blocked could not be written";
        match forge.has_comment(pull.number, by, marker).await {
            Ok(true) => {}
            Ok(false) => {
                self.create_labels(std::slice::from_ref(&label), memory)
                    .await;
                if memory.labels.is_uncertain(&label.name) || memory.lost.stops {
                    return;
                }
                let said = forge.comment_once(pull.number, by, marker, why).await;
                if let Err(error) = said {
                    memory.lose(what, &error);
                    if error.uncertain() || memory.lost.stops {
                        return;
                    }
                }
            }
            Err(error) => return memory.lose(what, &error),
        }
        if memory.labels.has(&self.seen.snapshot, &label.name)
            && let Err(error) = forge.add_label(pull.number, &label.name).await
        {
            let what = format!("the label {} could not be put on", label.name);
            memory.lose(&what, &error);
        }
    }
}

/// The account that opened a pull request.
fn author(pull: &Pull) -> Option<u64> {
    pull.author.as_ref().and_then(|author| author.id)
}
