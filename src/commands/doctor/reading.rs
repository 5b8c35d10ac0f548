//! What both kinds of `doctor` read and answer.

use crate::commands::output::Output;
use crate::error::Exit;
use crate::evaluation::repository_state::RepositoryState;
use crate::forge::Overview;
use crate::session::Session;

pub(crate) fn output(session: &Session, text: String, exit: Exit) -> Output {
    Output {
        text,
        notices: session.notices.clone(),
        exit,
    }
}

/// The policy and manifests at the default branch's tip, or why they could not be read.
pub(crate) async fn remote_state(
    session: &Session,
    overview: &Overview,
) -> Result<RepositoryState, String> {
    let merging = overview.merging.as_ref().map_err(ToString::to_string)?;
    let tip = merging
        .tip
        .ok_or_else(|| "the repository has no commit".to_owned())?;
    let base = &overview.repository.base;
    let ask = || RepositoryState::of_forge(&session.remotes, base, tip, session.here.clone());
    let repository = session.fetch_until_complete(ask).await;
    repository.map_err(|failure| failure.message)
}
