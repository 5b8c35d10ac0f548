//! What is read to determine whether a source is ready.

use super::super::history::past::Past;
use super::super::remote::RemoteRepo;
use super::super::repositories::Repositories;
use crate::model::facts::Facts;
use crate::model::ids::CommitId;

/// One evaluation's cache of reports.
pub(super) struct Looking<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) repositories: &'a Repositories<'a>,
    pub(super) repo: &'a RemoteRepo,
    pub(super) tip: CommitId,
    pub(super) past: Past<'a>,
}
