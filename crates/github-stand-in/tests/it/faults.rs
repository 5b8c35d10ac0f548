//! What a test makes go wrong, and what it does in between.

use super::{R, call, get, query, send, token, with_pull};
use github_stand_in::{Fault, When};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn faults_without_effect_leave_the_state_alone_and_pass() {
    let (hub, number) = with_pull().await;
    let carol = token(&hub, "carol");
    let path = format!("{R}/issues/{number}/comments");
    let comment = async || call(&hub, &carol, "POST", &path, json!({"body": "x"})).await;
    let cases = [
        (Fault::ServerError, 500, ""),
        (Fault::SecondaryLimit(30), 403, "30"),
        (Fault::TooManyRequests(5), 429, "5"),
        (Fault::NotFound, 404, ""),
        (Fault::Html, 200, ""),
        (Fault::TruncatedJson, 200, ""),
        (Fault::Status(409, "no".to_owned()), 409, ""),
    ];
    for (fault, status, wait) in cases {
        hub.fault(When::rest("POST", "/comments"), fault.clone());
        let reply = comment().await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (status, wait),
            "{fault:?}"
        );
        assert!(!reply.header("date").is_empty());
        let broken = serde_json::from_slice::<Value>(&reply.bytes).is_err();
        assert_eq!(
            broken,
            matches!(fault, Fault::Html | Fault::TruncatedJson),
            "{fault:?}"
        );
        // A limit holds until its end.
        hub.advance(30);
    }
    assert_eq!(
        get(&hub, &carol, &path).await.json(),
        json!([]),
        "nothing was written"
    );
    assert_eq!(comment().await.status, 201, "each fault was met once");
}

#[tokio::test]
async fn faults_after_the_effect_lose_only_the_answer() {
    let (hub, number) = with_pull().await;
    let carol = token(&hub, "carol");
    let path = format!("{R}/issues/{number}/comments");
    hub.fault(When::write(), Fault::BadGatewayAfterApply);
    assert_eq!(
        call(&hub, &carol, "POST", &path, json!({"body": "one"}))
            .await
            .status,
        502
    );
    hub.fault(When::write(), Fault::CloseAfterApply);
    assert!(
        send(&hub, &carol, "POST", &path, json!({"body": "two"}), &[])
            .await
            .is_err()
    );
    hub.fault(When::write(), Fault::CutBody);
    assert!(
        send(&hub, &carol, "POST", &path, json!({"body": "three"}), &[])
            .await
            .is_err()
    );
    let written = get(&hub, &carol, &path).await.json();
    assert_eq!(written.as_array().map(Vec::len), Some(3));
    let statuses: Vec<Option<u16>> = hub
        .calls()
        .iter()
        .filter(|call| call.write)
        .map(|call| call.status)
        .collect();
    assert_eq!(statuses, [Some(502), None, Some(201)]);
}

#[tokio::test]
async fn the_primary_limit_holds_until_its_reset() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    hub.fault(When::any(), Fault::PrimaryLimit);
    for _ in 0..2 {
        let reply = get(&hub, &carol, R).await;
        assert_eq!(
            (reply.status, reply.header("x-ratelimit-remaining")),
            (403, "0")
        );
    }
    hub.advance(3600);
    assert_eq!(get(&hub, &carol, R).await.status, 200);
}

#[tokio::test]
async fn an_endless_body_never_ends() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    hub.fault(When::any(), Fault::EndlessBody);
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(hub.url().trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "GET {R} HTTP/1.1\r\nhost: x\r\nuser-agent: x\r\nauthorization: Bearer {carol}\r\n\r\n"
    )
    .unwrap();
    let (mut read, mut buffer) = (0, vec![0; 1 << 16]);
    while read < 8 << 20 {
        read += stream.read(&mut buffer).unwrap();
    }
    drop(stream);
    assert_eq!(
        get(&hub, &carol, R).await.status,
        200,
        "and the next call is answered"
    );
}

#[tokio::test]
async fn the_nth_call_and_named_operations_are_hit_and_no_others() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    hub.fault(When::any().nth(2).times(2), Fault::ServerError);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(&hub, &carol, R).await.status);
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
    hub.fault(When::graphql("Second").always(), Fault::ServerError);
    let first = query(
        &hub,
        &carol,
        "query First { viewer { login } }",
        Value::Null,
    )
    .await;
    let second = query(
        &hub,
        &carol,
        "query Second { viewer { login } }",
        Value::Null,
    )
    .await;
    assert_eq!(
        (
            first["data"]["viewer"]["login"].as_str(),
            second["message"].as_str()
        ),
        (Some("carol"), Some("Server Error"))
    );
    hub.heal();
    hub.fault(When::graphql("viewer"), Fault::NotFound);
    assert_eq!(
        query(&hub, &carol, "{ viewer { login } }", Value::Null).await["message"],
        "Not Found"
    );
    assert_eq!(get(&hub, &carol, R).await.status, 200);
}

#[tokio::test]
async fn answers_can_be_slow_and_calls_under_way_are_counted() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    hub.latency(Duration::from_millis(30));
    let start = Instant::now();
    let (one, two, three) = tokio::join!(
        get(&hub, &carol, R),
        get(&hub, &carol, R),
        get(&hub, &carol, R)
    );
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!([one.status, two.status, three.status], [200; 3]);
    assert_eq!(hub.most_in_flight(), 3);
}

#[tokio::test]
async fn a_hook_acts_between_the_evaluation_and_the_merge() {
    let (hub, number) = with_pull().await;
    let carol = token(&hub, "carol");
    let head = hub.repo("acme/gitops").tip("change").unwrap();
    hub.before(When::rest("PUT", "/merge"), |world| {
        world.place("acme/gitops").by("dave").pushes(
            "change",
            &[("app.yaml", "v: 66\n")],
            "in between",
        );
    });
    let merge = format!("{R}/pulls/{number}/merge");
    let reply = call(&hub, &carol, "PUT", &merge, json!({"sha": head})).await;
    assert_eq!(
        reply.said(),
        "409 Head branch was modified. Review and try the merge again."
    );
    let reply = call(&hub, &carol, "PUT", &merge, json!({})).await;
    assert_eq!(reply.status, 200, "the hook acted once");
    assert_eq!(
        hub.repo("acme/gitops").file("main", "app.yaml").unwrap(),
        "v: 66\n"
    );
}

#[tokio::test]
async fn a_deed_that_github_refuses_is_told_to_whoever_wrote_the_test() {
    let (hub, number) = with_pull().await;
    hub.repo("acme/gitops")
        .role("rita", github_stand_in::Role::Read);
    let refusal = hub
        .repo("acme/gitops")
        .by("rita")
        .tries("PUT", &format!("/pulls/{number}/merge"), json!({}))
        .unwrap_err();
    assert_eq!(
        (refusal.status, refusal.message.as_str()),
        (403, "Must have push access to repository")
    );
    hub.before(When::any(), |world| {
        world.place("acme/gitops").by("rita").deletes("change");
    });
    let reply = get(&hub, &token(&hub, "carol"), R).await;
    assert_eq!(reply.status, 500);
    let told = hub.violations();
    assert!(
        told.iter()
            .any(|text| text.contains("403 Must have push access to repository")),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_the_contract_is_told_when_the_stand_in_ends() {
    let (hub, number) = with_pull().await;
    hub.check_with(std::sync::Arc::new(|seen| {
        vec![format!("bad: {}", seen.line())]
    }));
    get(&hub, &token(&hub, "carol"), &format!("{R}/pulls/{number}")).await;
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(hub))).unwrap_err();
    assert!(
        told.downcast_ref::<String>()
            .unwrap()
            .contains("bad: GET /repos/acme/gitops/pulls/1")
    );
}
