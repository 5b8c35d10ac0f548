//! The workflow that reconciles: it is there, enabled, filled in, and ran lately.

use super::facts::Facts;
use super::said::Said;
use crate::model::when::length;
use crate::model::workflow::{Installed, Trouble};

pub(super) fn workflow(facts: &Facts<'_>) -> Vec<Said> {
    let base = facts.base();
    let installed = match facts.installation {
        Ok(Some(installed)) => installed,
        Ok(None) => {
            return vec![
                Said::change(format!("No workflow of {base} runs Sluice."))
                    .why("Nothing is promoted unless something starts Sluice.")
                    .action(
                        "Save examples/workflows/install.yml as .github/workflows/sluice.yml, fill in the placeholders, and merge it.",
                    ),
            ];
        }
        Err(why) => {
            return vec![
                Said::unread(format!("The workflows of {base} could not be read: {why}."))
                    .action("Run this again; a token needs contents: read and actions: read."),
            ];
        }
    };
    let file = &installed.file;
    let mut said = match installed.trouble(facts.now) {
        Some(trouble) => {
            let found = Said::change(format!("{file} {trouble}."))
                .why("Nothing is promoted unless something starts Sluice.");
            vec![found.action(remedy(installed, &trouble))]
        }
        None => Vec::new(),
    };
    if let Err(why) = &installed.state {
        said.push(
            Said::unread(format!(
                "Whether {file} is enabled could not be read: {why}."
            ))
            .action(format!(
                "Give the token actions: read, or look at {}.",
                installed.url
            )),
        );
    }
    match &installed.last {
        Err(why) => said.push(
            Said::unread(format!("The runs of {file} could not be read: {why}.")).action(format!(
                "Give the token actions: read, or look at {}.",
                installed.url
            )),
        ),
        Ok(None) => said.push(
            Said::info(format!("{file} has not run on {base} yet."))
                .action(format!("Start it once: Run workflow on {}.", installed.url)),
        ),
        Ok(Some(_)) => {}
    }
    if said.is_empty() {
        let every = match installed.interval {
            Some(interval) => format!(", and starts at least every {}", length(interval)),
            None => String::new(),
        };
        said.push(Said::ok(format!(
            "{file} is enabled, its newest run on {base} succeeded{every}."
        )));
    }
    if installed.interval.is_none() {
        said.push(
            Said::info(format!("{file} has no schedule."))
                .why("Windows that open, soak times that end and events that GitHub loses start no run.")
                .action("Add the `schedule` of examples/workflows/install.yml."),
        );
    }
    said
}

fn remedy(installed: &Installed, trouble: &Trouble) -> String {
    match trouble {
        Trouble::Placeholder => format!(
            "Put your copy's owner and a commit of 40 digits into .github/workflows/{}.",
            installed.file
        ),
        Trouble::Disabled(_) => format!("Enable it on {}.", installed.url),
        Trouble::Failed { url, .. } => format!("Read the log of {url}."),
        Trouble::Stale { .. } => format!(
            "Look at {}: GitHub stops schedules after 60 days without activity. Run workflow starts it again.",
            installed.url
        ),
    }
}
