//! The fixtures themselves: each says in one line what it shows, and behaves so.

use test_support::{fixture, plan, replace, repo_of, run};

/// Name, exit code of `plan`, and each promotion as `PIPELINE STAGE STATE` (at the tests' time, as a plain folder).
const FIXTURES: &[(&str, u8, &[&str])] = &[
    ("automation-only", 0, &["runtime prod not-moved"]),
    (
        "company",
        0,
        &[
            "payments qa-eu held",
            "payments qa-us held",
            "payments prod held",
            "search prod held",
        ],
    ),
    (
        "diamond",
        0,
        &["shop qa-eu due", "shop qa-us due", "shop prod in-sync"],
    ),
    ("fields", 0, &["image prod due"]),
    ("fixed-by-hand", 0, &["orders prod due"]),
    ("folder-per-environment", 0, &["web prod due"]),
    ("freeze-and-holds", 0, &["one prod held", "two prod due"]),
    (
        "helm-versions",
        0,
        &["podinfo staging due", "podinfo prod in-sync"],
    ),
    ("join-any", 0, &["joined prod due", "joined prod due"]),
    ("k3s-upgrade", 0, &["k3s-upgrade prod in-sync"]),
    ("k3s-upgrade-version", 0, &["k3s-upgrade prod due"]),
    ("monorepo", 0, &["web prod held"]),
    (
        "plural-examples",
        0,
        &["k3s-upgrade prod in-sync", "podinfo prod not-moved"],
    ),
    ("scaffold", 0, &[]),
    ("secrets", 0, &["billing prod due"]),
    ("secrets-sops", 2, &["billing prod error"]),
    ("template-beside-instances", 0, &["agent prod due"]),
    ("templates-beside", 0, &["search prod due", "mail prod due"]),
    ("three-services", 0, &["payments prod due"]),
    (
        "triggers",
        0,
        &["app auto due", "app manual held", "app unset held"],
    ),
    ("two-pipelines", 0, &["search prod due", "mail prod due"]),
    ("two-repositories", 0, &["api prod held", "web prod held"]),
    (
        "wide-services",
        0,
        &["checkout prod held", "catalog prod held"],
    ),
];

#[test]
fn every_fixture_is_listed_here_and_says_in_one_line_what_it_shows() {
    let mut found: Vec<String> = std::fs::read_dir(fixture("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let listed: Vec<&str> = FIXTURES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(found, listed);
    for name in listed {
        let text = std::fs::read_to_string(fixture(name).join("README.md")).unwrap();
        assert_eq!(text.lines().count(), 1, "{name}");
        assert!(text.len() > 30 && text.ends_with(".\n"), "{name}: {text}");
    }
}

#[test]
fn every_fixture_behaves_as_listed() {
    for (name, exit, promotions) in FIXTURES {
        let path = fixture(name);
        run(&path, &["plan"]).exits(*exit);
        let planned = plan(&path);
        let found: Vec<String> = planned.0["pipelines"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|pipeline| {
                let name = pipeline["name"].as_str().unwrap().to_owned();
                let promotions = pipeline["promotions"].as_array().unwrap().iter();
                promotions.map(move |promotion| {
                    let text = |key: &str| promotion[key].as_str().unwrap().to_owned();
                    format!("{name} {} {}", text("stage"), text("state"))
                })
            })
            .collect();
        assert_eq!(found, *promotions, "{name}");
    }
}

#[test]
fn layouts_like_plurals_own_have_no_error() {
    for (name, warnings, passed_over) in [
        (
            "automation-only",
            &["automation-only", "automation-only"][..],
            0,
        ),
        ("scaffold", &[], 4),
        ("template-beside-instances", &[], 2),
    ] {
        let ran = run(&fixture(name), &["validate", "--format", "json"]).exits(0);
        let document = ran.json();
        let codes = test_support::codes(&document);
        assert_eq!(codes, warnings, "{name}: {document:#}");
        let found = document["passed_over"].as_array().unwrap();
        assert_eq!(found.len(), passed_over, "{name}: {found:#?}");
    }
}

#[test]
fn the_companys_policy_uses_every_section_and_nothing_is_wrong_with_it() {
    let path = fixture("company");
    let text = std::fs::read_to_string(path.join(".github/sluice.yaml")).unwrap();
    let schema = sluice::policy::schema();
    for section in schema["properties"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("\n{section}:")), "{section}");
    }
    let committed = repo_of("company");
    for path in [path.as_path(), committed.path()] {
        let ran = run(path, &["validate", "--format", "json"]).exits(0);
        assert_eq!(ran.json()["findings"], serde_json::json!([]));
    }
}

#[test]
fn the_company_leaves_out_patches_that_look_like_second_copies() {
    let repo = repo_of("company");
    let exclude =
        "  exclude: [\"**/patches/**\"]          # kustomize patches look like second copies\n";
    replace(&repo, ".github/sluice.yaml", exclude, "");
    run(repo.path(), &["validate"])
        .exits(2)
        .says(&["reference-ambiguous", "clusters/prod/patches/ledger.yaml"]);
}
