//! The inputs. `«code»` stands right before the place of each finding that is expected; there must be no other.

/// One input.
pub struct Case {
    pub about: &'static str,
    pub files: &'static [(&'static str, &'static str)],
    /// Whether a pipeline of the case is stopped.
    pub stops: bool,
    /// Whether every pipeline is.
    pub stops_all: bool,
}

const fn stopped(about: &'static str, files: &'static [(&'static str, &'static str)]) -> Case {
    Case {
        about,
        files,
        stops: true,
        stops_all: false,
    }
}

/// Findings that leave every pipeline running.
const fn running(about: &'static str, files: &'static [(&'static str, &'static str)]) -> Case {
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

const DEV: (&str, &str) = (
    "dev.yaml",
    service!(
        "web-dev",
        "  helm: { url: https://charts.example.com, chart: web, version: 1.1.0 }"
    ),
);
const PROD: (&str, &str) = (
    "prod.yaml",
    service!(
        "web-prod",
        "  helm: { url: https://charts.example.com, chart: web, version: 1.0.0 }"
    ),
);
/// dev → prod behind `release`, without keys.
const WEB: (&str, &str) = (
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
const KEYED: (&str, &str) = (
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
const SECRET_DEV: (&str, &str) = (
    "secret-dev.yaml",
    "apiVersion: v1\nkind: Secret\nmetadata: { name: dev-config, namespace: apps }\nstringData: { token: new }\n",
);

pub const CASES: &[Case] = &[
    running(
        "a criteria and an edge that only the console acts on",
        &[
            DEV,
            PROD,
            (
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
          criteria: «automation-only»{ prAutomationRef: { name: bump } }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }
    - «automation-only»{ fromId: 1, toId: 2 }"
                ),
            ),
        ],
    ),
    stopped(
        "a service that takes from itself",
        &[
            DEV,
            PROD,
            (
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
          criteria: «criteria-self»{ serviceRef: { name: web-prod } }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }"
                ),
            ),
        ],
    ),
    stopped(
        "edges in a circle",
        &[(
            "pipeline.yaml",
            pipeline!(
                "web",
                "
  stages:
    - name: dev
    - name: qa
    - name: prod
  edges:
    - { from: dev, to: qa }
    - { from: qa, to: prod }
    - «cycle»{ from: prod, to: dev }"
            ),
        )],
    ),
    stopped(
        "an edge twice",
        &[(
            "pipeline.yaml",
            pipeline!(
                "web",
                "
  stages:
    - name: dev
    - name: prod
  edges:
    - { from: dev, to: prod }
    - «duplicate-edge»{ from: dev, to: prod }"
            ),
        )],
    ),
    stopped(
        "a gate twice on one edge",
        &[(
            "pipeline.yaml",
            pipeline!(
                "web",
                "
  stages:
    - name: dev
    - name: prod
  edges:
    - from: dev
      to: prod
      gates:
        - { name: release, type: APPROVAL }
        - «duplicate-gate»{ name: release, type: APPROVAL }"
            ),
        )],
    ),
    running(
        "one gate name on two edges is fine",
        &[(
            "pipeline.yaml",
            pipeline!(
                "web",
                "
  stages:
    - name: a
    - name: b
    - name: prod
  edges:
    - { from: a, to: prod, gates: [{ name: release, type: APPROVAL }] }
    - { from: b, to: prod, gates: [{ name: release, type: APPROVAL }] }"
            ),
        )],
    ),
    stopped(
        "a service twice in one stage",
        &[
            DEV,
            PROD,
            (
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
        - serviceRef: «duplicate-service»{ name: web-prod, namespace: apps }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }"
                ),
            ),
        ],
    ),
    stopped(
        "a stage twice",
        &[(
            "pipeline.yaml",
            pipeline!(
                "web",
                "
  stages:
    - name: dev
    - name: «duplicate-stage»«unreachable-stage»dev
    - name: prod
  edges:
    - { from: dev, to: prod }"
            ),
        )],
    ),
    stopped(
        "a target in a folder of git's own",
        &[
            DEV,
            (
                ".gitlab/prod.yaml",
                service!(
                    "web-prod",
                    "  helm:\n    url: https://charts.example.com\n    chart: «forbidden-path»web\n    version: \
                     «forbidden-path»1.0.0"
                ),
            ),
            WEB,
        ],
    ),
    running(
        "a key twice in a manifest of ours",
        &[(
            "broken.yaml",
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: a\n  \
             «manifest-unreadable»name: b\nspec: {}\n",
        )],
    ),
    running(
        "a manifest of ours that is not YAML",
        &[(
            "broken.yaml",
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: { name: a }\nspec: \
             «manifest-unreadable»[\n",
        )],
    ),
    running(
        "a pipeline whose stages are no list",
        &[(
            "broken.yaml",
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: { name: a }\nspec:\n  stages: \
             «manifest-unreadable»all\n",
        )],
    ),
    running(
        "a gate of one pipeline that demands less",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
gates:
  release: { approve: [{ by: writers, count: 2 }] }
pipelines:
  web:
    gates:
      «policy-looser»release: { approve: [{ by: writers, count: 1 }] }
",
            ),
        ],
    ),
    stopped(
        "a misspelt gate, stage, pipeline, service and group in the policy",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
people: { sre: [ann] }
gates:
  «policy-unknown-name»relese: { approve: [{ by: sre }] }
  release: { approve: [{ by: «policy-unknown-name»sra }] }
stages:
  «policy-unknown-name»prd: { trigger: auto }
holds:
  - { pipeline: «policy-unknown-name»wep, service: «policy-unknown-name»web-prdo, reason: x }
",
            ),
        ],
    ),
    Case {
        about: "an unknown field in the policy",
        files: &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1\n«policy-invalid»gate: {}\n",
            ),
        ],
        stops: true,
        stops_all: true,
    },
    stopped(
        "two manifests of one name and namespace",
        &[
            DEV,
            PROD,
            ("copy/prod.yaml", PROD.1),
            (
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
        - serviceRef: { name: «reference-ambiguous»web-prod }
          criteria: { serviceRef: { name: web-dev } }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }"
                ),
            ),
        ],
    ),
    stopped(
        "a service and a source that are not there",
        &[
            DEV,
            PROD,
            (
                "pipeline.yaml",
                pipeline!(
                    "web",
                    "
  stages:
    - name: dev
      services:
        - serviceRef: { name: «reference-not-found»web-dve }
    - name: prod
      services:
        - serviceRef: { name: web-prod }
          criteria: { serviceRef: { name: «reference-not-found»web-dve } }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }"
                ),
            ),
        ],
    ),
    stopped(
        "a secret that is asked for and not there",
        &[
            (
                "dev.yaml",
                service!(
                    "web-dev",
                    "  configurationRef: { name: «reference-not-found»dev-config }"
                ),
            ),
            (
                "prod.yaml",
                service!("web-prod", "  configuration: { token: old }"),
            ),
            KEYED,
        ],
    ),
    running(
        "references as Plural's documentation prints them",
        &[
            (
                "dev.yaml",
                service!(
                    "web-dev",
                    "  namespace: web\n  helm: { url: https://charts.example.com, chart: web, version: 1.1.0 }"
                ),
            ),
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  name: web\n  helm: { url: https://charts.example.com, chart: web, version: 1.0.0 }"
                ),
            ),
            (
                "pipeline.yaml",
                pipeline!(
                    "web",
                    "
  stages:
    - name: dev
      services:
        - serviceRef: { name: «reference-swapped»web, namespace: web-dev }
    - name: prod
      services:
        - serviceRef: { name: «reference-swapped»web, namespace: web-prod }
          criteria: { serviceRef: { name: «reference-swapped»web, namespace: web-dev } }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }"
                ),
            ),
        ],
    ),
    stopped(
        "a chart from another place",
        &[
            DEV,
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  helm: { url: https://charts.example.org, chart: web, version: «repository-differs»1.0.0 }"
                ),
            ),
            WEB,
        ],
    ),
    stopped(
        "a ref from another repository",
        &[
            (
                "dev.yaml",
                service!(
                    "web-dev",
                    "  git: { url: https://github.com/acme/api.git, folder: k8s, ref: v1.1.0 }"
                ),
            ),
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  git: { url: https://github.com/acme/web.git, folder: k8s, ref: «repository-differs»v1.0.0 }"
                ),
            ),
            WEB,
        ],
    ),
    running(
        "a repository of which only the name is known",
        &[
            (
                "dev.yaml",
                service!(
                    "web-dev",
                    "  repositoryRef: «repository-unknown»{ name: api }\n  git: { folder: k8s, ref: v1.1.0 }"
                ),
            ),
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  repositoryRef: { name: api }\n  git: { folder: k8s, ref: v1.0.0 }"
                ),
            ),
            WEB,
        ],
    ),
    stopped(
        "a way into prod without the gate that the policy requires",
        &[
            DEV,
            PROD,
            (
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
    - «required-gate-missing»{ from: dev, to: prod, gates: [{ name: hours, type: WINDOW }] }"
                ),
            ),
            (
                ".github/sluice.yaml",
                "version: 1\nstages:\n  prod: { require: [APPROVAL] }\n",
            ),
        ],
    ),
    stopped(
        "a source whose chart version is a range",
        &[
            (
                "dev.yaml",
                service!(
                    "web-dev",
                    "  helm: { url: https://charts.example.com, chart: web, version: «revision-unresolved»1.x }"
                ),
            ),
            PROD,
            WEB,
        ],
    ),
    stopped(
        "a source whose ref does not exist here",
        &[
            (
                "dev.yaml",
                service!(
                    "web-dev",
                    "  git: { url: git@github.com:acme/gitops, folder: app, ref: «revision-unresolved»v9 }"
                ),
            ),
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  git: { url: https://github.com/acme/gitops, folder: app, ref: v1 }"
                ),
            ),
            ("app/x.yaml", "a: 1\n"),
            WEB,
        ],
    ),
    stopped(
        "a target whose Secret is encrypted",
        &[
            (
                "dev.yaml",
                service!("web-dev", "  configurationRef: { name: dev-config }"),
            ),
            (
                "prod.yaml",
                service!("web-prod", "  configurationRef: { name: prod-config }"),
            ),
            SECRET_DEV,
            (
                "secret-prod.yaml",
                "«secret-encrypted»apiVersion: v1\nkind: Secret\nmetadata: { name: prod-config, namespace: apps }\nstringData: { \
                 token: \"ENC[x]\" }\nsops: { version: 3.9.0 }\n",
            ),
            KEYED,
        ],
    ),
    running(
        "a source without a value for a key",
        &[
            (
                "dev.yaml",
                service!("web-dev", "  configuration: «secret-missing»{ other: x }"),
            ),
            (
                "prod.yaml",
                service!("web-prod", "  configuration: { token: old }"),
            ),
            KEYED,
        ],
    ),
    stopped(
        "a value from a Secret that would go into plain text",
        &[
            (
                "dev.yaml",
                service!("web-dev", "  configurationRef: { name: dev-config }"),
            ),
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  configuration: { token: «secret-to-plaintext»old }"
                ),
            ),
            SECRET_DEV,
            KEYED,
        ],
    ),
    stopped(
        "an edge to itself",
        &[(
            "pipeline.yaml",
            pipeline!(
                "web",
                "
  stages:
    - name: dev
    - name: prod
  edges:
    - { from: dev, to: prod }
    - «self-edge»{ from: prod, to: prod }"
            ),
        )],
    ),
    stopped(
        "a promotion that writes into what its source is made of",
        &[
            (
                "app/dev.yaml",
                service!(
                    "web-dev",
                    "  git: { url: https://github.com/acme/gitops, folder: app, ref: «self-feeding»main }"
                ),
            ),
            (
                "app/prod.yaml",
                service!(
                    "web-prod",
                    "  git: { url: https://github.com/acme/gitops, folder: app, ref: «target-moves»main }"
                ),
            ),
            WEB,
        ],
    ),
    stopped(
        "a source in no stage with an edge to this one",
        &[
            DEV,
            PROD,
            (
                "pipeline.yaml",
                pipeline!(
                    "web",
                    "
  stages:
    - name: dev
      services:
        - serviceRef: { name: web-dev }
    - name: qa
    - name: prod
      services:
        - serviceRef: { name: web-prod }
          criteria: «source-not-upstream»{ serviceRef: { name: web-dev } }
  edges:
    - { from: dev, to: qa }
    - { from: qa, to: prod, gates: [{ name: release, type: APPROVAL }] }"
                ),
            ),
        ],
    ),
    running(
        "a target in another repository",
        &[
            DEV,
            PROD,
            (
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
          criteria: { serviceRef: { name: web-dev }, repository: «target-elsewhere»acme/clusters }
  edges:
    - { from: dev, to: prod, gates: [{ name: release, type: APPROVAL }] }"
                ),
            ),
        ],
    ),
    running(
        "targets behind a gate that follow a branch or a range by themselves",
        &[
            (
                "dev.yaml",
                service!(
                    "web-dev",
                    "  git: { url: https://github.com/acme/gitops, folder: app, ref: main }\n  helm: { chart: web, \
                     version: 1.1.0 }"
                ),
            ),
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  git: { url: https://github.com/acme/gitops, folder: app, ref: «target-moves»main }\n  helm: { chart: \
                     web, version: «target-moves»~1.0 }"
                ),
            ),
            ("app/x.yaml", "a: 1\n"),
            WEB,
        ],
    ),
    stopped(
        "a target whose field is no single value",
        &[
            (
                "dev.yaml",
                service!("web-dev", "  configuration: { token: new }"),
            ),
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  configuration: { token: «target-not-editable»[old] }"
                ),
            ),
            KEYED,
        ],
    ),
    stopped(
        "an edge to a misspelt stage",
        &[(
            "pipeline.yaml",
            pipeline!(
                "web",
                "
  stages:
    - name: dev
    - name: «unreachable-stage»prod
    - name: qa
  edges:
    - { from: dev, to: qa }
    - { from: dev, to: «unknown-stage»prodd }"
            ),
        )],
    ),
    running(
        "a kustomization that leads to its base",
        &[
            (
                "dev.yaml",
                service!(
                    "web-dev",
                    "  git: { url: https://github.com/acme/gitops, folder: app/dev, ref: «watch-outside»main }"
                ),
            ),
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  git: { url: https://github.com/acme/gitops, folder: app/dev, ref: «target-moves»main }"
                ),
            ),
            ("app/dev/kustomization.yaml", "resources: [../base]\n"),
            ("app/base/kustomization.yaml", "resources: [x.yaml]\n"),
            ("app/base/x.yaml", "a: 1\n"),
            WEB,
        ],
    ),
    stopped(
        "two pipelines that write one field",
        &[
            DEV,
            (
                "prod.yaml",
                service!(
                    "web-prod",
                    "  helm: { url: https://charts.example.com, chart: «write-conflict»web, version: «write-conflict»1.0.0 }"
                ),
            ),
            WEB,
            ("second.yaml", {
                pipeline!(
                    "again",
                    "
  stages:
    - name: dev
      services:
        - serviceRef: { name: web-dev }
    - name: live
      services:
        - serviceRef: { name: web-prod }
          criteria: { serviceRef: { name: web-dev } }
  edges:
    - { from: dev, to: live, gates: [{ name: release, type: APPROVAL }] }"
                )
            }),
        ],
    ),
    stopped(
        "a Secret that a service of a later stage shares",
        &[
            (
                "dev.yaml",
                service!("web-dev", "  configurationRef: { name: dev-config }"),
            ),
            (
                "qa.yaml",
                service!("web-qa", "  configurationRef: { name: shared }"),
            ),
            (
                "prod.yaml",
                service!("web-prod", "  configurationRef: { name: shared }"),
            ),
            SECRET_DEV,
            (
                "secret-shared.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: { name: shared, namespace: apps }\nstringData: { token: \
                 «write-escapes-stage»old }\n",
            ),
            (
                "pipeline.yaml",
                pipeline!(
                    "web",
                    "
  stages:
    - name: dev
      services:
        - serviceRef: { name: web-dev }
    - name: qa
      services:
        - serviceRef: { name: web-qa }
          criteria: { serviceRef: { name: web-dev }, secrets: [token] }
    - name: prod
      services:
        - serviceRef: { name: web-prod }
  edges:
    - { from: dev, to: qa, gates: [{ name: release, type: APPROVAL }] }
    - { from: qa, to: prod, gates: [{ name: release, type: APPROVAL }] }"
                ),
            ),
        ],
    ),
];
