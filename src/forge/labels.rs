//! Labels and the one commit status.

use http::Method;
use serde_json::{Value, json};

use super::error::ForgeError;
use super::shapes::IdShape;
use super::writer::Writer;
use crate::model::ids::{CommitId, PullNumber};
use crate::model::label::NewLabel;
use crate::model::pull::StatusState;
pub use crate::model::wire_words::STATUS as CONTEXT;

impl Writer {
    /// Creates a label in the repository; one that is there already is fine.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn create_label(&self, label: &NewLabel) -> Result<(), ForgeError> {
        let name = &label.name;
        let body = json!({ "name": name, "color": label.colour, "description": label.description });
        let operation = format!("create the label {name}");
        match self
            .write_again(
                Method::POST,
                self.forge.path("/labels"),
                Some(body),
                &operation,
            )
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.said("already_exists") || error.said("already exists") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Adds a label to a pull request.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn add_label(&self, number: PullNumber, name: &str) -> Result<(), ForgeError> {
        let path = self.forge.path(&format!("/issues/{}/labels", number.0));
        let operation = format!("label {number}");
        self.write_again(
            Method::POST,
            path,
            Some(json!({ "labels": [name] })),
            &operation,
        )
        .await?;
        Ok(())
    }

    /// Removes a label from a pull request; one that is not there is fine.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn remove_label(&self, number: PullNumber, name: &str) -> Result<(), ForgeError> {
        let label = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        let path = self
            .forge
            .path(&format!("/issues/{}/labels/{label}", number.0));
        let operation = format!("remove a label from {number}");
        match self
            .write_again(Method::DELETE, path, None, &operation)
            .await
        {
            Ok(_) | Err(ForgeError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sets the status `sluice` of a commit.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn set_status(
        &self,
        commit: &CommitId,
        success: bool,
        text: &str,
    ) -> Result<(), ForgeError> {
        let state = if success { "success" } else { "pending" };
        self.say(commit, CONTEXT, state, text).await?;
        Ok(())
    }

    /// Sets the status `sluice` of a commit to any state.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn show_status(
        &self,
        commit: &CommitId,
        state: StatusState,
        text: &str,
    ) -> Result<(), ForgeError> {
        self.say(commit, CONTEXT, state.as_str(), text).await?;
        Ok(())
    }

    /// Resets the status `sluice` of a head from success to pending, so that a required check does not let anyone merge
    /// it. This is the one call that is still made after a primary rate limit, once per connection, if the limit is not
    /// the one of REST. If it fails, `success` may still be set: the caller must report that, and block the run.
    ///
    /// # Errors
    /// Any [`ForgeError`]: [`ForgeError::RateLimited`] if a limit does not allow the call.
    pub async fn reset_success(&self, head: &CommitId, text: &str) -> Result<(), ForgeError> {
        let (path, body) = self.status(head, CONTEXT, "pending", text);
        let operation = "reset the status of a promotion from success";
        let send = || self.write_reset(Method::POST, path.clone(), Some(body.clone()), operation);
        match send().await {
            Err(error)
                if error.uncertain()
                    && self.forge.rate_limited().is_none()
                    && self.forge.wait(1).await =>
            {
                send().await?;
            }
            other => {
                other?;
            }
        }
        Ok(())
    }

    fn status(&self, commit: &CommitId, context: &str, state: &str, text: &str) -> (String, Value) {
        let text: String = text.chars().take(140).collect();
        (
            self.forge.path(&format!("/statuses/{commit}")),
            json!({ "context": context, "state": state, "description": text }),
        )
    }

    /// Reports something about a commit: a status of this context in this state. Returns its number.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn say(
        &self,
        commit: &CommitId,
        context: &str,
        state: &str,
        text: &str,
    ) -> Result<u64, ForgeError> {
        let (path, body) = self.status(commit, context, state, text);
        let operation = "set the status of a promotion";
        let answer = self
            .write_again(Method::POST, path, Some(body), operation)
            .await?;
        Ok(answer.parse::<IdShape>(operation)?.id)
    }
}
