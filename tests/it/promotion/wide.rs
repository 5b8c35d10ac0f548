//! Services as real repositories have them: git and a chart in one, the older and the newer style side by side, further
//! sources, `helm.values`, and a `List` among several documents.

use sluice::model::ids::CommitId;
use test_support::git::TestRepo;
use test_support::{change, files_of, fixture, folder, plan, replace, repo_of, run};

const DEV: &str = "clusters/dev/checkout.yaml";
const PROD: &str = "clusters/prod/checkout.yaml";
const LIST: &str = "clusters/catalog.yaml";

/// The fixture as the repository that its manifests speak of, released as v1.4.0, with one change of each app after that.
fn shop() -> (TestRepo, CommitId, CommitId) {
    let repo = repo_of("wide-services");
    let _ = repo.git().remote("origin", "git@github.com:acme/shop.git");
    repo.light_tag("v1.4.0", &repo.tip("main").unwrap());
    let checkout = ("apps/checkout/values.yaml", "replicas: 4\n");
    let checkout = change(&repo, "Scale checkout (#31)", &[checkout]);
    let catalog = ("apps/catalog/values.yaml", "replicas: 5\n");
    let catalog = change(&repo, "Scale catalog (#32)", &[catalog]);
    (repo, checkout, catalog)
}

/// Replaces texts that each appear exactly once.
#[track_caller]
fn with(text: &str, exchanged: &[(&str, &str)]) -> String {
    exchanged.iter().fold(text.to_owned(), |text, (old, new)| {
        assert_eq!(text.matches(old).count(), 1, "{old:?} in\n{text}");
        text.replace(old, new)
    })
}

/// Both files as they are once everything was promoted; everything else stays as it is, byte for byte.
fn promoted(checkout: &CommitId, catalog: &CommitId) -> [(&'static str, String); 2] {
    let read = |path: &str| std::fs::read_to_string(fixture("wide-services").join(path)).unwrap();
    let prod = with(
        &read(PROD),
        &[
            (
                "    ref: \"v1.4.0\"             # what",
                &format!("    ref: \"{checkout}\"             # what"),
            ),
            ("tag: '2024.10.1'      #", "tag: '2024.11.3'      #"),
            (
                "        oldCart: true         # until spring\n",
                "        oldCart: true         # until spring\n        cart: split\n    version: 2.14.1\n",
            ),
        ],
    );
    let list = with(
        &read(LIST),
        &[
            ("ref: v1.4.0 # frozen", &format!("ref: {catalog} # frozen")),
            (
                "version: ~2.3 # any patch",
                "version: 3.0.0-rc.2 # any patch",
            ),
        ],
    );
    [(PROD, prod), (LIST, list)]
}

#[test]
fn a_plan_shows_what_of_each_service_moves() {
    let (repo, ..) = shop();
    run(repo.path(), &["validate"]).exits(0).says(&[
        "warning[target-moves]: prod",
        "--> clusters/catalog.yaml:29:20",
        "follows the version range ~2.3 on its own",
        "10 files, 2 pipelines, 4 services: 1 warning.",
    ]);
    let out = run(repo.path(), &["plan"]).exits(0).out;
    insta::assert_snapshot!(out, @r"
    acme/shop  main adec714   2 pipelines, 4 services

    checkout  dev → prod                                      DUE  257906
      checkout-prod  clusters/prod/checkout.yaml:18
        spec.git.ref                   v1.4.0 → 85a9c52   main 2023-11-14, 1 commit
          85a9c52 Scale checkout, Test, #31
          https://github.com/acme/shop/compare/61ba93241453ddf8aeced8d3ec496dae14b0cbe7...85a9c52fdb835a192f3f4b57e40021f5d19fbcd2
        spec.helm.version              (nothing) → 2.14.1
        spec.helm.values.image.tag     2024.10.1 → 2024.11.3
        spec.helm.values.features.cart (nothing) → split
      not copied: spec.helm.values.payments.provider of checkout-prod: there is no mapping to add it to
      gates
        ? release              1 approval by anyone with write access (unread: not on GitHub)

    catalog  dev → prod                                       DUE  02dfe5
      catalog-prod  clusters/catalog.yaml:24
        spec.git.ref           v1.4.0 → adec714   main 2023-11-14, 1 commit
          adec714 Scale catalog, Test, #32
          https://github.com/acme/shop/compare/61ba93241453ddf8aeced8d3ec496dae14b0cbe7...adec714cb63d47301dd5183c9d68ef425471c586
        spec.helm.version      ~2.3 → 3.0.0-rc.2
      gates
        ? release              1 approval by anyone with write access (unread: not on GitHub)

    warning[target-moves]: prod follows the version range ~2.3 on its own; release cannot stop it
      --> clusters/catalog.yaml:29:20
       |
    29 |           version: ~2.3 # any patch
       |                    ^^^^
       |
       = help: the first promotion pins it

    2 due. Nothing was written. Next: sluice simulate PATH --approve NAME
    ");
}

#[test]
fn everything_is_promoted_byte_for_byte_in_both_styles_and_inside_the_list() {
    let (repo, checkout, catalog) = shop();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let asked = ["simulate", "--approve", "ann", "--out"];
    let asked = [&asked[..], &[out.to_str().unwrap()]].concat();
    run(repo.path(), &asked).exits(0).says(&["All in sync"]);
    let mut wanted = files_of(&fixture("wide-services"));
    let app = |app: &str, text: &str| (format!("apps/{app}/values.yaml"), text.to_owned());
    let after = promoted(&checkout, &catalog).map(|(path, text)| (path.to_owned(), text));
    let after = after.into_iter().chain([
        app("checkout", "replicas: 4\n"),
        app("catalog", "replicas: 5\n"),
    ]);
    for (path, text) in after {
        let file = wanted.iter_mut().find(|(known, _)| *known == path);
        file.unwrap().1 = text;
    }
    assert_eq!(files_of(&out), wanted);
}

fn promote(repo: &TestRepo, pipeline: &str) {
    let asked = ["promote", "--local", "--to", "prod", "--approved-by", "ann"];
    run(
        repo.path(),
        &[&asked[..], &["--pipeline", pipeline]].concat(),
    )
    .exits(0);
}

#[test]
fn a_landing_writes_the_same_bytes_and_nothing_is_due_after_it() {
    let (repo, checkout, catalog) = shop();
    promote(&repo, "checkout");
    promote(&repo, "catalog");
    for (path, text) in promoted(&checkout, &catalog) {
        assert_eq!(repo.read(path).unwrap(), text);
    }
    let planned = plan(repo.path());
    for pipeline in ["checkout", "catalog"] {
        assert_eq!(planned.state(pipeline, "prod"), "in-sync", "{pipeline}");
    }
    assert_eq!(planned.codes(), Vec::<String>::new());
}

#[test]
fn a_commit_in_a_folder_of_sources_is_a_move_and_one_elsewhere_is_none() {
    let (repo, ..) = shop();
    promote(&repo, "checkout");
    for path in [
        "docs/shop.md",
        "observability/catalog.yaml",
        "apps/checkout-old/x",
    ] {
        change(&repo, "elsewhere", &[(path, "x\n")]);
        assert_eq!(
            plan(repo.path()).state("checkout", "prod"),
            "in-sync",
            "{path}"
        );
    }
    let board = ("observability/checkout/board.yaml", "title: Pay\n");
    let board = change(&repo, "Rename the board", &[board]);
    let planned = plan(repo.path());
    let moved = &planned.promotion("checkout", "prod")["changes"][0];
    assert_eq!(moved["new"], board.to_string());
    assert_eq!(moved["brings"]["commits"][0]["subject"], "Rename the board");

    // The target's own further sources count as well.
    let (repo, ..) = shop();
    promote(&repo, "checkout");
    let more = "  - {path: alerts, git: {folder: observability/alerts, ref: main}}\n";
    let last = "  - {path: dashboards, git: {folder: observability/checkout, ref: main}}\n";
    replace(&repo, PROD, last, &format!("{last}{more}"));
    assert_eq!(plan(repo.path()).state("checkout", "prod"), "in-sync");
    let rule = ("observability/alerts/rule.yaml", "a: 1\n");
    let rule = change(&repo, "Alert", &[rule]);
    let planned = plan(repo.path());
    let moved = &planned.promotion("checkout", "prod")["changes"][0];
    assert_eq!(moved["new"], rule.to_string());
}

#[test]
fn a_range_at_the_source_is_an_error_at_its_place_and_one_at_the_target_is_pinned() {
    for range in ["6.x", "\">= 2\"", "\"*\"", "~2.14", "^2.14.1", "2.14"] {
        let (repo, ..) = shop();
        let old = "    version: 2.14.1 # VERSION\n";
        replace(
            &repo,
            DEV,
            old,
            &format!("    version: {range} # VERSION\n"),
        );
        let shown = range.trim_matches('"');
        run(repo.path(), &["validate"]).exits(2).says(&[
            "error[revision-unresolved]: ",
            "--> clusters/dev/checkout.yaml:27:14",
            &format!("the chart version `{shown}` of checkout-dev is a range"),
            "help: pin the source to an exact version such as 6.5.3",
        ]);
        let planned = plan(repo.path());
        assert_eq!(planned.state("checkout", "prod"), "error", "{range}");
        // The other pipeline runs on, and its range is at the target.
        assert!(
            planned
                .changes("catalog", "prod")
                .contains(&"catalog-prod spec.helm.version: ~2.3 → 3.0.0-rc.2".to_owned())
        );
    }
}

#[test]
fn what_is_no_single_value_or_no_text_is_not_copied_from_helm_values() {
    let scalar = "        tag: 2024.11.3\n";
    let mapping = "        tag: {name: 2024.11.3}\n";
    let target = "        tag: '2024.10.1'      # bumped by release\n";
    let feature = "        cart: split\n";
    for (path, old, new, place, why) in [
        (
            DEV,
            scalar,
            mapping,
            "clusters/dev/checkout.yaml:34:14",
            "spec.helm.values.image.tag of checkout-dev is not a scalar",
        ),
        (
            PROD,
            target,
            "        tag: [2024.10.1]\n",
            "clusters/prod/checkout.yaml:28:14",
            "spec.helm.values.image.tag of checkout-prod is not a single value",
        ),
        // A boolean to one reader, and a text to the next.
        (
            DEV,
            feature,
            "        cart: off\n",
            "clusters/dev/checkout.yaml:36:15",
            "spec.helm.values.features.cart of checkout-dev is `off` without quotes",
        ),
    ] {
        let (repo, ..) = shop();
        replace(&repo, path, old, new);
        let ran = run(repo.path(), &["validate"]).exits(2);
        ran.says(&["error[target-not-editable]: ", &format!("--> {place}"), why]);
        assert_eq!(
            plan(repo.path()).state("checkout", "prod"),
            "error",
            "{why}"
        );
    }
    // A boolean stays one, is not a change if it is the same on both sides, and is a text in quotes.
    for (dev, prod) in [
        ("        cart: true\n", "        cart: false\n"),
        ("        cart: off\n", "        cart: off\n"),
        ("        cart: false\n", "        cart: false\n"),
        ("        cart: \"false\"\n", "        cart: \"true\"\n"),
    ] {
        let (repo, ..) = shop();
        replace(&repo, DEV, feature, dev);
        let old = "        oldCart: true         # until spring\n";
        replace(&repo, PROD, old, &format!("{old}{prod}"));
        run(repo.path(), &["validate"]).exits(0);
    }
}

#[test]
fn a_chart_from_one_repository_is_from_one_place_however_it_is_named() {
    let service = |name: &str, namespace: &str, helm: &str, version: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{name: {name}, namespace: \
             {namespace}}}\nspec:\n  helm:\n    {helm}\n    chart: app\n    version: {version}\n---\n"
        )
    };
    let pipeline = "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {name: app, namespace: dev}\n\
        spec:\n  stages:\n  - name: dev\n    services: [{serviceRef: {name: app}}]\n  - name: prod\n    services:\n    - \
        serviceRef: {name: app, namespace: prod}\n      criteria: {serviceRef: {name: app, namespace: dev}}\n  edges: [{from: \
        dev, to: prod, gates: [{name: ok, type: APPROVAL}]}]\n---\n";
    let git = "apiVersion: deployments.plural.sh/v1alpha1\nkind: GitRepository\nmetadata: {name: charts}\nspec: {url: \
               \"https://git.example.com/a/charts\"}\n";
    let planned = |dev: &str, prod: &str, more: &str| {
        let all = [
            service("app", "dev", dev, "1.1.0"),
            service("app", "prod", prod, "1.0.0"),
            pipeline.to_owned(),
            more.to_owned(),
        ];
        let dir = folder(&[("all.yaml", &all.concat())]);
        let planned = plan(dir.path());
        (planned.state("app", "prod").to_owned(), planned.codes())
    };
    let due = ("due".to_owned(), vec![]);
    // A GitRepository has no namespace, whatever a reference says.
    let kind = "repositoryRef: {kind: GitRepository, name: charts";
    for (dev, prod) in [
        (format!("{kind}}}"), format!("{kind}}}")),
        (format!("{kind}}}"), format!("{kind}, namespace: infra}}")),
        (
            format!("{kind}}}"),
            "repositoryRef: {name: charts}".to_owned(),
        ),
    ] {
        assert_eq!(planned(&dev, &prod, git), due, "{dev} {prod}");
    }
    let bare = "repositoryRef: {name: charts}";
    assert_eq!(planned(bare, bare, git), due);
    // Another kind has one.
    let (state, codes) = planned(bare, bare, "");
    assert_eq!(
        (state.as_str(), codes[0].as_str()),
        ("error", "repository-differs")
    );
    let other = "repositoryRef: {kind: GitRepository, name: other}";
    let (state, _) = planned(&format!("{kind}}}"), other, git);
    assert_eq!(state, "error");
}
