//! A large GitOps repository on the stand-in GitHub, and an hour of work by people and its sources. The caller decides
//! how Sluice is run against it.
//!
//! A pipeline leads from dev over qa to prod, each edge behind an approval, every fourth way to prod behind a window too. It has four
//! services a stage: two take git from folders of this very repository (dev follows `main`, qa and prod are pinned), two take a chart
//! by its version. Services that are in no pipeline make up the number of manifests.

use std::path::Path;
use std::sync::{Arc, Mutex};

use github_stand_in::{GitHub, Place, Role, Seen, World};

/// The repository.
pub const SLUG: &str = "acme/gitops";
/// What the simple install gives the workflow's token.
const PERMISSIONS: &str =
    "contents:write, pull-requests:write, issues:write, statuses:write, actions:read";
/// The services of each stage of a pipeline.
const SERVICES: usize = 4;
/// How large it is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// All manifests together.
    pub manifests: usize,
    /// Pipelines, of three stages each.
    pub pipelines: usize,
    /// How many of them have something to promote when Sluice first runs.
    pub behind: usize,
}

/// The repository, and the runner's token.
pub struct Large {
    /// The stand-in GitHub that contains it.
    pub hub: GitHub,
    /// The token of the workflow.
    pub token: String,
    size: Size,
}

fn name(pipeline: usize, service: usize) -> String {
    let kind = ["api", "worker", "cache", "ingress"][service];
    format!("p{pipeline:03}-{kind}")
}

fn file(stage: &str, pipeline: usize, service: usize) -> String {
    format!(
        "clusters/{stage}/team-{:02}/{}.yaml",
        pipeline % 20,
        name(pipeline, service)
    )
}

fn folder(pipeline: usize, service: usize) -> String {
    format!("services/{}", name(pipeline, service))
}

/// Whether a service takes git from this repository; else it takes a chart.
fn takes_git(service: usize) -> bool {
    service < 2
}

fn manifest(name: &str, stage: &str, spec: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: {name}\n  namespace: \
         {stage}\nspec:\n  namespace: {name}\n{spec}  configuration:\n    team: payments\n    size: small\n  clusterRef:\n    kind: \
         Cluster\n    name: {stage}\n    namespace: infra\n"
    )
}

/// A service of a pipeline that takes `version`: a git ref, or that of a chart.
fn service(stage: &str, pipeline: usize, service: usize, version: &str) -> String {
    let spec = if takes_git(service) {
        format!(
            "  git:\n    folder: {}\n    ref: {version}\n  repositoryRef:\n    kind: GitRepository\n    name: monorepo\n    namespace: \
             infra\n",
            folder(pipeline, service)
        )
    } else {
        format!(
            "  helm:\n    version: {version} # promoted\n    chart: web\n    url: https://charts.example.com\n    values:\n      \
             replicas: 3\n"
        )
    };
    manifest(&name(pipeline, service), stage, &spec)
}

fn pipeline(number: usize) -> String {
    let mut text = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata:\n  name: p{number:03}\n  namespace: \
         infra\nspec:\n  stages:\n"
    );
    for (stage, source) in [("dev", None), ("qa", Some("dev")), ("prod", Some("qa"))] {
        text.push_str(&format!("  - name: {stage}\n    services:\n"));
        for service in 0..SERVICES {
            let name = name(number, service);
            text.push_str(&format!(
                "    - serviceRef: {{ name: {name}, namespace: {stage} }}\n"
            ));
            if let Some(source) = source {
                text.push_str(&format!(
                    "      criteria:\n        serviceRef: {{ name: {name}, namespace: {source} }}\n"
                ));
            }
        }
    }
    text.push_str(
        "  edges:\n  - from: dev\n    to: qa\n    gates:\n    - { name: tested, type: APPROVAL }\n",
    );
    text.push_str(
        "  - from: qa\n    to: prod\n    gates:\n    - { name: release, type: APPROVAL }\n",
    );
    if number.is_multiple_of(4) {
        text.push_str("    - { name: hours, type: WINDOW }\n");
    }
    text
}

const POLICY: &str = "version: 1\ngates:\n  hours: { open: [\"Mon-Fri 07:00-19:00\"], zone: Europe/Berlin }\n  \
    release: { exclude: [change-authors] }\n";

impl Large {
    /// Makes it, with a history in which each folder was changed by a commit of its own before the stages were pinned there, and
    /// then the changes of those that are behind: in dev alone, or in qa too and not in prod.
    pub fn new(hub: GitHub, size: Size) -> Self {
        let repo = hub.repo(SLUG);
        repo.role("carol", Role::Write).role("dave", Role::Write);
        repo.role("tom", Role::Triage);
        let token = repo.workflow_token(PERMISSIONS);
        let large = Self { hub, token, size };
        large.grow();
        large
    }

    /// Another one that begins as this one is now.
    pub fn copy(&self) -> Self {
        Self {
            hub: self.hub.copy(),
            token: self.token.clone(),
            size: self.size,
        }
    }

    fn repo(&self) -> Place<Arc<Mutex<World>>> {
        self.hub.repo(SLUG)
    }

    fn push(&self, files: &[(String, String)], why: &str) -> String {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        self.repo().by("dave").pushes("main", &files, why)
    }

    fn grow(&self) {
        let sources = (0..self.size.pipelines).flat_map(|pipeline| {
            (0..SERVICES)
                .filter(|service| takes_git(*service))
                .map(move |service| (pipeline, service))
        });
        let sources: Vec<(usize, usize)> = sources.collect();
        let all: Vec<(String, String)> = sources
            .iter()
            .flat_map(|(pipeline, service)| code(*pipeline, *service, 0))
            .collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        self.repo().files("main", &all);
        let mut files = vec![
            (".github/sluice.yaml".to_owned(), POLICY.to_owned()),
            (
                "infra/monorepo.yaml".to_owned(),
                format!(
                    "apiVersion: deployments.plural.sh/v1alpha1\nkind: GitRepository\nmetadata:\n  name: monorepo\n  namespace: \
                     infra\nspec:\n  url: https://github.com/{SLUG}.git\n"
                ),
            ),
        ];
        for (pipeline, service) in sources {
            let pin = self.push(&code(pipeline, service, 1), "Change a service");
            for stage in ["qa", "prod"] {
                files.push((
                    file(stage, pipeline, service),
                    self::service(stage, pipeline, service, &pin),
                ));
            }
            files.push((
                file("dev", pipeline, service),
                self::service("dev", pipeline, service, "main"),
            ));
        }
        for number in 0..self.size.pipelines {
            files.push((format!("pipelines/p{number:03}.yaml"), pipeline(number)));
            for service in (0..SERVICES).filter(|service| !takes_git(*service)) {
                for stage in ["dev", "qa", "prod"] {
                    let text = self::service(stage, number, service, "1.0.0");
                    files.push((file(stage, number, service), text));
                }
            }
        }
        // The policy is not a manifest.
        for number in files.len() - 1..self.size.manifests {
            let spec = "  helm:\n    version: 2.0.1\n    chart: tool\n    url: https://charts.example.com\n";
            files.push((
                format!("clusters/tools/team-{:02}/tool-{number}.yaml", number % 20),
                manifest(&format!("tool-{number}"), "tools", spec),
            ));
        }
        self.push(&files, "Keep everything here");
        // The last pipelines are behind; people's hour begins with the first.
        for number in 0..self.size.behind {
            let pipeline = self.size.pipelines - 1 - number;
            if number.is_multiple_of(2) {
                self.push(&code(pipeline, 0, 2), "Change a service");
            } else {
                let ahead = |stage: &str| {
                    (
                        file(stage, pipeline, 2),
                        service(stage, pipeline, 2, "1.1.0"),
                    )
                };
                self.push(&[ahead("dev"), ahead("qa")], "Take a newer chart");
            }
        }
    }

    /// Someone changes a source, a folder or a chart in turn, as the `number`th commit of the hour: each of another pipeline as long
    /// as there are any.
    pub fn source_commit(&self, number: usize) {
        let pipeline = number % self.size.pipelines;
        if number.is_multiple_of(2) {
            self.push(&code(pipeline, 0, 3 + number), "Change a service");
        } else {
            let text = service("dev", pipeline, 2, &format!("1.2.{number}"));
            self.push(&[(file("dev", pipeline, 2), text)], "Take a newer chart");
        }
    }

    /// Approves the oldest open promotion that no one has approved yet: every other one by its label, the rest by a
    /// review.
    pub fn approve_next(&self) -> Option<u64> {
        let repo = self.repo();
        let is_free = |number: &u64| {
            let labels = repo.labels(*number);
            let spoken = labels.iter().any(|label| label.starts_with("approve/"));
            repo.reviews(*number).is_empty() && !spoken
        };
        let next = repo.pulls(true).into_iter().find(is_free)?;
        if next.is_multiple_of(2) {
            let branch = repo.pull(next)["head"]["ref"].to_string();
            let label = match branch.contains("/prod/") {
                true => "approve/prod/release",
                false => "approve/qa/tested",
            };
            repo.by("carol").labels(next, label);
        } else {
            repo.by("carol").approves(next);
        }
        Some(next)
    }

    /// Someone who may only triage holds the promotion of pipeline 1 into qa, and closes it.
    fn close_held(&self) {
        let repo = self.repo();
        let is_it = |number: &u64| {
            let branch = repo.pull(*number)["head"]["ref"].to_string();
            branch.contains("sluice/p001/qa/")
        };
        let held = repo.pulls(true).into_iter().find(is_it).unwrap();
        repo.by("tom").labels(held, "sluice/hold");
        repo.by("tom").closes(held);
    }

    /// What happens in a busy hour, in order, about two thirds of a minute apart: thirty commits to sources, twenty
    /// approvals, half of them by label, the schedule, every quarter, and one promotion that someone without write
    /// access holds and closes before its source changes again.
    pub fn busy_hour() -> Vec<Event> {
        let mut events = Vec::new();
        // The last of thirty goes to a source that changed before.
        let mut commits = 0..29;
        for round in 0..10 {
            events.extend(commits.by_ref().take(2).map(Event::Commit));
            events.extend([Event::Approval; 2]);
            match round {
                1 => events.push(Event::CloseHeld),
                2 => events.push(Event::Again),
                _ => {}
            }
            events.extend(commits.by_ref().take(1).map(Event::Commit));
            if round % 3 == 2 {
                events.push(Event::Schedule);
            }
        }
        events.push(Event::Schedule);
        events
    }

    /// Lets one of them happen.
    pub fn happens(&self, event: Event) {
        self.hub.advance(60);
        match event {
            Event::Commit(number) => self.source_commit(number),
            Event::Approval => {
                self.approve_next();
            }
            Event::CloseHeld => self.close_held(),
            Event::Again => {
                let text = service("dev", 1, 2, "1.3.0");
                self.push(&[(file("dev", 1, 2), text)], "Take a newer chart");
            }
            Event::Schedule => {}
        }
    }

    /// A new hour begins, in which nothing of the token's budget is used up yet.
    pub fn next_hour(&self) {
        self.hub.advance(3600);
    }

    /// Points of GraphQL's budget that were used up in this hour.
    pub fn points(&self) -> u64 {
        self.hub.used(&self.token, "graphql")
    }

    /// Open promotions.
    pub fn open(&self) -> usize {
        self.repo().pulls(true).len()
    }

    /// What the runner of the next run finds as its workspace: a clone of depth 1.
    pub fn checks_out(&self, folder: &Path) {
        self.repo().checks_out("main", folder);
    }

    /// What the runner's environment says.
    pub fn environment(&self, workspace: &Path) -> Vec<(&'static str, String)> {
        let url = self.hub.url();
        vec![
            ("GITHUB_API_URL", url.clone()),
            ("GITHUB_GRAPHQL_URL", format!("{url}/graphql")),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
            ("GITHUB_REPOSITORY", SLUG.to_owned()),
            ("GITHUB_WORKSPACE", workspace.display().to_string()),
            ("INPUT_TOKEN", self.token.clone()),
        ]
    }
}

/// Why a run is woken.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Someone changed a source; counted from the first time.
    Commit(usize),
    /// Someone approved a promotion.
    Approval,
    /// Someone without write access held a promotion and closed it.
    CloseHeld,
    /// The source of that promotion changed again.
    Again,
    /// Nothing happened.
    Schedule,
}

/// What a call was for, without the names and numbers in it.
pub fn kind_of(call: &Seen) -> String {
    let line = call.line();
    let line = line.replace(&format!("/repos/{SLUG}"), "");
    let words: Vec<&str> = line
        .split('/')
        .map(|word| {
            let is_id = word.len() >= 40 || word.parse::<u64>().is_ok();
            if is_id { "…" } else { word }
        })
        .collect();
    let line = words.join("/");
    let line = match line.split_once("/sluice/") {
        Some((start, _)) => format!("{start}/sluice/…"),
        None => line,
    };
    match &call.operation {
        Some(operation) => {
            // The first that is in it: one query may ask for much.
            let kinds = [
                ("defaultBranchRef", "the look"),
                ("messageHeadline", "what is brought"),
                ("history(first", "a page of history"),
                ("entries {", "folders"),
                ("pullRequests(", "closed pull requests"),
            ];
            let of = kinds
                .iter()
                .find(|(part, _)| operation.document.contains(*part));
            format!("{line} {}", of.map_or("", |(_, kind)| *kind))
        }
        None => line,
    }
}

/// The files of a service's folder, in one of their versions.
fn code(pipeline: usize, service: usize, version: usize) -> Vec<(String, String)> {
    let name = name(pipeline, service);
    let folder = folder(pipeline, service);
    vec![
        (
            format!("{folder}/deployment.yaml"),
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 2\n  template:\n    \
                 spec:\n      containers:\n      - {{ name: {name}, image: 'registry.example.com/{name}:{version}' }}\n"
            ),
        ),
        (
            format!("{folder}/kustomization.yaml"),
            "resources:\n- deployment.yaml\n".to_owned(),
        ),
    ]
}
