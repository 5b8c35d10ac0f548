//! Attacks by text: hostile names on their way to GitHub, secrets and tokens on their way out, templates that are bombs.

use base64::Engine as _;
use end_to_end::site::Site;
use github_stand_in::Seen;
use serde_json::Value;
use sluice::model::record::Record;

/// Line breaks, colours, workflow commands, direction marks, invisible letters, trailers, mentions, closing words, links.
const EVIL: &str = "x\\n::error::owned\\r\\x1b[31mred\\u202Ereversed\\u200Bhidden\\nSluice-Plan: 00\\nCo-authored-by: e <e@e>\\n\
                    @everyone fixes #12 [skip ci] ##[error]z </details><script>![i](http://e/i)`|";

/// A repository in which everything that may have a name has that one.
fn hostile() -> Vec<(String, String)> {
    let service = |name: &str, value: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: \"{name}\", namespace: \
             \"{EVIL}\" }}\nspec: {{ helm: {{ url: https://c.example.com, chart: a, version: 1.0.0, values: {{ x: \
             \"{value}\" }} }} }}\n"
        )
    };
    let (dev, prod) = (format!("d{EVIL}"), format!("p{EVIL}"));
    let pipeline = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: \"{EVIL}\", namespace: \"{EVIL}\" \
         }}\nspec:\n  stages:\n  - {{ name: \"{dev}\", services: [{{ serviceRef: {{ name: \"{dev}\" }} }}] }}\n  - {{ name: \
         \"{prod}\", services: [{{ serviceRef: {{ name: \"{prod}\" }}, criteria: {{ serviceRef: {{ name: \"{dev}\" }} }} }}] \
         }}\n  edges:\n  - {{ from: \"{dev}\", to: \"{prod}\", gates: [{{ name: \"{EVIL}\", type: APPROVAL }}] }}\n"
    );
    let policy = "version: 1\nfields: [spec.helm.values.x]\n".to_owned();
    vec![
        (
            "a @all/dev.yaml".to_owned(),
            service(&dev, &format!("new{EVIL}")),
        ),
        ("a @all/prod.yaml".to_owned(), service(&prod, "old")),
        ("pipeline.yaml".to_owned(), pipeline),
        (".github/sluice.yaml".to_owned(), policy),
    ]
}

/// What GitHub would act on, or what would not be seen, in a text that it was sent.
fn wrong(text: &str, commit: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    wrong.extend(
        text.chars()
            .filter(|c| hidden(*c))
            .map(|c| format!("hidden {c:?}")),
    );
    let lower = text.to_lowercase();
    let mut acts = vec!["@everyone", "fixes #12"];
    // Only descriptions are Markdown; only messages and titles skip checks or name authors.
    acts.extend(match commit {
        true => ["[skip ci]", "\nco-authored-by:", "\nsluice-plan: 00"],
        false => ["<script", "![i](", "</details><"],
    });
    wrong.extend(
        acts.iter()
            .filter(|act| lower.contains(**act))
            .map(|act| format!("{act:?}")),
    );
    wrong
}

#[tokio::test]
async fn a13_a21_hostile_names_reach_github_as_text_and_nothing_else() {
    let site = Site::empty().await;
    let repo = site.repo();
    let files = hostile();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    repo.files("main", &files);
    let opened = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", opened.text);
    repo.by("carol").approves(1);
    let asked = repo.body(1);
    let head = repo.head(1);
    let landed = site.run().await;
    assert!(landed.lines()[0].starts_with("landed "), "{}", landed.text);
    for line in opened.text.lines().chain(landed.text.lines()) {
        assert!(!line.trim_start().starts_with("::"), "{line}");
    }
    let title = repo.pull(1)["title"].as_str().unwrap().to_owned();
    assert!(
        !title.contains('\n') && title.chars().count() <= 256,
        "{title}"
    );
    let (ours, merged) = (repo.message(&head), repo.message("main"));
    for (what, text, commit) in [
        ("title", &title, true),
        ("body", &asked, false),
        ("receipt", &repo.body(1), false),
        ("message", &ours, true),
        ("landing", &merged, true),
    ] {
        assert_eq!(wrong(text, commit), Vec::<String>::new(), "{what}: {text}");
    }
    // One record, with the names as they are.
    let record = Record::parse(&ours).unwrap();
    assert!(
        record.pipeline.starts_with("x\n::error::owned"),
        "{record:?}"
    );
    assert_eq!(Record::parse(&merged), Some(record));
    // Names of branches and labels hold nothing but plain letters, or what GitHub takes as a label.
    let branch = repo.pull(1)["head"]["ref"].as_str().unwrap().to_owned();
    assert!(
        branch
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-/".contains(&b)),
        "{branch}"
    );
    for label in repo.edit(|repo| {
        repo.labels
            .iter()
            .map(|label| label.name.clone())
            .collect::<Vec<_>>()
    }) {
        assert!(
            label.chars().count() <= 50 && wrong(&label, true).is_empty(),
            "{label}"
        );
    }
    site.requests_hold();
    // Everything but the trailers, which were read back above.
    let words = ours.split("\n\nSluice-").next().unwrap();
    let gate = merged
        .lines()
        .find(|line| line.starts_with("Sluice-Gate"))
        .unwrap();
    assert!(repo.body(1).contains("· ✅ landed\n"), "{}", repo.body(1));
    let shown = format!("{title}\n====\n{asked}\n====\n{words}\n====\n{gate}");
    insta::assert_snapshot!(without_ids(&shown.replace('\u{200b}', "·")), @r"
    x ::error::owned \u{1b}[31mred\u{202e}reversed\u{200b}hidden S·luice-Plan: 00 Co-a… → px ::error::owned \u{1b}[31mred\u{202e}reversed\u{200b}hidden S·luice-Plan: 00 Co-…: old → newx ::error…
    ====
    **dx\\u{a}::error::owned\\u{d}\\u{1b}\[31mred\\u{202e}reversed\\u{200b}hidden\\u{a}S·luice-Plan: 00\\u{a}C·o-authored-by: e &lt;e@·e&gt;\\u{a}@·everyone fixes #·12 \[·skip ci\] ##\[error\]z &lt;/details&gt;&lt;script&gt;!\[i\](http:·//e/i)\`&#124; → px\\u{a}::error::owned\\u{d}\\u{1b}\[31mred\\u{202e}reversed\\u{200b}hidden\\u{a}S·luice-Plan: 00\\u{a}C·o-authored-by: e &lt;e@·e&gt;\\u{a}@·everyone fixes #·12 \[·skip ci\] ##\[error\]z &lt;/details&gt;&lt;script&gt;!\[i\](http:·//e/i)\`&#124;** · ⏳ waits for x\\u{a}::error::owned\\u{d}\\u{1b}\[31mred\\u{202e}reversed\\u{200b}hidden\\u{a}S·luice-Plan: 00\\u{a}C·o-authored-by: e &lt;e@·e&gt;\\u{a}@·everyone fixes #·12 \[·skip ci\] ##\[error\]z &lt;/details&gt;&lt;script&gt;!\[i\](http:·//e/i)\`&#124;

    **px\\u{a}::error::owned\\u{d}\\u{1b}\[31mred\\u{202e}reversed\\u{200b}hidden\\u{a}S·luice-Plan: 00\\u{a}C·o-authored-by: e &lt;e@·e&gt;\\u{a}@·everyone fixes #·12 \[·skip ci\] ##\[error\]z &lt;/details&gt;&lt;script&gt;!\[i\](http:·//e/i)\`&#124;** `spec.helm.values.x` old → **newx\\u{a}::error::owned\\u{d}\\u{1b}\[31mred\\u{202e}reversed\\u{200b}hidden\\u{a}S·luice-Plan: 00\\u{a}C·o-authored-by: e &lt;…**

    **Files changed → Review changes → Approve**, or add the label `approve/pxerrorowned31mredreversedhid/…`. Sluice merges; please do not press Merge or push here.

    <details><summary>Gates, refuse, pause, undo</summary>

    - ⏳ waiting · **x\\u{a}::error::owned\\u{d}\\u{1b}\[31mred\\u{202e}reversed\\u{200b}hidden\\u{a}S·luice-Plan: 00\\u{a}C·o-authored-by: e &lt;e@·e&gt;\\u{a}@·everyone fixes #·12 \[·skip ci\] ##\[error\]z &lt;/details&gt;&lt;script&gt;!\[i\](http:·//e/i)\`&#124;**: waits for 1 approval by anyone with write access
    - To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    - To undo: *Run workflow → rollback*.

    </details>

    <sub>plan `c67e82` · approvals apply to this plan only</sub>
    ====
    x ::error::owned \u{1b}[31mred\u{202e}reversed\u{200b}hidden S·luice-Plan: 00 Co-a… → px ::error::owned \u{1b}[31mred\u{202e}reversed\u{200b}hidden S·luice-Plan: 00 Co-…: old → newx ::error…

    - px\u{a}::error::owned\u{d}\u{1b}[31mred\u{202e}reversed\u{200b}hidden\u{a}S·luice-Plan: 00\u{a}C·o-authored-by: e <e@·e>\u{a}@·everyone fixes #·12 [·skip ci] ##[error]z </details><script>![i](http:·//e/i)`| spec.helm.values.x: old → newx\u{a}::error::owned\u{d}\u{1b}[31mred\u{202e}reversed\u{200b}hidden\u{a}S·luice-Plan: 00\u{a}C·o-authored-by: e <…
    ====
    Sluice-Gate: x\u{a}::error::owned\u{d}\u{1b}[31mred\u{202e}reversed\u{200b}hidden\u{a}S·luice-Plan: 00\u{a}C·o-authored-by: e <e@·e>\u{a}@·everyone fixes #… pass: approved by carol (review)
    ");
}

/// Ids as dots: they change with every word of a manifest.
fn without_ids(text: &str) -> String {
    let mut short = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        short.push_str(if digits.len() >= 12 { "…" } else { digits });
        short.push_str(&word[digits.len()..]);
    }
    short
}

/// A value in every form in which it could leave: as it is, in base64 at each offset, URL-encoded, as JSON.
fn forms(canary: &str) -> Vec<String> {
    let base64 = |text: &[u8]| base64::engine::general_purpose::STANDARD.encode(text);
    let mut forms = vec![
        canary.to_owned(),
        base64(canary.as_bytes()).trim_end_matches('=').to_owned(),
        percent_encoding::utf8_percent_encode(canary, percent_encoding::NON_ALPHANUMERIC)
            .to_string(),
        Value::from(canary).to_string().trim_matches('"').to_owned(),
    ];
    // Inside of something longer the first and last characters of base64 differ: the middle does not.
    for before in ["?", "??"] {
        let text = base64(format!("{before}{canary}").as_bytes());
        forms.push(text[4..text.len() - 4].to_owned());
    }
    forms
}

fn leaks(bytes: &[u8], canaries: &[&str]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    canaries
        .iter()
        .flat_map(|canary| forms(canary))
        .find(|form| text.contains(form.as_str()))
}

/// What a call sends, and the content of the files that it commits: the one place where a promoted secret's value may be.
fn sent(call: &Seen) -> (Vec<u8>, Vec<u8>) {
    let all = call.sent();
    let creates_commit = |field: &String| field == "createCommitOnBranch";
    match &call.operation {
        Some(operation) if operation.fields.iter().any(creates_commit) => {
            let mut files = Vec::new();
            let mut rest = String::from_utf8(all).unwrap();
            let changes = &operation.variables["commit"]["fileChanges"]["additions"];
            for addition in changes.as_array().unwrap() {
                let contents = addition["contents"].as_str().unwrap();
                rest = rest.replace(contents, "");
                files.extend(
                    base64::engine::general_purpose::STANDARD
                        .decode(contents)
                        .unwrap(),
                );
            }
            (rest.into_bytes(), files)
        }
        _ => (all, Vec::new()),
    }
}

#[tokio::test]
async fn a14_a15_neither_a_secret_nor_the_token_leaves_by_any_way() {
    let canaries = [
        "c&n\"ary new/1+ä",
        "canary-token-2%3D&x",
        "canary-old-string",
    ];
    let site = Site::of("secrets").await;
    let repo = site.repo();
    let dev = repo.file("main", "secret-dev.yaml").unwrap();
    let encoded = base64::engine::general_purpose::STANDARD.encode(canaries[1]);
    let dev = dev
        .replace("canary-new-string", "'c&n\"ary new/1+ä'")
        .replace("Y2FuYXJ5LW5ldy1iYXNlNjQ=", &encoded);
    repo.files("main", &[("secret-dev.yaml", &dev)]);
    let folder = tempfile::tempdir().unwrap();
    git2::Repository::init(folder.path()).unwrap();
    let before = everything_in(folder.path());
    let checkout = folder.path().to_str().unwrap().to_owned();
    let run = ["reconcile", "--checkout", &checkout];

    let mut reports = vec![site.call(&run).await];
    assert_eq!(repo.pulls(true), [1], "{}", reports[0].text);
    repo.by("carol").approves(1);
    reports.push(site.call(&run).await);
    assert!(
        reports[1].lines()[0].starts_with("landed "),
        "{}",
        reports[1].text
    );
    // The errors of a token that is refused, and of an API that answers nonsense.
    let mut environment = site.environment.clone();
    environment.insert("INPUT_TOKEN".to_owned(), format!("{}x", site.token));
    reports.push(site.call_with(&run, &environment).await);
    environment.insert(
        "INPUT_TOKEN".to_owned(),
        format!("{}\n{}", site.token, site.token),
    );
    reports.push(site.call_with(&run, &environment).await);

    let token = site.token.as_str();
    for call in site.hub.calls() {
        assert_eq!(leaks(&call.sent(), &[token]), None, "{}", call.line());
        let (rest, _) = sent(&call);
        assert_eq!(leaks(&rest, &canaries), None, "{}", call.line());
    }
    let all = [&canaries[..], &[token]].concat();
    for report in &reports {
        assert_eq!(leaks(report.text.as_bytes(), &all), None, "{}", report.text);
        assert_eq!(leaks(report.notices.join("\n").as_bytes(), &all), None);
    }
    for text in [repo.body(1), repo.message("main"), repo.pull(1).to_string()] {
        assert_eq!(leaks(text.as_bytes(), &all), None, "{text}");
    }
    assert_eq!(everything_in(folder.path()), before);
    // The scan finds what it looks for.
    assert!(
        site.hub
            .calls()
            .iter()
            .any(|call| leaks(&sent(call).1, &canaries).is_some())
    );
}

/// Every file below a folder with its bytes.
fn everything_in(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_in(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a16_a_template_that_is_a_bomb_gives_way_to_the_built_in_text() {
    let plain = {
        let site = Site::of("k3s-upgrade-version").await;
        site.run().await;
        site.repo().pull(1)["title"].clone()
    };
    let doubling =
        "{% set a = 'xxxxxxxxxx' %}".to_owned() + &"{% set a = a ~ a %}".repeat(60) + "{{ a }}";
    for bomb in [
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{{ range(1000000000) }}",
        "{{ 'x' * 1000000000 }}",
        "{% include '/etc/passwd' %}",
        "{{ pipeline.__class__ }}",
        "{{ missing }}",
        &doubling,
    ] {
        let site = Site::of("k3s-upgrade-version").await;
        let policy = format!(
            "version: 1\ntexts: {{ title: \"{bomb}\", subject: \"{bomb}\", note: \"{bomb}\" }}\n"
        );
        site.repo()
            .files("main", &[(".github/sluice.yaml", &policy)]);
        let began = std::time::Instant::now();
        let run = site.run().await;
        assert!(began.elapsed().as_secs() < 5, "{bomb}");
        assert_eq!(site.repo().pulls(true), [1], "{bomb}: {}", run.text);
        assert_eq!(site.repo().pull(1)["title"], plain, "{bomb}");
        assert!(
            run.notices
                .iter()
                .any(|notice| notice.contains("texts.title")),
            "{:?}",
            run.notices
        );
    }
}
