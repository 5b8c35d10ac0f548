//! The document of `sluice plan --format json`.

use std::path::Path;

use serde_json::Value;

use crate::program::run;

/// The document of `plan --format json`, with what scenarios ask of it.
#[derive(Clone, Debug)]
pub struct PlanDoc(pub Value);

/// Plans, whatever the exit code.
pub fn plan(path: &Path) -> PlanDoc {
    plan_with(path, &[])
}

/// Plans with more arguments.
pub fn plan_with(path: &Path, more: &[&str]) -> PlanDoc {
    let mut arguments = vec!["plan", "--format", "json"];
    arguments.extend(more);
    PlanDoc(run(path, &arguments).json())
}

impl PlanDoc {
    /// All promotions into a stage of a pipeline.
    pub fn promotions(&self, pipeline: &str, stage: &str) -> Vec<&Value> {
        let pipelines = self.0["pipelines"].as_array().unwrap();
        let of_pipeline = pipelines.iter().filter(|entry| entry["name"] == pipeline);
        of_pipeline
            .flat_map(|entry| entry["promotions"].as_array().unwrap())
            .filter(|promotion| promotion["stage"] == stage)
            .collect()
    }

    /// The one promotion into a stage.
    #[track_caller]
    pub fn promotion(&self, pipeline: &str, stage: &str) -> &Value {
        match self.promotions(pipeline, stage)[..] {
            [one] => one,
            _ => panic!("not one promotion {pipeline} → {stage} in {:#}", self.0),
        }
    }

    /// The state of the one promotion into a stage.
    #[track_caller]
    pub fn state(&self, pipeline: &str, stage: &str) -> &str {
        self.promotion(pipeline, stage)["state"].as_str().unwrap()
    }

    /// Why the one promotion into a stage is in that state.
    #[track_caller]
    pub fn reason(&self, pipeline: &str, stage: &str) -> &str {
        self.promotion(pipeline, stage)["reason"].as_str().unwrap()
    }

    /// `path: old → new` of each change of a promotion; a secret shows `secret`.
    #[track_caller]
    pub fn changes(&self, pipeline: &str, stage: &str) -> Vec<String> {
        let changes = self.promotion(pipeline, stage)["changes"]
            .as_array()
            .unwrap();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        changes
            .iter()
            .map(|change| {
                let values = match change["secret"].as_bool().unwrap() {
                    true => "secret".to_owned(),
                    false => format!("{} → {}", text(&change["old"]), text(&change["new"])),
                };
                format!(
                    "{} {}: {values}",
                    text(&change["name"]),
                    text(&change["path"])
                )
            })
            .collect()
    }

    /// The codes of all findings, sorted.
    pub fn codes(&self) -> Vec<String> {
        codes(&self.0)
    }
}

/// The codes of the findings of any JSON document, sorted.
pub fn codes(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap();
    let mut codes: Vec<_> = findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes
}
