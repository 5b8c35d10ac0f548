use super::*;

fn failed(field: &str) -> PartialResponse {
    let data = json!({ "repository": { "defaultBranchRef": { "name": "main", "refUpdateRule": null, "rules": { "nodes": [] } } } });
    let path = ["repository", "defaultBranchRef", field, "nodes"];
    let error = json!({ "type": "FORBIDDEN", "path": path, "message": "no" });
    set_protection_apart((data, vec![GraphqlError::of(&error)], None))
}

#[test]
fn what_cannot_be_read_of_protection_and_rules_fails_nothing_else_of_the_look() {
    let (data, errors, _) = failed("rules");
    assert!(errors.is_empty());
    let branch = &data["repository"]["defaultBranchRef"];
    // A part of the rules is never taken for all of them.
    assert!(branch["rules"].is_null() && branch["refUpdateRule"].is_null());
    let (data, errors, _) = failed("refUpdateRule");
    assert!(errors.is_empty());
    let branch = &data["repository"]["defaultBranchRef"];
    assert!(branch["refUpdateRule"]["unread"].is_string() && branch["rules"].is_object());
    let (_, errors, _) = failed("target");
    assert_eq!(errors.len(), 1);
}
