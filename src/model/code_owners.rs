//! CODEOWNERS: who owns which path. Pure; the file's text comes from the base branch, never from a pull request.
//!
//! GitHub's own rules: the last line that matches wins, a line without owners takes ownership away, and a line that
//! GitHub would not understand is passed over. Source: GitHub's documentation, "About code owners".

use globset::{GlobBuilder, GlobMatcher};

/// Where GitHub looks for it; the first that is there counts.
pub const PATHS: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// GitHub reads no file above this size, in bytes.
pub const MOST_BYTES: usize = 3_000_000;

/// One owner as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// `@login`.
    Person(String),
    /// `@organisation/team`.
    Team(String),
    /// An e-mail address: nobody can be told by it here.
    Email(String),
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(name) | Self::Team(name) => write!(f, "@{name}"),
            Self::Email(address) => f.write_str(address),
        }
    }
}

/// The lines of a CODEOWNERS file that mean something.
#[derive(Clone, Debug, Default)]
pub struct CodeOwners(Vec<Line>);

#[derive(Clone, Debug)]
struct Line {
    matchers: Vec<GlobMatcher>,
    owners: Vec<Owner>,
}

impl CodeOwners {
    /// Reads the file. Lines that GitHub would pass over are passed over.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(Line::parse).collect())
    }

    /// Everyone whom the file names.
    pub fn named(&self) -> impl Iterator<Item = &Owner> {
        self.0.iter().flat_map(|line| &line.owners)
    }

    /// The owners of a path: those of the last line that matches. Empty: nobody owns it.
    pub fn of(&self, path: &str) -> &[Owner] {
        self.0
            .iter()
            .rev()
            .find(|line| line.matchers.iter().any(|matcher| matcher.is_match(path)))
            .map_or(&[], |line| &line.owners)
    }
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let line = line.split(" #").next().unwrap_or_default().trim();
        let mut words = line.split_whitespace();
        let pattern = words.next().filter(|word| !word.starts_with('#'))?;
        // None of these means anything in CODEOWNERS, and a pattern that is half understood owns the wrong files.
        if pattern.starts_with('!') || pattern.contains(['[', ']', '\\', '{', '}']) {
            return None;
        }
        let owners = words.map(owner).collect::<Option<Vec<_>>>()?;
        Some(Self {
            matchers: matchers(pattern)?,
            owners,
        })
    }
}

fn owner(word: &str) -> Option<Owner> {
    let Some(name) = word.strip_prefix('@') else {
        let (user, host) = word.split_once('@')?;
        return (!user.is_empty() && host.contains('.')).then(|| Owner::Email(word.to_owned()));
    };
    match name.split_once('/') {
        _ if name.is_empty() => None,
        Some((organisation, team)) if organisation.is_empty() || team.is_empty() => None,
        Some(_) => Some(Owner::Team(name.to_owned())),
        None => Some(Owner::Person(name.to_owned())),
    }
}

/// A pattern as globs: what it matches itself, and what lies below.
fn matchers(pattern: &str) -> Option<Vec<GlobMatcher>> {
    let inner = pattern.trim_start_matches('/');
    let anchored = pattern.starts_with('/') || inner.trim_end_matches('/').contains('/');
    let start = if anchored { "" } else { "**/" };
    let bare = inner.trim_end_matches('/');
    if bare.is_empty() {
        return None;
    }
    let glob = |text: String| {
        let glob = GlobBuilder::new(&text).literal_separator(true).build();
        glob.ok().map(|glob| glob.compile_matcher())
    };
    let below = format!("{start}{bare}/**");
    if inner.ends_with('/') {
        return Some(vec![glob(below)?]);
    }
    let own = glob(format!("{start}{bare}"))?;
    // `docs/*` is the files of a folder, not of those below it.
    if bare.ends_with("/*") {
        return Some(vec![own]);
    }
    Some(vec![own, glob(below)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(text: &str, path: &str) -> String {
        let found = CodeOwners::parse(text);
        let names: Vec<String> = found.of(path).iter().map(Owner::to_string).collect();
        names.join(" ")
    }

    #[test]
    fn a_pattern_matches_as_github_documents() {
        for (pattern, path, matches) in [
            ("*", "a/b/c.yaml", true),
            ("*.js", "deep/down/x.js", true),
            ("*.js", "deep/down/x.ts", false),
            ("/build/logs/", "build/logs/a/b", true),
            ("/build/logs/", "x/build/logs/a", false),
            ("docs/*", "docs/getting-started.md", true),
            ("docs/*", "docs/build-app/troubleshooting.md", false),
            ("apps/", "x/apps/y/z", true),
            ("apps/", "x/apps", false),
            ("/docs/", "docs/a/b", true),
            ("/scripts/", "scripts/a", true),
            ("**/logs", "build/logs", true),
            ("**/logs", "deeply/nested/logs/x", true),
            ("/apps/github", "apps/github", true),
            ("/apps/github", "apps/github/x", true),
            ("clusters/prod", "clusters/prod/api.yaml", true),
            ("clusters/prod", "x/clusters/prod/api.yaml", false),
        ] {
            let text = format!("{pattern} @o");
            assert_eq!(owners(&text, path) == "@o", matches, "{pattern} {path}");
        }
    }

    #[test]
    fn the_last_line_that_matches_wins_and_may_take_ownership_away() {
        let text = "# all\n* @all\n/prod/ @acme/sre @carol # night\n/prod/open/\n";
        assert_eq!(owners(text, "dev/a.yaml"), "@all");
        assert_eq!(owners(text, "prod/a.yaml"), "@acme/sre @carol");
        assert_eq!(owners(text, "prod/open/a.yaml"), "");
    }

    #[test]
    fn a_line_that_github_does_not_understand_is_passed_over() {
        for line in [
            "!/prod/ @x",
            "/prod/[ab] @x",
            "\\#prod @x",
            "/prod/ nobody",
            "/prod/ @",
            "/prod/ @acme/",
            "/ @x",
        ] {
            let text = format!("* @all\n{line}\n");
            assert_eq!(owners(&text, "prod/a"), "@all", "{line}");
        }
        assert_eq!(owners("* a@b.example", "x"), "a@b.example");
    }
}
