//! The policy: what it misspells, demands and gives up.

use super::{Case, DEV, PROD, WEB, running, stopped};

pub const CASES: &[Case] = &[
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
