use http::HeaderValue;
use serde_json::json;

use super::super::limit_kind::REST;
use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        })
        .collect()
}

fn met(
    resource: &str,
    status: u16,
    pairs: &[(&'static str, &'static str)],
    body: &Value,
) -> Option<Limit> {
    let status = StatusCode::from_u16(status).unwrap();
    let date = Some("2026-03-02T09:00:00Z".parse().unwrap());
    Limit::of_answer(resource, status, &headers(pairs), body, date)
}

fn kind(resource: &str, status: u16, body: &Value) -> Option<LimitKind> {
    met(resource, status, &[], body).map(|limit| limit.kind)
}

#[test]
fn a_limit_is_known_by_its_words_whatever_its_status() {
    let errors = |error: Value| json!({ "errors": [error] });
    let secondary =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let old_secondary = "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.";
    let primary = "API rate limit exceeded for installation ID 8440595.";
    for (resource, status, body, expected) in [
        (
            GRAPHQL,
            200,
            errors(json!({ "type": "RATE_LIMITED", "message": primary })),
            LimitKind::Primary,
        ),
        (
            GRAPHQL,
            200,
            errors(
                json!({ "type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "API rate limit already exceeded for user ID 7." }),
            ),
            LimitKind::Primary,
        ),
        (
            GRAPHQL,
            200,
            errors(json!({ "type": "RATE_LIMITED", "message": "unknown words" })),
            LimitKind::Primary,
        ),
        (
            GRAPHQL,
            200,
            errors(json!({ "message": primary })),
            LimitKind::Primary,
        ),
        // Beside data that did come.
        (
            GRAPHQL,
            200,
            json!({ "data": { "repository": null }, "errors": [{ "message": "no" }, { "type": "RATE_LIMITED", "message": primary }] }),
            LimitKind::Primary,
        ),
        (
            GRAPHQL,
            200,
            errors(json!({ "type": "RATE_LIMITED", "message": secondary })),
            LimitKind::Secondary,
        ),
        (
            GRAPHQL,
            200,
            errors(json!({ "message": "was submitted too quickly" })),
            LimitKind::Secondary,
        ),
        (
            GRAPHQL,
            200,
            json!({ "message": secondary, "documentation_url": "https://docs.github.com" }),
            LimitKind::Secondary,
        ),
        (
            GRAPHQL,
            403,
            json!({ "message": secondary }),
            LimitKind::Secondary,
        ),
        (
            GRAPHQL,
            403,
            json!({ "message": primary }),
            LimitKind::Primary,
        ),
        (REST, 403, json!({ "message": primary }), LimitKind::Primary),
        (
            REST,
            403,
            json!({ "message": secondary }),
            LimitKind::Secondary,
        ),
        (
            REST,
            403,
            json!({ "message": old_secondary }),
            LimitKind::Secondary,
        ),
        (REST, 429, json!({ "message": primary }), LimitKind::Primary),
        (
            REST,
            429,
            json!({ "message": secondary }),
            LimitKind::Secondary,
        ),
        (REST, 429, Value::Null, LimitKind::Secondary),
    ] {
        assert_eq!(
            kind(resource, status, &body),
            Some(expected),
            "{status} {body}"
        );
    }
}

#[test]
fn what_is_no_limit_is_not_taken_for_one() {
    for (resource, status, body) in [
        (
            GRAPHQL,
            200,
            json!({ "data": { "viewer": { "login": "x" } } }),
        ),
        (
            GRAPHQL,
            200,
            json!({ "data": { "message": "API rate limit exceeded" }, "message": "API rate limit exceeded" }),
        ),
        (
            GRAPHQL,
            200,
            json!({ "errors": [{ "type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded." }] }),
        ),
        (
            GRAPHQL,
            200,
            json!({ "errors": [{ "message": "Something went wrong while executing your query." }] }),
        ),
        // A repository's file or a description may say anything.
        (REST, 200, json!({ "message": "API rate limit exceeded" })),
        (
            REST,
            403,
            json!({ "message": "Resource not accessible by integration" }),
        ),
        (REST, 422, json!({ "message": "API rate limit exceeded" })),
        (REST, 502, json!({ "message": "Server Error" })),
    ] {
        assert_eq!(kind(resource, status, &body), None, "{status} {body}");
    }
    // A missing permission is not a rate limit, whatever is left of the hour.
    let nothing_left = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1772445600"),
    ];
    let body = json!({ "message": "Resource not accessible by integration" });
    assert_eq!(met(REST, 403, &nothing_left, &body), None);
    let wait = [("retry-after", "9")];
    assert_eq!(
        met(REST, 403, &wait, &Value::Null).map(|limit| limit.kind),
        Some(LimitKind::Secondary)
    );
}

#[test]
fn a_limit_ends_at_its_reset_or_after_retry_after_or_in_a_minute() {
    let until = |pairs: &[(&'static str, &'static str)], words: &str| {
        let limit = met(REST, 403, pairs, &json!({ "message": words })).unwrap();
        limit
            .until
            .map(|until| until.to_string())
            .unwrap_or_default()
    };
    let primary = "API rate limit exceeded for user ID 7.";
    let secondary = "You have exceeded a secondary rate limit.";
    assert_eq!(
        until(&[("x-ratelimit-reset", "1772445600")], primary),
        "2026-03-02T10:00:00Z"
    );
    assert_eq!(until(&[], primary), "");
    assert_eq!(
        until(&[("x-ratelimit-reset", "18446744073709551615")], primary),
        ""
    );
    assert_eq!(
        until(&[("retry-after", "7")], secondary),
        "2026-03-02T09:00:07Z"
    );
    assert_eq!(until(&[], secondary), "2026-03-02T09:01:00Z");
    assert_eq!(
        until(&[("retry-after", "18446744073709551615")], secondary),
        ""
    );
}

#[test]
fn the_resource_is_the_one_that_github_names() {
    let body = json!({ "message": "API rate limit exceeded for user ID 7." });
    let resource =
        |pairs: &[(&'static str, &'static str)]| met(REST, 403, pairs, &body).unwrap().resource;
    assert_eq!(resource(&[]), "core");
    assert_eq!(resource(&[("x-ratelimit-resource", "search")]), "search");
}

fn limit(kind: LimitKind, resource: &str, retry_after: Option<u64>) -> Limit {
    Limit {
        kind,
        resource: resource.to_owned(),
        retry_after,
        until: None,
    }
}

fn never(_: u32) -> Option<Instant> {
    panic!("waited")
}

#[test]
fn after_a_primary_limit_of_graphql_one_call_resets_the_status_and_no_other_is_made() {
    let limits = Limits::default();
    assert!(limits.admit(REST, Purpose::Ordinary).is_ok());
    let primary = limit(LimitKind::Primary, GRAPHQL, None);
    assert!(matches!(limits.refused(&primary, never), Refused::End));
    for resource in [REST, GRAPHQL] {
        assert!(limits.admit(resource, Purpose::Ordinary).is_err());
    }
    assert!(limits.admit(REST, Purpose::ResetSuccess).is_ok());
    assert!(limits.admit(REST, Purpose::ResetSuccess).is_err());
    assert_eq!(limits.ended_by(), Some(primary.error()));
}

#[test]
fn after_a_primary_limit_of_rest_or_a_secondary_one_not_even_the_status_is_reset() {
    for met in [
        limit(LimitKind::Primary, REST, None),
        limit(LimitKind::Primary, REST, Some(1)),
        limit(LimitKind::Secondary, GRAPHQL, None),
        limit(LimitKind::Secondary, GRAPHQL, Some(61)),
    ] {
        let limits = Limits::default();
        assert!(matches!(limits.refused(&met, never), Refused::End));
        assert!(limits.admit(REST, Purpose::ResetSuccess).is_err());
    }
}

#[tokio::test]
async fn a_secondary_limit_of_up_to_a_minute_is_waited_for_once() {
    let limits = Limits::default();
    let short = limit(LimitKind::Secondary, REST, Some(60));
    let now = tokio::time::sleep(std::time::Duration::ZERO).deadline();
    let begin = |seconds: u32| {
        assert_eq!(seconds, 60);
        Some(now)
    };
    assert!(matches!(limits.refused(&short, begin), Refused::Wait(_)));
    // Another call that was under way already waits along.
    assert!(matches!(limits.refused(&short, never), Refused::Wait(ends) if ends == now));
    assert_eq!(limits.wait_under_way(), Some(now));
    limits.wait_is_over();
    assert!(limits.admit(REST, Purpose::Ordinary).is_ok());
    assert!(matches!(limits.refused(&short, never), Refused::End));
    assert!(limits.admit(REST, Purpose::Ordinary).is_err());
}

#[test]
fn a_run_that_may_not_wait_that_long_ends() {
    let limits = Limits::default();
    let short = limit(LimitKind::Secondary, REST, Some(5));
    assert!(matches!(limits.refused(&short, |_| None), Refused::End));
}

#[test]
fn what_is_left_is_counted_by_resource() {
    let limits = Limits::default();
    assert_eq!(limits.remaining(), None);
    let left = |left: &'static str, resource: &'static str| {
        headers(&[
            ("x-ratelimit-remaining", left),
            ("x-ratelimit-resource", resource),
        ])
    };
    limits.count(GRAPHQL, &left("40", "graphql"));
    limits.count(REST, &left("900", "core"));
    assert_eq!(limits.remaining(), Some(40));
    limits.count(GRAPHQL, &left("999", "graphql"));
    assert_eq!(limits.remaining(), Some(900));
}

#[test]
fn answers_that_come_in_another_order_than_they_were_given_leave_the_least() {
    let limits = Limits::default();
    let said = |left: &str, reset: &str| {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-ratelimit-remaining", left),
            ("x-ratelimit-reset", reset),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        limits.count(GRAPHQL, &headers);
        limits.remaining()
    };
    assert_eq!(said("40", "1000"), Some(40));
    assert_eq!(said("41", "1000"), Some(40));
    assert_eq!(said("39", "1000"), Some(39));
    // The next hour.
    assert_eq!(said("990", "4600"), Some(990));
}
