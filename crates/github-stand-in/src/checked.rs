//! Checks every honest answer of the stand-in against GitHub's published contract.

use crate::Seen;
use crate::contract::contract;

/// What the stand-in answers although no client under test asks for it: actions of people, and what `gh` needs. The
/// contract has no entry for these.
const OUTSIDE_CONTRACT: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/apps/"),
    ("GET", "/orgs/acme"),
    ("GET", "/protection"),
    ("GET", "/collaborators"),
    ("GET", "/files"),
    ("GET", "/pulls/"),
    ("PATCH", "/issues/"),
    ("GET", "/issues/"),
    ("PUT", "/dismissals"),
    ("POST", "/check-runs"),
    ("PATCH", "/check-runs/"),
    ("GET", "/check-runs/"),
    ("DELETE", "/labels/"),
    ("PUT", "/labels"),
    ("POST", "/dispatches"),
    ("GET", "/actions/workflows"),
    ("POST", "/rerun"),
    ("POST", "/cancel"),
    ("POST", "/events"),
    ("DELETE", "/requested_reviewers"),
    ("GET", "/deployments/"),
    ("GET", "/unknown"),
];

/// Violations of one honest answer. What is not JSON, and what GraphQL answers before it reads the document, has no contract.
pub(crate) fn check(seen: &Seen) -> Vec<String> {
    let json = ("content-type", "application/json; charset=utf-8");
    let spoken = |(key, value): &(String, String)| (key.as_str(), value.as_str()) == json;
    if !seen.answer.is_empty() && !seen.answer_headers.iter().any(spoken) {
        return Vec::new();
    }
    let body = (!seen.answer.is_empty()).then(|| seen.answer_json());
    let status = seen.status.unwrap_or_default();
    let found = match &seen.operation {
        Some(operation) if status == 200 && !operation.document.is_empty() => contract()
            .graphql_answer(
                &operation.document,
                &operation.variables,
                &body.unwrap_or_default(),
            ),
        Some(_) => Vec::new(),
        None => contract().response(&seen.method, &seen.path, status, body.as_ref()),
    };
    let known = |text: &String| {
        OUTSIDE_CONTRACT.iter().any(|(method, part)| {
            text.contains("a path in contract")
                && seen.method == *method
                && (seen.path == *part || (*part != "/" && seen.path.contains(part)))
        })
    };
    let told = found
        .iter()
        .map(|violation| format!("{}: {violation}", seen.line()));
    told.filter(|text| !known(text) && !is_blank_address(text) && !is_deleted_actor(text))
        .collect()
}

/// GitHub's description says of some events that they always have an actor; those of deleted accounts have none.
fn is_deleted_actor(text: &str) -> bool {
    (text.contains("/events ") || text.contains("/timeline "))
        && text.ends_with("/actor: expected object, came null")
}

/// GitHub returns "" for addresses of a deployment's status that were not given, though its description calls them
/// addresses (with "" as their default).
fn is_blank_address(text: &str) -> bool {
    text.contains("/statuses") && text.ends_with("_url: expected the format uri, came \"\"")
}
