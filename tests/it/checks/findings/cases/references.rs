//! Manifests and references: what cannot be read, found or told apart.

use super::{Case, DEV, KEYED, PROD, WEB, running, stopped};

pub(super) const CASES: &[Case] = &[
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
    - «automation-only»{ fromId: 1, toId: 2, gates: [{ name: hours, type: WINDOW }] }"
                ),
            ),
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
        "references to services of another kind, whether or not one of the name is there",
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
        - serviceRef: { kind: HelmRelease, name: «reference-kind»web-dev }
        - serviceRef: { kind: HelmRelease, name: «reference-kind»web-dve }
    - name: prod
      services:
        - serviceRef: { kind: ServiceDeployment, name: web-prod }
          criteria: { serviceRef: { kind: Kustomization, name: «reference-kind»web-dev } }
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
];
