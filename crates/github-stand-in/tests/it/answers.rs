//! What is on every answer: clock, budget, request id; prefixes of Enterprise Servers; the recorder.

use super::{R, call, get, query, send, start, token, with_pull};
use serde_json::{Value, json};

#[tokio::test]
async fn the_clock_moves_a_second_with_each_write_and_stands_still_for_reads() {
    let (hub, number) = with_pull().await;
    hub.set_clock("2026-03-08T06:59:58Z");
    let carol = token(&hub, "carol");
    assert_eq!(
        get(&hub, &carol, R).await.header("date"),
        "Sun, 08 Mar 2026 06:59:58 GMT"
    );
    let path = format!("{R}/issues/{number}/comments");
    let at = async || {
        call(&hub, &carol, "POST", &path, json!({"body": "x"}))
            .await
            .json()["created_at"]
            .clone()
    };
    assert_eq!(at().await, "2026-03-08T06:59:59Z");
    assert_eq!(at().await, "2026-03-08T07:00:00Z");
    hub.with(|world| world.clock.freeze(true));
    assert_eq!(
        (at().await, at().await),
        (json!("2026-03-08T07:00:00Z"), json!("2026-03-08T07:00:00Z"))
    );
    hub.advance(3600);
    assert_eq!(
        get(&hub, &carol, R).await.header("date"),
        "Sun, 08 Mar 2026 08:00:00 GMT"
    );
}

#[tokio::test]
async fn the_budget_counts_down_ends_and_starts_anew_by_the_clock() {
    let (hub, _) = with_pull().await;
    hub.switch(|switches| switches.workflow_limit = 3);
    let workflow = hub.repo("acme/gitops").workflow_token("contents:read");
    for left in ["2", "1", "0"] {
        let reply = get(&hub, &workflow, R).await;
        assert_eq!(
            (
                reply.status,
                reply.header("x-ratelimit-remaining"),
                reply.header("x-ratelimit-limit")
            ),
            (200, left, "3")
        );
    }
    let over = get(&hub, &workflow, R).await;
    assert_eq!(
        over.said(),
        "403 API rate limit exceeded for installation ID 8000000."
    );
    assert_eq!(over.header("x-ratelimit-remaining"), "0");
    let reset: i64 = over.header("x-ratelimit-reset").parse().unwrap();
    assert_eq!(reset, hub.now().as_second() + 3600);
    let free = get(&hub, &workflow, "/rate_limit").await;
    assert_eq!(
        (
            free.status,
            free.json()["resources"]["core"]["remaining"].clone()
        ),
        (200, json!(0))
    );
    assert_eq!(
        query(&hub, &workflow, "{ rateLimit { remaining } }", Value::Null).await["data"]["rateLimit"]
            ["remaining"],
        2,
        "GraphQL has its own"
    );
    hub.advance(3600);
    assert_eq!(get(&hub, &workflow, R).await.status, 200);
}

#[tokio::test]
async fn graphql_says_with_status_200_that_its_budget_is_used_up() {
    let (hub, _) = with_pull().await;
    hub.switch(|switches| switches.workflow_limit = 1);
    let workflow = hub.repo("acme/gitops").workflow_token("contents:read");
    let body = json!({"query": "{ viewer { login } }"});
    call(&hub, &workflow, "POST", "/graphql", body.clone()).await;
    let over = call(&hub, &workflow, "POST", "/graphql", body).await;
    assert_eq!(
        (over.status, over.header("x-ratelimit-remaining")),
        (200, "0")
    );
    assert_eq!(
        over.json(),
        json!({"errors": [{"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "API rate limit already exceeded for installation ID 8000000."}]})
    );
}

#[tokio::test]
async fn the_prefixes_of_enterprise_servers_work_and_links_keep_them() {
    let (hub, number) = with_pull().await;
    for at in 0..3 {
        hub.repo("acme/gitops")
            .by("carol")
            .comments(number, &format!("c{at}"));
    }
    let carol = token(&hub, "carol");
    let reply = get(
        &hub,
        &carol,
        &format!("/api/v3{R}/issues/{number}/comments?per_page=2"),
    )
    .await;
    assert!(
        reply
            .link("next")
            .unwrap()
            .starts_with(&format!("{}/api/v3/repos/", hub.url()))
    );
    assert!(
        reply.json()[0]["url"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{}/api/v3/", hub.url()))
    );
    let body = json!({"query": "{ viewer { login } }"});
    let graphql = call(&hub, &carol, "POST", "/api/graphql", body)
        .await
        .json();
    assert_eq!(graphql["data"]["viewer"]["login"], "carol");
    assert_eq!(get(&hub, &carol, "/unknown").await.said(), "404 Not Found");
}

#[tokio::test]
async fn requests_without_user_agent_or_with_broken_json_are_refused() {
    let hub = start().await;
    let carol = token(&hub, "carol");
    let bare =
        std::net::TcpStream::connect(hub.url().trim_start_matches("http://")).map(|mut stream| {
            use std::io::{Read as _, Write as _};
            stream
                .write_all(b"GET /rate_limit HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        });
    assert!(bare.unwrap().starts_with("HTTP/1.1 403"));
    let broken = send(&hub, &carol, "POST", "/graphql", json!("no object"), &[])
        .await
        .unwrap();
    assert_eq!(
        broken.json()["errors"][0]["message"],
        "A query attribute must be specified and must be a string."
    );
    let anonymous = call(
        &hub,
        "",
        "POST",
        "/graphql",
        json!({"query": "{ viewer { login } }"}),
    )
    .await;
    assert_eq!(anonymous.status, 401);
}

#[tokio::test]
async fn the_recorder_keeps_every_call_and_hides_the_token_only_where_asked() {
    let (hub, number) = with_pull().await;
    let carol = token(&hub, "carol");
    get(&hub, &carol, &format!("{R}/pulls/{number}?x=1")).await;
    query(
        &hub,
        &carol,
        "query Who($a: String!) { repository(owner: $a, name: \"gitops\") { id } }",
        json!({"a": "acme"}),
    )
    .await;
    call(
        &hub,
        &carol,
        "POST",
        &format!("{R}/issues/{number}/comments"),
        json!({"body": "canary"}),
    )
    .await;
    assert_eq!(
        hub.lines(),
        [
            format!("GET {R}/pulls/{number}"),
            "graphql Who".to_owned(),
            format!("POST {R}/issues/{number}/comments")
        ]
    );
    assert_eq!((hub.reads(), hub.writes(), hub.most_in_flight()), (2, 1, 1));
    let calls = hub.calls();
    assert_eq!(
        (calls[0].query.as_str(), calls[0].status),
        ("x=1", Some(200))
    );
    assert_eq!(
        calls[1].operation.as_ref().unwrap().variables,
        json!({"a": "acme"})
    );
    assert_eq!(calls[2].json(), json!({"body": "canary"}));
    assert_eq!(calls[2].answer_json()["body"], "canary");
    assert_eq!(
        calls[0].header("authorization").unwrap(),
        format!("Bearer {carol}")
    );
    assert!(!format!("{:?}", calls[0].redacted()).contains(&carol));
    let holds = |bytes: &[u8], text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds(&calls[2].sent(), "canary") && !holds(&calls[2].sent(), &carol));
    hub.forget_calls();
    assert_eq!(hub.lines(), Vec::<String>::new());
}
