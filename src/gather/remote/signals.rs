//! What others reported about this repository's commits, requested like everything else: recorded, fetched, asked
//! again.

use std::collections::BTreeSet;
use std::rc::Rc;

use futures_util::future::join_all;

use super::question::{Answer, Question, SignalAnswer, SignalQuestion};
use super::repository::RemoteRepo;
use crate::forge::{Deployment, Forge, Push, SaidStatus};
use crate::model::commit_range::RangeCommits;
use crate::model::fetched::Fetched;
use crate::model::ids::CommitId;
use crate::model::policy::CheckOf;
use crate::model::signal::Signal;
use crate::repo::{AskAll, RepoError};

impl RemoteRepo {
    pub(super) async fn fetch_answers(&self, forge: &Forge, questions: Vec<Question>) {
        let asked = join_all(questions.into_iter().map(|question| async move {
            let answer: Fetched<Answer> =
                question.ask(forge).await.map_err(|error| error.to_string());
            (question, answer)
        }));
        let answers = asked.await;
        self.known.borrow_mut().answers.extend(answers);
    }

    pub(super) async fn fetch_signals(&self, forge: &Forge, questions: BTreeSet<SignalQuestion>) {
        let asked = join_all(questions.into_iter().map(|question| async move {
            let answer: Fetched<SignalAnswer> =
                question.ask(forge).await.map_err(|error| error.to_string());
            (question, answer)
        }));
        self.signals.store(asked.await);
    }

    pub(super) fn signal(&self, question: SignalQuestion) -> Result<SignalAnswer, RepoError> {
        match self.signals.ask(question) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(why)) => self.failed(&why),
            None => self.pending(),
        }
    }

    pub(super) fn answer(&self, question: Question) -> Result<Answer, RepoError> {
        match self.known.borrow().answers.get(&question) {
            Some(Ok(answer)) => return Ok(answer.clone()),
            Some(Err(why)) => return self.failed(why),
            None => {}
        }
        self.wants.borrow_mut().questions.insert(question);
        self.pending()
    }

    pub(super) fn another<T>(&self) -> Result<T, RepoError> {
        self.failed("GitHub answered with something else")
    }

    /// The newest pushes to a branch at this tip, newest first, and whether there are more.
    ///
    /// # Errors
    /// If they could not be read.
    pub(crate) fn pushes(
        &self,
        branch: &str,
        tip: &CommitId,
        pages: usize,
    ) -> Result<Rc<(Vec<Push>, bool)>, RepoError> {
        match self.answer(Question::Pushes(branch.to_owned(), *tip, pages))? {
            Answer::Pushes(pushes) => Ok(pushes),
            _ => self.another(),
        }
    }

    /// Deployments to an environment, newest first.
    ///
    /// # Errors
    /// If they could not be read.
    pub(crate) fn deployments(&self, environment: &str) -> Result<Rc<Vec<Deployment>>, RepoError> {
        match self.signal(SignalQuestion::Deployments(environment.to_owned()))? {
            SignalAnswer::Deployments(found) => Ok(found),
            _ => self.another(),
        }
    }

    /// The statuses of a deployment.
    ///
    /// # Errors
    /// If they could not be read.
    pub(crate) fn deployment_statuses(&self, id: u64) -> Result<Rc<Vec<SaidStatus>>, RepoError> {
        match self.signal(SignalQuestion::DeploymentStatuses(id))? {
            SignalAnswer::Statuses(found) => Ok(found),
            _ => self.another(),
        }
    }

    /// The statuses of a commit.
    ///
    /// # Errors
    /// If they could not be read.
    pub(crate) fn statuses(&self, commit: &CommitId) -> Result<Rc<Vec<SaidStatus>>, RepoError> {
        match self.signal(SignalQuestion::Statuses(*commit))? {
            SignalAnswer::Statuses(found) => Ok(found),
            _ => self.another(),
        }
    }

    /// The runs of a check on a commit.
    ///
    /// # Errors
    /// If they could not be read.
    pub(crate) fn check_runs(
        &self,
        commit: &CommitId,
        check: &CheckOf,
    ) -> Result<Rc<Vec<Signal>>, RepoError> {
        match self.signal(SignalQuestion::Checks(*commit, check.clone()))? {
            SignalAnswer::Signals(found) => Ok(found),
            _ => self.another(),
        }
    }

    /// Those of the commits that have a report under this context, or by this App.
    ///
    /// # Errors
    /// If that could not be read.
    pub(crate) fn spoken_about(
        &self,
        commits: &[CommitId],
        context: Option<&str>,
        app: Option<u64>,
    ) -> Result<Vec<CommitId>, RepoError> {
        let mut found = Vec::new();
        let mut all = AskAll::new();
        for part in commits.chunks(100) {
            let question = SignalQuestion::Spoken(part.to_vec(), context.map(str::to_owned), app);
            match all.ask(self.signal(question)) {
                Some(SignalAnswer::Spoken(spoken)) => {
                    let both = part.iter().zip(spoken.iter());
                    found.extend(
                        both.filter(|(_, spoken)| **spoken)
                            .map(|(commit, _)| *commit),
                    );
                }
                Some(_) => return self.another(),
                None => {}
            }
        }
        all.answered(found)
    }

    /// The commits that `new` has and `old` has not and that touch one of the folders.
    ///
    /// # Errors
    /// If they could not be read.
    pub(crate) fn between(
        &self,
        old: &CommitId,
        new: &CommitId,
        folders: &[String],
    ) -> Result<Rc<RangeCommits>, RepoError> {
        match self.answer(Question::CommitRange(*old, *new, folders.to_vec()))? {
            Answer::RangeCommits(brought) => Ok(brought),
            _ => self.another(),
        }
    }

    /// Like [`Self::between`], if it was answered before; nothing is requested.
    pub(in crate::gather) fn known_between(
        &self,
        old: &CommitId,
        new: &CommitId,
        folders: &[String],
    ) -> Option<Rc<RangeCommits>> {
        let question = Question::CommitRange(*old, *new, folders.to_vec());
        match self.known.borrow().answers.get(&question) {
            Some(Ok(Answer::RangeCommits(brought))) => Some(Rc::clone(brought)),
            _ => None,
        }
    }

    /// Forgets what others reported, so that it is requested again: before a landing everything is read again.
    pub(crate) fn invalidate_signals(&self) {
        self.signals.forget();
    }

    /// The first-parent history from `tip` back to `to`, both included, newest first.
    ///
    /// # Errors
    /// If it could not be read, or does not resolve to one.
    pub(crate) fn first_parents(
        &self,
        tip: &CommitId,
        to: &CommitId,
    ) -> Result<Vec<CommitId>, RepoError> {
        let mut chain = vec![*tip];
        let mut at = *tip;
        while at != *to {
            let parent = self.parent_of(&at)?;
            match parent {
                Some(parent) if chain.len() < super::walk::MAX_COMMITS => at = parent,
                _ => {
                    return self.failed(&format!(
                        "{} is not in the history of {}",
                        to.short(),
                        tip.short()
                    ));
                }
            }
            chain.push(at);
        }
        Ok(chain)
    }
}
