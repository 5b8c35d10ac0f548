//! Writes that may be lost: review requests, comments, and labels other than `sluice/hold`. They come last, a failure
//! is only a notice, it does not change how the run ends, and it does not show what else the token may do.

use crate::forge::{ReviewRequest, Reviewers, Writer};
use crate::model::ids::PullNumber;
use crate::model::label::NewLabel;
use crate::model::promotion_index::PromotionIndex;
use crate::model::pull::Pull;
use crate::model::wire_words::{BLOCKED_COMMENT, CLOSED_COMMENT};
use crate::reconcile::act::messages;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;

impl Round<'_> {
    /// Notes whom the policy names to review a newly opened pull request: they are requested together with those of the
    /// run's other pull requests.
    pub(crate) fn note_reviewers(
        &self,
        place: PromotionIndex,
        number: PullNumber,
        run: &mut RunState,
    ) {
        let (people, teams) = messages::reviewers(self, place, self.assessment.promotion(place));
        for reviewers in [Reviewers::People(people), Reviewers::Teams(teams)] {
            if !reviewers.names().is_empty() {
                run.reviews.push(ReviewRequest { number, reviewers });
            }
        }
    }

    /// Requests the reviews that were noted: by one document, and what that does not do one by one.
    pub(crate) async fn request_reviews(&self, writer: &Writer, run: &mut RunState) {
        let mut requests = std::mem::take(&mut run.reviews);
        requests.retain(|request| !run.lost.unasked.contains(&request.reviewers));
        if run.lost.stops() {
            return;
        }
        let made = writer.request_reviews(&requests).await;
        for (request, made) in requests.into_iter().zip(made) {
            let refused = run.lost.unasked.contains(&request.reviewers);
            if made || refused || run.lost.stops() {
                continue;
            }
            let Err(error) = writer.request_review(&request).await else {
                continue;
            };
            let names = match &request.reviewers {
                Reviewers::People(logins) => logins.join(", "),
                Reviewers::Teams(slugs) => {
                    let owner = self.session.forge.slug().owner();
                    let named: Vec<String> =
                        slugs.iter().map(|slug| format!("{owner}/{slug}")).collect();
                    named.join(", ")
                }
            };
            run.lose(&format!("{names} could not be asked to review"), &error);
            if !error.uncertain() {
                run.lost.unasked.insert(request.reviewers);
            }
        }
    }

    /// Comments why a pull request was closed, once per pull request.
    pub(crate) async fn say_closed(
        &self,
        writer: &Writer,
        pull: &Pull,
        why: &str,
        run: &mut RunState,
    ) {
        if run.lost.stops() {
            return;
        }
        let said = writer
            .comment_once(pull.number, author(pull), CLOSED_COMMENT, why)
            .await;
        if let Err(error) = said {
            let what = "the comment that says why a pull request was closed could not be written";
            run.lose(what, &error);
        }
    }

    /// Comments what to do on a pull request that someone pushed to, once, and labels it. The label comes last: it shows
    /// that everything is done. If it cannot be created, only the comment is written.
    pub(crate) async fn say_blocked(
        &self,
        writer: &Writer,
        pull: &Pull,
        why: &str,
        run: &mut RunState,
    ) {
        let label = NewLabel::blocked();
        if pull.has_label(&label.name) || run.lost.stops() {
            return;
        }
        let forge = &self.session.forge;
        // If someone else opened the pull request, its author is not this account: then a comment by any account
        // counts.
        let by = author(pull).filter(|_| pull.own);
        let what = "the comment that says why a pull request is blocked could not be written";
        match forge.has_comment(pull.number, by, BLOCKED_COMMENT).await {
            Ok(true) => {}
            Ok(false) => {
                self.create_labels(writer, std::slice::from_ref(&label), run)
                    .await;
                if run.labels.is_uncertain(&label.name) || run.lost.stops() {
                    return;
                }
                let said = writer
                    .comment_once(pull.number, by, BLOCKED_COMMENT, why)
                    .await;
                if let Err(error) = said {
                    run.lose(what, &error);
                    if error.uncertain() || run.lost.stops() {
                        return;
                    }
                }
            }
            Err(error) => return run.lose(what, &error),
        }
        if run.labels.has(&self.observation.snapshot, &label.name)
            && let Err(error) = writer.add_label(pull.number, &label.name).await
        {
            let what = format!("the label {} could not be added", label.name);
            run.lose(&what, &error);
        }
    }
}

/// The account ID of a pull request's author.
fn author(pull: &Pull) -> Option<u64> {
    pull.author.as_ref().and_then(|author| author.id)
}
