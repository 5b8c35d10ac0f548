//! `reference-swapped`: the form printed in Plural's documentation, in which the reference's `namespace` is the
//! manifest's name. It is accepted; Plural's own controller would not find it.

use super::check::{Check, Context};
use crate::model::finding::{Finding, Severity};
use crate::model::resolved::Resolution;
use crate::yaml::{Edit, FieldPath, Note};

pub(super) const CHECK: Check = Check {
    code: "reference-swapped",
    severity: Severity::Warning,
    about: "A reference has the manifest's name in its `namespace`.",
    run,
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pipeline, resolved) in context.pipelines() {
        for (stage_index, (stage, looked_up)) in
            pipeline.stages.iter().zip(&resolved.stages).enumerate()
        {
            for (service_index, (entry, looked_up)) in
                stage.services.iter().zip(&looked_up.services).enumerate()
            {
                let base = format!("spec.stages[{stage_index}].services[{service_index}]");
                let source = entry
                    .criteria
                    .as_ref()
                    .and_then(|criteria| criteria.source.as_ref());
                let own = Some((
                    &entry.reference,
                    &looked_up.service,
                    format!("{base}.serviceRef"),
                ));
                let source =
                    source
                        .zip(looked_up.source.as_ref())
                        .map(|(reference, resolution)| {
                            (reference, resolution, format!("{base}.criteria.serviceRef"))
                        });
                for (reference, resolution, path) in own.into_iter().chain(source) {
                    let Resolution::Swapped {
                        name, namespace, ..
                    } = resolution
                    else {
                        continue;
                    };
                    let right = match namespace {
                        Some(namespace) => format!("{{name: {name}, namespace: {namespace}}}"),
                        None => format!(
                            "{{name: {name}}} and the namespace into which the manifest is applied"
                        ),
                    };
                    let mut finding = Finding::warning(
                        CHECK.code,
                        pipeline.place(reference.name_at),
                        format!("{reference} has the manifest's name as its namespace; Plural itself cannot resolve that"),
                    )
                    .help(format!("write {right}"));
                    if let (Some(namespace), Ok(path)) = (namespace, path.parse::<FieldPath>()) {
                        let set = |key: &str, value: &str| Edit {
                            object: pipeline.identity(),
                            path: path.child(key),
                            value: value.to_owned(),
                            form: crate::yaml::Form::Text,
                            note: Note::Keep,
                        };
                        finding = finding.fix(
                            &pipeline.file,
                            vec![set("name", name), set("namespace", namespace)],
                        );
                    }
                    findings.push(finding);
                }
            }
        }
    }
    findings
}
