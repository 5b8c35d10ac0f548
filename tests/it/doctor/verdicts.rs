//! What follows from facts that the stand-in cannot answer: who may bypass a ruleset, what only some servers say.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sluice::doctor::{Facts, PolicyFact, end, examine};
use sluice::model::diagnosis::{Diagnosis, Outcome};
use sluice::model::settings::{
    AppEntry, Area, Budget, Bypass, Classic, Exempt, Identity, Merging, PersonRole, Reported,
    Repository, RequiredContext, Rule, RuleFrom, RuleKind, Ruleset, Settings, TokenKind, Unread,
    WorkflowSetting,
};
use sluice::model::signal::Ended;
use sluice::model::workflow::{Installation, Installed, LastRun};

fn repository() -> Repository {
    Repository {
        base: "main".to_owned(),
        private: true,
        archived: false,
        role: PersonRole::Less,
    }
}

/// An App that asks for what it needs, in a repository without rules.
fn settings() -> Settings {
    let areas = [Area::Contents, Area::PullRequests, Area::Statuses];
    let permissions = ["contents", "pull_requests", "issues", "statuses"];
    let permissions = permissions.map(|name| (name.to_owned(), "write".to_owned()));
    Settings {
        identity: Ok(Identity {
            login: "deployer[bot]".to_owned(),
            id: None,
            kind: TokenKind::App("deployer".to_owned()),
        }),
        scopes: None,
        app: Some(Ok(AppEntry {
            id: 77,
            permissions: BTreeMap::from(permissions),
        })),
        areas: areas.into_iter().map(|area| (area, Ok(()))).collect(),
        merging: Ok(Merging {
            squash: true,
            merge: true,
            auto: false,
            queue: false,
            tip: Some("1".repeat(40).parse().unwrap()),
        }),
        workflows: Ok(WorkflowSetting {
            may_open_pulls: false,
        }),
        base_rules: Ok(Vec::new()),
        branch_rules: Ok(Vec::new()),
        rulesets: BTreeMap::new(),
        classic: Ok(Classic {
            rules: Vec::new(),
            unread: None,
        }),
        reported: Ok(Reported::default()),
        labels: Ok(BTreeSet::new()),
        teams: BTreeMap::new(),
        people: BTreeMap::new(),
        budget: Ok(Budget {
            rest: (4990, 5000),
            graphql: (4990, 5000),
        }),
    }
}

fn with_rules(kinds: Vec<RuleKind>, bypass: Bypass) -> Settings {
    let rules = kinds.into_iter().map(|kind| Rule {
        kind,
        from: RuleFrom::Ruleset(7),
    });
    Settings {
        base_rules: Ok(rules.collect()),
        rulesets: BTreeMap::from([(
            7,
            Ok(Ruleset {
                name: "protect main".to_owned(),
                bypass,
                actors: Some(vec!["the App 77".to_owned()]),
            }),
        )]),
        ..settings()
    }
}

fn with_classic(kind: RuleKind, exempt: Exempt) -> Settings {
    Settings {
        classic: Ok(Classic {
            rules: vec![Rule {
                kind,
                from: RuleFrom::Classic(exempt),
            }],
            unread: None,
        }),
        ..settings()
    }
}

fn diagnose(settings: &Settings, policy: &str) -> Vec<Diagnosis> {
    diagnose_with(settings, policy, &Ok(Some(installed())))
}

fn diagnose_with(settings: &Settings, policy: &str, installation: &Installation) -> Vec<Diagnosis> {
    let slug = "acme/gitops".parse().unwrap();
    let policy =
        sluice::policy::parse(&sluice::policy::DEFAULT_PATH.into(), policy.as_bytes()).unwrap();
    examine(&Facts {
        slug: &slug,
        repository: &repository(),
        settings,
        policy: PolicyFact::Read(&policy),
        catalog: None,
        installation,
        now: Timestamp::UNIX_EPOCH,
    })
}

/// An install that ran ten minutes ago.
fn installed() -> Installed {
    Installed {
        file: "sluice.yml".to_owned(),
        url: "https://github.com/acme/gitops/actions/workflows/sluice.yml".to_owned(),
        has_placeholder: false,
        state: Ok("active".to_owned()),
        interval: Some(SignedDuration::from_hours(1)),
        last: Ok(Some(ran(10, Ended::Well))),
    }
}

fn ran(minutes: i64, ended: Ended) -> LastRun {
    LastRun {
        url: "https://github.com/acme/gitops/actions/runs/1".to_owned(),
        at: Timestamp::UNIX_EPOCH - SignedDuration::from_mins(minutes),
        ended,
    }
}

/// What is said about the workflow that reconciles.
fn workflow(installation: &Installation) -> String {
    let slug = "acme/gitops".parse().unwrap();
    let settings = settings();
    let found = examine(&Facts {
        slug: &slug,
        repository: &repository(),
        settings: &settings,
        policy: PolicyFact::Absent,
        catalog: None,
        installation,
        now: Timestamp::UNIX_EPOCH,
    });
    let said = found.into_iter().filter(|one| one.code == "workflow");
    let said = said.map(|one| {
        let action = one.action.unwrap_or_default();
        format!("{}: {} {action}\n", one.outcome.word(), one.message)
    });
    said.collect()
}

#[test]
fn a_workflow_that_does_not_run_is_to_be_changed() {
    let cases = [
        ("fine", Ok(Some(installed()))),
        ("missing", Ok(None)),
        ("unread", Err("no answer".to_owned())),
        (
            "placeholder",
            Ok(Some(Installed {
                has_placeholder: true,
                ..installed()
            })),
        ),
        (
            "disabled",
            Ok(Some(Installed {
                state: Ok("disabled_inactivity".to_owned()),
                ..installed()
            })),
        ),
        (
            "red",
            Ok(Some(Installed {
                last: Ok(Some(ran(10, Ended::Badly("failure".to_owned())))),
                ..installed()
            })),
        ),
        (
            "stale",
            Ok(Some(Installed {
                last: Ok(Some(ran(181, Ended::Well))),
                ..installed()
            })),
        ),
        (
            "not allowed",
            Ok(Some(Installed {
                state: Err("403".to_owned()),
                last: Err("403".to_owned()),
                ..installed()
            })),
        ),
        (
            "new, without a schedule",
            Ok(Some(Installed {
                interval: None,
                last: Ok(None),
                ..installed()
            })),
        ),
    ];
    let said = cases.map(|(name, installation)| format!("# {name}\n{}", workflow(&installation)));
    insta::assert_snapshot!(said.concat(), @"
    # fine
    ok: sluice.yml is enabled, its newest run on main succeeded, and starts at least every 1h. 
    # missing
    change: No workflow of main runs Sluice. Save examples/workflows/install.yml as .github/workflows/sluice.yml, fill in the placeholders, and merge it.
    # unread
    unread: The workflows of main could not be read: no answer. Run this again; a token needs contents: read and actions: read.
    # placeholder
    change: sluice.yml still has the examples' OWNER/sluice@000…. Put your copy's owner and a commit of 40 digits into .github/workflows/sluice.yml.
    # disabled
    change: sluice.yml is not enabled (disabled_inactivity). Enable it on https://github.com/acme/gitops/actions/workflows/sluice.yml.
    # red
    change: sluice.yml ended with failure when it ran last. Read the log of https://github.com/acme/gitops/actions/runs/1.
    # stale
    change: sluice.yml ran last 3h1m ago, and is scheduled at least every 1h. Look at https://github.com/acme/gitops/actions/workflows/sluice.yml: GitHub stops schedules after 60 days without activity. Run workflow starts it again.
    # not allowed
    unread: Whether sluice.yml is enabled could not be read: 403. Give the token actions: read, or look at https://github.com/acme/gitops/actions/workflows/sluice.yml.
    unread: The runs of sluice.yml could not be read: 403. Give the token actions: read, or look at https://github.com/acme/gitops/actions/workflows/sluice.yml.
    # new, without a schedule
    info: sluice.yml has not run on main yet. Start it once: Run workflow on https://github.com/acme/gitops/actions/workflows/sluice.yml.
    info: sluice.yml has no schedule. Add the `schedule` of examples/workflows/install.yml.
    ");
}

/// Codes of what is to be changed or is unread.
fn wrong(settings: &Settings, policy: &str) -> Vec<(Outcome, &'static str)> {
    diagnose(settings, policy)
        .iter()
        .filter(|one| one.outcome <= Outcome::Unread)
        .map(|one| (one.outcome, one.code))
        .collect()
}

const PLAIN: &str = "version: 1\n";

fn checks(name: &str, app: Option<u64>, strict: bool) -> RuleKind {
    RuleKind::StatusChecks {
        strict,
        contexts: vec![RequiredContext {
            name: name.to_owned(),
            app,
        }],
        on_create: true,
    }
}

fn pulls(methods: Option<&str>) -> RuleKind {
    RuleKind::PullRequest {
        reviews: 1,
        code_owners: true,
        methods: methods.map(|method| BTreeSet::from([method.to_owned()])),
    }
}

#[test]
fn an_app_in_a_repository_without_rules_has_nothing_to_change() {
    assert_eq!(wrong(&settings(), PLAIN), []);
    assert_eq!(end(&diagnose(&settings(), PLAIN)), "Nothing to change.");
}

#[test]
fn a_rule_bites_where_it_binds_the_token_and_is_fine_where_it_does_not() {
    use Outcome::{Change, Unread};
    let cases: Vec<(RuleKind, &str, &str)> = vec![
        (checks("ci", None, true), PLAIN, "strict-checks"),
        (pulls(Some("rebase")), PLAIN, "merge-method"),
        (
            RuleKind::LinearHistory,
            "version: 1\nmerge: merge\n",
            "linear-history",
        ),
        (
            RuleKind::LinearHistory,
            "version: 1\nland: exact\n",
            "linear-history",
        ),
        (
            RuleKind::Deployments(vec!["prod".to_owned()]),
            PLAIN,
            "required-deployments",
        ),
        (
            RuleKind::MergeQueue("REBASE".to_owned()),
            PLAIN,
            "merge-queue",
        ),
        (
            RuleKind::Signatures,
            "version: 1\nmerge: merge\n",
            "signatures",
        ),
        (RuleKind::Update, PLAIN, "restricted-updates"),
        (
            pulls(None),
            "version: 1\nstages: { prod: { delivery: commit } }\n",
            "direct-commits",
        ),
        (
            checks("ci", None, false),
            "version: 1\nland: exact\n",
            "direct-commits",
        ),
    ];
    for (kind, policy, code) in cases {
        let of = |bypass| wrong(&with_rules(vec![kind.clone()], bypass), policy);
        assert_eq!(of(Bypass::Never), [(Change, code)], "{kind:?}");
        assert_eq!(of(Bypass::Always), [], "{kind:?}");
        // Only a restriction is mostly meant to be bypassed; everything else is fixed by fixing the rule.
        let unknown = if code == "restricted-updates" {
            Unread
        } else {
            Change
        };
        assert_eq!(of(Bypass::Unknown), [(unknown, code)], "{kind:?}");
        let on_pulls = if code == "direct-commits" {
            vec![(Change, code)]
        } else {
            Vec::new()
        };
        assert_eq!(of(Bypass::OnPulls), on_pulls, "{kind:?}");
    }
}

#[test]
fn rules_that_promotions_can_meet_change_nothing() {
    for (kind, policy) in [
        (RuleKind::LinearHistory, PLAIN),
        (RuleKind::Signatures, PLAIN),
        (
            RuleKind::Signatures,
            "version: 1\nmerge: merge\nverified: true\n",
        ),
        (pulls(Some("squash")), PLAIN),
        (RuleKind::MergeQueue("SQUASH".to_owned()), PLAIN),
        (RuleKind::Deletion, PLAIN),
        (RuleKind::NoForce, PLAIN),
        (
            checks("sluice", Some(77), false),
            "version: 1\nguard: true\n",
        ),
        (RuleKind::Other("commit_message_pattern".to_owned()), PLAIN),
    ] {
        let settings = with_rules(vec![kind.clone()], Bypass::Never);
        assert_eq!(wrong(&settings, policy), [], "{kind:?}");
    }
}

#[test]
fn a_required_status_of_sluice_concerns_everybody_whoever_may_bypass_it() {
    use Outcome::{Change, Info, Ok};
    const GUARD: &str = "version: 1\nguard: true\n";
    let queue = || RuleKind::MergeQueue("SQUASH".to_owned());
    let own = |rules: &[RuleKind], bypass, policy: &str| -> Vec<(Outcome, String)> {
        let found = diagnose(&with_rules(rules.to_vec(), bypass), policy);
        let own = found
            .into_iter()
            .filter(|one| one.code == "required-status-sluice");
        own.map(|one| (one.outcome, one.message)).collect()
    };
    for bypass in [
        Bypass::Never,
        Bypass::Always,
        Bypass::Unknown,
        Bypass::OnPulls,
    ] {
        for (rules, policy, outcome, words) in [
            (
                vec![checks("sluice", Some(77), false)],
                PLAIN,
                Change,
                "does not have `guard: true`",
            ),
            (
                vec![checks("sluice", Some(9), false)],
                GUARD,
                Change,
                "required from the App 9",
            ),
            (
                vec![checks("sluice", Some(77), false), queue()],
                GUARD,
                Change,
                "main has a merge queue",
            ),
            (
                vec![checks("sluice", None, false)],
                GUARD,
                Info,
                "required from anyone",
            ),
            (
                vec![checks("sluice", Some(77), false)],
                GUARD,
                Ok,
                "is required, and `guard: true`",
            ),
            (
                vec![checks("ci", None, false)],
                GUARD,
                Info,
                "but no rule requires it",
            ),
            (vec![queue()], GUARD, Info, "but no rule requires it"),
            (
                vec![checks("ci", None, false)],
                PLAIN,
                Ok,
                "is not required",
            ),
        ] {
            let found = own(&rules, bypass, policy);
            assert!(
                matches!(&found[..], [(one, said)] if *one == outcome && said.contains(words)),
                "{rules:?} {bypass:?}: {found:?}"
            );
        }
    }
    // Each rule that asks for it is named.
    let twice = vec![
        checks("sluice", Some(77), false),
        checks("sluice", None, false),
    ];
    let found = own(&twice, Bypass::Never, GUARD);
    assert_eq!(
        found.iter().map(|one| one.0).collect::<Vec<_>>(),
        [Info, Ok]
    );
}

#[test]
fn checks_of_workflows_wait_for_a_person_where_a_workflows_token_opens_the_pull_request() {
    let mut settings = with_rules(vec![checks("ci", Some(15368), false)], Bypass::Never);
    assert_eq!(wrong(&settings, PLAIN), []);
    settings.workflows = Ok(WorkflowSetting {
        may_open_pulls: true,
    });
    settings.app = None;
    settings.identity = Ok(Identity {
        login: "github-actions[bot]".to_owned(),
        id: None,
        kind: TokenKind::Workflow,
    });
    let found = wrong(&settings, PLAIN);
    assert!(
        found.contains(&(Outcome::Change, "required-checks")),
        "{found:?}"
    );
}

#[test]
fn classic_protection_does_not_bind_those_whom_it_names() {
    let of = |exempt: Exempt| wrong(&with_classic(RuleKind::Update, exempt), PLAIN);
    let names = |name: &str| BTreeSet::from([name.to_owned()]);
    assert_eq!(
        of(Exempt {
            apps: names("Deployer"),
            ..Exempt::default()
        }),
        []
    );
    for others in [
        Exempt::default(),
        Exempt {
            apps: names("another"),
            ..Exempt::default()
        },
        // A person of this name is not the App.
        Exempt {
            people: names("deployer"),
            admins: true,
            ..Exempt::default()
        },
    ] {
        assert_eq!(of(others), [(Outcome::Change, "restricted-updates")]);
    }
}

#[test]
fn what_must_be_changed_comes_first_and_within_that_what_bites_first() {
    let mut settings = with_rules(
        vec![
            checks("sluice", None, true),
            RuleKind::Deployments(vec!["prod".to_owned()]),
        ],
        Bypass::Never,
    );
    settings.labels = Err(Unread::Hidden);
    let found = diagnose(&settings, PLAIN);
    let order: Vec<Outcome> = found.iter().map(|one| one.outcome).collect();
    assert!(order.is_sorted(), "{order:?}");
    let codes: Vec<&str> = found.iter().take(4).map(|one| one.code).collect();
    assert_eq!(
        codes,
        [
            "strict-checks",
            "required-status-sluice",
            "required-deployments",
            "labels"
        ]
    );
    assert_eq!(
        end(&found),
        "3 things to change before the first promotion."
    );
}

#[test]
fn what_could_not_be_read_is_never_fine() {
    let mut settings = settings();
    let failed = || Unread::Failed("the network is down".to_owned());
    settings.identity = Err(failed());
    settings.app = None;
    settings.areas = BTreeMap::from([(Area::Contents, Err(failed()))]);
    settings.merging = Err(failed());
    settings.workflows = Err(failed());
    settings.base_rules = Err(failed());
    settings.branch_rules = Err(failed());
    settings.classic = Err(failed());
    settings.labels = Err(failed());
    settings.budget = Err(failed());
    settings.teams = BTreeMap::from([("acme/ops".to_owned(), Err(failed()))]);
    settings.people = BTreeMap::from([("carol".to_owned(), Err(failed()))]);
    let policy = "version: 1\npeople:\n  leads: [carol, acme/ops]\n";
    let found = diagnose_with(&settings, policy, &Err("the network is down".to_owned()));
    let fine: Vec<&str> = found
        .iter()
        .filter(|one| one.outcome == Outcome::Ok)
        .map(|one| one.code)
        .collect();
    assert_eq!(fine, ["policy"], "{found:#?}");
    assert!(!found.iter().any(|one| one.outcome == Outcome::Change));
    let unread: BTreeSet<&str> = found
        .iter()
        .filter(|one| one.outcome == Outcome::Unread)
        .map(|one| one.code)
        .collect();
    assert_eq!(
        unread,
        BTreeSet::from([
            "actions-may-open",
            "branch-rules",
            "labels",
            "merge-method",
            "people",
            "promotion-branches",
            "rate-limit",
            "repository",
            "teams",
            "token-identity",
            "token-permissions",
            "workflow",
        ])
    );
}

#[test]
fn foreign_names_do_nothing_to_a_terminal() {
    let mut settings = with_rules(vec![RuleKind::Update], Bypass::Never);
    let ruleset = settings.rulesets.get_mut(&7).unwrap().as_mut().unwrap();
    ruleset.name = "main\x1b[2J\nNothing to change.\u{202e}".to_owned();
    let found = diagnose(&settings, PLAIN);
    let text = sluice::report::diagnosis::text(&found, sluice::report::style::Style::default());
    let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(hidden), "{text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("Nothing")),
        "{text}"
    );
}

#[test]
fn gates_that_run_a_workflow_are_advisory_with_a_workflows_own_token_alone() {
    let policy = "version: 1\ngates: { tests: { workflow: tests.yml } }\n";
    let advisory = |kind: TokenKind, policy: &str| {
        let mut settings = settings();
        settings.identity = Ok(Identity {
            login: "github-actions[bot]".to_owned(),
            id: None,
            kind,
        });
        format!("{:?}", diagnose(&settings, policy)).contains("advisory")
    };
    assert!(advisory(TokenKind::Workflow, policy));
    assert!(!advisory(TokenKind::Workflow, "version: 1\n"));
    assert!(!advisory(TokenKind::App("deployer".to_owned()), policy));
}

#[test]
fn a_ruleset_that_keeps_others_from_the_branches_of_promotions_is_looked_for() {
    let said = |settings: &Settings| {
        let found = diagnose(settings, PLAIN).into_iter();
        let of_branches = found.filter(|one| one.code == "promotion-branches");
        let lines = of_branches.map(|one| format!("{:?}: {}", one.outcome, one.message));
        lines.collect::<Vec<_>>().join("\n")
    };
    let with = |kinds: Vec<RuleKind>, bypass| {
        let made = with_rules(kinds, bypass);
        Settings {
            branch_rules: made.base_rules,
            base_rules: Ok(Vec::new()),
            ..made
        }
    };
    let all = || vec![RuleKind::Creation, RuleKind::Update, RuleKind::Deletion];
    let mut workflow = settings();
    workflow.identity = Ok(Identity {
        login: "github-actions[bot]".to_owned(),
        id: None,
        kind: TokenKind::Workflow,
    });
    insta::assert_snapshot!(
        [
            said(&settings()),
            said(&with(all(), Bypass::Always)),
            said(&with(vec![RuleKind::Creation], Bypass::Always)),
            said(&with(all(), Bypass::Never)),
            said(&workflow),
        ]
        .join("\n--\n"),
        @r"
    Info: Anyone with write access can create, push to and delete branches sluice/….
    Ok: Branches sluice/… may be created and deleted.
    --
    Ok: Branches sluice/… may be created and deleted.
    Ok: Only Sluice may create, update or delete branches sluice/….
    --
    Info: Anyone with write access can push to and delete branches sluice/….
    Ok: Branches sluice/… may be created and deleted.
    --
    Change: Branches sluice/… cannot be created: the ruleset “protect main” lets no one create them.
    Info: Branches sluice/… stay after their promotion: the ruleset “protect main” lets no one delete them.
    --
    Ok: Branches sluice/… may be created and deleted.
    "
    );
}

#[test]
fn a_policy_that_takes_our_own_word_for_evidence_is_found() {
    let mut own = settings();
    own.identity = Ok(Identity {
        login: "deployer[bot]".to_owned(),
        id: Some(1007),
        kind: TokenKind::App("deployer".to_owned()),
    });
    let status =
        "version: 1\nstages: { dev: { ready: { status: { context: smoke, creator: 1007 } } } }\n";
    let check = "version: 1\ngates: { e2e: { check: { name: e2e, app: 77 } } }\n";
    for policy in [status, check] {
        let found = wrong(&own, policy);
        assert!(
            found.contains(&(Outcome::Change, "own-evidence")),
            "{found:?}"
        );
    }
    let other = status.replace("1007", "1008");
    assert_eq!(wrong(&own, &other), []);
}
