//! A hotfix, and what a rollback left, stay when things are renamed, moved, deleted and restored, or put in between: the same verdict as
//! without that, decided from history alone.

use test_support::git::TestRepo;
use test_support::{pipeline, plan, run, service};

/// A history in the making: files by path, one commit for each change.
struct Life {
    repo: TestRepo,
    names: Names,
    dev: String,
    prod: String,
}

/// What everything is called, and where it is.
#[derive(Clone)]
struct Names {
    pipeline: &'static str,
    stage: &'static str,
    source: &'static str,
    target: &'static str,
    namespace: &'static str,
    source_file: &'static str,
    target_file: &'static str,
    pipeline_file: &'static str,
    /// A stage between dev and prod, with the version that it runs.
    between: Option<&'static str>,
    /// How many other services are in the target's file.
    beside: &'static [&'static str],
}

const NAMES: Names = Names {
    pipeline: "web",
    stage: "prod",
    source: "web-dev",
    target: "web-prod",
    namespace: "apps",
    source_file: "dev.yaml",
    target_file: "prod.yaml",
    pipeline_file: "web.yaml",
    between: None,
    beside: &[],
};

fn chart(name: &str, namespace: &str, version: &str) -> String {
    test_support::chart(name, version)
        .replace("namespace: apps", &format!("namespace: {namespace}"))
}

impl Life {
    fn new(gate: &'static str) -> Self {
        let life = Self {
            repo: TestRepo::new(),
            names: NAMES,
            dev: "1.1.0".to_owned(),
            prod: "1.0.0".to_owned(),
        };
        life.repo.commit("main", &[(".github/sluice.yaml", gate)]);
        life.commits("start");
        life
    }

    fn files(&self) -> Vec<(String, String)> {
        let Names {
            pipeline: name,
            stage,
            source,
            target,
            namespace,
            ..
        } = self.names;
        let from = match self.names.between {
            Some(_) => "web-staging",
            None => source,
        };
        let into = format!("{target} < {from}");
        let target_ref = format!("name: {target} }}");
        let mut stages: Vec<(&str, Vec<&str>)> = vec![("dev", vec![source])];
        let mut edges: Vec<(String, Vec<&str>)> = Vec::new();
        if self.names.between.is_some() {
            stages.push(("staging", vec!["web-staging"]));
            edges.push((format!("staging {stage}"), Vec::new()));
        } else {
            edges.push((format!("dev {stage}"), Vec::new()));
        }
        stages.push((stage, vec![&into]));
        let stages: Vec<(&str, &[&str])> =
            stages.iter().map(|(name, all)| (*name, &all[..])).collect();
        let edges: Vec<(&str, &[&str])> = edges
            .iter()
            .map(|(name, all)| (&name[..], &all[..]))
            .collect();
        let pipeline = pipeline(name, &stages, &edges).replace(
            &target_ref,
            &format!("name: {target}, namespace: {namespace} }}"),
        );
        let mut files = vec![
            (self.names.pipeline_file.to_owned(), pipeline),
            (
                self.names.source_file.to_owned(),
                chart(source, "apps", &self.dev),
            ),
        ];
        if let Some(version) = self.names.between {
            files.push((
                "staging.yaml".to_owned(),
                chart("web-staging", "apps", version),
            ));
        }
        let mut all = vec![chart(target, namespace, &self.prod)];
        all.extend(
            self.names
                .beside
                .iter()
                .map(|name| chart(name, "apps", "3.0.0")),
        );
        files.push((self.names.target_file.to_owned(), all.join("---\n")));
        files
    }

    /// One commit that brings the files up to what is said here; nothing else is left but the policy and what `kept` names.
    fn commits_keeping(&self, message: &str, kept: &[(&str, &str)]) {
        let mut commit = self.repo.on("main").message(message);
        let files = self.files();
        let there = self.repo.open();
        let tip = self.repo.tip("main").unwrap();
        for file in there
            .files(&tip, &|path| path.ends_with(".yaml"))
            .unwrap()
            .files
        {
            let stays = files.iter().any(|(path, _)| *path == file.path)
                || kept.iter().any(|(path, _)| *path == file.path)
                || file.path.starts_with(".github/")
                || file.path.starts_with("other/");
            if !stays {
                commit = commit.remove(&file.path);
            }
        }
        for (path, text) in &files {
            commit = commit.file(path, text);
        }
        for (path, text) in kept {
            commit = commit.file(path, text);
        }
        commit.done();
        self.repo.check_out("main");
    }

    fn commits(&self, message: &str) {
        self.commits_keeping(message, &[]);
    }

    /// The state of the target's stage, and what is said of it without names that change.
    fn verdict(&self) -> (String, String) {
        let planned = plan(self.repo.path());
        let Names {
            pipeline, stage, ..
        } = self.names;
        let state = planned.state(pipeline, stage).to_owned();
        let left_out = &planned.promotion(pipeline, stage)["left_out"][0];
        let by = left_out["commit"].as_str().unwrap_or("nobody");
        (state, by.to_owned())
    }
}

/// What is done to the names after a hotfix.
type Disturbance = (&'static str, fn(&mut Life));

const DISTURBANCES: &[Disturbance] = &[
    ("nothing", |_| {}),
    ("the target is renamed", |life| {
        life.names.target = "shop-prod";
        life.commits("rename");
    }),
    ("the target is renamed in another file", |life| {
        life.names.target = "shop-prod";
        life.names.target_file = "clusters/prod/shop.yaml";
        life.commits("rename");
    }),
    ("the target is renamed in two steps", |life| {
        let new = chart("shop-prod", "apps", &life.prod);
        life.commits_keeping("the new one", &[("shop.yaml", &new)]);
        let old = chart("web-prod", "apps", &life.prod);
        life.names.target = "shop-prod";
        life.names.target_file = "shop.yaml";
        life.commits_keeping("exchange the name", &[("prod.yaml", &old)]);
        life.commits("delete the old one");
    }),
    ("the target's namespace changes", |life| {
        life.names.namespace = "shop";
        life.commits("namespace");
    }),
    ("the target is deleted and restored", |life| {
        let text = life.repo.read("prod.yaml").unwrap();
        life.repo
            .on("main")
            .remove("prod.yaml")
            .message("delete")
            .done();
        life.repo.commit("main", &[("docs/x", "1")]);
        life.repo
            .on("main")
            .file("prod.yaml", &text)
            .message("revert")
            .done();
        life.repo.check_out("main");
    }),
    ("the target's file moves", |life| {
        life.names.target_file = "clusters/prod/web.yaml";
        life.commits("move");
    }),
    (
        "the target's file is joined with others, and split",
        |life| {
            life.names.beside = &["a-prod", "b-prod"];
            life.commits("join");
            life.names.target_file = "clusters/prod/web.yaml";
            life.commits("move");
            life.names.beside = &[];
            let rest = chart("a-prod", "apps", "3.0.0");
            life.commits_keeping("split", &[("rest.yaml", &rest)]);
        },
    ),
    ("the source is renamed", |life| {
        life.names.source = "shop-dev";
        life.commits("rename");
    }),
    ("the source is renamed in another file", |life| {
        life.names.source = "shop-dev";
        life.names.source_file = "clusters/dev/shop.yaml";
        life.commits("rename");
    }),
    ("the source's file moves", |life| {
        life.names.source_file = "clusters/dev/web.yaml";
        life.commits("move");
    }),
    ("both are renamed", |life| {
        life.names.source = "shop-dev";
        life.names.target = "shop-prod";
        life.commits("rename");
    }),
    ("a stage is put in between", |life| {
        life.names.between = Some("1.1.0");
        life.commits("staging");
    }),
    ("the source is exchanged", |life| {
        life.names.source = "other-dev";
        life.names.source_file = "other/dev.yaml";
        let old = chart("web-dev", "apps", &life.dev);
        life.commits_keeping("exchange", &[("dev.yaml", &old)]);
    }),
    ("the pipeline is renamed", |life| {
        life.names.pipeline = "shop";
        life.commits("rename");
    }),
    ("the pipeline's file moves", |life| {
        life.names.pipeline_file = "pipelines/web.yaml";
        life.commits("move");
    }),
    ("the stage is renamed", |life| {
        life.names.stage = "live";
        life.commits("rename");
    }),
    ("everything is renamed at once", |life| {
        life.names = Names {
            pipeline: "shop",
            stage: "live",
            source: "shop-dev",
            target: "shop-prod",
            ..life.names.clone()
        };
        life.commits("rename");
    }),
    ("the pipeline is renamed, then the target", |life| {
        life.names.pipeline = "shop";
        life.commits("rename");
        life.names.target = "shop-prod";
        life.commits("rename");
    }),
    ("the target is renamed twice, and back", |life| {
        for name in ["shop-prod", "store-prod", "web-prod"] {
            life.names.target = name;
            life.commits("rename");
        }
    }),
    ("three hundred files move at once", |life| {
        let mut commit = life.repo.on("main").message("many");
        for (path, text) in crowd("other/a", 300) {
            commit = commit.file(&path, &text);
        }
        commit.done();
        let text = life.repo.read("prod.yaml").unwrap();
        life.names.target_file = "other/prod.yaml";
        let mut commit = life.repo.on("main").message("move").remove("prod.yaml");
        for ((from, text), (to, _)) in crowd("other/a", 300).into_iter().zip(crowd("other/b", 300))
        {
            commit = commit.remove(&from).file(&to, &text);
        }
        commit.file("other/prod.yaml", &text).done();
        life.repo.check_out("main");
    }),
];

const AUTO: &str = "version: 1\nstages: { prod: { trigger: auto }, live: { trigger: auto } }\n";

/// The disturbances after which the verdict is a different one.
fn undone(begin: impl Fn() -> Life, wanted: &str) -> Vec<&'static str> {
    let differs = |(name, disturb): &Disturbance| {
        let mut life = begin();
        let set = life.repo.tip("main").unwrap().to_string();
        disturb(&mut life);
        let (state, by) = life.verdict();
        (state != wanted || (wanted == "ahead" && by != set)).then_some(*name)
    };
    DISTURBANCES.iter().filter_map(differs).collect()
}

#[test]
fn a_hotfix_stays_whatever_is_renamed_moved_restored_or_put_in_between() {
    let begin = || {
        let mut life = Life::new(AUTO);
        life.prod = "1.0.1".to_owned();
        life.commits("hotfix");
        life
    };
    assert_eq!(undone(begin, "ahead"), Vec::<&str>::new());
}

#[test]
fn drift_and_since_name_the_hotfix_under_every_name() {
    let mut wrong = Vec::new();
    for (name, disturb) in DISTURBANCES {
        let mut life = Life::new(AUTO);
        life.prod = "1.0.1".to_owned();
        life.commits("hotfix");
        let hotfix = life.repo.tip("main").unwrap().to_string();
        disturb(&mut life);
        let history = run(life.repo.path(), &["history", "--verify", "--format=json"]).json();
        let deviations = history["verified"]["deviations"].as_array().unwrap();
        let drift: Vec<&str> = deviations
            .iter()
            .map(|one| one["commit"].as_str().unwrap())
            .collect();
        let status = run(life.repo.path(), &["status", "--format=json"]).json();
        let stages = status["pipelines"][0]["stages"].as_array().unwrap();
        let prod = stages
            .iter()
            .find(|stage| stage["stage"] == life.names.stage)
            .unwrap();
        let since = prod["since"]["commit"].as_str();
        if drift != [&hotfix[..]] || since != Some(&hotfix[..]) {
            wrong.push((name, drift.len(), since == Some(&hotfix[..])));
        }
        assert_eq!(history["unread"], serde_json::json!([]), "{name}");
    }
    assert_eq!(wrong, []);
}

#[test]
fn a_value_that_comes_with_the_new_name_was_set_by_hand_there() {
    for rename in [
        (|life| life.names.target = "shop-prod") as fn(&mut Life),
        |life| life.names.namespace = "shop",
        |life| {
            life.names.target = "shop-prod";
            life.names.target_file = "clusters/prod/shop.yaml";
        },
    ] {
        let mut life = Life::new(AUTO);
        rename(&mut life);
        life.prod = "1.0.2".to_owned();
        life.commits("rename and bump");
        let set = life.repo.tip("main").unwrap().to_string();
        assert_eq!(life.verdict(), ("ahead".to_owned(), set));
    }
}

#[test]
fn what_nothing_precedes_is_a_creation_and_is_due() {
    let mut life = Life::new(AUTO);
    life.repo.commit("main", &[("docs/x", "1")]);
    // Another service, of another chart, takes the place of the one that is gone.
    life.names.target = "shop-prod";
    let files = life.files();
    let mut commit = life.repo.on("main").message("another one");
    for (path, text) in &files {
        let text = match path == "prod.yaml" {
            true => text.replace("chart: app", "chart: shop"),
            false => text.clone(),
        };
        commit = commit.file(path, &text);
    }
    commit.done();
    life.repo.check_out("main");
    assert_eq!(life.verdict().0, "due");
}

#[test]
fn what_several_may_have_preceded_waits_and_says_so() {
    let mut life = Life::new(AUTO);
    // Two services of one place vanish from the file in which the new one appears, and no pipeline names either.
    life.names.beside = &["a-prod", "b-prod"];
    life.names.target = "other-prod";
    life.commits("beside");
    let mut pipelines = life.files();
    pipelines.retain(|(path, _)| path == "web.yaml");
    life.repo
        .on("main")
        .remove("web.yaml")
        .message("no pipeline")
        .done();
    life.names.beside = &[];
    life.names.target = "shop-prod";
    life.commits("rename");
    let (state, _) = life.verdict();
    assert_eq!(state, "ahead");
    let planned = plan(life.repo.path());
    let reason = planned.reason("web", "prod");
    assert!(
        reason.contains("several services may have preceded it, so it counts as set by hand in"),
        "{reason}"
    );
}

/// A number that a seed leads to, below a limit.
fn next(seed: &mut u64, limit: usize) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    usize::try_from(*seed % limit as u64).unwrap()
}

/// The next of these names, after the last the first again.
fn turn<T: Copy + PartialEq>(now: &mut T, names: &[T]) {
    let at = names.iter().position(|name| name == now).unwrap();
    *now = names[(at + 1) % names.len()];
}

/// What can be done to the names again and again.
const STEPS: &[Disturbance] = &[
    ("target", |life| {
        let names = ["web-prod", "shop-prod", "store-prod"];
        turn(&mut life.names.target, &names);
    }),
    ("namespace", |life| {
        turn(&mut life.names.namespace, &["apps", "shop"]);
    }),
    ("target's file", |life| {
        let files = ["prod.yaml", "clusters/prod.yaml"];
        turn(&mut life.names.target_file, &files);
    }),
    ("source", |life| {
        turn(&mut life.names.source, &["web-dev", "shop-dev"]);
    }),
    ("source's file", |life| {
        let files = ["dev.yaml", "clusters/dev.yaml"];
        turn(&mut life.names.source_file, &files);
    }),
    ("pipeline", |life| {
        turn(&mut life.names.pipeline, &["web", "shop"]);
    }),
    ("pipeline's file", |life| {
        let files = ["web.yaml", "pipelines/web.yaml"];
        turn(&mut life.names.pipeline_file, &files);
    }),
    ("stage", |life| {
        turn(&mut life.names.stage, &["prod", "live"]);
    }),
    ("beside", |life| {
        let beside: [&[&str]; 3] = [&[], &["a-prod"], &["a-prod", "b-prod"]];
        turn(&mut life.names.beside, &beside);
    }),
];

#[test]
fn two_hundred_generated_histories_forget_no_hotfix() {
    let mut seed = 0x77u64;
    let mut wrong = Vec::new();
    for _ in 0..200 {
        let mut life = Life::new(AUTO);
        life.prod = "1.0.1".to_owned();
        life.commits("hotfix");
        let hotfix = life.repo.tip("main").unwrap().to_string();
        let mut done: Vec<Vec<&str>> = Vec::new();
        for _ in 0..=next(&mut seed, 5) {
            // At most two things at once.
            let mut names = Vec::new();
            for _ in 0..=next(&mut seed, 2) {
                let (name, step) = STEPS[next(&mut seed, STEPS.len())];
                step(&mut life);
                names.push(name);
            }
            life.commits("step");
            done.push(names);
        }
        let verdict = life.verdict();
        if verdict != ("ahead".to_owned(), hotfix) {
            wrong.push((done, verdict.0));
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn twenty_services_that_are_renamed_at_once_are_each_followed() {
    let repo = TestRepo::new();
    let commits = |old: &str, version: &dyn Fn(usize) -> String| {
        let names: Vec<(String, String)> = (0..20)
            .map(|number| (format!("dev-{number}"), format!("{old}-{number}")))
            .collect();
        let dev: Vec<&str> = names.iter().map(|(dev, _)| &dev[..]).collect();
        let into: Vec<String> = names
            .iter()
            .map(|(dev, prod)| format!("{prod} < {dev}"))
            .collect();
        let into: Vec<&str> = into.iter().map(String::as_str).collect();
        let web = pipeline(
            "web",
            &[("dev", &dev), ("prod", &into)],
            &[("dev prod", &[])],
        );
        let all = |prod: bool| {
            let each = names.iter().enumerate().map(|(number, (dev, target))| {
                let (name, version) = match prod {
                    true => (target, version(number)),
                    false => (dev, "1.1.0".to_owned()),
                };
                chart(name, "apps", &version)
            });
            each.collect::<Vec<_>>().join("---\n")
        };
        let commit = repo
            .on("main")
            .file(".github/sluice.yaml", AUTO)
            .file("web.yaml", &web)
            .file("dev.yaml", &all(false))
            .file("prod.yaml", &all(true))
            .done();
        repo.check_out("main");
        commit
    };
    commits("web", &|_| "1.0.0".to_owned());
    let fixed = |number: usize| format!("1.0.{}", number + 1);
    let hotfix = commits("web", &fixed).to_string();
    commits("shop", &fixed);
    let planned = plan(repo.path());
    let left_out = planned.promotion("web", "prod")["left_out"]
        .as_array()
        .unwrap();
    assert_eq!(left_out.len(), 20);
    assert!(
        left_out.iter().all(|one| one["commit"] == hotfix),
        "{left_out:?}"
    );
}

/// A value that was set by hand in the `Secret` of prod, and what is done to that afterwards.
#[test]
fn a_key_that_was_set_by_hand_in_a_secret_stays_whatever_becomes_of_the_secret() {
    let secret = |name: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{ name: {name}, namespace: apps }}\nstringData: {{ token: {value} }}\n"
        )
    };
    let keyed = |name: &str, secret: &str| {
        service(name, &format!("configurationRef: {{ name: {secret} }}"))
    };
    let web = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &["web-prod < web-dev: token"]),
        ],
        &[("dev prod", &[])],
    );
    type Deed<'d> = (&'static str, &'d dyn Fn(&TestRepo));
    let deeds: [Deed<'_>; 5] = [
        ("nothing", &|_| {}),
        ("deleted and restored", &|repo| {
            repo.on("main")
                .remove("s-prod.yaml")
                .message("delete")
                .done();
            repo.commit("main", &[("docs/x", "1")]);
            repo.commit("main", &[("s-prod.yaml", &secret("prod", "mine"))]);
        }),
        ("moved", &|repo| {
            repo.on("main")
                .rename("s-prod.yaml", "clusters/prod/secret.yaml")
                .done();
        }),
        ("renamed", &|repo| {
            repo.commit(
                "main",
                &[
                    ("s-prod.yaml", &secret("live", "mine")),
                    ("prod.yaml", &keyed("web-prod", "live")),
                ],
            );
        }),
        ("renamed in two steps", &|repo| {
            repo.commit("main", &[("s-live.yaml", &secret("live", "mine"))]);
            repo.commit("main", &[("prod.yaml", &keyed("web-prod", "live"))]);
            repo.on("main")
                .remove("s-prod.yaml")
                .message("delete")
                .done();
        }),
    ];
    let mut wrong = Vec::new();
    for (name, deed) in deeds {
        let repo = TestRepo::new();
        repo.commit(
            "main",
            &[
                (".github/sluice.yaml", AUTO),
                ("web.yaml", &web),
                ("dev.yaml", &keyed("web-dev", "dev")),
                ("prod.yaml", &keyed("web-prod", "prod")),
                ("s-dev.yaml", &secret("dev", "new")),
                ("s-prod.yaml", &secret("prod", "old")),
            ],
        );
        let hotfix = repo.commit("main", &[("s-prod.yaml", &secret("prod", "mine"))]);
        deed(&repo);
        repo.check_out("main");
        let planned = plan(repo.path());
        let by = &planned.promotion("web", "prod")["left_out"][0]["commit"];
        if planned.state("web", "prod") != "ahead" || *by != hotfix.to_string() {
            wrong.push((name, planned.reason("web", "prod").to_owned()));
        }
    }
    assert_eq!(wrong, []);
}

/// Services in files of their own, none of which is like another.
fn crowd(folder: &str, count: usize) -> Vec<(String, String)> {
    let each = (0..count).map(|number| {
        let text = chart(&format!("more-{number}"), "apps", "2.0.0");
        (format!("{folder}/{number}.yaml"), text)
    });
    each.collect()
}

#[test]
fn a_commit_that_takes_away_more_than_is_read_counts_as_set_by_hand() {
    for (count, expected) in [(199, "due"), (200, "ahead")] {
        let mut life = Life::new(AUTO);
        life.names.target = "old-prod";
        life.commits("old");
        let mut commit = life.repo.on("main").remove("web.yaml").message("crowd");
        for (path, text) in crowd("other", count) {
            commit = commit.file(&path, &text);
        }
        commit.done();
        // The new one is of another chart, so that nothing of what is removed fits.
        life.names.target = "web-prod";
        let mut commit = life.repo.on("main").message("take away");
        for (path, _) in crowd("other", count) {
            commit = commit.remove(&path);
        }
        for (path, text) in life.files() {
            let text = match path == "prod.yaml" {
                true => text.replace("chart: app", "chart: web"),
                false => text,
            };
            let path = path.replace("prod.yaml", "clusters/prod.yaml");
            commit = commit.file(&path, &text);
        }
        commit.remove("prod.yaml").done();
        life.repo.check_out("main");
        assert_eq!(life.verdict().0, expected, "{count} and one");
        if expected == "ahead" {
            let planned = plan(life.repo.path());
            let reason = planned.reason("web", "prod");
            assert!(
                reason.contains("more than 200 manifest files would have to be read"),
                "{reason}"
            );
        }
    }
}

#[test]
fn a_manifest_that_comes_back_is_followed_over_five_hundred_commits() {
    for (between, expected) in [(498, "ahead"), (500, "due")] {
        let mut life = Life::new(AUTO);
        life.prod = "1.0.1".to_owned();
        life.commits("hotfix");
        let text = life.repo.read("prod.yaml").unwrap();
        life.repo
            .on("main")
            .remove("prod.yaml")
            .message("delete")
            .done();
        for number in 0..between {
            life.repo.commit("main", &[("docs/x", &number.to_string())]);
        }
        life.repo.commit("main", &[("prod.yaml", &text)]);
        life.repo.check_out("main");
        assert_eq!(life.verdict().0, expected, "{between}");
    }
}

#[test]
fn a_secret_of_which_it_cannot_be_told_what_it_was_counts_as_set_by_hand() {
    let secret = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{ name: {name}, namespace: apps }}\nstringData: {{ token: mine }}\n"
        )
    };
    let keyed = |name: &str, secret: &str| {
        service(name, &format!("configurationRef: {{ name: {secret} }}"))
    };
    let web = pipeline(
        "web",
        &[
            ("dev", &["web-dev"]),
            ("prod", &["web-prod < web-dev: token"]),
        ],
        &[("dev prod", &[])],
    );
    for (count, expected) in [(10, "due"), (300, "ahead")] {
        let repo = TestRepo::new();
        let mut commit = repo
            .on("main")
            .file(".github/sluice.yaml", AUTO)
            .file("web.yaml", &web)
            .file("dev.yaml", &keyed("web-dev", "dev"))
            .file("prod.yaml", &keyed("web-prod", "prod"))
            .file("s-dev.yaml", &secret("dev").replace("mine", "new"));
        for (path, text) in crowd("other", count) {
            commit = commit.file(&path, &text);
        }
        commit.done();
        // The Secret appears, and so much is removed that what it was before may be among that.
        let mut commit = repo.on("main").file("s-prod.yaml", &secret("prod"));
        for (path, _) in crowd("other", count) {
            commit = commit.remove(&path);
        }
        commit.done();
        repo.check_out("main");
        assert_eq!(plan(repo.path()).state("web", "prod"), expected, "{count}");
    }
}
