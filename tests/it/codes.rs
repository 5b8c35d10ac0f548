//! Codes resolve, and links lead somewhere: a rule of GitHub is a row of docs/github.md, a rule of semantics a heading of
//! docs/semantics.md, an attack a row of docs/security.md. Nothing in the first two goes unnamed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Anchorizer, Arena, Options, parse_document};

/// The text with which a rule of semantics is cited, up to its closing parenthesis.
const SEMANTICS: &str = "(semantics: ";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder that end in `ending`, relative to the root and sorted.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap();
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                let path = path.strip_prefix(root()).unwrap();
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The sources of the program, of its packages and of the tests, except for this file.
fn sources() -> Vec<String> {
    let all = ["src", "crates", "tests"].map(|folder| files(folder, ".rs"));
    let mut sources = all.concat();
    sources.retain(|path| path != "tests/it/codes.rs");
    assert!(sources.len() > 300, "{}", sources.len());
    sources
}

/// The documents that people read.
fn documents() -> Vec<String> {
    let mut found = files("docs", ".md");
    found.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned));
    found.extend(["tests/mutations/README.md".to_owned()]);
    found.extend(files("crates", "README.md"));
    found
}

/// A file as one line, without comment marks: a code may be split over two lines of a comment.
fn prose(path: &str) -> String {
    let text = read(path);
    let lines = text.lines().map(|line| {
        let line = line.trim();
        ["//!", "///", "//"]
            .iter()
            .find_map(|mark| line.strip_prefix(mark))
            .unwrap_or(line)
            .trim()
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// A rule of GitHub: `R-2.3` is (2, 3).
type Rule = (u32, u32);

/// The rule at the beginning of a text, behind its `R-`, and how many bytes it takes.
fn rule(text: &str) -> Option<(Rule, usize)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let chapter = digits(text);
    let rest = text[chapter..].strip_prefix('.')?;
    let number = digits(rest);
    let rule = (text[..chapter].parse().ok()?, rest[..number].parse().ok()?);
    Some((rule, chapter + 1 + number))
}

/// The rules that a text names. A range, `R-1.3 to R-1.5`, names all that lie in it.
fn rules(text: &str) -> BTreeSet<Rule> {
    let mut found = BTreeSet::new();
    let mut before: Option<(Rule, usize)> = None;
    for (at, mark) in text.match_indices("R-") {
        let from = at + mark.len();
        let Some((rule, length)) = rule(&text[from..]) else {
            continue;
        };
        if let Some((first, end)) = before
            && &text[end..at] == " to "
        {
            found.extend((first.1..rule.1).map(|number| (first.0, number)));
        }
        found.insert(rule);
        before = Some((rule, from + length));
    }
    found
}

/// The rules of semantics that a text names, without what else is cited beside them.
fn semantics(text: &str) -> BTreeSet<String> {
    let cited = text.split(SEMANTICS).skip(1);
    let codes = cited.map(|rest| rest.split([')', ';']).next().unwrap().to_lowercase());
    codes.filter(|code| code != "…").collect()
}

/// The attacks that a comment names: `A17`.
fn attacks(text: &str) -> BTreeSet<u32> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter_map(|word| word.strip_prefix('A')?.parse().ok())
        .collect()
}

/// What a document holds: its headings with their level, its anchors, and its links.
#[derive(Default)]
struct Document {
    headings: Vec<(u8, String)>,
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

impl Document {
    fn of(path: &str) -> Self {
        let (arena, mut options) = (Arena::new(), Options::default());
        options.extension.table = true;
        let text = read(path);
        let mut found = Self::default();
        let mut anchorizer = Anchorizer::new();
        for node in parse_document(&arena, &text, &options).descendants() {
            match &node.data.borrow().value {
                NodeValue::Heading(heading) => {
                    let words = words(node);
                    found.anchors.insert(anchorizer.anchorize(&words));
                    found.headings.push((heading.level, words));
                }
                NodeValue::Link(link) => found.links.push(link.url.clone()),
                NodeValue::HtmlInline(html) => {
                    let id = html.strip_prefix("<a id=\"");
                    let id = id.and_then(|rest| rest.strip_suffix("\">"));
                    found.anchors.extend(id.map(str::to_owned));
                }
                _ => {}
            }
        }
        found
    }

    /// The codes of the rules of semantics and their anchors: a heading is one, and `3. …` below it is its third.
    fn codes(&self) -> BTreeMap<String, String> {
        let mut codes = BTreeMap::new();
        let mut chapter = String::new();
        for (level, words) in &self.headings {
            let anchor = Anchorizer::new().anchorize(words);
            match level {
                2 => {
                    chapter = words.to_lowercase();
                    codes.insert(chapter.clone(), anchor);
                }
                3 => {
                    let number = words.split_once('.').map_or("", |(number, _)| number);
                    codes.insert(format!("{chapter}, {number}"), anchor);
                }
                _ => {}
            }
        }
        codes
    }
}

/// The text of a node, as GitHub makes an anchor of it.
fn words<'a>(node: &'a AstNode<'a>) -> String {
    let parts = node
        .descendants()
        .filter_map(|node| match &node.data.borrow().value {
            NodeValue::Text(text) => Some(text.to_string()),
            NodeValue::Code(code) => Some(code.literal.clone()),
            _ => None,
        });
    parts.collect()
}

#[test]
fn every_rule_of_github_that_is_named_has_its_row_and_no_row_is_without_a_name() {
    let mut named = BTreeMap::new();
    for path in sources().into_iter().chain(documents()) {
        if path == "docs/github.md" {
            continue;
        }
        for rule in rules(&prose(&path)) {
            named.entry(rule).or_insert(path.clone());
        }
    }
    assert!(named.len() > 40, "{named:?}");
    let github = Document::of("docs/github.md");
    let rows: BTreeSet<Rule> = github
        .anchors
        .iter()
        .filter_map(|anchor| Some(rule(anchor.strip_prefix("R-")?)?.0))
        .collect();
    let missing: Vec<_> = named
        .iter()
        .filter(|(rule, _)| !rows.contains(rule))
        .collect();
    assert!(missing.is_empty(), "not in docs/github.md: {missing:?}");
    let unnamed: Vec<_> = rows
        .iter()
        .filter(|rule| !named.contains_key(rule))
        .collect();
    assert!(unnamed.is_empty(), "named by nothing: {unnamed:?}");
    // Each row says what it rests on, by the code that `doctor --live` proves.
    let assumptions = read("docs/assumptions.md");
    for line in read("docs/github.md")
        .lines()
        .filter(|line| line.starts_with("| <a id"))
    {
        let basis = line
            .trim_end_matches([' ', '|'])
            .rsplit(" | ")
            .next()
            .unwrap();
        assert!(!basis.is_empty(), "{line}");
        for code in basis.split('`').skip(1).step_by(2) {
            let is_code = code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            let row = format!("| `{code}` |");
            assert!(
                !is_code || assumptions.contains(&row),
                "no assumption {code}"
            );
        }
    }
}

#[test]
fn every_rule_of_semantics_that_is_named_has_its_heading_and_no_heading_is_without_a_name() {
    let mut named = BTreeMap::new();
    let mut linked = BTreeSet::new();
    for path in sources() {
        for code in semantics(&prose(&path)) {
            named.entry(code).or_insert(path.clone());
        }
    }
    for path in documents() {
        if path == "docs/semantics.md" {
            continue;
        }
        for code in semantics(&prose(&path)) {
            named.entry(code).or_insert(path.clone());
        }
        let links = Document::of(&path).links.into_iter();
        linked
            .extend(links.filter_map(|link| Some(link.split_once("semantics.md#")?.1.to_owned())));
    }
    assert!(named.len() > 6, "{named:?}");
    let codes = Document::of("docs/semantics.md").codes();
    let missing: Vec<_> = named
        .iter()
        .filter(|(code, _)| !codes.contains_key(*code))
        .collect();
    assert!(missing.is_empty(), "not in docs/semantics.md: {missing:?}");
    let unnamed: Vec<_> = codes
        .iter()
        .filter(|(code, anchor)| !named.contains_key(*code) && !linked.contains(*anchor))
        .collect();
    assert!(unnamed.is_empty(), "named by nothing: {unnamed:?}");
}

#[test]
fn every_attack_that_the_source_names_has_its_row() {
    let table = read("docs/security.md");
    let mut named = BTreeMap::new();
    for path in files("src", ".rs")
        .into_iter()
        .chain(files("crates", ".rs"))
    {
        let text = read(&path);
        let comments = text.lines().filter(|line| line.trim().starts_with("//"));
        for attack in comments.flat_map(attacks) {
            named.entry(attack).or_insert(path.clone());
        }
    }
    assert!(named.len() > 10, "{named:?}");
    named.retain(|attack, _| !table.contains(&format!("\n| A{attack} | ")));
    assert!(named.is_empty(), "not in docs/security.md: {named:?}");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut anchors: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    let mut broken = Vec::new();
    let mut count = 0;
    for path in documents() {
        for link in Document::of(&path).links {
            if link.contains("://") {
                continue;
            }
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => root().join(&path),
                file => root().join(&path).parent().unwrap().join(file),
            };
            let Ok(target) = target.canonicalize() else {
                broken.push(format!("{path}: {link}"));
                continue;
            };
            if anchor.is_empty() {
                continue;
            }
            let relative = target.strip_prefix(root().canonicalize().unwrap()).unwrap();
            let there = anchors
                .entry(relative.to_owned())
                .or_insert_with(|| Document::of(relative.to_str().unwrap()).anchors);
            if !there.contains(anchor) {
                broken.push(format!("{path}: {link}"));
            }
        }
    }
    assert!(count > 100, "{count}");
    assert!(broken.is_empty(), "{broken:#?}");
}
