use std::collections::BTreeSet;

use base64::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{change, history, id, landing, made, pipeline, promotion, stage, status};

/// Text that would do something if it were not escaped.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "`onclick=alert(1)",
    "--><svg onload=alert(1)>",
    "&lt;b&gt;&quot;",
    "{{ page.title }}{% for x in page %}",
    "javascript:alert(1)",
    "https://evil.example/?a=1",
    "abc\u{202e}fed\u{2066}x\u{200b}y\u{0}z\u{1b}[31m\nnext",
];

/// A text in place of every text of a document, except for words, times and commit IDs, which are not foreign.
fn spoil(value: &mut Value, text: &str) {
    const OURS: &[&str] = &[
        "state", "at", "now", "next", "date", "commit", "tip", "boundary", "severity", "verdict",
        "outcome", "kind", "path", "rollback",
    ];
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| spoil(one, text)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(old) if !OURS.contains(&name.as_str()) => *old = text.to_owned(),
                    other => spoil(other, text),
                }
            }
        }
        _ => {}
    }
}

/// Both documents with every field that is shown set to something.
fn documents() -> (Value, Value) {
    let mut of_prod = promotion("dev", "waits-for-people", &[("web", "1.0.0", "1.1.0")]);
    of_prod["pull"] = json!(12);
    of_prod["help"] = json!("x");
    of_prod["emergency"] = json!("x");
    of_prod["gates"] = json!([{
        "edge": { "from": "dev", "to": "prod" }, "name": "x", "type": "x", "verdict": "pending", "reason": "x", "next": null,
        "link": "x"
    }]);
    of_prod["left_out"] = json!([
        { "namespace": null, "name": "x", "reason": "x", "commit": null, "author": null, "date": null }
    ]);
    let mut secret = change("x", "", "");
    secret["path"] = json!("stringData.<b>");
    of_prod["changes"].as_array_mut().unwrap().push(secret);
    let mut no_pull = of_prod.clone();
    no_pull["pull"] = Value::Null;
    let services = [super::Runs(
        "web",
        Some("web"),
        "1.0.0",
        "2026-11-20T11:00:00Z",
    )];
    let mut stages = json!([
        stage("dev", &services, json!([])),
        stage("prod", &services, json!([of_prod, no_pull]))
    ]);
    for stage in stages.as_array_mut().unwrap() {
        stage["values"][0]["name"] = json!("x");
        let more =
            json!({ "service": "web", "field": "x", "value": "x", "name": "x", "secret": false });
        stage["values"].as_array_mut().unwrap().push(more);
    }
    let mut of_two = pipeline("shop", stages);
    of_two["namespace"] = json!("x");
    let mut document = status(json!([of_two.clone(), of_two]));
    document["findings"] = json!([
        { "code": "x", "severity": "error", "file": "x", "line": 3, "column": 1, "message": "x", "help": null }
    ]);
    let mut landed = landing(
        "2026-11-20T11:00:00Z",
        "c0ffee",
        "prod",
        &[("web", "1.0.0", "1.1.0")],
    );
    landed["reason"] = json!("x");
    landed["emergency"] = json!("x");
    landed["namespace"] = json!("x");
    landed["rollback"] = json!(id("a"));
    landed["gates"] = json!([
        { "name": "x", "outcome": "open", "evidence": "x" }, { "name": null, "outcome": null, "evidence": "x" }
    ]);
    let deviation = json!({
        "kind": "drift", "commit": id("d"), "date": "2026-11-20T12:00:00Z", "author": "x", "pull": 9, "claim": null, "why": "x",
        "changes": [change("web", "1", "2")]
    });
    let mut past = history(json!([landed]), json!([deviation]));
    past["unread"] = json!([{ "commit": null, "why": "x" }]);
    (document, past)
}

/// The start tags of a page as a browser finds them, each as its name and its attributes. It reads style and script as
/// text up to their end tags.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let is_start = rest.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_start {
            continue;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace() || c == '>')
            .unwrap();
        let name = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('>') {
                rest = after;
                break;
            }
            let end = rest
                .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '=')
                .unwrap();
            let attribute = rest[..end].to_ascii_lowercase();
            rest = &rest[end..];
            let mut value = String::new();
            if let Some(after) = rest.strip_prefix("=\"") {
                let end = after.find('"').unwrap();
                value = after[..end].to_owned();
                rest = &after[end + 1..];
            }
            attributes.push((attribute, value));
        }
        if name == "style" || name == "script" {
            let end = rest.find(&format!("</{name}")).unwrap();
            rest = &rest[end..];
        }
        found.push((name, attributes));
    }
    found
}

#[test]
fn no_text_of_a_document_becomes_a_tag_an_attribute_or_a_link_elsewhere() {
    let (document, past) = documents();
    let (plain, _) = made(&document, Some(&past));
    let shape = |html: &str| -> Vec<(String, Vec<String>)> {
        tags(html)
            .into_iter()
            .map(|(tag, attributes)| (tag, attributes.into_iter().map(|(name, _)| name).collect()))
            .collect()
    };
    let mut allowed: BTreeSet<(String, Vec<String>)> = shape(&plain).into_iter().collect();
    // The same with a harmless text everywhere: names that are equal change the rows.
    let (mut harmless, mut past_harmless) = (document.clone(), past.clone());
    spoil(&mut harmless, "word");
    spoil(&mut past_harmless, "word");
    allowed.extend(shape(&made(&harmless, Some(&past_harmless)).0));
    for text in HOSTILE {
        let (mut document, mut past) = (document.clone(), past.clone());
        spoil(&mut document, text);
        spoil(&mut past, text);
        let (html, _) = made(&document, Some(&past));
        for tag in shape(&html) {
            assert!(allowed.contains(&tag), "{text}: {tag:?}");
        }
        let mut links = 0;
        for (tag, attributes) in tags(&html) {
            for (name, value) in attributes.iter().filter(|(name, _)| name == "href") {
                links += 1;
                let is_ours =
                    value.starts_with("https://github.com/acme/gitops") || value.starts_with('#');
                assert!(is_ours, "{text}: {tag} {name}={value}");
            }
        }
        assert!(links > 8, "{text}");
        let hidden = |c: char| crate::model::hidden::is_hidden(c) && c != '\n';
        assert!(!html.contains(hidden), "{text}");
        // It is shown, and not swallowed.
        let start = text.chars().find(char::is_ascii_alphabetic).unwrap();
        assert!(html.contains(start), "{text}");
    }
}

#[test]
fn the_policy_comes_first_and_names_this_style_and_this_script_and_nothing_else() {
    let (document, past) = documents();
    let (html, _) = made(&document, Some(&past));
    let between = |start: &str, end: &str| {
        let from = html.find(start).unwrap() + start.len();
        &html[from..from + html[from..].find(end).unwrap()]
    };
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(between("<script>", "</script>")),
        hash(between("<style>", "</style>"))
    );
    let head =
        format!("<head>\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n");
    assert!(html.contains(&head), "{}", &html[..600]);
}

#[test]
fn the_page_loads_and_keeps_nothing() {
    let (document, past) = documents();
    let (html, _) = made(&document, Some(&past));
    for (tag, attributes) in tags(&html) {
        let loads = [
            "link", "img", "iframe", "object", "embed", "base", "form", "audio", "video",
        ];
        assert!(!loads.contains(&tag.as_str()), "{tag}");
        for (name, _) in attributes {
            let acts =
                name.starts_with("on") || ["style", "src", "srcset"].contains(&name.as_str());
            assert!(!acts, "{tag} {name}");
        }
    }
    for word in [
        "localStorage",
        "sessionStorage",
        "fetch(",
        "XMLHttpRequest",
        "url(",
        "@import",
        "innerHTML",
        "eval(",
    ] {
        assert!(!html.contains(word), "{word}");
    }
}
