//! `board`: the status of every pipeline and what landed, as one HTML file. It reads, and writes nothing but that file.

use std::path::PathBuf;

use super::call::Call;
use super::history;
use super::output::Output;
use super::status::{StatusOfPath, of_path};
use crate::board::{Site, Source, page};
use crate::cli::{BoardFile, ForgeArgs, StatusQuery};
use crate::error::{Exit, Failure};
use crate::evaluation::path_arguments::PathArguments;
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::model::ids::CommitId;
use crate::model::status::Status;
use crate::reconcile::request::RunOptions;
use crate::report::escape::terminal;
use crate::report::status;
use crate::runner::Environment;
use crate::session::Session;

/// Without GitHub: of a repository at its current commit, or of a folder.
pub(super) fn run(
    call: &Call,
    asked: StatusQuery,
    file: &BoardFile,
    environment: &Environment,
) -> Result<Output, Failure> {
    let StatusQuery {
        freeze, pipeline, ..
    } = asked;
    let StatusOfPath {
        repository,
        status: found,
        notices,
        exit,
    } = of_path(call, freeze, pipeline.as_deref())?;
    let text = written(
        &Made {
            status: &found,
            history: history::document(&repository, call.policy.is_some(), pipeline),
            site: site(&repository, environment),
            notices: &notices,
        },
        file,
    )?;
    Ok(Output {
        text,
        notices,
        exit,
    })
}

/// On GitHub: of the status of a run that wrote nothing, and of the history of its clone.
pub(super) fn on_forge(
    session: &Session,
    args: &ForgeArgs,
    options: &RunOptions,
    found: &Status,
    notices: &[String],
    file: &BoardFile,
    environment: &Environment,
) -> Result<String, Failure> {
    let slug = session.forge.slug().as_str();
    written(
        &Made {
            status: found,
            history: history_of_clone(args, environment, slug, found.tip, options.pipeline.clone()),
            site: Site::new(server(environment), slug),
            notices,
        },
        file,
    )
}

/// The history of the clone that a run on GitHub reads from, or why it is not read.
fn history_of_clone(
    args: &ForgeArgs,
    environment: &Environment,
    slug: &str,
    tip: Option<CommitId>,
    pipeline: Option<String>,
) -> Result<String, String> {
    let workspace = || environment.get("GITHUB_WORKSPACE").map(PathBuf::from);
    let Some(path) = args.checkout.clone().or_else(workspace) else {
        return Err("History is read from a clone: give one with --checkout.".to_owned());
    };
    let again = PathArguments::new(Some(&path), None);
    let repository = RepositoryState::open(&path, None, again, ReadFrom::Commit)
        .map_err(|failure| format!("The clone could not be read: {}.", failure.message))?;
    let Some(repo) = &repository.repo else {
        return Err(
            "History is read from a clone: check the repository out with fetch-depth: 0."
                .to_owned(),
        );
    };
    let same_name = repository
        .remote_slug()
        .is_some_and(|name| name.eq_ignore_ascii_case(slug));
    let has_tip = tip.is_some_and(|tip| repo.has_commit(&tip));
    if !same_name && !has_tip {
        return Err(format!("The clone is not one of {slug}."));
    }
    history::document(&repository, false, pipeline)
}

fn server(environment: &Environment) -> &str {
    let named = environment.get("GITHUB_SERVER_URL");
    named.unwrap_or("https://github.com")
}

/// Where the repository's pages are, if its remote is on GitHub.
fn site(repository: &RepositoryState, environment: &Environment) -> Option<Site> {
    let remote = repository.here.remotes.first()?;
    let host = format!("https://{}", remote.host());
    let is_server = server(environment).trim_end_matches('/') == host;
    match is_server || remote.is_on_github() {
        true => Site::new(&host, remote.slug()?),
        false => None,
    }
}

/// What a page is made from.
struct Made<'a> {
    status: &'a Status,
    history: Result<String, String>,
    site: Option<Site>,
    notices: &'a [String],
}

/// Writes the page, and says so in one line.
fn written(made: &Made<'_>, file: &BoardFile) -> Result<String, Failure> {
    let document = status::json(made.status);
    let (html, verdict) = page(&Source {
        status: &document,
        history: made.history.as_deref().map_err(String::as_str),
        site: made.site.as_ref(),
        interval: file.interval,
        notices: made.notices,
    })
    .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let name = file.html.display();
    std::fs::write(&file.html, &html).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("{name} could not be written: {error}"),
        )
        .hint("give --html a file in a folder that exists")
    })?;
    let size = html.len().div_ceil(1000);
    Ok(format!(
        "{}: {} ({size} kB)\n",
        terminal(&name.to_string()),
        terminal(&verdict)
    ))
}
