//! No two files need each other: circles of files, found in the source text itself.
//!
//! A file needs another one if a path in it, in a `use` or in its code, leads into that file: `crate::…`, `super::…`,
//! `self::…`, or the name of a module that it declares. A `mod` alone does not count. The root of a module is a file
//! like any other, so a child that takes a type from its root while the root calls the child is a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// The source folders, each the root of a crate.
const CRATES: &[&str] = &[
    "src",
    "crates/sluice-yaml/src",
    "crates/github-stand-in/src",
];

/// Files that still need each other, by the folder or file that all of a circle's files are in. Each entry must be needed:
/// remove it once its circle is broken.
const OPEN: &[&str] = &[];

/// A module of a crate, as the names that lead to it; the root of the crate has none.
type Module = Vec<String>;

/// A file: its module, and its text without comments, strings and visibilities.
struct Source {
    module: Module,
    text: String,
}

#[test]
fn no_files_need_each_other() {
    let mut unlisted = Vec::new();
    let mut stale: BTreeSet<&str> = OPEN.iter().copied().collect();
    for folder in CRATES {
        for circle in circles(&sources_in(folder)) {
            let files: Vec<String> = circle
                .iter()
                .map(|module| format!("{folder}/{}.rs", module.join("/")))
                .collect();
            let listed = OPEN
                .iter()
                .find(|open| files.iter().all(|file| file.starts_with(**open)));
            match listed {
                Some(open) => {
                    stale.remove(open);
                }
                None => unlisted.push(files),
            }
        }
    }
    assert!(
        unlisted.is_empty(),
        "these files need each other: {unlisted:#?}"
    );
    assert!(
        stale.is_empty(),
        "these circles are open by now: remove them from the list: {stale:#?}"
    );
}

#[test]
fn a_circle_is_found_however_its_files_name_each_other() {
    let source = |module: &str, text: &str| Source {
        module: module.split("::").map(str::to_owned).collect(),
        text: plain(text),
    };
    for (one, other) in [
        ("use crate::b::Thing;", "fn f() { crate::a::call() }"),
        ("use super::b::{self, Thing};", "use super::a::*;"),
        (
            "use super::{c::D, b::Thing};",
            "pub(super) use crate::{a::X};",
        ),
        (
            "mod x { use super::super::b::Y; }",
            "use self::super::a::X;",
        ),
    ] {
        let found = circles(&[source("a", one), source("b", other)]);
        assert_eq!(found.len(), 1, "{one} {other}");
    }
    let root = "mod child;\npub use child::run;\npub struct Noun;";
    let found = circles(&[source("a", root), source("a::child", "use super::Noun;")]);
    assert_eq!(found.len(), 1);
    for (one, other) in [
        ("use crate::b::Thing;", "// use crate::a::Thing;"),
        (
            "use crate::b::Thing;",
            "const TEXT: &str = \"crate::a::b\";",
        ),
        ("use crate::b::Thing;", "pub(in crate::a) fn f() {}"),
        ("pub mod b;", "use super::a::Thing;"),
    ] {
        let found = circles(&[source("a", one), source("b", other)]);
        assert!(found.is_empty(), "{one} {other}");
    }
}

/// The modules of each circle, sorted.
fn circles(sources: &[Source]) -> Vec<Vec<Module>> {
    let modules: BTreeMap<&[String], usize> = sources
        .iter()
        .enumerate()
        .map(|(at, source)| (source.module.as_slice(), at))
        .collect();
    let mut needs: DiGraph<(), ()> = DiGraph::new();
    for _ in sources {
        needs.add_node(());
    }
    for (at, source) in sources.iter().enumerate() {
        for path in paths(source) {
            // The longest start of the path that is a file; the root of a crate only declares modules.
            let file = (1..=path.len())
                .rev()
                .find_map(|end| modules.get(&path[..end]));
            if let Some(file) = file.filter(|file| **file != at) {
                needs.update_edge(NodeIndex::new(at), NodeIndex::new(*file), ());
            }
        }
    }
    let mut found: Vec<Vec<Module>> = tarjan_scc(&needs)
        .into_iter()
        .filter(|circle| circle.len() > 1)
        .map(|circle| {
            let mut modules: Vec<Module> = circle
                .into_iter()
                .map(|at| sources[at.index()].module.clone())
                .collect();
            modules.sort();
            modules
        })
        .collect();
    found.sort();
    found
}

/// All paths into this crate that a file names, from the root of the crate.
fn paths(source: &Source) -> Vec<Module> {
    let text = source.text.as_str();
    let mut named = Vec::new();
    // The code without its `use`s, at the same places.
    let mut code = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices("use ") {
        let is_word = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if at < from || is_word {
            continue;
        }
        let Some(length) = text[at..].find(';') else {
            continue;
        };
        code.push_str(&text[from..at]);
        code.push_str(&" ".repeat(length));
        from = at + length;
        let tree = tokens(&text[at + "use ".len()..from]);
        expand(&tree, &mut 0, &[], &mut |path| named.push((at, path)));
    }
    code.push_str(&text[from..]);
    named.extend(code_paths(&code));
    let children = declared(text);
    let inner = inner_modules(text);
    named
        .into_iter()
        .filter_map(|(at, path)| {
            let mut base = source.module.clone();
            let inside = inner
                .iter()
                .filter(|(from, to, _)| (*from..*to).contains(&at))
                .map(|(.., name)| name.clone());
            base.extend(inside);
            resolved(base, path, &source.module, &children)
        })
        .collect()
}

/// A path from the root of the crate; `None` if it leads elsewhere.
fn resolved(
    mut base: Module,
    path: Module,
    own: &[String],
    children: &BTreeSet<String>,
) -> Option<Module> {
    let mut steps = path.into_iter().peekable();
    match steps.peek()?.as_str() {
        "crate" => {
            base.clear();
            steps.next();
        }
        "self" | "super" => {
            if steps.peek().is_some_and(|step| step == "self") {
                steps.next();
            }
            while steps.next_if(|step| step == "super").is_some() {
                base.pop();
            }
        }
        first if children.contains(first) && base == own => {}
        _ => return None,
    }
    base.extend(steps);
    Some(base)
}

/// Words, `::`, braces and commas.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let word = text[at..]
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len() - at);
        let length = match c {
            _ if word > 0 => word,
            ':' if text[at..].starts_with("::") => 2,
            c => c.len_utf8(),
        };
        if !c.is_whitespace() {
            found.push(&text[at..at + length]);
        }
        at += length;
    }
    found
}

/// Every path of a `use` tree.
fn expand<'t>(
    tokens: &[&'t str],
    at: &mut usize,
    before: &[&'t str],
    found: &mut impl FnMut(Module),
) {
    let mut path = before.to_vec();
    while let Some(token) = tokens.get(*at) {
        match *token {
            "{" => {
                *at += 1;
                while tokens.get(*at).is_some_and(|token| *token != "}") {
                    expand(tokens, at, &path, found);
                    if tokens.get(*at) == Some(&",") {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            "}" | "," => break,
            "as" => *at += 1,
            "::" | "*" => {}
            // `a::{self}` is `a`, and `self::a` begins in this module.
            "self" if !path.is_empty() => {}
            step => path.push(step),
        }
        *at += 1;
    }
    if !path.is_empty() {
        found(path.iter().map(|step| (*step).to_owned()).collect());
    }
}

/// The paths of more than one step in code, with their places.
fn code_paths(text: &str) -> Vec<(usize, Module)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(length) = text[from..].find("::") {
        let at = from + length;
        from = at + 2;
        let start = text[..at].rfind(|c| !is_word(c)).map_or(0, |at| at + 1);
        // Not the beginning of a path, or none of ours, such as `<T>::new`.
        if start == at || text[..start].ends_with("::") {
            continue;
        }
        let mut path = vec![text[start..at].to_owned()];
        let mut rest = &text[at..];
        while let Some(after) = rest.strip_prefix("::") {
            let end = after.find(|c| !is_word(c)).unwrap_or(after.len());
            if end == 0 {
                break;
            }
            path.push(after[..end].to_owned());
            rest = &after[end..];
        }
        found.push((start, path));
    }
    found
}

/// The modules that a file declares and that are files of their own.
fn declared(text: &str) -> BTreeSet<String> {
    let words = tokens(text);
    words
        .windows(3)
        .filter(|three| three[0] == "mod" && three[2] == ";")
        .map(|three| three[1].to_owned())
        .collect()
}

/// The modules inside a file: where each begins and ends, and its name.
fn inner_modules(text: &str) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("mod ") {
        if !text[..at].ends_with(|c: char| c.is_whitespace() || c == ';' || c == '}') && at != 0 {
            continue;
        }
        let after = &text[at + "mod ".len()..];
        let Some((name, body)) = after.split_once('{') else {
            continue;
        };
        let name = name.trim();
        if name.is_empty() || name.contains(|c: char| !c.is_alphanumeric() && c != '_') {
            continue;
        }
        let mut depth = 1;
        let end = body.find(|c| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0
        });
        let from = text.len() - body.len();
        found.push((from, from + end.unwrap_or(body.len()), name.to_owned()));
    }
    found
}

/// The code without comments, the content of strings, and `pub(…)`.
fn plain(code: &str) -> String {
    let mut text = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(inside) = rest.strip_prefix("/*") {
            inside.find("*/").map_or(rest.len(), |end| end + 4)
        } else if c == '"' {
            string_length(rest)
        } else if c == 'r' && !text.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            raw_string_length(rest)
        } else if c == '\'' {
            char_length(rest)
        } else if rest.starts_with("pub(") {
            rest.find(')').map_or(rest.len(), |end| end + 1)
        } else {
            0
        };
        if skipped == 0 {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            text.push(' ');
            rest = &rest[skipped..];
        }
    }
    text
}

/// The length of the string that begins here, with its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = true;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}

/// The length of the raw string that begins here; 0 if none does.
fn raw_string_length(text: &str) -> usize {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    if !text[1 + hashes..].starts_with('"') {
        return 0;
    }
    let start = hashes + 2;
    let end = format!("\"{}", "#".repeat(hashes));
    text[start..]
        .find(&end)
        .map_or(text.len(), |at| start + at + end.len())
}

/// The length of the character literal that begins here; 0 for a lifetime.
fn char_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[2..].find('\'').map_or(0, |end| match &text[2..3] {
            "'" => 4,
            _ => end + 3,
        }),
        Some(_) => match chars.next() {
            Some((end, '\'')) => end + 1,
            _ => 0,
        },
        None => 0,
    }
}

fn sources_in(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut open = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let inside = path.strip_prefix(&root).unwrap().with_extension("");
            let module: Module = inside
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            // The crate's roots declare modules and re-export; nothing in the crate is named through them.
            if module == ["lib"] || module == ["main"] {
                continue;
            }
            let text = plain(&fs::read_to_string(&path).unwrap());
            found.push(Source { module, text });
        }
    }
    found.sort_by(|a, b| a.module.cmp(&b.module));
    assert!(
        found.len() > 20,
        "the sources of {folder} were not found",
        folder = root.display()
    );
    found
}
