//! An input or output of the Action, as `action.yml` lists it.

/// An input or output of the Action: its `action.yml` lists exactly these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
}
