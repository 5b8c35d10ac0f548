//! `target-moves`: a target behind gates follows a branch or a version range on its own, so that no gate can hold it.

use super::check::{Check, Context};
use crate::copy::{is_exact_version, is_full_id, looks_like_tag};
use crate::model::facts::Revision;
use crate::model::finding::{Finding, Severity};
use crate::model::policy::RevisionMode;
use crate::yaml::{Edit, FieldPath, Note};

pub(super) const CHECK: Check = Check {
    code: "target-moves",
    severity: Severity::Warning,
    about: "A target behind gates follows a branch or a version range on its own.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compared in &context.pairs {
        let pipeline = context.catalog.pipeline(compared.pipeline);
        let resolved = &context.resolved[compared.pipeline.0];
        let gates: Vec<&str> = resolved
            .edges_into(compared.stage)
            .flat_map(|edge| &pipeline.edges[edge].gates)
            .map(|gate| gate.name.as_str())
            .collect();
        if gates.is_empty() {
            continue;
        }
        let pair = &compared.pair;
        let stage = &pipeline.stages[compared.stage].name;
        let cannot = format!("{} cannot stop it", gates.join(", "));
        if let Some(value) = pair
            .target
            .git
            .as_ref()
            .and_then(|git| git.reference.value())
            && !is_full_id(&value.text)
        {
            let place = pair.target.place(value.at);
            let message = format!("{stage} follows branch {} on its own; {cannot}", value.text);
            let pins = "the first promotion pins it";
            match pair
                .target_query()
                .and_then(|query| context.revisions.get(&query))
            {
                Some(Revision::Resolved(revision))
                    if revision.moving && pair.mode == RevisionMode::Literal =>
                {
                    let help = "`revision: literal` in the policy keeps it that way; without it the first promotion pins it";
                    findings.push(Finding::warning(CHECK.code, place, message).help(help));
                }
                Some(Revision::Resolved(revision)) if revision.moving => {
                    let edit = Edit {
                        object: pair.target.identity(),
                        path: FieldPath::keys(&["spec", "git", "ref"]),
                        value: revision.commit.to_string(),
                        form: crate::yaml::Form::Text,
                        note: revision.name.clone().map_or(Note::Keep, Note::Set),
                    };
                    findings.push(
                        Finding::warning(CHECK.code, place, message)
                            .help("sluice validate --fix pins it to its current commit")
                            .fix(&pair.target.file, vec![edit]),
                    );
                }
                Some(Revision::Resolved(_)) => {}
                Some(Revision::Unread | Revision::Failed { .. }) | None
                    if looks_like_tag(&value.text) => {}
                Some(Revision::Unread | Revision::Failed { .. }) => {
                    findings.push(Finding::warning(CHECK.code, place, message).help(pins));
                }
                None => findings.push(
                    Finding::warning(CHECK.code, place, message).help("pin it to a commit ID"),
                ),
            }
        }
        if let Some(value) = pair
            .target
            .helm
            .as_ref()
            .and_then(|helm| helm.version.value())
            && !is_exact_version(&value.text)
        {
            findings.push(
                Finding::warning(
                    CHECK.code,
                    pair.target.place(value.at),
                    format!(
                        "{stage} follows the version range {} on its own; {cannot}",
                        value.text
                    ),
                )
                .help("the first promotion pins it"),
            );
        }
    }
    findings
}
