//! What people, checks and workflows reported about open pull requests.

pub(crate) mod changes;
pub(crate) mod jobs;
pub(crate) mod permissions;
pub(crate) mod question;
pub(crate) mod questions;
pub(crate) mod read;
pub(crate) mod requester;
pub(crate) mod roster;
