//! What happened in a simulation: one event after the other, and the state at the end.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::change::Change;
use super::ids::PlanId;
use super::name::{GateName, PipelineName, StageName};

/// A simulation, played to its end.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    /// What was simulated.
    pub name: String,
    /// When it began, on the virtual clock.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What others say of commits was taken to be good at once.
    pub assumes_signals: bool,
    /// The repositories that could not be read, of each of which one new commit was assumed.
    pub assumed: BTreeSet<String>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What every stage runs at the end.
    pub stages: Vec<StageEnd>,
    /// How it ended.
    pub end: End,
    /// How many runs it took.
    pub rounds: usize,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// When, on the virtual clock.
    pub at: Timestamp,
    /// In which pipeline.
    pub pipeline: PipelineName,
    /// The stages that are promoted from.
    pub from: Vec<StageName>,
    /// The stage that is promoted into.
    pub to: StageName,
    /// The plan.
    pub plan: PlanId,
    /// What.
    pub what: What,
}

/// Kinds of event.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A person requested the promotion.
    Requested,
    /// A plan was proposed.
    Proposed {
        /// What it changes.
        changes: Vec<Change>,
    },
    /// A gate lets nothing through yet.
    Waits {
        /// The gate.
        gate: GateName,
        /// What for.
        reason: String,
    },
    /// Something holds the plan until some time.
    Held {
        /// What, and until when.
        reason: String,
    },
    /// A gate opened as time went by.
    Opens {
        /// The gate.
        gate: GateName,
        /// What it says now.
        reason: String,
    },
    /// A person approved the plan.
    Approved {
        /// Who, as given on the command line.
        by: String,
    },
    /// The plan landed.
    Committed {
        /// Files that changed.
        files: usize,
        /// Lines that changed.
        lines: usize,
    },
    /// The plan could not be carried out.
    Refused {
        /// Why.
        reason: String,
    },
}

/// What a stage runs at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StageEnd {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The stage.
    pub stage: StageName,
    /// Its promoted values.
    pub values: Vec<ValueEnd>,
}

/// A promoted value at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueEnd {
    /// The service.
    pub service: String,
    /// The field, as its last key.
    pub field: String,
    /// Its value; `None` if there is none or it is secret.
    pub now: Option<String>,
    /// Its value at the beginning.
    pub was: Option<String>,
    /// It is secret, and whether it changed.
    pub secret: Option<bool>,
}

/// How a simulation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing is left to promote.
    InSync,
    /// Something waits, is held or is in error.
    Stopped {
        /// Why, one sentence each.
        reasons: Vec<String>,
    },
    /// It went round without coming to rest.
    Restless {
        /// What came back.
        reason: String,
    },
}
