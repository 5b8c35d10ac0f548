//! Attacks by what is read through the API: manifests that are bombs or links, refs that lead elsewhere, addresses, answers.

use end_to_end::site::Site;
use github_stand_in::{Fault, When};
use serde_json::json;
use sluice::error::Exit;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Instant;

/// Two services of this repository's own content: dev takes `ref`, prod is at a commit.
fn services(reference: &str, commit: &str) -> String {
    let service = |name: &str, reference: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: {name}, namespace: apps }}\n\
             spec:\n  git: {{ url: https://github.com/acme/gitops.git, folder: web, ref: \"{reference}\" }}\n---\n"
        )
    };
    format!(
        "{}{}apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: web, namespace: apps }}\nspec:\n  \
         stages:\n  - {{ name: dev, services: [{{ serviceRef: {{ name: web-dev }} }}] }}\n  - {{ name: prod, services: [{{ \
         serviceRef: {{ name: web-prod }}, criteria: {{ serviceRef: {{ name: web-dev }} }} }}] }}\n  edges:\n  - {{ from: dev, \
         to: prod, gates: [{{ name: release, type: APPROVAL }}] }}\n",
        service("web-dev", reference),
        service("web-prod", commit)
    )
}

/// A repository whose folder `web` has two commits, and a pipeline over it that takes `reference`.
async fn web(reference: &str) -> Site {
    let site = Site::empty().await;
    let repo = site.repo();
    let old = repo.files("main", &[("web/a.yaml", "a: 1\n")]);
    repo.files("main", &[("web/a.yaml", "a: 2\n")]);
    repo.files("main", &[("pipeline.yaml", &services(reference, &old))]);
    site
}

#[tokio::test]
async fn a10_a_bomb_in_a_manifest_is_an_error_and_costs_no_time() {
    let ours = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\n";
    let mut laughs = format!("{ours}a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        laughs.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            below.trim_end_matches(", ")
        ));
    }
    let deep = format!(
        "{ours}deep: {}{}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let huge = format!("{ours}# {}\n", "x".repeat(5 << 20));
    let doubled = format!("{ours}metadata: {{ name: a }}\nmetadata: {{ name: b }}\n");
    for (name, bomb) in [
        ("laughs", laughs),
        ("deep", deep),
        ("huge", huge),
        ("doubled", doubled),
    ] {
        let site = Site::of("k3s-upgrade-version").await;
        site.repo().files("main", &[("bomb.yaml", &bomb)]);
        let began = Instant::now();
        let run = site.run().await;
        assert!(began.elapsed().as_secs() < 10, "{name}");
        assert_ne!(run.exit, Exit::Done, "{name}: {}", run.text);
        assert!(!run.text.contains("xxxxxxxxxxxxxxxxxxxx"), "{name}");
    }
}

#[tokio::test]
async fn a11_links_and_submodules_are_not_read_through_the_api_either() {
    for (mode, target) in [
        ("120000", "../../../etc/passwd"),
        ("120000", "hidden/prod.yaml"),
    ] {
        let site = Site::empty().await;
        let repo = site.repo();
        let old = repo.files("main", &[("hidden/prod.txt", "a\n")]);
        let manifest = services("main", &old);
        repo.files(
            "main",
            &[("hidden/prod.yaml", "a: 1\n"), ("real.txt", &manifest)],
        );
        let owner = repo.by("acme");
        let tip = repo.tip("main").unwrap();
        let tree = owner.does(
            "GET",
            &format!("/git/commits/{tip}"),
            serde_json::Value::Null,
        )["tree"]["sha"]
            .clone();
        let entries = ["linked.yaml", ".github/sluice.yaml"]
            .map(|path| json!({"path": path, "mode": mode, "type": "blob", "content": target}));
        let tree = owner.does(
            "POST",
            "/git/trees",
            json!({"base_tree": tree, "tree": entries}),
        )["sha"]
            .clone();
        let commit = json!({"message": "Link", "tree": tree, "parents": [tip]});
        let made = owner.does("POST", "/git/commits", commit)["sha"]
            .as_str()
            .unwrap()
            .to_owned();
        owner.force_pushes("main", &made);
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Invalid, "{}", run.text);
        assert_eq!(site.writes(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a27_a_commit_that_only_a_fork_has_is_refused() {
    let site = web("main").await;
    let repo = site.repo();
    let fork = repo
        .by("eve")
        .opens_from_fork("evil", &[("web/a.yaml", "a: evil\n")], "Evil");
    let evil = repo.head(fork);
    let old = repo.parents(&repo.parents(&repo.tip("main").unwrap())[0])[0].clone();
    repo.files("main", &[("pipeline.yaml", &services(&evil, &old))]);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Invalid, "{}", run.text);
    assert_eq!(repo.pulls(true), [fork], "{}", run.text);
    assert!(run.text.contains("not reachable"), "{}", run.text);
}

#[tokio::test]
async fn a28_what_is_ambiguous_or_no_branch_or_tag_is_refused() {
    for (reference, says) in [
        ("v1", "ambiguous"),
        ("refs/pull/1/head", "refs/pull"),
        ("-x", "-x"),
        ("gone", "gone"),
    ] {
        let site = web(reference).await;
        let repo = site.repo();
        let tip = repo.tip("main").unwrap();
        repo.by("carol").branches_off("v1", &tip);
        repo.by("carol").tags("v1", &tip);
        repo.by("carol").pushes("side", &[("b.txt", "b\n")], "Side");
        repo.by("carol").opens("side", "main", "Side");
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Invalid, "{reference}: {}", run.text);
        assert!(run.text.contains(says), "{reference}: {}", run.text);
        assert_eq!(repo.pulls(true).len(), 1);
    }
    // The same pipeline with a branch alone is fine.
    let site = web("main").await;
    let run = site.run().await;
    assert_eq!(site.repo().pulls(true).len(), 1, "{}", run.text);
}

#[tokio::test]
async fn a35_nothing_below_the_github_folder_is_ever_a_target() {
    for path in [
        ".github/prod.yaml",
        ".GitHub/prod.yaml",
        ".github/workflows/prod.yaml",
    ] {
        let site = Site::of("k3s-upgrade-version").await;
        let repo = site.repo();
        let file = repo.file("main", "upgrade.yaml").unwrap();
        let mut parts = file.split("---\n");
        let (dev, prod, pipeline) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap(),
        );
        repo.by("acme").pushes(
            "main",
            &[
                ("upgrade.yaml", &format!("{dev}---\n{pipeline}")),
                (path, prod),
            ],
            "Move",
        );
        let run = site.run().await;
        assert_ne!(run.exit, Exit::Done, "{path}: {}", run.text);
        assert_eq!(site.writes(), Vec::<String>::new(), "{path}");
    }
}

/// A server that counts who connects, and answers everyone with these bytes.
fn listener(answer: String) -> (String, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            if sender.send(()).is_err() {
                return;
            }
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, receiver)
}

#[tokio::test]
async fn a38_an_address_in_a_manifest_is_never_asked() {
    let (address, asked) = listener(String::new());
    let site = web("main").await;
    let repo = site.repo();
    let file = repo.file("main", "pipeline.yaml").unwrap();
    for url in [
        format!("{address}/acme/gitops.git"),
        "http://169.254.169.254/latest".to_owned(),
        "file:///etc".to_owned(),
    ] {
        let file = file.replace("https://github.com/acme/gitops.git", &url);
        repo.files("main", &[("pipeline.yaml", &file)]);
        site.run().await;
    }
    assert!(asked.try_recv().is_err());
}

#[tokio::test]
async fn a38_a_redirect_is_not_followed() {
    let (elsewhere, asked) = listener(String::new());
    let (api, redirected) = listener(format!(
        "HTTP/1.1 302 Found\r\nlocation: {elsewhere}/stolen\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
    ));
    let mut site = Site::of("k3s-upgrade-version").await;
    site.environment
        .insert("GITHUB_API_URL".to_owned(), api.clone());
    site.environment
        .insert("GITHUB_GRAPHQL_URL".to_owned(), format!("{api}/graphql"));
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert!(redirected.try_recv().is_ok());
    assert!(asked.try_recv().is_err());
    assert!(!run.text.contains(&site.token));
}

#[tokio::test]
async fn a39_a_body_that_never_ends_is_given_up() {
    let site = Site::of("k3s-upgrade-version").await;
    site.hub.fault(When::any(), Fault::EndlessBody);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    site.hub.fault(When::any().always(), Fault::EndlessBody);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert!(run.text.contains("limit"), "{}", run.text);
}

#[tokio::test]
async fn a40_a_glob_that_is_a_bomb_ends() {
    let braces = "{a,b}".repeat(200);
    let nested = format!("{}x{}", "{a,".repeat(500), "}".repeat(500));
    let stars = "*a".repeat(5_000);
    for glob in [braces, nested, stars] {
        let site = Site::of("k3s-upgrade-version").await;
        let policy = format!("version: 1\nmanifests: {{ exclude: [\"{glob}\"] }}\n");
        let long = "a".repeat(200);
        let files = [
            (".github/sluice.yaml", policy.as_str()),
            (&format!("{long}/{long}.yaml"), "a: 1\n"),
        ];
        site.repo().files("main", &files);
        let began = Instant::now();
        let run = site.run().await;
        assert!(began.elapsed().as_secs() < 10, "{}", run.text);
        assert!(run.text.len() < 100_000);
    }
}
