//! The words of the status, and which verdict is worse.

use super::*;

fn field(file: &str, name: &str, gate: &str) -> Touch {
    let key = ManifestKey {
        kind: Kind::ServiceDeployment,
        namespace: None,
        name: name.to_owned(),
    };
    let gated = GatedField {
        role: Role::Promoted,
        barrier: Barrier::Gate(gate.into()),
    };
    Touch {
        file: file.into(),
        what: Touched::Field(key, FieldPath::keys(&["spec", "git", "ref"]), gated),
    }
}

#[test]
fn the_description_fits_and_keeps_the_end_of_the_path_and_the_count() {
    let plain = field("clusters/prod/api.yaml", "api", "prod-approval");
    let said = |touches: Vec<Touch>| GuardVerdict::Touches(touches).description(str::to_owned);
    assert_eq!(
        said(vec![plain.clone(); 3]),
        "clusters/prod/api.yaml: spec.git.ref of api is promoted through prod-approval, and 2 more"
    );
    let long = field(
        &format!("{}/prod/api.yaml", "folder/".repeat(30)),
        "api",
        "prod-approval",
    );
    let text = said(vec![long, plain.clone()]);
    assert_eq!(text.chars().count(), 140, "{text}");
    assert!(
        text.starts_with('…')
            && text.contains(
                "/prod/api.yaml: spec.git.ref of api is promoted through prod-approval, and 1 more"
            ),
        "{text}"
    );
    // Long everywhere, in letters of several bytes each.
    let wide = field(&"ü".repeat(300), &"ö".repeat(300), &"ä".repeat(300));
    let text = said(vec![wide, plain]);
    assert_eq!(text.chars().count(), 140, "{text}");
    assert!(text.ends_with("…, and 1 more"), "{text}");
    let why = GuardVerdict::Unknown("x".repeat(200)).description(str::to_owned);
    assert_eq!(why.chars().count(), 140);
    // Foreign text is made harmless before it is measured.
    let hostile = field("a\u{202e}.yaml", "b\n::error::", "g");
    let text =
        GuardVerdict::Touches(vec![hostile]).description(|text| text.escape_debug().to_string());
    assert_eq!(
        text,
        "a\\u{202e}.yaml: spec.git.ref of b\\n::error:: is promoted through g"
    );
}

#[test]
fn of_several_pull_requests_the_worst_wins() {
    let touches = GuardVerdict::Touches(vec![field("a", "b", "c")]);
    let unknown = GuardVerdict::Unknown("z".to_owned());
    assert!(GuardVerdict::Harmless < unknown && unknown < touches);
    let states = [GuardVerdict::Harmless, unknown, touches];
    assert_eq!(
        states.each_ref().map(GuardVerdict::state),
        ["success", "pending", "failure"]
    );
}
