//! The policy: what it misspells, demands and gives up.

use super::{Case, DEV, PROD, WEB, running, stopped};

pub(super) const CASES: &[Case] = &[
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
        about: "an unknown field in the policy, which might have mapped a gate",
        files: &[
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
    - { from: dev, to: prod, gates: [{ name: hours, type: WINDOW }] }"
                ),
            ),
            (
                ".github/sluice.yaml",
                "version: 1\n«policy-invalid»gate: {}\n",
            ),
        ],
        stops: true,
        stops_all: true,
    },
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
                "version: 1
gates:
  hours: { open: [\"Mon-Fri 09:00-17:00\"], zone: UTC }
stages:
  prod: { require: [APPROVAL] }
",
            ),
        ],
    ),
    running(
        "a job that asks for what only a cluster has",
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
    - from: dev
      to: prod
      gates:
        - name: tests
          type: JOB
          spec:
            job:
              namespace: tests
              serviceAccount: «job-unsupported»runner
              raw: «job-unsupported»{ backoffLimit: 3 }
              containers:
                - image: alpine
                  args: [\"true\"]
                  env: [{ name: A, value: b }]
                  envFrom:
                    «job-unsupported»- secret: token"
                ),
            ),
            (
                ".github/sluice.yaml",
                "version: 1\ngates: { tests: { workflow: tests.yml } }\n",
            ),
        ],
    ),
    stopped(
        "gates of which nobody said when they open, beside one that has a default and some that are mapped",
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
    - from: dev
      to: prod
      gates:
        - { name: release, type: APPROVAL }
        - «gate-unmapped»{ name: hours, type: WINDOW }
        - «gate-unmapped»{ name: tests, type: JOB }
        - «gate-unmapped»{ name: fleet, type: SENTINEL }
        - «gate-unmapped»{ name: other, type: CANARY }
        - { name: open-hours, type: WINDOW }
        - { name: run-tests, type: JOB }
        - { name: check-tests, type: JOB }
        - { name: check-fleet, type: SENTINEL }
        - { name: run-other, type: CANARY }"
                ),
            ),
            (
                ".github/sluice.yaml",
                "version: 1
gates:
  open-hours: { open: [\"Mon-Fri 09:00-17:00\"], zone: UTC }
  run-tests: { workflow: tests.yml }
  check-tests: { check: { name: tests, app: 7 } }
pipelines:
  web:
    gates:
      check-fleet: { check: { name: fleet, app: 7 } }
      run-other: { workflow: other.yml }
",
            ),
        ],
    ),
    stopped(
        "entries for other types than their gates have",
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
    - from: dev
      to: prod
      gates:
        - { name: release, type: APPROVAL }
        - { name: hours, type: WINDOW }
        - { name: tests, type: JOB }
        - { name: fleet, type: SENTINEL }
        - { name: other, type: approval }"
                ),
            ),
            (
                ".github/sluice.yaml",
                "version: 1
gates:
  «policy-contradiction»release: { open: [\"Mon-Fri 09:00-17:00\"], zone: UTC }
  «policy-contradiction»hours: { workflow: tests.yml }
  «policy-contradiction»tests: { ways: [review] }
  fleet: { check: { name: fleet, app: 7 } }
pipelines:
  web:
    gates:
      «policy-contradiction»fleet: { approve: [{ by: writers }] }
      «policy-contradiction»other: { approve: [{ by: writers }] }
",
            ),
        ],
    ),
    stopped(
        "approvals that can never be given, by their number",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
people:
  sre: [ann, Ann, bob]
  mixed: [carol, acme/sre]
gates:
  release:
    approve:
      - { by: sre, count: 2 }
      - { by: sre, count: «policy-contradiction»3 }
      - { by: \"@ann\", count: «policy-contradiction»2 }
      - { by: mixed, count: 9 }
      - { by: acme/sre, count: 9 }
      - { by: writers, count: 9 }
      - { by: code-owners, count: 9 }
stages:
  prod:
    emergency:
      approve: [{ by: sre, count: «policy-contradiction»3 }]
      skip: [window]
",
            ),
        ],
    ),
    stopped(
        "two approvals where a dispatch is the only way to give one",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
gates:
  release:
    approve: [{ by: writers, count: «policy-contradiction»2 }]
    ways: [dispatch]
",
            ),
        ],
    ),
    stopped(
        "two people of two groups where a label is the only way to approve",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
people:
  sre: [ann, bob]
  dev: [carol]
gates:
  release:
    approve: [{ by: sre }, { by: \"@Bob\" }, { by: «policy-contradiction»dev }]
    ways: [label]
",
            ),
        ],
    ),
    running(
        "approvals that can be given, each in some way",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
people:
  sre: [ann, bob]
  dev: [carol]
gates:
  release:
    approve: [{ by: sre }, { by: dev }, { by: \"@ann\" }, { by: code-owners, count: 2 }]
    ways: [label, dispatch]
stages:
  dev: { delivery: commit }
",
            ),
        ],
    ),
    stopped(
        "a stage that is committed to although people must approve",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
stages:
  «policy-contradiction»prod: { delivery: commit }
",
            ),
        ],
    ),
    stopped(
        "a stage that is committed to and requires that people approve",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
pipelines:
  web:
    stages:
      prod: { delivery: commit, require: [«policy-contradiction»APPROVAL] }
",
            ),
        ],
    ),
    stopped(
        "a stage that nothing leaves, and that says when something may",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
stages:
  dev: { ready: { soak: 1h } }
  «policy-contradiction»prod: { ready: { soak: 1h } }
",
            ),
        ],
    ),
    stopped(
        "misspelt names in the entry of one pipeline, in an emergency and among reviewers",
        &[
            DEV,
            PROD,
            WEB,
            (
                ".github/sluice.yaml",
                "version: 1
people: { sre: [ann] }
stages:
  prod:
    reviewers: [sre, «policy-unknown-name»sra, acme/sre, \"@ann\"]
    emergency: { approve: [{ by: «policy-unknown-name»sree }], skip: [soak] }
pipelines:
  web:
    gates: { «policy-unknown-name»relaese: { approve: [{ by: «policy-unknown-name»writer }] } }
    stages: { «policy-unknown-name»prdo: { reviewers: [«policy-unknown-name»ann] } }
  «policy-unknown-name»wbe:
    gates: { anything: { approve: [{ by: «policy-unknown-name»srre }] } }
",
            ),
        ],
    ),
    stopped(
        "a window that a freeze keeps shut for more than a year",
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
    - { from: dev, to: prod, gates: [{ name: hours, type: WINDOW }] }"
                ),
            ),
            (
                ".github/sluice.yaml",
                "version: 1
freeze: [{ from: 2026-07-03T00:00, until: 2027-07-05T00:00, zone: UTC, reason: moving }]
gates:
  «window-never-opens»hours: { open: [\"Sat 09:00-17:00\"], zone: Europe/Berlin }
",
            ),
        ],
    ),
];
