//! The environment variables of this process, read once.

use std::collections::BTreeMap;

/// Environment variables. They contain tokens: there is no way to print them.
#[derive(Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The value without blanks around it; a variable without one is not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Whether this is a step of a workflow.
    pub fn is_runner(&self) -> bool {
        self.get("GITHUB_ACTIONS") == Some("true")
    }

    /// The names that start like this, without that start.
    pub(super) fn names<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .keys()
            .filter_map(move |name| name.strip_prefix(start))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}
