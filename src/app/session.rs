//! A run on the forge: its connection, the repositories that it reads, and what the environment says about it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use secrecy::SecretString;

use super::call::lies_in;
use crate::catalog::RepositoryIdentity;
use crate::cli::ForgeArgs;
use crate::error::{Exit, Failure};
use crate::forge::{Access, Calls, Forge, ForgeError, Network, Patience};
use crate::gather::{RemoteRepo, Remotes};
use crate::model::actor::Actor;
use crate::model::evidence::LabelEvent;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::policy::{Trusts, UntrustedAccount};
use crate::model::repo_url::Location;
use crate::model::settings::Unread;
use crate::model::slug::RepoSlug;
use crate::repo::Repo;

/// What the environment says, by name; tests give their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A run on the forge.
pub(super) struct Session {
    /// This repository.
    pub forge: Forge,
    /// For reading other repositories.
    pub elsewhere: Forge,
    /// The repositories that are read.
    pub remotes: Rc<Remotes>,
    /// What makes a repository this one.
    pub here: RepositoryIdentity,
    /// Notices for the reader.
    pub notices: Vec<String>,
    /// Whose token it is, once that was asked for.
    own: RefCell<Option<Fetched<Actor>>>,
    /// The number of the App behind it, once that was asked for.
    own_app: RefCell<Option<u64>>,
    /// The label events of pull requests whose names were compared with REST.
    compared: RefCell<BTreeMap<PullNumber, Compared>>,
    /// GitHub Actions as it is numbered on another server than github.com, once that was asked for.
    actions: RefCell<Option<UntrustedAccount>>,
    /// The server's host name.
    host: String,
}

/// Label events of a pull request.
struct Compared {
    /// As they were told.
    told: Vec<LabelEvent>,
    /// As the comparison with REST left them.
    compared: Vec<LabelEvent>,
}

/// What a command does with the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// It only reads: where it does so, and with what token, may be found.
    Reading,
    /// It writes: where it does so must be said.
    Writing,
}

/// The variable that names the repository.
const REPOSITORY: &str = "GITHUB_REPOSITORY";

/// Whether what only reads is led to a repository on GitHub: the environment names one, or there is a token, and this folder lies in a clone
/// whose remote `origin` is there.
pub(super) fn leads_to_github(environment: Environment<'_>) -> bool {
    given(environment, REPOSITORY).is_some()
        || (token(environment, Needs::Reading).is_some()
            && matches!(origin(&server(environment)), Ok(Some(_))))
}

/// The host of GitHub, or of a GitHub Enterprise Server.
fn server(environment: Environment<'_>) -> String {
    let url = environment("GITHUB_SERVER_URL");
    host_of(url.as_deref().unwrap_or("https://github.com"))
}

fn no_repository(needs: Needs) -> Failure {
    let also = match needs {
        Needs::Reading => {
            ", or set GITHUB_REPOSITORY, or work in a clone whose remote `origin` is on GitHub"
        }
        Needs::Writing => {
            ", or set GITHUB_REPOSITORY: what writes is not led by a clone's remote `origin`"
        }
    };
    Failure::usage("no repository is named").hint(format!(
        "give --repository OWNER/NAME{also}; `promote --local` works without GitHub"
    ))
}

/// `owner/name` of the remote `origin` of the clone that this folder lies in, if that is on the server.
fn origin(host: &str) -> Result<Option<String>, Failure> {
    let here = Path::new(".");
    let repo = match Repo::at(here)? {
        Some(repo) => Some(repo),
        None => match lies_in(here) {
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

/// The account as which workflows work with their own token.
const ACTIONS: &str = "github-actions[bot]";

impl Session {
    /// Makes ready; makes no call.
    pub(super) fn open(
        args: &ForgeArgs,
        needs: Needs,
        environment: Environment<'_>,
        patience: Patience,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let host = server(environment);
        let mut notices = Vec::new();
        let slug = match (&args.repository, given(environment, REPOSITORY), needs) {
            (Some(slug), _, _) => slug.clone(),
            (None, Some(slug), _) => slug,
            (None, None, Needs::Reading) => {
                let slug = origin(&host)?.ok_or_else(|| no_repository(needs))?;
                notices.push(format!(
                    "{slug} is looked at: the remote `origin` of the clone in this folder."
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
                "the Action's input `token` is empty; outside of a workflow set GITHUB_TOKEN. It is never taken from the \
                 command line",
            )
        })?;
        let api =
            environment("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
        let graphql = environment("GITHUB_GRAPHQL_URL").unwrap_or_else(|| graphql_of(&api));
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
        elsewhere.set_read_only_here();
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
        })
    }

    /// Whose token it is; asked for once.
    pub(super) async fn own(&self) -> Fetched<Actor> {
        if let Some(known) = self.own.borrow().as_ref() {
            return known.clone();
        }
        let found = self.forge.bearer().await.map_err(|error| error.to_string());
        self.own.replace(Some(found.clone()));
        found
    }

    /// Compares the names of labels in the events of a pull request with those in REST: one call, unless the same events were compared in this
    /// run. A label that is changed in between changes its events.
    ///
    /// # Errors
    /// In words.
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

    /// The accounts whose word is no evidence, if a policy trusts the word of accounts or Apps: that of the token, and GitHub Actions, as which
    /// everybody's workflows work. What they are numbered is asked for once.
    ///
    /// # Errors
    /// If it could not be told: what this run says itself must never count.
    pub(super) async fn untrusted(&self, trusts: Trusts) -> Result<Vec<UntrustedAccount>, Failure> {
        if trusts == Trusts::default() {
            return Ok(Vec::new());
        }
        let failed = |why: String| {
            Failure::new(
                Exit::Failed,
                format!("the policy trusts what others report, and whose word is no evidence could not be read: {why}"),
            )
            .hint("the next run reads it again")
        };
        let own = self.own().await.map_err(failed)?;
        let slug = own.login.strip_suffix("[bot]");
        // GitHub Actions is looked for below.
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

    /// GitHub Actions, if its numbers are not those of github.com, which no policy can name.
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

    /// The rate limit that ended the calls of this run, or those to other repositories.
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

    /// Asks again and again until a pass notes nothing that is still to be fetched.
    pub(super) async fn settle<T>(
        &self,
        mut ask: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        for _ in 0..MOST_PASSES {
            let answer = ask();
            if !self.remotes.fetch(&self.forge, &self.elsewhere).await {
                return answer;
            }
        }
        Err(Failure::new(
            Exit::Failed,
            format!("reading did not come to an end in {MOST_PASSES} rounds"),
        ))
    }
}

/// More rounds of fetching than any history within bounds needs.
const MOST_PASSES: usize = 400;

/// The variables that may hold the token; the first that is set counts.
const TOKEN: [&str; 3] = ["SLUICE_TOKEN", "INPUT_TOKEN", "GITHUB_TOKEN"];
/// The variables that may hold the token for reading other repositories; the first that is set counts.
const READ_TOKEN: [&str; 3] = ["SLUICE_READ_TOKEN", "INPUT_READ-TOKEN", "INPUT_READ_TOKEN"];

/// The variable in which GitHub's own command line has its token: a person's, for what only reads.
const READS_ONLY: &str = "GH_TOKEN";

/// Every variable that may hold a token: what stands in one is a secret, whether it is used or not.
pub(super) fn token_variables() -> impl Iterator<Item = &'static str> {
    TOKEN.into_iter().chain(READ_TOKEN).chain([READS_ONLY])
}

fn token(environment: Environment<'_>, needs: Needs) -> Option<String> {
    let named = TOKEN.iter().find_map(|name| given(environment, name));
    let in_workflow = given(environment, "GITHUB_ACTIONS").is_some();
    named.or_else(|| match needs {
        // In a workflow whoever wrote it says which token is meant.
        Needs::Reading if !in_workflow => given(environment, READS_ONLY),
        Needs::Reading | Needs::Writing => None,
    })
}

fn read_token(environment: Environment<'_>) -> Option<String> {
    READ_TOKEN.iter().find_map(|name| given(environment, name))
}

/// The way to GitHub. The runner hands the proxy of its machine to the containers of actions, in capitals and in small letters.
fn network(environment: Environment<'_>) -> Network {
    let either = |name: &str| {
        given(environment, name).or_else(|| given(environment, &name.to_ascii_lowercase()))
    };
    Network {
        https_proxy: either("HTTPS_PROXY").map(SecretString::from),
        http_proxy: either("HTTP_PROXY").map(SecretString::from),
        no_proxy: either("NO_PROXY"),
        certificates: given(environment, "SSL_CERT_FILE").map(PathBuf::from),
    }
}

fn given(environment: Environment<'_>, name: &str) -> Option<String> {
    environment(name)
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// GraphQL's address where only REST's is known: GitHub Enterprise Server has them side by side.
fn graphql_of(api: &str) -> String {
    let api = api.trim_end_matches('/');
    match api.strip_suffix("/v3") {
        Some(root) => format!("{root}/graphql"),
        None => format!("{api}/graphql"),
    }
}

fn host_of(server: &str) -> String {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    rest.trim_end_matches('/').to_ascii_lowercase()
}

/// The clone at hand. It only saves calls: what it holds is taken by id, so that one which cannot be opened, or is of
/// another repository, does no harm.
fn checkout(
    args: &ForgeArgs,
    environment: Environment<'_>,
    notices: &mut Vec<String>,
) -> Option<Repo> {
    let path = match &args.checkout {
        Some(path) => path.clone(),
        None => PathBuf::from(environment("GITHUB_WORKSPACE")?),
    };
    match Repo::at(&path) {
        Ok(repo) => repo,
        Err(error) => {
            notices.push(format!(
                "the checkout is not used, everything is read through the API: {error}"
            ));
            None
        }
    }
}
