//! What is said about the workflow that reconciles: loud and first if nothing happens on its own, else quiet.

use crate::model::signal::Ended;
use crate::model::status::Status;
use crate::model::when::utc;

/// The first line, if nothing happens on its own.
pub(super) fn alarm(status: &Status) -> Option<String> {
    let base = status.base.as_deref().unwrap_or("the base branch");
    match status.installation.as_ref()? {
        Ok(None) => Some(format!(
            "No workflow of {base} runs Sluice: nothing here is promoted on its own"
        )),
        Ok(Some(installed)) => {
            let trouble = installed.trouble(status.now)?;
            Some(format!("{} {trouble}: {}", installed.file, installed.url))
        }
        Err(_) => None,
    }
}

/// When it ran last; or what of it is not known.
pub(super) fn quiet(status: &Status) -> Option<String> {
    let unread = |why: &str| Some(format!("whether Sluice runs could not be read: {why}"));
    let installed = match status.installation.as_ref()? {
        Ok(Some(installed)) => installed,
        Ok(None) => return None,
        Err(why) => return unread(why),
    };
    if installed.trouble(status.now).is_some() {
        return None;
    }
    if let Err(why) = &installed.state {
        return unread(why);
    }
    let file = &installed.file;
    match &installed.last {
        Ok(Some(last)) => {
            let ended = match &last.ended {
                Ended::Badly(word) => word,
                Ended::Well | Ended::NotYet => "success",
            };
            Some(format!("{file} ran {}: {ended}", utc(last.at, status.now)))
        }
        Ok(None) => Some(format!("{file} has not run yet")),
        Err(why) => unread(why),
    }
}
