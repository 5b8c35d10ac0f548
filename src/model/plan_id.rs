//! The plan id: **what** a reviewer approves.
//!
//! SHA-256 of the RFC 8785 JSON `[1, repository, base, pipeline namespace, name, stage, edges, changes]`, lists sorted.
//! It can be recomputed from a landed commit's own difference: this distinguishes a landing from a hand edit with the
//! message of a landing.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ids::PlanId;
use super::name::{PipelineName, StageName};

/// One change as the plan id sees it. A secret's old and new are blob ids, never values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanChange {
    /// Kind of the manifest.
    pub kind: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The field.
    pub path: String,
    /// The old value or blob ID; `None` if there was no value.
    pub old: Option<String>,
    /// The new value or blob id.
    pub new: String,
}

/// Everything that a plan id covers.
#[derive(Clone, Debug)]
pub struct PlanSubject<'a> {
    /// Lower-case `owner/name`, or `""` without a forge.
    pub repository: &'a str,
    /// The base branch, or `""` if there is none.
    pub base: &'a str,
    /// The pipeline's namespace.
    pub namespace: Option<&'a str>,
    /// The pipeline's name.
    pub pipeline: &'a PipelineName,
    /// The stage.
    pub stage: &'a StageName,
    /// The inbound edges: from, to.
    pub edges: Vec<(String, String)>,
    /// The changes.
    pub changes: Vec<PlanChange>,
}

impl PlanSubject<'_> {
    /// The id. The order of edges and changes does not matter.
    pub fn id(mut self) -> PlanId {
        self.edges.sort();
        self.changes.sort();
        PlanId::from_digest(Sha256::digest(self.canonical()).into())
    }

    /// RFC 8785 of arrays, strings, null and one small integer: for these serde_json's compact form *is* the canonical
    /// one (shortest escapes, lower-case `\u00xx` for other control characters, everything else as UTF-8). There are no
    /// objects, whose keys would have to be sorted, and no fractions.
    fn canonical(&self) -> String {
        let changes: Vec<Value> = self
            .changes
            .iter()
            .map(|c| json!([c.kind, c.namespace, c.name, c.path, c.old, c.new]))
            .collect();
        json!([
            1,
            self.repository,
            self.base,
            self.namespace,
            self.pipeline,
            self.stage,
            self.edges,
            changes,
        ])
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject<'a>(pipeline: &'a PipelineName, stage: &'a StageName) -> PlanSubject<'a> {
        let change = |path: &str, old: Option<&str>, new: &str| PlanChange {
            kind: "ServiceDeployment".into(),
            namespace: None,
            name: "podinfo".into(),
            path: path.into(),
            old: old.map(str::to_owned),
            new: new.into(),
        };
        PlanSubject {
            repository: "acme/gitops",
            base: "main",
            namespace: Some("infra"),
            pipeline,
            stage,
            edges: vec![("qa".into(), "prod".into()), ("dev".into(), "prod".into())],
            changes: vec![
                change("spec.helm.version", Some("6.5.2"), "6.5.3"),
                change("spec.git.ref", None, "\u{7}é\u{2028}\"\\/"),
            ],
        }
    }

    #[test]
    fn it_is_the_digest_of_the_canonical_json() {
        let (pipeline, stage) = ("podinfo".into(), "prod".into());
        let json = concat!(
            r#"[1,"acme/gitops","main","infra","podinfo","prod",[["dev","prod"],["qa","prod"]],["#,
            r#"["ServiceDeployment",null,"podinfo","spec.git.ref",null,"\u0007é"#,
            "\u{2028}",
            r#"\"\\/"],["ServiceDeployment",null,"podinfo","spec.helm.version","6.5.2","6.5.3"]]]"#
        );
        let expected = PlanId::from_digest(Sha256::digest(json.as_bytes()).into());
        assert_eq!(subject(&pipeline, &stage).id(), expected);
    }

    #[test]
    fn the_order_of_edges_and_changes_does_not_matter_and_everything_else_does() {
        let (pipeline, stage) = ("podinfo".into(), "prod".into());
        let id = subject(&pipeline, &stage).id();
        let mut turned = subject(&pipeline, &stage);
        turned.edges.reverse();
        turned.changes.reverse();
        assert_eq!(turned.id(), id);

        let other = |change: &dyn Fn(&mut PlanSubject<'_>)| {
            let mut subject = subject(&pipeline, &stage);
            change(&mut subject);
            subject.id()
        };
        for different in [
            other(&|s| s.repository = ""),
            other(&|s| s.base = "release"),
            other(&|s| s.namespace = None),
            other(&|s| s.changes[0].old = None),
            other(&|s| s.changes[0].new = "6.5.4".into()),
            other(&|s| s.changes[0].name = "api".into()),
            other(&|s| {
                s.edges.pop();
            }),
        ] {
            assert_ne!(different, id);
        }
    }
}
