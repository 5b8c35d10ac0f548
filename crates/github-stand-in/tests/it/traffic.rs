//! Calls as a test sees and steers them: their index, hooks before each, a killed client, sweeps of faults, waits in a row.

use super::{R, call, get, query, send, token, with_pull};
use github_stand_in::{Fault, GitHub, When};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

async fn comment(hub: &GitHub, token: &str, text: &str) -> Result<u16, String> {
    let path = format!("{R}/issues/1/comments");
    let reply = send(hub, token, "POST", &path, json!({"body": text}), &[]).await;
    reply.map(|reply| reply.status)
}

fn texts(hub: &GitHub) -> Vec<String> {
    let comments = hub.repo("acme/gitops").comments(1);
    comments.into_iter().map(|(_, text)| text).collect()
}

#[tokio::test]
async fn hooks_before_each_read_and_each_write_get_the_calls_index() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    let met = Arc::new(Mutex::new(Vec::new()));
    let (reads, writes) = (Arc::clone(&met), Arc::clone(&met));
    hub.before_each_read(move |_, index| reads.lock().unwrap().push(("read", index)));
    hub.before_each_write(move |world, index| {
        writes.lock().unwrap().push(("write", index));
        let place = world.place("acme/gitops");
        place.by("dave").comments(1, &format!("before {index}"));
    });
    get(&hub, &carol, R).await;
    comment(&hub, &carol, "mine").await.unwrap();
    query(&hub, &carol, "{ viewer { login } }", Value::Null).await;
    assert_eq!(
        *met.lock().unwrap(),
        [("read", 1), ("write", 2), ("read", 3)]
    );
    assert_eq!(texts(&hub), ["before 2", "mine"]);
    let indexes: Vec<usize> = hub.calls().iter().map(|call| call.index).collect();
    assert_eq!(indexes, [1, 2, 3]);
    hub.forget_calls();
    get(&hub, &carol, R).await;
    assert_eq!(hub.calls()[0].index, 1, "counted anew");
}

#[tokio::test]
async fn a_killed_client_reaches_nothing_from_that_call_on_until_the_next_run() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    let hooked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&hooked);
    hub.before_each_write(move |_, _| *count.lock().unwrap() += 1);
    hub.kill_at(2);
    assert_eq!(comment(&hub, &carol, "one").await, Ok(201));
    for text in ["two", "three"] {
        assert!(comment(&hub, &carol, text).await.is_err());
    }
    assert!(
        send(&hub, &carol, "GET", R, Value::Null, &[])
            .await
            .is_err()
    );
    assert_eq!(
        (texts(&hub), *hooked.lock().unwrap()),
        (vec!["one".to_owned()], 1)
    );
    hub.heal();
    assert_eq!(comment(&hub, &carol, "four").await, Ok(201));
    assert_eq!(texts(&hub), ["one", "four"]);
    let dropped = hub
        .calls()
        .iter()
        .filter(|call| call.status.is_none())
        .count();
    assert_eq!(dropped, 3, "dropped calls are on the record");
}

#[tokio::test]
async fn each_fault_hits_just_the_call_of_its_index() {
    for fault in Fault::every() {
        // It never ends; see the test of its own.
        if matches!(fault, Fault::EndlessBody) {
            continue;
        }
        let (hub, _) = with_pull().await;
        let carol = token(&hub, "carol");
        hub.fault_at(2, fault.clone());
        let mut honest = Vec::new();
        for text in ["one", "two", "three"] {
            honest.push(comment(&hub, &carol, text).await == Ok(201));
            // A used-up budget lasts.
            hub.advance(3600);
        }
        let slow = matches!(fault, Fault::Slow(_));
        assert_eq!(honest, [true, slow, true], "{fault:?}");
        let applied = texts(&hub).contains(&"two".to_owned());
        assert_eq!(applied, fault.applies(), "{fault:?}");
    }
}

#[tokio::test]
async fn graphql_fails_with_status_200_and_nulls_under_the_aliases_asked_for() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    let text = "{ me: viewer { login } rateLimit { cost } }";
    hub.fault(
        When::any(),
        Fault::GraphQlError("FORBIDDEN".to_owned(), "no".to_owned()),
    );
    assert_eq!(
        query(&hub, &carol, text, Value::Null).await,
        json!({"data": {"me": null, "rateLimit": null}, "errors": [{"type": "FORBIDDEN", "message": "no"}]})
    );
    hub.fault(
        When::any(),
        Fault::GraphQlError(String::new(), "timeout".to_owned()),
    );
    assert_eq!(
        query(&hub, &carol, text, Value::Null).await["errors"],
        json!([{"message": "timeout"}])
    );
    let close =
        "mutation { closePullRequest(input: {pullRequestId: \"PR_1\"}) { clientMutationId } }";
    hub.fault(
        When::write(),
        Fault::GraphQlError(String::new(), "timeout".to_owned()),
    );
    query(&hub, &carol, close, Value::Null).await;
    assert_eq!(hub.repo("acme/gitops").state(1), "OPEN");
}

#[tokio::test]
async fn waits_in_a_row_are_counted_and_calls_at_once_are_one_wait() {
    let (hub, _) = with_pull().await;
    let carol = token(&hub, "carol");
    hub.latency(Duration::from_millis(15));
    let begin = Instant::now();
    get(&hub, &carol, R).await;
    let pulls = format!("{R}/pulls");
    let (one, two, three) = tokio::join!(
        get(&hub, &carol, &pulls),
        get(&hub, &carol, &pulls),
        get(&hub, &carol, &pulls)
    );
    let last = call(
        &hub,
        &carol,
        "POST",
        "/graphql",
        json!({"query": "query Last { viewer { login } }"}),
    )
    .await;
    assert!(
        [one, two, three, last]
            .iter()
            .all(|reply| reply.status == 200)
    );
    assert!(
        begin.elapsed() >= Duration::from_millis(45),
        "really waited"
    );
    assert_eq!((hub.calls().len(), hub.round_trips()), (5, 3));
    assert_eq!(
        hub.waits(),
        [
            format!("GET {R}"),
            format!("GET {pulls}"),
            "graphql Last".to_owned()
        ]
    );
    hub.forget_calls();
    assert_eq!(hub.round_trips(), 0);
}
