//! `doctor`: what to change on GitHub before the first promotion. `doctor --live` verifies on a scratch repository what
//! the client assumes about GitHub.

mod live;
mod reading;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use super::call::Call;
use super::installed::installed;
use super::output::Output;
use super::runtime::runtime;
use crate::catalog::load;
use crate::cli::{DoctorArgs, ForgeArgs, Format, PathArgs};
use crate::commands::doctor::reading::{output, remote_state};
use crate::doctor::{Facts, PolicyFact, end, examine, wanted};
use crate::error::{Exit, Failure};
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::forge::Patience;
use crate::model::catalog::Catalog;
use crate::model::diagnosis::Outcome;
use crate::model::policy::Policy;
use crate::report::diagnosis;
use crate::report::escape::terminal;
use crate::report::style::Style;
use crate::runner::Environment;
use crate::session::{Needs, Session};

/// Examines a repository; with `--live`, tries out a scratch repository.
pub(super) fn run(
    args: DoctorArgs,
    now: Timestamp,
    style: Style,
    environment: &Environment,
) -> Result<Output, Failure> {
    let DoctorArgs {
        path,
        repository,
        live,
        team,
        format,
    } = args;
    let style = match format {
        Format::Text => style,
        Format::Json => Style::default(),
    };
    if let Some(scratch) = &live {
        let asked = live::LiveOptions {
            team: team.as_deref(),
            format,
            now,
            style,
        };
        return runtime()?.block_on(async {
            let session = session(Some(scratch.clone()), Needs::Writing, environment)?;
            live::run(&session, scratch, asked, environment).await
        });
    }
    let local = match path {
        Some(path) => {
            let place = PathArgs {
                path: Some(path),
                policy: None,
            };
            let call = Call::new(place, Format::Text, now, Style::default())?;
            Some(call.open(ReadFrom::Disk)?)
        }
        None => None,
    };
    runtime()?.block_on(async {
        let session = session(repository, Needs::Reading, environment)?;
        examine_repository(&session, local, now, format, style).await
    })
}

/// A connection for examining a repository, or for trying things out on one.
fn session(
    repository: Option<String>,
    needs: Needs,
    environment: &Environment,
) -> Result<Session, Failure> {
    let args = ForgeArgs {
        repository,
        checkout: None,
        dry_run: false,
        freeze: None,
    };
    let stop = Arc::new(AtomicBool::new(false));
    Session::open(&args, needs, environment, Patience::default(), stop)
}

async fn examine_repository(
    session: &Session,
    local: Option<RepositoryState>,
    now: Timestamp,
    format: Format,
    style: Style,
) -> Result<Output, Failure> {
    let forge = &session.forge;
    let overview = forge.overview().await?;
    let now = overview.now.unwrap_or(now);
    let repository = match local {
        Some(repository) => Ok(repository),
        None => remote_state(session, &overview).await,
    };
    let read = match &repository {
        Ok(repository) => Read::of(repository),
        Err(why) => Read::Unread(why),
    };
    let catalog = repository
        .as_ref()
        .ok()
        .map(|repository| catalog_of(repository, &read));
    let policy = read.fact();
    let wanted = match policy {
        PolicyFact::Read(policy) => wanted(policy),
        _ => wanted(&Policy::default()),
    };
    let settings = forge.settings(&overview, &wanted, &session.elsewhere).await;
    let base = &overview.repository.base;
    let tip = overview.merging.as_ref().ok().and_then(|found| found.tip);
    let installation = match &tip {
        Some(tip) => installed(session, base, tip, now).await,
        None => Err("the tip of the base branch is not known".to_owned()),
    };
    let found = examine(&Facts {
        slug: forge.slug(),
        repository: &overview.repository,
        settings: &settings,
        policy,
        catalog: catalog.as_ref(),
        installation: &installation,
        now,
    });
    let exit = if found.iter().any(|one| one.outcome == Outcome::Change) {
        Exit::Invalid
    } else {
        Exit::Done
    };
    let end = end(&found);
    if format == Format::Json {
        let text = diagnosis::document(forge.slug().as_str(), base, &found, &end);
        return Ok(output(session, text, exit));
    }
    let tip = tip
        .map(|tip| format!(" {}", tip.short()))
        .unwrap_or_default();
    let who = match &settings.identity {
        Ok(found) => format!("   as {}", found.login),
        Err(_) => String::new(),
    };
    let heading = terminal(&format!("{}  {base}{tip}{who}", forge.slug()));
    let mut text = format!("{}\n\n", style.bold(&heading));
    text.push_str(&diagnosis::text(&found, style));
    if let Some(unread) = diagnosis::unread(&found) {
        text.push_str(&format!("{unread}\n"));
    }
    text.push_str(&format!("{end}\n"));
    Ok(output(session, text, exit))
}

/// The result of looking for the policy.
enum Read<'a> {
    Found(&'a RepositoryState),
    Absent,
    Invalid(String),
    Unread(&'a str),
}

impl<'a> Read<'a> {
    fn of(repository: &'a RepositoryState) -> Self {
        match &repository.policy_finding {
            Some(finding) => Self::Invalid(format!("{}: {}", finding.place, finding.message)),
            None if repository.no_policy => Self::Absent,
            None => Self::Found(repository),
        }
    }

    fn fact(&self) -> PolicyFact<'_> {
        match self {
            Self::Found(repository) => PolicyFact::Read(&repository.policy),
            Self::Absent => PolicyFact::Absent,
            Self::Invalid(why) => PolicyFact::Invalid(why),
            Self::Unread(why) => PolicyFact::Unread(why),
        }
    }
}

fn catalog_of(repository: &RepositoryState, read: &Read<'_>) -> Catalog {
    match read {
        Read::Found(repository) => load(&repository.files, &repository.policy),
        _ => load(&repository.files, &Policy::default()),
    }
}
