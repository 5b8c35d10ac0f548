//! PATH and `--policy` as they were given, for commands in hints: these can be pasted.

use std::path::Path;

use crate::report::escape::shell;

/// The commands that take PATH, and whether they take --policy too.
const TAKE_PATH: [(&str, bool); 8] = [
    ("validate", true),
    ("plan", true),
    ("simulate", true),
    ("graph", true),
    ("status", true),
    ("history", true),
    ("promote --local", true),
    ("init", false),
];

/// PATH and `--policy` as words of a command line: each with a space before it, or empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathArguments {
    path: String,
    policy: String,
}

impl PathArguments {
    /// Quotes both for a shell.
    pub(crate) fn new(path: Option<&Path>, policy: Option<&Path>) -> Self {
        let word = |before: &str, path: Option<&Path>| match path {
            Some(path) => format!("{before}{}", shell(&path.to_string_lossy())),
            None => String::new(),
        };
        Self {
            path: word(" ", path),
            policy: word(" --policy ", policy),
        }
    }

    /// Inserts these words after each command in a text of ours that takes them, so that it can be pasted.
    pub(crate) fn within(&self, text: &str) -> String {
        again(text, &self.path, &self.policy)
    }
}

fn again(text: &str, path: &str, policy: &str) -> String {
    let mut said = String::with_capacity(text.len() + path.len() + policy.len());
    let mut rest = text;
    while let Some(at) = rest.find("sluice ") {
        let (before, command) = rest.split_at(at + "sluice ".len());
        said.push_str(before);
        rest = command;
        let ends = |name: &str| {
            let after = command.strip_prefix(name);
            after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
        };
        if let Some((name, takes_policy)) = TAKE_PATH.iter().find(|(name, _)| ends(name)) {
            said.push_str(name);
            said.push_str(path);
            said.push_str(if *takes_policy { policy } else { "" });
            rest = &command[name.len()..];
        }
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::again;

    #[test]
    fn a_command_in_a_hint_is_given_the_path_of_the_call() {
        for (text, said) in [
            (
                "sluice validate --fix pins it",
                "sluice validate 'my clone' --fix pins it",
            ),
            (
                "run sluice plan, then sluice simulate --approve NAME",
                "run sluice plan 'my clone', then sluice simulate 'my clone' --approve NAME",
            ),
            (
                "sluice promote --local --pipeline web --to prod",
                "sluice promote --local 'my clone' --pipeline web --to prod",
            ),
            ("`sluice validate`", "`sluice validate 'my clone'`"),
            ("sluice doctor names it", "sluice doctor names it"),
            ("sluice planner, sluice", "sluice planner, sluice"),
        ] {
            assert_eq!(again(text, " 'my clone'", ""), said);
            assert_eq!(again(text, "", ""), text);
        }
        let both = again(
            "sluice init, then sluice plan",
            " there",
            " --policy p.yaml",
        );
        assert_eq!(
            both,
            "sluice init there, then sluice plan there --policy p.yaml"
        );
    }
}
