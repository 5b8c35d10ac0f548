//! `window-never-opens`: a gate of type WINDOW that no instant of the coming year can open.
//!
//! Weekly hours exist in every zone, week by week, and a freeze ends at some time; so only freezes can keep a window
//! closed for so long, and it depends on the time of the evaluation whether they still do. The message contains no time
//! that moves with the clock.

use jiff::SignedDuration;

use super::check::{Check, Context, only};
use crate::model::finding::{Finding, Severity};
use crate::model::pipeline::GateKind;
use crate::model::policy::{GateRule, OpeningTimes};
use crate::model::source_location::SourceLocation;

pub(super) const CHECK: Check = Check {
    code: "window-never-opens",
    severity: Severity::Error,
    about: "A window is frozen for more than a year from now.",
    run,
};

/// How far ahead an opening is looked for: a year, leap day included.
const AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        for gate in pipeline.edges.iter().flat_map(|edge| &edge.gates) {
            if gate.kind != GateKind::Window {
                continue;
            }
            let Some(ruled) = context.policy.gate(&pipeline.name, &gate.name) else {
                continue;
            };
            let GateRule::Window { open, zone } = ruled.rule else {
                continue;
            };
            let times = OpeningTimes::new(open, zone, &context.policy.freeze);
            let opens = times.opens(context.now);
            if opens.is_some_and(|at| at.duration_since(context.now) <= AHEAD) {
                continue;
            }
            let opening = match opens {
                Some(at) => format!(
                    "does not open before {}, more than a year from now",
                    zone.shown(at)
                ),
                None => "never opens again".to_owned(),
            };
            let frozen = times
                .hours_open(context.now)
                .and_then(|at| times.frozen(at))
                .map(|freeze| {
                    format!(
                        ": it is frozen until {} ({})",
                        freeze.zone.shown(freeze.until),
                        freeze.reason
                    )
                })
                .unwrap_or_default();
            findings.push(
                Finding::error(
                    CHECK.code,
                    SourceLocation::new(context.policy_file, ruled.at),
                    format!("the window {} {opening}{frozen}", gate.name),
                    only(resolved.id),
                )
                .help(
                    "end the freeze earlier; to stop a pipeline for good, remove it or add a hold",
                ),
            );
        }
    }
    findings
}
