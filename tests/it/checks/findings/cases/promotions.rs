//! What a promotion would copy, and where it would write.

use super::{Case, DEV, KEYED, PROD, SECRET_DEV, WEB, running, stopped};

pub(super) const CASES: &[Case] = &[
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
