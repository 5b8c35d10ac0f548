//! The right to write to one repository. A [`Forge`] only reads: everything that writes is a method of [`Writer`], so that
//! what was given no writer cannot write.

use std::cell::Cell;

use http::Method;
use serde_json::Value;

use super::client::Forge;
use super::error::{ForgeError, Stopped};
use super::graphql::{PartialResponse, whole};
use super::limit_kind::REST;
use super::wire::{Answer, Ask, Kind};

/// The right to write to a repository with one token.
pub struct Writer {
    /// The repository, for the reads that a write needs: what was applied, and what is there instead.
    pub(super) forge: Forge,
    /// GitHub answered that the token may not write.
    refused: Cell<bool>,
    /// A branch cannot be created with a commit on it by one document.
    separate: Cell<bool>,
}

impl Writer {
    /// The right to write to this repository. Only what decides whether something may be written calls this.
    pub fn new(forge: &Forge) -> Self {
        Self {
            forge: forge.clone(),
            refused: Cell::new(false),
            separate: Cell::new(false),
        }
    }

    /// Notes an answer of GitHub that the token may not write: from now on every write is
    /// [`ForgeError::Stopped`], without being sent.
    pub fn stop(&self) {
        self.refused.set(true);
    }

    /// Why this writer writes no more, if that was found out. A signal to stop the run is not seen here; it is the answer to the next write.
    pub fn stopped(&self) -> Option<Stopped> {
        self.refused.get().then_some(Stopped::TokenMayNotWrite)
    }

    /// Whether a branch can be created with a commit on it by one document, as far as is known.
    pub fn creates_branches_with_commits(&self) -> bool {
        !self.separate.get()
    }

    /// Notes that a branch cannot be created with a commit on it by one document.
    pub(crate) fn create_branches_after_commits(&self) {
        self.separate.set(true);
    }

    /// Notes that a branch was created, so that the next look asks for enough of them.
    pub(super) fn note_branch(&self) {
        let seen = &self.forge.wire.branches_seen;
        seen.set(seen.get().map(|seen| seen + 1));
    }

    /// A write, sent once.
    pub(super) async fn write(
        &self,
        method: Method,
        path: String,
        body: Option<Value>,
        operation: &str,
    ) -> Result<Answer, ForgeError> {
        self.write_as(Kind::Write, method, path, body, operation)
            .await
    }

    /// The one write that is allowed after a primary limit of another resource; sent once.
    pub(super) async fn write_reset(
        &self,
        method: Method,
        path: String,
        body: Option<Value>,
        operation: &str,
    ) -> Result<Answer, ForgeError> {
        self.write_as(Kind::ResetSuccess, method, path, body, operation)
            .await
    }

    async fn write_as(
        &self,
        kind: Kind,
        method: Method,
        path: String,
        body: Option<Value>,
        operation: &str,
    ) -> Result<Answer, ForgeError> {
        self.may_write()?;
        let ask = Ask {
            kind,
            method,
            path,
            body,
            resource: REST,
            operation: operation.to_owned(),
        };
        self.forge.wire.send(&ask).await
    }

    /// A write that has the same effect when it is done twice; so if it is uncertain whether it was applied, it is
    /// simply sent again.
    pub(super) async fn write_again(
        &self,
        method: Method,
        path: String,
        body: Option<Value>,
        operation: &str,
    ) -> Result<Answer, ForgeError> {
        match self
            .write(method.clone(), path.clone(), body.clone(), operation)
            .await
        {
            Err(error) if error.uncertain() && self.forge.wait(1).await => {
                self.write(method, path, body, operation).await
            }
            other => other,
        }
    }

    /// A mutation; sent once.
    pub(super) async fn mutate(
        &self,
        query: &str,
        variables: Value,
        operation: &str,
    ) -> Result<Value, ForgeError> {
        whole(
            self.try_mutation(query, variables, operation).await?,
            operation,
        )
        .map(|(data, _)| data)
    }

    /// As [`Self::mutate`], with the errors as GraphQL gave them.
    pub(super) async fn try_mutation(
        &self,
        query: &str,
        variables: Value,
        operation: &str,
    ) -> Result<PartialResponse, ForgeError> {
        self.may_write()?;
        self.forge
            .graphql(Kind::Write, query, variables, operation)
            .await
    }

    fn may_write(&self) -> Result<(), ForgeError> {
        match self.stopped() {
            Some(why) => Err(ForgeError::Stopped(why)),
            None => Ok(()),
        }
    }
}
