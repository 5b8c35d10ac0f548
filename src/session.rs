//! A session on GitHub: its connection, the repositories that it reads, and what the environment says about it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use secrecy::SecretString;

use crate::catalog::RepositoryIdentity;
use crate::cli::ForgeArgs;
use crate::error::{Exit, Failure};
use crate::forge::{Access, Calls, Forge, ForgeError, Network, Patience};
use crate::gather::{RemoteRepo, Remotes};
use crate::model::actor::Actor;
use crate::model::address::graphql_of;
use crate::model::evidence::LabelEvent;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::policy::{Trusts, UntrustedAccount};
use crate::model::repo_url::Location;
use crate::model::settings::Unread;
use crate::model::slug::RepoSlug;
use crate::repo::{Repo, enclosing_repository};
use crate::runner::Environment;

/// A session on GitHub.
pub(super) struct Session {
    /// Access to this repository.
    pub forge: Forge,
    /// Access to other repositories, only for reading.
    pub elsewhere: Forge,
    /// The repositories that are read.
    pub remotes: Rc<Remotes>,
    /// What identifies this repository in references.
    pub here: RepositoryIdentity,
    /// Notices for the reader.
    pub notices: Vec<String>,
    /// The account that the token belongs to, once it was read.
    own: RefCell<Option<Fetched<Actor>>>,
    /// The ID of the App that the token belongs to, once it was read.
    own_app: RefCell<Option<u64>>,
    /// Label events of pull requests whose label names were compared with REST.
    compared: RefCell<BTreeMap<PullNumber, Compared>>,
    /// The IDs of GitHub Actions on a server other than github.com, once they were read.
    actions: RefCell<Option<UntrustedAccount>>,
    /// The server's host name.
    host: String,
    /// Whether all files of the base branch can be asked for at once.
    pub is_small: bool,
}

/// Label events of a pull request.
struct Compared {
    /// As the events named them.
    told: Vec<LabelEvent>,
    /// As the comparison with REST left them.
    compared: Vec<LabelEvent>,
}

/// What a command does with the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// It only reads: the repository and the token may be inferred.
    Reading,
    /// It writes: the repository and the token must be named.
    Writing,
}

/// The variable that names the repository.
const REPOSITORY: &str = "GITHUB_REPOSITORY";

/// Whether a command that only reads works on GitHub: the environment names a repository; or there is a token, and this
/// folder is in a clone whose remote `origin` is on the server.
pub(super) fn leads_to_github(environment: &Environment) -> bool {
    environment.get(REPOSITORY).is_some()
        || (token(environment, Needs::Reading).is_some()
            && matches!(origin(&server(environment)), Ok(Some(_))))
}

/// The address of the REST API.
pub(super) fn api(environment: &Environment) -> &str {
    let named = environment.get("GITHUB_API_URL");
    named.unwrap_or("https://api.github.com")
}

/// The host name of GitHub, or of a GitHub Enterprise Server.
fn server(environment: &Environment) -> String {
    let url = environment.get("GITHUB_SERVER_URL");
    host_of(url.unwrap_or("https://github.com"))
}

fn no_repository(needs: Needs) -> Failure {
    let also = match needs {
        Needs::Reading => {
            ", or set GITHUB_REPOSITORY, or run it in a clone whose remote `origin` is on GitHub"
        }
        Needs::Writing => {
            ", or set GITHUB_REPOSITORY: a command that writes does not use a clone's remote `origin`"
        }
    };
    Failure::usage("no repository given").hint(format!(
        "give --repository OWNER/NAME{also}; `promote --local` works without GitHub"
    ))
}

/// `owner/name` of the remote `origin` of the clone that this folder is in, if that is on the server.
fn origin(host: &str) -> Result<Option<String>, Failure> {
    let here = Path::new(".");
    let repo = match Repo::at(here)? {
        Some(repo) => Some(repo),
        None => match enclosing_repository(here) {
            Some(top) => Repo::at(&top)?,
            None => None,
        },
    };
    let remotes = repo.map(|repo| repo.remotes()).transpose()?;
    let origin = remotes
        .into_iter()
        .flatten()
        .find(|remote| remote.name == "origin");
    Ok(match origin.and_then(|origin| origin.url) {
        Some(Location::Remote(url)) if url.host() == host => url.slug().map(str::to_owned),
        _ => None,
    })
}

/// The account that workflows act as with their own token.
const ACTIONS: &str = "github-actions[bot]";

impl Session {
    /// Prepares the connection, without making a call.
    ///
    /// # Errors
    /// No repository or no token is given, or one of the settings is not valid.
    pub(super) fn open(
        args: &ForgeArgs,
        needs: Needs,
        environment: &Environment,
        patience: Patience,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let host = server(environment);
        let mut notices = Vec::new();
        let slug = match (&args.repository, environment.get(REPOSITORY), needs) {
            (Some(slug), _, _) => slug.clone(),
            (None, Some(slug), _) => slug.to_owned(),
            (None, None, Needs::Reading) => {
                let slug = origin(&host)?.ok_or_else(|| no_repository(needs))?;
                notices.push(format!(
                    "Using {slug}, the remote `origin` of the clone in this folder."
                ));
                slug
            }
            (None, None, Needs::Writing) => return Err(no_repository(needs)),
        };
        let slug: RepoSlug = slug
            .parse()
            .map_err(|error| Failure::usage(format!("{error}")))?;
        let token = token(environment, needs).ok_or_else(|| {
            Failure::usage("there is no token").hint(
                "the Action's input `token` is empty; outside a workflow, set GITHUB_TOKEN. The token is never read from \
                 the command line",
            )
        })?;
        let api = api(environment).to_owned();
        let graphql = environment.get("GITHUB_GRAPHQL_URL");
        let graphql = graphql.map_or_else(|| graphql_of(&api), str::to_owned);
        let network = network(environment);
        let access = |token: SecretString| Access {
            api: api.clone(),
            graphql: graphql.clone(),
            token,
            network: network.clone(),
        };
        let forge = Forge::new(
            &access(token.into()),
            slug.clone(),
            patience,
            Arc::clone(&stop),
        )?;
        let elsewhere = match read_token(environment) {
            Some(token) => Forge::new(&access(token.into()), slug.clone(), patience, stop)?,
            None => forge.of(slug.clone()),
        };
        let local = checkout(args, environment, &mut notices);
        let here = RepositoryIdentity {
            remotes: [format!("https://{host}/{slug}")]
                .iter()
                .filter_map(|url| url.parse().ok())
                .collect(),
            ..RepositoryIdentity::default()
        };
        Ok(Self {
            forge,
            elsewhere,
            remotes: Rc::new(Remotes::new(host.clone(), RemoteRepo::new(slug, local))),
            host,
            here,
            notices,
            own: RefCell::default(),
            own_app: RefCell::default(),
            compared: RefCell::default(),
            actions: RefCell::default(),
            is_small: false,
        })
    }

    /// The account that the token belongs to; read once.
    pub(super) async fn own(&self) -> Fetched<Actor> {
        if let Some(known) = self.own.borrow().as_ref() {
            return known.clone();
        }
        let found = self.forge.bearer().await.map_err(|error| error.to_string());
        self.own.replace(Some(found.clone()));
        found
    }

    /// Compares the names of labels in the events of a pull request with those in REST: one call, unless the same
    /// events were compared before in this run. If a label is renamed in between, its events change too.
    ///
    /// # Errors
    /// Why it could not be read.
    pub(super) async fn compare_label_names(
        &self,
        number: PullNumber,
        events: &mut Vec<LabelEvent>,
    ) -> Fetched<()> {
        if let Some(known) = self.compared.borrow().get(&number)
            && known.told == *events
        {
            events.clone_from(&known.compared);
            return Ok(());
        }
        let told = events.clone();
        let compared = self.forge.compare_label_names(number, events).await;
        compared.map_err(|error| error.to_string())?;
        let compared = events.clone();
        self.compared
            .borrow_mut()
            .insert(number, Compared { told, compared });
        Ok(())
    }

    /// The accounts whose reports are not evidence, if a policy trusts reports of accounts or Apps: that of the token,
    /// and GitHub Actions, which anyone's workflow acts as. Their IDs are read once.
    ///
    /// # Errors
    /// They could not be read: what this run itself reports must never count.
    pub(super) async fn untrusted(&self, trusts: Trusts) -> Result<Vec<UntrustedAccount>, Failure> {
        if trusts == Trusts::default() {
            return Ok(Vec::new());
        }
        let failed = |why: String| {
            Failure::new(
                Exit::Failed,
                format!("the policy trusts reports of other accounts, and it could not be read which account this run uses: {why}"),
            )
            .hint("the next run tries again")
        };
        let own = self.own().await.map_err(failed)?;
        let slug = own.login.strip_suffix("[bot]");
        // GitHub Actions is added below.
        let slug = slug.filter(|_| trusts.apps && !own.is_workflow());
        let known = *self.own_app.borrow();
        let app = match (slug, known) {
            (None, _) => None,
            (_, Some(known)) => Some(known),
            (Some(slug), None) => {
                let app = self.forge.app(slug).await;
                Some(app.map_err(|why| failed(why.to_string()))?.id)
            }
        };
        self.own_app.replace(app);
        let mut accounts = vec![UntrustedAccount {
            login: own.login,
            id: own.id,
            app,
        }];
        accounts.extend(self.actions().await.map_err(failed)?);
        Ok(accounts)
    }

    /// GitHub Actions on a server where its IDs are not those of github.com, which no policy can name.
    async fn actions(&self) -> Fetched<Option<UntrustedAccount>> {
        if self.host == "github.com" {
            return Ok(None);
        }
        if let Some(known) = self.actions.borrow().as_ref() {
            return Ok(Some(known.clone()));
        }
        let (account, app) = tokio::join!(
            self.forge.account_named(ACTIONS),
            self.forge.app("github-actions")
        );
        let app = match app {
            Ok(app) => Some(app.id),
            // A server without GitHub Actions.
            Err(Unread::Hidden) => None,
            Err(why) => return Err(why.to_string()),
        };
        let found = UntrustedAccount {
            login: ACTIONS.to_owned(),
            id: account
                .map_err(|error| error.to_string())?
                .and_then(|account| account.id),
            app,
        };
        self.actions.replace(Some(found.clone()));
        Ok(Some(found))
    }

    /// The rate limit that ended this run's calls, to this repository or to others.
    pub(super) fn rate_limited(&self) -> Option<ForgeError> {
        self.forge
            .rate_limited()
            .or_else(|| self.elsewhere.rate_limited())
    }

    /// How many calls were made.
    pub(super) fn calls(&self) -> Calls {
        let (own, other) = (self.forge.calls(), self.elsewhere.calls());
        if self.forge.shares_wire(&self.elsewhere) {
            return own;
        }
        Calls {
            reads: own.reads + other.reads,
            writes: own.writes + other.writes,
        }
    }

    /// Calls `ask` again until a pass records nothing that still has to be fetched.
    pub(super) async fn fetch_until_complete<T>(
        &self,
        mut ask: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        for _ in 0..MAX_PASSES {
            let answer = ask();
            if !self.remotes.fetch(&self.forge, &self.elsewhere).await {
                return answer;
            }
        }
        Err(Failure::new(
            Exit::Failed,
            format!("reading did not come to an end in {MAX_PASSES} rounds"),
        ))
    }
}

/// More passes than any history within the limits needs.
const MAX_PASSES: usize = 400;

/// The variables that may hold the token; the first one that is set is used.
const TOKEN: [&str; 3] = ["SLUICE_TOKEN", "INPUT_TOKEN", "GITHUB_TOKEN"];
/// The variables that may hold the token for reading other repositories; the first one that is set is used.
const READ_TOKEN: [&str; 3] = ["SLUICE_READ_TOKEN", "INPUT_READ-TOKEN", "INPUT_READ_TOKEN"];

/// The variable of GitHub's own command line: a person's token, used only for reading.
const READS_ONLY: &str = "GH_TOKEN";

/// Every variable that may hold a token. Their values are secrets, whether they are used or not.
pub(super) fn token_variables() -> impl Iterator<Item = &'static str> {
    TOKEN.into_iter().chain(READ_TOKEN).chain([READS_ONLY])
}

fn token(environment: &Environment, needs: Needs) -> Option<String> {
    let named = TOKEN.iter().find_map(|name| environment.get(name));
    let in_workflow = environment.get("GITHUB_ACTIONS").is_some();
    let found = named.or_else(|| match needs {
        // In a workflow, its author says which token is meant.
        Needs::Reading if !in_workflow => environment.get(READS_ONLY),
        Needs::Reading | Needs::Writing => None,
    });
    found.map(str::to_owned)
}

fn read_token(environment: &Environment) -> Option<String> {
    let mut names = READ_TOKEN.iter();
    let found = names.find_map(|name| environment.get(name));
    found.map(str::to_owned)
}

/// The network settings. The runner passes its machine's proxy to the containers of actions, in upper and lower case.
fn network(environment: &Environment) -> Network {
    let either = |name: &str| {
        let found = environment.get(name);
        let found = found.or_else(|| environment.get(&name.to_ascii_lowercase()));
        found.map(str::to_owned)
    };
    Network {
        https_proxy: either("HTTPS_PROXY").map(SecretString::from),
        http_proxy: either("HTTP_PROXY").map(SecretString::from),
        no_proxy: either("NO_PROXY"),
        certificates: environment.get("SSL_CERT_FILE").map(PathBuf::from),
    }
}

fn host_of(server: &str) -> String {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    rest.trim_end_matches('/').to_ascii_lowercase()
}

/// The local clone. It only saves calls: its objects are used by ID, so a clone that cannot be opened or is of another
/// repository does no harm.
fn checkout(
    args: &ForgeArgs,
    environment: &Environment,
    notices: &mut Vec<String>,
) -> Option<Repo> {
    let path = match &args.checkout {
        Some(path) => path.clone(),
        None => PathBuf::from(environment.get("GITHUB_WORKSPACE")?),
    };
    match Repo::at(&path) {
        Ok(repo) => repo,
        Err(error) => {
            notices.push(format!(
                "the checkout is not used, and everything is read through the API: {error}"
            ));
            None
        }
    }
}
