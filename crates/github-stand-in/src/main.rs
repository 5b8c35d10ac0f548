//! A stand-in GitHub to try things on one machine: `cargo run -p github-stand-in -- --repo acme/gitops=PATH --user
//! carol=write`. Prints its address and the tokens it accepts, then serves until it is stopped. docs/try-it.md walks
//! through it.

use anyhow::{Context as _, bail};
use clap::Parser;
use github_stand_in::{self as github, GitHub, Membership, Role};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Serves a stand-in GitHub on 127.0.0.1.
#[derive(Parser)]
struct Options {
    /// A git repository or a plain folder, as OWNER/NAME=PATH; a bare PATH becomes acme/FOLDER.
    #[arg(long, required = true, value_name = "[OWNER/NAME=]PATH")]
    repo: Vec<String>,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A person and their role in every repository: none, read, triage, write, maintain or admin. A personal token is printed.
    #[arg(long, value_name = "LOGIN=ROLE")]
    user: Vec<String>,
    /// Puts a person into a team of the first repository's owner.
    #[arg(long, value_name = "TEAM=LOGIN")]
    team: Vec<String>,
    /// Permissions of a workflow token (`GITHUB_TOKEN`) for the first repository.
    #[arg(long, value_name = "NAME:LEVEL,…")]
    workflow_token: Option<String>,
    /// An App and the permissions of its installation token for the first repository, as ID=PERMISSIONS.
    #[arg(long, value_name = "ID=NAME:LEVEL,…")]
    app: Option<String>,
    /// `GITHUB_TOKEN` may not open or approve pull requests.
    #[arg(long)]
    actions_may_not_create_pulls: bool,
    /// Every answer comes this many milliseconds later.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Every list comes in pages of at most this size.
    #[arg(long)]
    page: Option<usize>,
}

fn pair(text: &str) -> anyhow::Result<(&str, &str)> {
    text.split_once('=')
        .with_context(|| format!("{text:?} is not of the form NAME=VALUE"))
}

/// The repository's name and its path.
fn repository(text: &str) -> anyhow::Result<(String, PathBuf)> {
    if let Some((slug, path)) = text.split_once('=')
        && slug.split('/').filter(|part| !part.is_empty()).count() == 2
    {
        return Ok((slug.to_owned(), path.into()));
    }
    let path = Path::new(text)
        .canonicalize()
        .with_context(|| format!("cannot open {text}"))?;
    let name = path
        .file_name()
        .context("the path has no last part")?
        .to_string_lossy()
        .into_owned();
    Ok((format!("acme/{name}"), path))
}

async fn set_up(options: &Options) -> anyhow::Result<(GitHub, String)> {
    let mut repos = Vec::new();
    for text in &options.repo {
        let (slug, path) = repository(text)?;
        if !path.is_dir() {
            bail!("{} is not a folder", path.display());
        }
        repos.push((slug, path));
    }
    let first = repos[0].0.clone();
    let owner = first.split('/').next().unwrap_or_default().to_owned();
    let hub = GitHub::start_on(options.port).await;
    hub.set_clock(&jiff::Timestamp::now().to_string());
    hub.latency(Duration::from_millis(options.latency));
    hub.switch(|switches| switches.page = options.page);
    let mut text = format!(
        "API        {url}\nGraphQL    {url}/graphql\n",
        url = hub.url()
    );
    for (slug, path) in &repos {
        let repo = hub.repo(slug);
        if path.join(".git").exists() || path.join("objects").is_dir() {
            repo.git_repository(path);
        } else {
            repo.folder("main", path);
        }
        repo.settings(|settings| {
            settings.actions_may_create_pulls = !options.actions_may_not_create_pulls;
        });
        writeln!(text, "repository {slug}  ({})", path.display())?;
    }
    for one in &options.user {
        let (login, role) = pair(one)?;
        let role: Role = role.parse().map_err(anyhow::Error::msg)?;
        for (slug, _) in &repos {
            hub.repo(slug).role(login, role);
        }
        let token = hub.personal_token(login, &["repo", "workflow", "read:org"]);
        writeln!(text, "user       {login:<20} {:<9} {token}", role.name())?;
    }
    for one in &options.team {
        let (team, login) = pair(one)?;
        hub.team(&owner, team, login, Membership::Active);
        writeln!(text, "team       {owner}/{team}: {login}")?;
    }
    let words = options.workflow_token.as_deref().unwrap_or(
        "contents:write,pull-requests:write,checks:read,statuses:write,actions:write,issues:write",
    );
    words
        .parse::<github::Permissions>()
        .map_err(anyhow::Error::msg)?;
    let token = hub.repo(&first).workflow_token(words);
    writeln!(text, "workflow   {first:<30} {token}")?;
    if let Some(app) = &options.app {
        let (id, words) = pair(app)?;
        words
            .parse::<github::Permissions>()
            .map_err(anyhow::Error::msg)?;
        let token = hub.repo(&first).app_token(
            id.parse().context("an App's id is a number")?,
            "sluice",
            words,
        );
        writeln!(
            text,
            "app        {:<30} {token}",
            format!("sluice[bot] ({id})")
        )?;
    }
    Ok((hub, text))
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (hub, text) = set_up(&options).await?;
        let mut out = std::io::stdout();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        // Here time passes on its own, unlike in tests.
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            let now = jiff::Timestamp::now();
            if hub.now() < now {
                hub.set_clock(&now.to_string());
            }
        }
    })
}
