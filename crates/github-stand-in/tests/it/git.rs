//! The git data API: real objects with real ids, refs as compare-and-swap, trees, tags, history.

use super::{R, call, get, start, token, with_pull};
use serde_json::{Value, json};

#[tokio::test]
async fn object_ids_are_gits_own() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    let blob = call(
        &hub,
        &carol,
        "POST",
        &format!("{R}/git/blobs"),
        json!({"content": "hello\n"}),
    )
    .await
    .json();
    assert_eq!(
        blob["sha"], "ce013625030ba8dba906f756967f9e9ca394464a",
        "as `git hash-object` says"
    );
    let base64 = call(
        &hub,
        &carol,
        "POST",
        &format!("{R}/git/blobs"),
        json!({"content": "aGVsbG8K", "encoding": "base64"}),
    )
    .await
    .json();
    assert_eq!(base64["sha"], blob["sha"]);
    let tree = json!({"tree": [{"path": "hello.txt", "mode": "100644", "type": "blob", "sha": blob["sha"]}]});
    let tree = call(&hub, &carol, "POST", &format!("{R}/git/trees"), tree)
        .await
        .json();
    assert_eq!(
        tree["sha"], "aaa96ced2d9a1c8e72c56b253a0e2fe78393feb7",
        "as `git mktree` says"
    );
    let back = get(
        &hub,
        &carol,
        &format!("{R}/git/blobs/ce013625030ba8dba906f756967f9e9ca394464a"),
    )
    .await
    .json();
    assert_eq!(back["content"], "aGVsbG8K\n");
}

#[tokio::test]
async fn a_commit_is_unreferenced_until_one_create_ref() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let main = repo.tip("main").unwrap();
    let app = repo.app_token(7, "sluice", "contents:write");
    let base = get(&hub, &app, &format!("{R}/git/commits/{main}"))
        .await
        .json()["tree"]["sha"]
        .clone();
    let tree = json!({"base_tree": base, "tree": [
        {"path": "deep/er/new.yaml", "mode": "100644", "type": "blob", "content": "n: 1\n"},
        {"path": "app.yaml", "mode": "100755", "type": "blob", "content": "v: 8\n"},
        {"path": "other.yaml", "mode": "100644", "type": "blob", "sha": null},
    ]});
    let tree = call(&hub, &app, "POST", &format!("{R}/git/trees"), tree)
        .await
        .json();
    let body = json!({"message": "Promote", "tree": tree["sha"], "parents": [main]});
    let commit = call(&hub, &app, "POST", &format!("{R}/git/commits"), body)
        .await
        .json();
    assert_eq!(commit["author"]["name"], "sluice[bot]");
    assert_eq!(commit["verification"]["verified"], true);
    assert_eq!(repo.branches("sluice/"), Vec::<String>::new());
    let body = json!({"ref": "refs/heads/sluice/x", "sha": commit["sha"]});
    assert_eq!(
        call(&hub, &app, "POST", &format!("{R}/git/refs"), body.clone())
            .await
            .status,
        201
    );
    assert_eq!(
        call(&hub, &app, "POST", &format!("{R}/git/refs"), body)
            .await
            .said(),
        "422 Reference already exists"
    );
    assert_eq!(repo.file("sluice/x", "deep/er/new.yaml").unwrap(), "n: 1\n");
    assert_eq!(repo.file("sluice/x", "other.yaml"), None);
    let listed = get(&hub, &app, &format!("{R}/git/trees/sluice/x?recursive=1"))
        .await
        .json();
    let rows: Vec<Value> = listed["tree"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["path"], one["mode"], one["type"]]))
        .collect();
    assert_eq!(
        json!(rows),
        json!([
            ["app.yaml", "100755", "blob"],
            ["deep", "040000", "tree"],
            ["deep/er", "040000", "tree"],
            ["deep/er/new.yaml", "100644", "blob"]
        ])
    );
    hub.switch(|switches| switches.verify_git_data = false);
    let body = json!({"message": "Again", "tree": tree["sha"], "parents": [main]});
    let unsigned = call(&hub, &app, "POST", &format!("{R}/git/commits"), body)
        .await
        .json();
    assert_eq!(unsigned["verification"]["reason"], "unsigned");
}

#[tokio::test]
async fn update_without_force_is_a_compare_and_swap() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let carol = token(&hub, "carol");
    let (main, change) = (repo.tip("main").unwrap(), repo.tip("change").unwrap());
    let path = format!("{R}/git/refs/heads/change");
    let said = async |body: Value| call(&hub, &carol, "PATCH", &path, body).await.said();
    repo.by("dave").pushes("side", &[("z", "1")], "aside");
    let side = repo.tip("side").unwrap();
    assert_eq!(
        said(json!({"sha": side})).await,
        "422 Update is not a fast forward"
    );
    assert_eq!(
        said(json!({"sha": main})).await,
        "422 Update is not a fast forward",
        "backwards is none either"
    );
    assert_eq!(
        said(json!({"sha": "1".repeat(40)})).await,
        "422 Object does not exist"
    );
    assert_eq!(
        call(
            &hub,
            &carol,
            "PATCH",
            &format!("{R}/git/refs/heads/nope"),
            json!({"sha": main})
        )
        .await
        .said(),
        "422 Reference does not exist"
    );
    assert_eq!(repo.tip("change").unwrap(), change);
    assert_eq!(said(json!({"sha": side, "force": true})).await, "200 ");
    let log = get(&hub, &carol, &format!("{R}/activity?ref=refs/heads/change"))
        .await
        .json();
    let rows: Vec<Value> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([
                one["activity_type"],
                one["before"],
                one["after"],
                one["actor"]["login"]
            ])
        })
        .collect();
    let zero = "0".repeat(40);
    assert_eq!(
        json!(rows),
        json!([
            ["force_push", change, side, "carol"],
            ["branch_creation", zero, change, "carol"]
        ])
    );
    assert_eq!(
        call(&hub, &carol, "DELETE", &path, Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(
        call(&hub, &carol, "DELETE", &path, Value::Null)
            .await
            .said(),
        "422 Reference does not exist"
    );
    let bad = call(
        &hub,
        &carol,
        "POST",
        &format!("{R}/git/refs"),
        json!({"ref": "refs/pull/1/head", "sha": main}),
    )
    .await;
    assert_eq!(bad.said(), "422 refs/pull/1/head is not a valid ref name.");
}

#[tokio::test]
async fn tags_light_and_annotated_and_a_branch_of_the_same_name() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let main = repo.tip("main").unwrap();
    repo.by("carol").tags("v1", &main);
    let tag = repo.by("carol").annotates("v2", &main, "Second");
    let carol = token(&hub, "carol");
    let light = get(&hub, &carol, &format!("{R}/git/ref/tags/v1"))
        .await
        .json();
    assert_eq!(
        (
            light["object"]["type"].as_str().unwrap(),
            light["object"]["sha"].as_str().unwrap()
        ),
        ("commit", main.as_str())
    );
    let heavy = get(&hub, &carol, &format!("{R}/git/ref/tags/v2"))
        .await
        .json();
    assert_eq!(
        (
            heavy["object"]["type"].as_str().unwrap(),
            heavy["object"]["sha"].as_str().unwrap()
        ),
        ("tag", tag.as_str())
    );
    let object = get(&hub, &carol, &format!("{R}/git/tags/{tag}"))
        .await
        .json();
    assert_eq!(
        (
            object["object"]["sha"].as_str().unwrap(),
            object["tagger"]["name"].as_str().unwrap()
        ),
        (main.as_str(), "carol")
    );
    assert_eq!(
        get(&hub, &carol, &format!("{R}/commits/v2")).await.json()["sha"],
        main.as_str(),
        "a tag is peeled"
    );
    let change = repo.tip("change").unwrap();
    repo.by("carol").branches_off("v1", &change);
    let both = get(&hub, &carol, &format!("{R}/git/matching-refs/heads/v"))
        .await
        .json();
    assert_eq!(
        (
            both.as_array().map(Vec::len),
            both[0]["object"]["sha"].as_str().unwrap()
        ),
        (Some(1), change.as_str())
    );
    assert_eq!(
        get(&hub, &carol, &format!("{R}/git/ref/tags/v1"))
            .await
            .json()["object"]["sha"],
        main.as_str()
    );
}

#[tokio::test]
async fn a_prefix_that_ends_in_a_slash_matches_what_lies_under_it_only() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let main = repo.tip("main").unwrap();
    repo.by("carol").branches_off("sluice/x", &main);
    repo.by("carol").branches_off("sluices", &main);
    let names = |path: &str| {
        let rows = repo.by("carol").does("GET", path, Value::Null);
        let rows = rows.as_array().unwrap().iter();
        rows.map(|one| one["ref"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("/git/matching-refs/heads/sluice/"),
        ["refs/heads/sluice/x"]
    );
    assert_eq!(names("/git/matching-refs/heads/sluice").len(), 2);
}

#[tokio::test]
async fn a_large_tree_is_cut_and_says_so() {
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    let names: Vec<String> = (0..9).map(|at| format!("d{at}/f.yaml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    repo.files("main", &files);
    hub.switch(|switches| switches.tree_limit = 5);
    let owner = token(&hub, "acme");
    let cut = get(&hub, &owner, &format!("{R}/git/trees/main?recursive=1"))
        .await
        .json();
    assert_eq!(
        (
            cut["truncated"].clone(),
            cut["tree"].as_array().map(Vec::len)
        ),
        (json!(true), Some(5))
    );
    let flat = get(&hub, &owner, &format!("{R}/git/trees/main"))
        .await
        .json();
    assert_eq!(
        (
            flat["truncated"].clone(),
            flat["tree"].as_array().map(Vec::len)
        ),
        (json!(false), Some(9))
    );
}

#[tokio::test]
async fn history_comparison_and_contents() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.files("main", &[("dir/x.yaml", "1"), ("app.yaml", "v: 1\n")]);
    let touched = repo.files("main", &[("dir/x.yaml", "2")]);
    repo.files("main", &[("unrelated", "3")]);
    let carol = token(&hub, "carol");
    let log = get(&hub, &carol, &format!("{R}/commits?sha=main&path=dir"))
        .await
        .json();
    assert_eq!(
        (
            log.as_array().map(Vec::len),
            log[0]["sha"].as_str().unwrap()
        ),
        (Some(2), touched.as_str())
    );
    let compared = get(&hub, &carol, &format!("{R}/compare/main...change"))
        .await
        .json();
    assert_eq!(
        (
            compared["status"].as_str().unwrap(),
            compared["ahead_by"].as_u64(),
            compared["behind_by"].as_u64()
        ),
        ("diverged", Some(1), Some(3))
    );
    assert_eq!(compared["files"][0]["filename"], "app.yaml");
    let content = get(&hub, &carol, &format!("{R}/contents/dir/x.yaml?ref=main"))
        .await
        .json();
    assert_eq!(
        (
            content["content"].as_str().unwrap(),
            content["type"].as_str().unwrap()
        ),
        ("Mg==\n", "file")
    );
    let folder = get(&hub, &carol, &format!("{R}/contents/dir")).await.json();
    assert_eq!(folder[0]["path"], "dir/x.yaml");
    assert_eq!(
        get(&hub, &carol, &format!("{R}/contents/none"))
            .await
            .status,
        404
    );
    assert_eq!(
        get(&hub, &carol, &format!("{R}/commits/none")).await.said(),
        "422 No commit found for SHA: none"
    );
}

#[tokio::test]
async fn a_repository_on_disk_is_served_as_it_is() {
    let folder = tempfile::TempDir::new().unwrap();
    let git = git2::Repository::init(folder.path()).unwrap();
    git.set_head("refs/heads/trunk").unwrap();
    let who =
        git2::Signature::new("Al", "al@example.com", &git2::Time::new(1_700_000_000, 0)).unwrap();
    let mut tree = git.treebuilder(None).unwrap();
    tree.insert("a.yaml", git.blob(b"a: 1\n").unwrap(), 0o100_644)
        .unwrap();
    let tree = git.find_tree(tree.write().unwrap()).unwrap();
    let oid = git
        .commit(Some("HEAD"), &who, &who, "first", &tree, &[])
        .unwrap();
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    repo.git_repository(folder.path());
    assert_eq!(repo.tip("trunk").unwrap(), oid.to_string());
    let owner = token(&hub, "acme");
    assert_eq!(get(&hub, &owner, R).await.json()["default_branch"], "trunk");
    repo.by("acme")
        .pushes("next", &[("b.yaml", "b: 1\n")], "on top");
    assert_eq!(repo.file("next", "a.yaml").unwrap(), "a: 1\n");
    assert!(
        git.find_reference("refs/heads/next").is_err(),
        "the repository on disk is left alone"
    );
}

#[tokio::test]
async fn a_branch_cannot_lie_under_the_name_of_another() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let main = repo.tip("main").unwrap();
    repo.by("carol").branches_off("sluice", &main);
    repo.by("carol").branches_off("deep/er", &main);
    for name in ["sluice/shop/prod", "deep"] {
        let body = json!({"ref": format!("refs/heads/{name}"), "sha": main});
        let tried = repo.by("carol").tries("POST", "/git/refs", body);
        assert_eq!(
            tried.unwrap_err().message,
            "Reference update failed",
            "{name}"
        );
    }
    repo.by("carol").branches_off("sluices/x", &main);
    repo.by("carol").tags("sluice", &main);
}

#[tokio::test]
async fn what_github_keeps_for_itself_cannot_be_deleted() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let path = format!("/git/refs/pull/{number}/head");
    let tried = repo.by("carol").tries("DELETE", &path, Value::Null);
    assert_eq!(tried.unwrap_err().status, 422);
    let found = repo
        .by("carol")
        .does("GET", &format!("/git/ref/pull/{number}/head"), Value::Null);
    assert_eq!(found["object"]["sha"], repo.head(number).as_str());
}

#[tokio::test]
async fn the_history_of_a_path_leaves_out_what_a_merge_threw_away() {
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    let first = repo.files("main", &[("a", "1"), ("b", "1")]);
    let by = repo.by("acme");
    by.pushes("side", &[("a", "2")], "change");
    by.pushes("side", &[("a", "1")], "and back");
    by.pushes("side", &[("b", "2")], "something else");
    let number = by.opens("side", "main", "t");
    by.merges(number, "merge");
    let last = by.pushes("main", &[("a", "3")], "now for good");
    let log = by.does("GET", "/commits?path=a", Value::Null);
    let shas: Vec<&str> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["sha"].as_str().unwrap())
        .collect();
    assert_eq!(shas, [last.as_str(), first.as_str()]);
}

#[tokio::test]
async fn a_tree_is_cut_by_its_size_too() {
    let (hub, _) = with_pull().await;
    hub.switch(|switches| switches.tree_bytes = 300);
    let carol = token(&hub, "carol");
    let cut = get(&hub, &carol, &format!("{R}/git/trees/main?recursive=1"))
        .await
        .json();
    assert_eq!(
        (
            cut["truncated"].clone(),
            cut["tree"].as_array().map(Vec::len)
        ),
        (json!(true), Some(1))
    );
}

#[tokio::test]
async fn ends_of_a_comparison_may_lie_anywhere_in_the_network_and_nowhere_else() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.fork("mallory");
    let fork = hub.repo("mallory/gitops");
    let sha = fork.by("mallory").pushes("evil", &[("x", "1")], "evil");
    hub.repo("other/gitops").files("main", &[("a", "1")]);
    let carol = token(&hub, "carol");
    let status = async |range: &str| {
        let reply = get(&hub, &carol, &format!("{R}/compare/{range}")).await;
        (
            reply.status,
            reply.json()["status"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    for (range, wanted) in [
        ("main...mallory:evil".to_owned(), "ahead"),
        (format!("main...{sha}"), "ahead"),
        (format!("{sha}...main"), "behind"),
        ("main...main".to_owned(), "identical"),
    ] {
        assert_eq!(status(&range).await, (200, wanted.to_owned()), "{range}");
    }
    for branch in ["main", "change"] {
        let contains = status(&format!("{branch}...{sha}")).await.1;
        assert!(
            contains != "behind" && contains != "identical",
            "no branch here holds it"
        );
    }
    assert_eq!(status("main...other:main").await.0, 404);
}

#[tokio::test]
async fn notes_are_refs_like_others() {
    let (hub, _) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let main = repo.tip("main").unwrap();
    let app = repo.app(7, "sluice", "contents:write");
    let body = json!({"ref": "refs/notes/sluice", "sha": main});
    app.does("POST", "/git/refs", body);
    let change = repo.tip("change").unwrap();
    app.does("PATCH", "/git/refs/notes/sluice", json!({"sha": change}));
    let found = app.does("GET", "/git/ref/notes/sluice", Value::Null);
    assert_eq!(found["object"]["sha"], change.as_str());
    let log = app.does("GET", "/activity", Value::Null);
    let refs = log
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["ref"].as_str().unwrap());
    assert_eq!(
        refs.collect::<Vec<_>>(),
        ["refs/heads/change", "refs/heads/main"]
    );
    app.does("DELETE", "/git/refs/notes/sluice", Value::Null);
    let short = json!({"ref": "refs/heads", "sha": main});
    assert_eq!(
        app.tries("POST", "/git/refs", short).unwrap_err().status,
        422
    );
}
