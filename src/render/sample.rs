//! Promotions for the tests of this module's texts.

use secrecy::SecretString;

use crate::model::change::{Change, SecretFiles, Text};
use crate::model::name::{EdgeName, GateName};
use crate::model::pipeline::GateKind;
use crate::model::plan::{GateReport, Promotion, SkippedService, State};
use crate::model::reference::{Kind, ManifestKey};
use crate::model::source_location::Position;
use crate::model::verdict::{Judgement, Verdict};

/// A value that must never be shown.
pub(super) const CANARY: &str = "hunter2-canary";

/// What a name may try.
pub(super) const HOSTILE: &str = "a\nb](http://x)<img src=y> @everyone #1 ::error::z ##[w \u{202e}r [skip ci] `c``d` |e| **f** Sluice-Plan: 0";

pub(super) fn change(name: &str, path: &str, old: Option<&str>, new: &str) -> Change {
    Change {
        manifest: ManifestKey {
            kind: Kind::ServiceDeployment,
            namespace: Some("prod".to_owned()),
            name: name.to_owned(),
        },
        written_namespace: None,
        file: format!("clusters/prod/{name}.yaml").into(),
        at: Position::default(),
        path: path.parse().unwrap(),
        old: old.map(|old| Text::Plain(old.to_owned())),
        new: Text::Plain(new.to_owned()),
        form: crate::yaml::Form::Text,
        note: crate::yaml::Note::Keep,
        said: None,
        secret: None,
    }
}

pub(super) fn secret(name: &str, key: &str) -> Change {
    let text = || Text::Secret(SecretString::from(CANARY));
    let mut change = change(name, "stringData", None, "");
    change.manifest.kind = Kind::Secret;
    change.path = change.path.child(key);
    change.old = Some(text());
    change.new = text();
    change.secret = Some(SecretFiles {
        old: "ab".repeat(20).parse().unwrap(),
        new: "cd".repeat(20).parse().unwrap(),
    });
    change
}

pub(super) fn promotion(changes: Vec<Change>) -> Promotion {
    Promotion {
        next: None,
        proposable: true,
        emergency: None,
        rollback: None,
        landed: None,
        landed_along: None,
        after_rollback: None,
        overwritten_hotfixes: Vec::new(),
        stage: "prod".into(),
        index: 1,
        edges: vec![edge("dev", "prod")],
        plan: Some("7c1e09ab".repeat(8).parse().unwrap()),
        state: State::Due,
        reason: "its sources moved".into(),
        help: None,
        rule_at: None,
        gates: Vec::new(),
        changes,
        on_request: false,
        skipped_services: Vec::new(),
        skipped: Vec::new(),
        takes: Vec::new(),
    }
}

pub(super) fn edge(from: &str, to: &str) -> EdgeName {
    EdgeName {
        from: from.into(),
        to: to.into(),
    }
}

pub(super) fn gate(name: &str, kind: GateKind, verdict: Verdict, reason: &str) -> GateReport {
    GateReport {
        approvals: Vec::new(),
        start: None,
        link: None,
        stale_label: false,
        edge: edge("dev", "prod"),
        name: GateName::from(name),
        kind,
        at: Position::default(),
        judgement: Judgement::new(verdict, reason),
        rule_at: None,
    }
}

/// The promotion that the layouts show.
pub(super) fn ordinary() -> Promotion {
    let mut api = change(
        "api",
        "spec.git.ref",
        Some(&"3f2a1c9a".repeat(5)),
        &"9be04d1b".repeat(5),
    );
    api.said = Some("4 commits on main".to_owned());
    let mut promotion = promotion(vec![
        change("podinfo", "spec.helm.version", Some("6.5.2"), "6.5.3"),
        api,
        secret("api-secrets", "db-password"),
    ]);
    promotion.skipped_services = vec![SkippedService {
        namespace: Some("prod".to_owned()),
        name: "ledger".to_owned(),
        reason: "held: INC-4711".to_owned(),
        by: None,
    }];
    promotion.gates = vec![
        gate(
            "prod-approval",
            GateKind::Approval,
            Verdict::Pending,
            "1 of 2 from carol, dave, erin",
        ),
        gate(
            "integration-tests",
            GateKind::Job,
            Verdict::Pass,
            "passed in 6 min",
        ),
        gate(
            "office-hours",
            GateKind::Window,
            Verdict::Pending,
            "opens Mon 09:00 Europe/Berlin (07:00 UTC)",
        ),
    ];
    promotion
}

/// A promotion in which every foreign text is hostile.
pub(super) fn hostile() -> Promotion {
    let mut service = change(HOSTILE, "spec.git.ref", Some(HOSTILE), HOSTILE);
    service.said = Some(HOSTILE.to_owned());
    let mut field = change(HOSTILE, "spec.values", Some(HOSTILE), "");
    field.path = field.path.child(HOSTILE);
    let mut promotion = promotion(vec![service, field, secret(HOSTILE, HOSTILE)]);
    promotion.stage = HOSTILE.into();
    promotion.edges = vec![edge(HOSTILE, HOSTILE), edge("b", HOSTILE)];
    promotion.skipped = vec![HOSTILE.to_owned()];
    promotion.skipped_services = vec![SkippedService {
        namespace: None,
        name: HOSTILE.to_owned(),
        reason: HOSTILE.to_owned(),
        by: None,
    }];
    promotion.gates = vec![
        gate(HOSTILE, GateKind::Approval, Verdict::Pending, HOSTILE),
        gate(
            HOSTILE,
            GateKind::Unknown(HOSTILE.to_owned()),
            Verdict::Pass,
            HOSTILE,
        ),
    ];
    promotion
}
