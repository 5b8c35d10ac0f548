//! Stages, edges and gates that do not fit together.

use super::{Case, DEV, PROD, running, stopped};

pub(super) const CASES: &[Case] = &[
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
        "a pipeline twice",
        &[
            (
                "pipeline.yaml",
                pipeline!(
                    "web",
                    "
  stages:
    - name: dev
    - name: prod
  edges:
    - { from: dev, to: prod }"
                ),
            ),
            (
                "second.yaml",
                concat!(
                    "«duplicate-pipeline»",
                    pipeline!(
                        "web",
                        "
  stages:
    - name: dev
    - name: prod
  edges:
    - { from: dev, to: prod }"
                    )
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
];
