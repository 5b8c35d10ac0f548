//! What the landings of the past say about the present: through which gates something came, and how far behind a stage
//! is.

use std::collections::HashMap;

use jiff::Timestamp;

use super::documents::{Change, HistoryDocument, Landing, Pipeline, Promotion, Stage};

/// The landings, by what they changed and by commit.
#[derive(Default)]
pub(super) struct Past<'a> {
    fields: HashMap<Field<'a>, Vec<Step<'a>>>,
    commits: HashMap<&'a str, &'a Landing>,
}

/// A field of a manifest of a stage.
#[derive(PartialEq, Eq, Hash)]
struct Field<'a> {
    namespace: Option<&'a str>,
    pipeline: &'a str,
    stage: &'a str,
    manifest: &'a str,
    path: &'a str,
}

/// One landing's change of a field.
struct Step<'a> {
    at: Timestamp,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

/// How far a stage is behind one that it is promoted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behind<'a> {
    /// The stage before.
    pub from: &'a str,
    /// How many landings of the stage before came after what this stage holds; `None` if landings do not show it.
    pub versions: Option<usize>,
    /// When the stage before got what this one does not have yet: the first of those landings, or else when it was set
    /// to what it holds now.
    pub since: Option<Timestamp>,
}

impl<'a> Past<'a> {
    pub(super) fn of(history: Option<&'a HistoryDocument>) -> Self {
        let mut past = Self::default();
        // Newest first, as the document lists them.
        for landing in history.into_iter().flat_map(|history| &history.landings) {
            past.commits.insert(&landing.commit, landing);
            for change in landing.changes.iter().filter(|change| !change.secret) {
                let field = Field {
                    namespace: landing.namespace.as_deref(),
                    pipeline: &landing.pipeline,
                    stage: &landing.stage,
                    manifest: &change.name,
                    path: &change.path,
                };
                past.fields.entry(field).or_default().push(Step {
                    at: landing.date,
                    old: change.old.as_deref(),
                    new: change.new.as_deref(),
                });
            }
        }
        past
    }

    /// The landing that a commit is.
    pub(super) fn landing(&self, commit: &str) -> Option<&'a Landing> {
        self.commits.get(commit).copied()
    }

    /// How far the target of a change is behind; `None` if it does not come from a stage before.
    pub(super) fn behind(
        &self,
        pipeline: &'a Pipeline,
        stage: &'a Stage,
        promotion: &'a Promotion,
        change: &'a Change,
    ) -> Option<Behind<'a>> {
        if promotion.rollback.is_some() {
            return None;
        }
        let mut stages = promotion.edges.iter().filter_map(|edge| {
            let mut stages = pipeline.stages.iter();
            stages.find(|stage| stage.stage == edge.from)
        });
        let target = stage
            .services
            .iter()
            .find(|service| service.service == change.name);
        let Some(source) = target.and_then(|target| target.source.as_deref()) else {
            // A secret: which service holds it is not in the document.
            return stages.next().map(|from| Behind {
                from: &from.stage,
                versions: None,
                since: None,
            });
        };
        let (from, service) = stages.find_map(|from| {
            let mut services = from.services.iter();
            let service = services.find(|service| service.service == source)?;
            Some((from, service))
        })?;
        let steps = self.fields.get(&Field {
            namespace: pipeline.namespace.as_deref(),
            pipeline: &pipeline.pipeline,
            stage: &from.stage,
            manifest: source,
            path: &change.path,
        });
        let told = steps.and_then(|steps| newer(steps, change.old.as_deref()?));
        Some(Behind {
            from: &from.stage,
            versions: told.map(|(versions, _)| versions),
            since: told
                .map(|(_, since)| since)
                .or_else(|| Some(service.since.as_ref()?.at)),
        })
    }
}

/// How many steps came after the field held this, and the time of the first of them.
fn newer(steps: &[Step<'_>], held: &str) -> Option<(usize, Timestamp)> {
    let at = steps.iter().position(|step| step.new == Some(held));
    let versions = match at {
        Some(versions) => versions,
        None => steps.iter().position(|step| step.old == Some(held))? + 1,
    };
    // Nothing landed since: the stage before was set in another way.
    let first = steps.get(versions.checked_sub(1)?)?;
    Some((versions, first.at))
}
