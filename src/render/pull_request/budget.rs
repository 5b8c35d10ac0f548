//! How much of a promotion its pull request shows.

/// How much is shown.
#[derive(Clone, Copy)]
pub(super) struct SizeBudget {
    /// Characters of one text.
    pub text: usize,
    /// Items of one list.
    pub items: usize,
    /// Commits of one service, and services with commits.
    pub commits: usize,
}

/// Ever less, until it fits.
pub(super) const BUDGETS: [SizeBudget; 3] = [
    SizeBudget {
        text: 300,
        items: 60,
        commits: 20,
    },
    SizeBudget {
        text: 200,
        items: 30,
        commits: 5,
    },
    SizeBudget {
        text: 80,
        items: 15,
        commits: 0,
    },
];

/// In this everything fits.
pub(super) const LEAST: SizeBudget = SizeBudget {
    text: 40,
    items: 5,
    commits: 0,
};
