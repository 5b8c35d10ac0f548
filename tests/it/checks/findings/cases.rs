//! The inputs. `«code»` is right before the place of each finding that is expected; there must be no other.

/// One input.
pub(super) struct Case {
    pub about: &'static str,
    pub files: &'static [(&'static str, &'static str)],
    /// Whether a pipeline of the case is stopped.
    pub stops: bool,
    /// Whether every pipeline is.
    pub stops_all: bool,
}

/// Findings that stop the pipeline of the case.
pub(super) const fn stopped(
    about: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        about,
        files,
        stops: true,
        stops_all: false,
    }
}

/// Findings that leave every pipeline running.
pub(super) const fn running(
    about: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        about,
        files,
        stops: false,
        stops_all: false,
    }
}

macro_rules! service {
    ($name:literal, $spec:literal) => {
        concat!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: { name: ",
            $name,
            ", namespace: apps }\nspec:\n",
            $spec,
            "\n"
        )
    };
}

macro_rules! pipeline {
    ($name:literal, $spec:literal) => {
        concat!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: { name: ",
            $name,
            ", namespace: apps }\nspec:",
            $spec,
            "\n"
        )
    };
}

mod policy;
mod promotions;
mod references;
mod shape;

pub(super) const DEV: (&str, &str) = (
    "dev.yaml",
    service!(
        "web-dev",
        "  helm: { url: https://charts.example.com, chart: web, version: 1.1.0 }"
    ),
);
pub(super) const PROD: (&str, &str) = (
    "prod.yaml",
    service!(
        "web-prod",
        "  helm: { url: https://charts.example.com, chart: web, version: 1.0.0 }"
    ),
);
/// dev → prod behind `release`, without keys.
pub(super) const WEB: (&str, &str) = (
    "pipeline.yaml",
    pipeline!(
        "web",
        "
  stages:
    - name: dev
      services:
        - serviceRef: { name: web-dev }
    - name: prod
      services:
        - serviceRef: { name: web-prod }
          criteria: { serviceRef: { name: web-dev } }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }"
    ),
);
/// The same, with the key `token`.
pub(super) const KEYED: (&str, &str) = (
    "pipeline.yaml",
    pipeline!(
        "web",
        "
  stages:
    - name: dev
      services:
        - serviceRef: { name: web-dev }
    - name: prod
      services:
        - serviceRef: { name: web-prod }
          criteria: { serviceRef: { name: web-dev }, secrets: [token] }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }"
    ),
);
pub(super) const SECRET_DEV: (&str, &str) = (
    "secret-dev.yaml",
    "apiVersion: v1\nkind: Secret\nmetadata: { name: dev-config, namespace: apps }\nstringData: { token: new }\n",
);

/// All inputs.
pub(super) fn cases() -> impl Iterator<Item = &'static Case> {
    [
        shape::CASES,
        references::CASES,
        policy::CASES,
        promotions::CASES,
    ]
    .into_iter()
    .flatten()
}
