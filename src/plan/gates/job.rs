//! JOB and SENTINEL mapped to a workflow on the base branch: started once for each build, never waited for in a runner.
//!
//! The request is recorded on the head before the workflow is dispatched, so that a run of Sluice that dies in between
//! dispatches it once or not at all, never twice. Only a run that this very account started, with this head and this
//! digest in its title, on the base branch, counts: anyone with write access can start one that looks
//! similar.

use jiff::{SignedDuration, Timestamp};

use crate::model::actor::Actor;
use crate::model::evidence::Evidence;
use crate::model::job::{digest, title_holds};
use crate::model::pipeline::Gate;
use crate::model::plan::JobStart;
use crate::model::policy::Wait;
use crate::model::signal::{Ended, Intent, JobEvidence, JobRun};
use crate::model::verdict::{Judgement, Verdict};
use crate::plan::gate_subject::{Judged, Subject};

/// GitHub ends every job after six hours.
const DEFAULT_TIMEOUT_HOURS: i64 = 6;

pub(super) fn evaluate(
    subject: &Subject<'_>,
    gate: &Gate,
    workflow: &str,
    timeout: Option<Wait>,
) -> Judged {
    let facts = subject.facts;
    if !facts.on_forge {
        let assumed = facts.approvals.as_ref().is_some_and(|given| given.assumed);
        return Judged::of(match assumed {
            true => simulated(subject, workflow),
            false => pending(format!("{workflow} runs (unread: not on GitHub)")),
        });
    }
    let evidence = match subject.evidence {
        None => {
            return Judged::of(pending(format!(
                "{workflow} starts once the promotion is opened"
            )));
        }
        Some(Err(why)) => return Judged::of(Judgement::new(Verdict::Error, why.clone())),
        Some(Ok(evidence)) => evidence,
    };
    let Some(jobs) = &evidence.jobs else {
        return Judged::of(error(format!("the runs of {workflow} were not read")));
    };
    let asked = JobQuestion {
        gate,
        workflow,
        timeout: timeout.map_or(
            SignedDuration::from_hours(DEFAULT_TIMEOUT_HOURS),
            Wait::duration,
        ),
        now: facts.now,
        base: &facts.base,
        evidence,
        retry: subject.retry,
    };
    asked.judge(jobs)
}

fn pending(reason: String) -> Judgement {
    Judgement::new(Verdict::Pending, reason)
}

fn error(reason: String) -> Judgement {
    Judgement::new(Verdict::Error, reason)
}

/// How long a job is taken to run in a simulation.
const SIMULATED: i64 = 10;

/// Without GitHub a simulation lets every job run for ten minutes from when the plan was proposed, and succeed.
fn simulated(subject: &Subject<'_>, workflow: &str) -> Judgement {
    let proposed = subject
        .plan
        .and_then(|plan| subject.facts.proposed.get(plan).copied());
    let Some(proposed) = proposed else {
        return pending(format!("{workflow} starts once the promotion is opened"));
    };
    let ends = proposed + SignedDuration::from_mins(SIMULATED);
    if subject.facts.now < ends {
        return pending(format!(
            "{workflow} is running (assumed to take {SIMULATED} min and to succeed)"
        ))
        .until(Some(ends));
    }
    Judgement::new(Verdict::Pass, format!("{workflow} is assumed to succeed"))
}

struct JobQuestion<'a> {
    gate: &'a Gate,
    workflow: &'a str,
    timeout: SignedDuration,
    now: Timestamp,
    base: &'a str,
    evidence: &'a Evidence,
    retry: bool,
}

impl JobQuestion<'_> {
    fn judge(&self, jobs: &JobEvidence) -> Judged {
        let intents = match &jobs.intents {
            Ok(intents) => intents,
            Err(why) => return Judged::of(error(why.clone())),
        };
        let own = match &jobs.own {
            Ok(own) => own,
            Err(why) => return Judged::of(error(why.clone())),
        };
        let runs = match jobs.runs.get(self.workflow) {
            Some(Ok(runs)) => runs,
            Some(Err(why)) => return Judged::of(error(why.clone())),
            None => {
                return Judged::of(error(format!(
                    "the runs of {} were not read",
                    self.workflow
                )));
            }
        };
        let asked_for = intents.get(self.gate.name.as_str()).and_then(|intents| {
            let key = |intent: &&Intent| (intent.attempt, intent.at, intent.refused.is_some());
            intents.iter().max_by_key(key)
        });
        let Some(intent) = asked_for else {
            return Judged {
                start: Some(self.start(1)),
                ..Judged::of(pending(format!("{} is being started", self.workflow)))
            };
        };
        let judged = self.of_intent(intent, runs, own);
        if judged.judgement.verdict == Verdict::Blocked && self.retry {
            return Judged {
                start: Some(self.start(intent.attempt + 1)),
                ..Judged::of(pending(format!("{} is being started again", self.workflow)))
            };
        }
        judged
    }

    fn start(&self, attempt: u32) -> JobStart {
        JobStart {
            workflow: self.workflow.to_owned(),
            attempt,
            job: self.gate.job.as_ref().map(|job| job.json.clone()),
        }
    }

    fn of_intent(&self, intent: &Intent, runs: &[JobRun], own: &Actor) -> Judged {
        if let Some(why) = &intent.refused {
            return Judged::of(Judgement::new(
                Verdict::Blocked,
                format!("{why}; once that is fixed, *Run workflow → retry* starts it"),
            ));
        }
        let digest = digest(
            &self.evidence.head,
            &self.gate.name,
            self.workflow,
            intent.attempt,
        );
        let titled: Vec<&JobRun> = runs
            .iter()
            .filter(|run| title_holds(&run.title, &self.evidence.head, &digest))
            .collect();
        let mut ours: Vec<&JobRun> = Vec::new();
        let mut strange = None;
        for run in titled {
            match self.strangeness(run, own) {
                Ok(None) => ours.push(run),
                Ok(Some(why)) => strange = Some(why),
                Err(why) => return Judged::of(error(why)),
            }
        }
        let Some(run) = ours.into_iter().max_by_key(|run| run.id) else {
            return Judged::of(self.without_run(intent, strange));
        };
        Judged {
            link: Some(run.url.clone()),
            ..Judged::of(self.of_run(run))
        }
    }

    /// Why a run with the right title does not count.
    fn strangeness(&self, run: &JobRun, own: &Actor) -> Result<Option<String>, String> {
        let own_run = |actor: &Option<Actor>| {
            own.id.is_some() && actor.as_ref().and_then(|actor| actor.id) == own.id
        };
        let who = |actor: &Option<Actor>| {
            actor
                .as_ref()
                .map_or("an unknown account", |actor| actor.login.as_str())
                .to_owned()
        };
        let file = format!(".github/workflows/{}", self.workflow);
        Ok(if !own_run(&run.actor) {
            Some(format!("was started by {}", who(&run.actor)))
        } else if !own_run(&run.triggering) {
            Some(format!("was started again by {}", who(&run.triggering)))
        } else if run.event != "workflow_dispatch" {
            Some(format!("was started by {}", run.event))
        } else if run.path != file || !run.here {
            Some(format!("belongs to another workflow, {}", run.path))
        } else if run.branch.as_deref() != Some(self.base) {
            Some("ran on another branch".to_owned())
        } else if self
            .evidence
            .arrived
            .as_ref()
            .is_ok_and(|arrived| run.created < *arrived)
        {
            Some("is older than this state".to_owned())
        } else {
            match &run.on_base {
                Ok(true) => None,
                Ok(false) => Some("ran at a commit that is not on the base branch".to_owned()),
                Err(why) => return Err(why.clone()),
            }
        })
    }

    fn without_run(&self, intent: &Intent, strange: Option<String>) -> Judgement {
        let ignored = strange
            .map(|why| format!("; a run with that name {why}, and does not count"))
            .unwrap_or_default();
        if self.now.duration_since(intent.at) >= self.timeout {
            return Judgement::new(
                Verdict::Blocked,
                format!(
                    "{} was requested but never started: *Run workflow → retry* starts it again{ignored}",
                    self.workflow
                ),
            );
        }
        pending(format!("{} is being started{ignored}", self.workflow))
            .until(Some(intent.at + self.timeout))
    }

    fn of_run(&self, run: &JobRun) -> Judgement {
        match &run.ended {
            Ended::Well => {
                let took = run.updated.duration_since(run.created).as_mins();
                let took = match took {
                    minutes if minutes <= 0 => "in less than a minute".to_owned(),
                    minutes => format!("in {minutes} min"),
                };
                Judgement::new(Verdict::Pass, format!("passed {took}"))
            }
            Ended::Badly(word) => Judgement::new(
                Verdict::Blocked,
                format!(
                    "{} ended with {word}: *Run workflow → retry* starts it again",
                    self.workflow
                ),
            ),
            Ended::NotYet if self.now.duration_since(run.created) >= self.timeout => {
                let minutes = self.timeout.as_mins();
                Judgement::new(
                    Verdict::Blocked,
                    format!(
                        "{} has not finished after {minutes} min: *Run workflow → retry* starts it again",
                        self.workflow
                    ),
                )
            }
            Ended::NotYet => pending(format!("{} is running", self.workflow))
                .until(Some(run.created + self.timeout)),
        }
    }
}

#[cfg(test)]
mod tests;
