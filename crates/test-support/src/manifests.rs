//! Manifests of Plural as text.

/// A `ServiceDeployment` of namespace `apps`; `spec` is YAML without indentation.
pub fn service(name: &str, spec: &str) -> String {
    let spec: String = spec
        .trim_end()
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect();
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: {name}\n  namespace: \
         apps\nspec:\n{spec}"
    )
}

/// A `Pipeline` of namespace `apps`. A stage is its name and its services, each `NAME`, or `NAME < SOURCE`, or
/// `NAME < SOURCE: KEY, KEY`. An edge is `FROM TO` and its gates, each `NAME TYPE`.
pub fn pipeline(name: &str, stages: &[(&str, &[&str])], edges: &[(&str, &[&str])]) -> String {
    let mut text = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata:\n  name: {name}\n  namespace: \
         apps\nspec:\n  stages:\n"
    );
    for (stage, services) in stages {
        text.push_str(&format!("    - name: {stage}\n      services:\n"));
        for service in *services {
            let (target, source) = match service.split_once(" < ") {
                Some((target, source)) => (target, Some(source)),
                None => (*service, None),
            };
            text.push_str(&format!("        - serviceRef: {{ name: {target} }}\n"));
            if let Some(source) = source {
                let (source, keys) = source.split_once(": ").unwrap_or((source, ""));
                text.push_str(&format!(
                    "          criteria:\n            serviceRef: {{ name: {source} }}\n            secrets: [{keys}]\n"
                ));
            }
        }
    }
    text.push_str("  edges:\n");
    for (ends, gates) in edges {
        let (from, to) = ends.split_once(' ').unwrap();
        text.push_str(&format!("    - from: {from}\n      to: {to}\n      gates:"));
        text.push_str(if gates.is_empty() { " []\n" } else { "\n" });
        for gate in *gates {
            let (name, kind) = gate.split_once(' ').unwrap();
            text.push_str(&format!("        - {{ name: {name}, type: {kind} }}\n"));
        }
    }
    text
}

/// The pipeline `web`: `web-dev` in dev, `web-prod` in prod taking from it, behind the approval `release`.
pub fn web() -> String {
    pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    )
}

/// A service that takes a chart of this version.
pub fn chart(name: &str, version: &str) -> String {
    service(
        name,
        &format!("helm: {{ url: https://charts.example.com, chart: app, version: {version} }}"),
    )
}

/// The pipeline `web` as most that are published: its stages are moved by automations of Plural's console alone.
pub fn automated() -> String {
    let stage = |name: &str| {
        format!(
            "    - name: {name}\n      services:\n        - serviceRef: {{ name: web-{name} }}\n          criteria: {{ prAutomationRef: {{ name: bump }} }}\n"
        )
    };
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: web, namespace: apps }}\nspec:\n  stages:\n{}{}  \
         edges:\n    - {{ from: dev, to: prod, gates: [{{ name: release, type: APPROVAL }}] }}\n",
        stage("dev"),
        stage("prod")
    )
}
