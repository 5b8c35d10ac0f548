//! `doctor --live`: refuses every repository that may be more than scratch, announces what it will do, does it, and
//! reports.

use std::io::Write;

use jiff::Timestamp;

use crate::catalog::load;
use crate::cli::Format;
use crate::commands::doctor::reading::{output, remote_state};
use crate::commands::output::Output;
use crate::error::{Exit, Failure};
use crate::forge::{Live, Overview, Proofs, Writer};
use crate::model::assumption::Proved;
use crate::model::ids::CommitId;
use crate::model::settings::Identity;
use crate::report::diagnosis;
use crate::report::escape::terminal;
use crate::report::style::Style;
use crate::runner::Environment;
use crate::session::{Session, api};

/// A scratch repository has few branches; one with more is in use.
const MAX_BRANCHES: usize = 20;

/// What was asked for besides the repository.
pub(super) struct LiveOptions<'a> {
    /// A team whose review may be requested.
    pub team: Option<&'a str>,
    /// Output format.
    pub format: Format,
    /// The time, which names what is created.
    pub now: Timestamp,
    /// How to print text.
    pub style: Style,
}

/// Tries out `scratch`, unless it is the repository of `GITHUB_REPOSITORY` or may be more than scratch.
pub(super) async fn run(
    session: &Session,
    scratch: &str,
    asked: LiveOptions<'_>,
    environment: &Environment,
) -> Result<Output, Failure> {
    let own = environment.get("GITHUB_REPOSITORY").unwrap_or_default();
    if own.eq_ignore_ascii_case(scratch) {
        return Err(refused("it is the repository of GITHUB_REPOSITORY"));
    }
    prove(session, asked, environment).await
}

fn refused(why: &str) -> Failure {
    Failure::new(
        Exit::Blocked,
        format!("this repository is not used for tests: {why}"),
    )
    .hint("create an empty repository with one commit just for this, and use that")
}

async fn prove(
    session: &Session,
    asked: LiveOptions<'_>,
    environment: &Environment,
) -> Result<Output, Failure> {
    let LiveOptions {
        team,
        format,
        now,
        style,
    } = asked;
    let forge = &session.forge;
    let overview = forge.overview().await?;
    let (tip, identity) = scratch_only(session, &overview).await?;
    let api = api(environment);
    announce(session, api, &overview, identity, team);
    let run = format!("{:x}", now.as_millisecond());
    let proofs = Writer::new(forge)
        .prove(&Live {
            run: &run,
            base: &overview.repository.base,
            tip,
            identity,
            team,
        })
        .await;
    Ok(report(session, api, &proofs, format, style))
}

/// Refuses a repository that is not a scratch repository. Nothing has been written so far.
async fn scratch_only<'a>(
    session: &Session,
    overview: &'a Overview,
) -> Result<(CommitId, &'a Identity), Failure> {
    if overview.repository.archived {
        return Err(refused("it is archived"));
    }
    let merging = overview
        .merging
        .as_ref()
        .map_err(|why| refused(&format!("it could not be read: {why}")))?;
    let tip = merging
        .tip
        .ok_or_else(|| refused("it has no commit yet; push one, such as a README"))?;
    let identity = overview
        .identity
        .as_ref()
        .map_err(|why| refused(&format!("the token's account could not be read: {why}")))?;
    let (branches, more) = session
        .forge
        .list_refs(false)
        .await
        .map_err(|error| refused(&format!("its branches could not be read: {error}")))?;
    if more || branches.len() > MAX_BRANCHES {
        return Err(refused(&format!(
            "it has more than {MAX_BRANCHES} branches"
        )));
    }
    let repository = remote_state(session, overview)
        .await
        .map_err(|why| refused(&format!("its files could not be read: {why}")))?;
    if !repository.no_policy {
        return Err(refused("it has a policy (.github/sluice.yaml)"));
    }
    let catalog = load(&repository.files, &repository.policy);
    if let Some(pipeline) = catalog.pipelines.first() {
        return Err(refused(&format!(
            "it has the pipeline {} ({})",
            pipeline.name, pipeline.file
        )));
    }
    // A file of ours that cannot be read may hold a pipeline.
    if let Some(finding) = catalog.findings.first() {
        return Err(refused(&format!("{}: {}", finding.place, finding.message)));
    }
    Ok((tip, identity))
}

fn stand_in(api: &str) -> bool {
    ["http://127.", "http://localhost", "http://[::1]"]
        .iter()
        .any(|start| api.starts_with(start))
}

/// Announces what will be done, before it is done.
fn announce(
    session: &Session,
    api: &str,
    overview: &Overview,
    identity: &Identity,
    team: Option<&str>,
) {
    let slug = session.forge.slug();
    let mut lines = vec![
        format!(
            "On {slug} ({api}), as {}, this now creates a few commits, four branches sluice/proof/…, two labels and one pull \
             request between two of these branches, and removes all of it again.",
            identity.login
        ),
        format!(
            "What stays is the closed pull request. {} and everything else there are left alone; workflows of this \
             repository may start. It writes once a second.",
            overview.repository.base
        ),
    ];
    if let Some(team) = team {
        lines.push(format!(
            "It asks the team {team} to review that pull request, which notifies its members, and withdraws the request."
        ));
    }
    if stand_in(api) {
        lines.push(STAND_IN.to_owned());
    }
    let mut err = std::io::stderr().lock();
    for line in lines {
        // If standard error is closed, the report still says it.
        let _ = writeln!(err, "{}", terminal(&line));
    }
}

const STAND_IN: &str = "This API is on this machine, so it is a stand-in: its answers are simulated and prove nothing about GitHub.";

fn report(session: &Session, api: &str, proofs: &Proofs, format: Format, style: Style) -> Output {
    let list = &proofs.proofs;
    let count = diagnosis::count(list);
    let fails = list.iter().any(|proof| proof.proved == Proved::DoesNotHold);
    let mut exit = if fails { Exit::Invalid } else { Exit::Done };
    if !proofs.left.is_empty() {
        exit = exit.max(Exit::Failed);
    }
    let slug = session.forge.slug();
    if format == Format::Json {
        let text = diagnosis::live_document(slug.as_str(), api, list, &proofs.left, &count);
        return output(session, text, exit);
    }
    let heading = terminal(&format!("{slug}  {api}"));
    let mut text = format!("{}\n", style.bold(&heading));
    if stand_in(api) {
        text.push_str(&format!("{}\n", style.yellow(STAND_IN)));
    }
    text.push('\n');
    text.push_str(&diagnosis::proofs(list, style));
    text.push('\n');
    for left in &proofs.left {
        let line = format!("Left behind: {left}");
        text.push_str(&format!("{}\n", style.red(&terminal(&line))));
    }
    if let Some(pull) = proofs.pull {
        text.push_str(&format!("Left behind, closed: pull request {pull}.\n"));
    }
    text.push_str(&format!("{count}\n"));
    output(session, text, exit)
}
