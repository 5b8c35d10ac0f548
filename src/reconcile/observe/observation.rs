//! What one look at the repository and its pull requests read.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::evaluation::evaluate::{Evaluation, ReadyAnswers};
use crate::evaluation::repository_state::RepositoryState;
use crate::forge::ClosedPage;
use crate::model::catalog::PipelineId;
use crate::model::evidence::{Permission, UserId};
use crate::model::pull::Snapshot;

/// What one turn read.
pub(crate) struct Observation {
    pub(crate) snapshot: Snapshot,
    /// The pull requests that were closed last, where they came along.
    pub(crate) closed: Option<ClosedPage>,
    /// What some people may do, as it came along.
    pub(crate) permissions: BTreeMap<UserId, Permission>,
    pub(crate) repository: Rc<RepositoryState>,
    pub(crate) evaluation: Rc<Evaluation>,
    /// What is known about the content of sources.
    pub(crate) ready: Option<Rc<ReadyAnswers>>,
    pub(crate) now: Timestamp,
}

impl Observation {
    /// A pipeline's namespace and name.
    pub(crate) fn named(&self, id: PipelineId) -> (Option<String>, String) {
        let pipeline = self.evaluation.catalog.pipeline(id);
        (pipeline.namespace.clone(), pipeline.name.to_string())
    }
}
