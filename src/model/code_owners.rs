//! CODEOWNERS: who owns which path. Pure; the file's text comes from the base branch, never from a pull request.
//!
//! GitHub's own rules: the last line that matches wins, and a line without owners removes ownership. GitHub ignores a
//! line that it does not understand. Here such a line is an error for every file that it may be about: otherwise a typo
//! in it would give those files to the owners of a broader line. Source: GitHub's documentation, "About code owners".

use globset::{GlobBuilder, GlobMatcher};

use super::hidden::is_hidden;

/// The paths at which GitHub looks for it; the first one that exists counts.
pub(crate) const PATHS: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// GitHub reads no file above this size, in bytes.
pub(crate) const MAX_BYTES: usize = 3_000_000;

/// One owner as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// `@login`.
    Person(String),
    /// `@organisation/team`.
    Team(String),
    /// An email address: it cannot be resolved to a person here.
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

/// The lines of a CODEOWNERS file, without comments and blank lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct CodeOwners(Vec<Line>);

/// A line that is not understood, and may say who owns a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number} of CODEOWNERS is not understood, and may be about {path}: correct `{text}`")]
pub(crate) struct NotUnderstood {
    /// The line, counted from 1.
    pub number: usize,
    /// What it says; foreign text.
    pub text: String,
    /// The file that was asked about.
    pub path: String,
}

#[derive(Clone, Debug)]
enum Line {
    Owned {
        matchers: Vec<GlobMatcher>,
        owners: Vec<Owner>,
    },
    NotUnderstood {
        number: usize,
        text: String,
        about: About,
    },
}

/// Which files a line that is not understood may be about; rather too many than too few.
#[derive(Clone, Debug)]
enum About {
    /// The pattern is understood, its owners are not. Maybe a blank in the path was not escaped.
    Pattern {
        matchers: Vec<GlobMatcher>,
        with_blank: String,
    },
    /// All paths that begin like this.
    Start(String),
}

impl About {
    fn may_be(&self, path: &str) -> bool {
        match self {
            Self::Pattern {
                matchers,
                with_blank,
            } => matches(matchers, path) || path.contains(with_blank),
            Self::Start(start) => path.starts_with(start),
        }
    }
}

fn matches(matchers: &[GlobMatcher], path: &str) -> bool {
    matchers.iter().any(|matcher| matcher.is_match(path))
}

impl CodeOwners {
    /// Reads the file.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().enumerate();
        Self(
            lines
                .filter_map(|(at, line)| Line::parse(at + 1, line))
                .collect(),
        )
    }

    /// Everyone whom the file names.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Owner> {
        self.0.iter().flat_map(|line| match line {
            Line::Owned { owners, .. } => owners.as_slice(),
            Line::NotUnderstood { .. } => &[],
        })
    }

    /// The owners of a path: those of the last line that matches. Empty: it has no owner.
    pub(crate) fn of(&self, path: &str) -> Result<&[Owner], NotUnderstood> {
        for line in self.0.iter().rev() {
            match line {
                Line::Owned { matchers, owners } if matches(matchers, path) => return Ok(owners),
                Line::NotUnderstood {
                    number,
                    text,
                    about,
                } if about.may_be(path) => {
                    return Err(NotUnderstood {
                        number: *number,
                        text: text.clone(),
                        path: path.to_owned(),
                    });
                }
                _ => {}
            }
        }
        Ok(&[])
    }
}

impl Line {
    /// `None`: a comment or a blank line.
    fn parse(number: usize, line: &str) -> Option<Self> {
        let words = words(line);
        let (pattern, owners) = words.split_first()?;
        let not_understood = |about| Self::NotUnderstood {
            number,
            text: line.trim().chars().take(80).collect(),
            about,
        };
        let Some(plain) = unescaped(pattern) else {
            return Some(not_understood(About::Start(literal_start(pattern))));
        };
        let Some(matchers) = matchers(&plain) else {
            return Some(not_understood(About::Start(String::new())));
        };
        let owners: Option<Vec<Owner>> = owners.iter().map(|word| owner(word)).collect();
        Some(match owners {
            Some(owners) => Self::Owned { matchers, owners },
            None => not_understood(About::Pattern {
                matchers,
                with_blank: format!("{} ", plain.trim_start_matches('/')),
            }),
        })
    }
}

/// The words of a line: blanks and tabs separate them unless escaped, and a word that begins with `#` begins a comment.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut escaped = false;
    for c in line.chars() {
        match c {
            ' ' | '\t' if !escaped => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            '#' if word.is_empty() => break,
            c => word.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The pattern with its escaped blanks as blanks; `None` if it holds what means nothing in CODEOWNERS, or nothing that is
/// documented.
fn unescaped(pattern: &str) -> Option<String> {
    let plain = pattern.replace("\\ ", " ");
    let strange = |c: char| "[]\\{}".contains(c) || is_hidden(c) || (c.is_whitespace() && c != ' ');
    (!plain.starts_with('!') && !plain.contains(strange)).then_some(plain)
}

/// The start of every path that a pattern may match: its text up to the first special character.
fn literal_start(pattern: &str) -> String {
    let pattern = pattern.strip_prefix('!').unwrap_or(pattern);
    let anchored = pattern.trim_end_matches('/').contains('/');
    let literal = |c: &char| c.is_alphanumeric() || "-_./".contains(*c);
    match anchored {
        true => pattern
            .trim_start_matches('/')
            .chars()
            .take_while(literal)
            .collect(),
        false => String::new(),
    }
}

fn owner(word: &str) -> Option<Owner> {
    let Some(name) = word.strip_prefix('@') else {
        let (user, host) = word.split_once('@')?;
        return (!user.is_empty() && host.contains('.')).then(|| Owner::Email(word.to_owned()));
    };
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    match name.split_once('/') {
        Some((organisation, team)) => {
            (is_name(organisation) && is_name(team)).then(|| Owner::Team(name.to_owned()))
        }
        None => is_name(name).then(|| Owner::Person(name.to_owned())),
    }
}

/// A pattern as globs: what it matches itself, and everything below.
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
        match found.of(path) {
            Ok(owners) => {
                let names: Vec<String> = owners.iter().map(Owner::to_string).collect();
                names.join(" ")
            }
            Err(error) => error.to_string(),
        }
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
    fn a_line_that_is_not_understood_is_an_error_for_the_files_that_it_may_be_about() {
        for (line, path, elsewhere) in [
            ("!/prod/ @x", "prod/a", Some("dev/a")),
            ("/prod/[ab] @x", "prod/a", Some("dev/a")),
            ("/prod/{a,b} @x", "prod/a", Some("dev/a")),
            ("/prod/\\# @x", "prod/#", Some("dev/a")),
            ("\\#prod @x", "#prod", None),
            ("/prod/ nobody", "prod/a", Some("dev/a")),
            ("/prod/ @", "prod/a", Some("dev/a")),
            ("/prod/ @acme/", "prod/a", Some("dev/a")),
            ("/prod/ @x#night", "prod/a", Some("dev/a")),
            ("/prod/\u{a0}@x", "prod/a", Some("dev/a")),
            ("/our prod/ @x", "our prod/a", Some("dev/a")),
            ("/our @x prod", "our/a", Some("dev/a")),
            ("/ @x", "prod/a", None),
        ] {
            let text = format!("* @all\n{line}\n");
            let found = owners(&text, path);
            assert!(
                found.starts_with("line 2 of CODEOWNERS is not understood"),
                "{line}: {found}"
            );
            if let Some(elsewhere) = elsewhere {
                assert_eq!(owners(&text, elsewhere), "@all", "{line}");
            }
            // A later line that matches says who owns it.
            assert_eq!(owners(&format!("{text}* @late\n"), path), "@late", "{line}");
        }
        insta::assert_snapshot!(
            owners("* @all\n/prod/ nobody\n", "prod/a"),
            @"line 2 of CODEOWNERS is not understood, and may be about prod/a: correct `/prod/ nobody`"
        );
    }

    #[test]
    fn a_comment_after_a_blank_or_a_tab_and_an_escaped_blank_are_understood() {
        for (line, path, found) in [
            ("/prod/ @x # night", "prod/a", "@x"),
            ("/prod/ @x\t# night", "prod/a", "@x"),
            ("/prod/\t@x\t#night", "prod/a", "@x"),
            ("\t/prod/ @x", "prod/a", "@x"),
            ("/prod/\t# nobody owns it", "prod/a", ""),
            ("\t# /prod/ @x", "prod/a", "@all"),
            ("/our\\ prod/ @x", "our prod/a", "@x"),
            ("/our\\ prod/ @x", "our/a", "@all"),
            ("/a#b/ @x", "a#b/c", "@x"),
            ("* a@b.example", "prod/a", "a@b.example"),
        ] {
            let text = format!("* @all\n{line}\n");
            assert_eq!(owners(&text, path), found, "{line:?} {path}");
        }
    }
}
