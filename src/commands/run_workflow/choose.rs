//! Which workflow takes a request, and what it is given. Nothing is read or written here.

use std::collections::BTreeMap;

use crate::commands::installed::WorkflowFiles;
use crate::error::Failure;
use crate::gather::GoBack;
use crate::model::text::list;
use crate::model::workflow::{Input, PIPELINE, TO, UnreadWorkflow, Workflow};
use crate::reconcile::request::PromoteRequest;

/// The workflow that takes requests: the one that is named, or the only one.
///
/// # Errors
/// There is none, or there are several; or the one that is named does not take requests.
pub(super) fn choose<'a>(
    files: &'a WorkflowFiles,
    named: Option<&str>,
    pages: &str,
) -> Result<&'a Workflow, Failure> {
    let read = || files.iter().filter_map(|file| file.as_ref().ok());
    let unread = || files.iter().filter_map(|file| file.as_ref().err());
    if let Some(named) = named {
        let name = named.rsplit('/').next().unwrap_or(named);
        if let Some(unread) = unread().find(|unread| unread.file == name) {
            return Err(Failure::usage(unreadable(unread)));
        }
        let Some(workflow) = read().find(|workflow| workflow.file == name) else {
            let names = read().map(|workflow| workflow.file.as_str());
            return Err(
                Failure::usage(format!("the base branch has no workflow {name}")).hint(match files
                    .is_empty()
                {
                    true => install(pages),
                    false => format!("it has {}", list(names, "and")),
                }),
            );
        };
        return match (&workflow.inputs, workflow.missing_input()) {
            (None, _) => Err(Failure::usage(format!(
                "{name} has no `workflow_dispatch`, so it cannot be started"
            ))
            .hint(install(pages))),
            (Some(_), Some(missing)) => Err(Failure::usage(format!(
                "{name} has no input `{missing}`, so it cannot be asked for one promotion"
            ))
            .hint(install(pages))),
            (Some(_), None) => Ok(workflow),
        };
    }
    let fitting: Vec<&Workflow> = read().filter(|one| one.takes_requests()).collect();
    match fitting[..] {
        [only] => Ok(only),
        [] => {
            let mut failure = Failure::usage(
                "a person's token starts the installed workflow, and no workflow of the base branch runs Sluice with the inputs \
                 `pipeline` and `to`",
            )
            .hint(install(pages));
            for unread in unread() {
                failure = failure.hint(unreadable(unread));
            }
            Err(failure)
        }
        _ => Err(Failure::usage(format!(
            "several workflows take requests: {}",
            list(fitting.iter().map(|one| one.file.as_str()), "and")
        ))
        .hint("name one with --workflow FILE")),
    }
}

fn unreadable(unread: &UnreadWorkflow) -> String {
    format!(
        ".github/workflows/{} cannot be read: {}",
        unread.file, unread.why
    )
}

fn install(pages: &str) -> String {
    format!(
        "save examples/workflows/promote.yml as .github/workflows/sluice-promote.yml and fill in your pipelines and stages; the \
         workflows that there are: {pages}/actions"
    )
}

/// The word for what is asked.
pub(super) fn command(request: &PromoteRequest) -> &'static str {
    match (&request.rollback, request.retry) {
        (Some(_), _) => "rollback",
        (None, true) => "retry",
        (None, false) => "promote",
    }
}

/// What the workflow is given. Inputs that were not asked for keep their defaults.
///
/// # Errors
/// The workflow lacks an input for something that was asked for, or its choice does not have the value.
pub(super) fn inputs(
    request: &PromoteRequest,
    workflow: &Workflow,
) -> Result<BTreeMap<String, String>, Failure> {
    let command = command(request);
    let plan = match &request.rollback {
        Some(GoBack::Plan(plan)) => Some(plan),
        Some(GoBack::Last | GoBack::Landing(_)) => None,
        None => request.plan.as_ref(),
    };
    // A workflow without this input does one thing, and says which.
    let fixed = workflow.steps.iter();
    let fixed = fixed
        .filter_map(|step| step.command.as_deref())
        .any(|fixed| fixed == command);
    let take = match workflow.input("take") {
        Some(_) => ("take", "source"),
        None => ("take-source", "true"),
    };
    let flag = |is_set: bool, value: &str| is_set.then(|| value.to_owned());
    let wanted = [
        ("command", flag(!fixed, command), "the command"),
        (PIPELINE, Some(request.pipeline.clone()), "--pipeline"),
        (TO, Some(request.to.clone()), "--to"),
        (take.0, flag(request.take_source, take.1), "--take"),
        ("plan", plan.map(ToString::to_string), "--plan"),
        ("approve", flag(request.approve, "true"), "--approve"),
        ("reason", request.reason.clone(), "--reason"),
        ("emergency", flag(request.emergency, "true"), "--emergency"),
    ];
    let mut given = BTreeMap::new();
    for (name, value, option) in wanted {
        let Some(value) = value else { continue };
        let Some(input) = workflow.input(name) else {
            return Err(Failure::usage(format!(
                "{} has no input `{name}`, so {option} cannot be passed on",
                workflow.file
            ))
            .hint("compare it with examples/workflows/promote.yml"));
        };
        given.insert(name.to_owned(), chosen(workflow, name, input, value)?);
    }
    Ok(given)
}

/// The value as the input takes it. A pipeline may be given without its namespace, if only one choice has that name.
fn chosen(
    workflow: &Workflow,
    name: &str,
    input: &Input,
    value: String,
) -> Result<String, Failure> {
    let Some(options) = &input.options else {
        return Ok(value);
    };
    if options.contains(&value) {
        return Ok(value);
    }
    let is_it = |option: &&String| {
        option
            .split_once('/')
            .is_some_and(|(_, last)| name == PIPELINE && last == value)
    };
    let fitting: Vec<&String> = options.iter().filter(is_it).collect();
    match fitting[..] {
        [only] => Ok(only.clone()),
        _ => Err(not_a_choice(&workflow.file, name, &value, options)),
    }
}

/// A value that is not among the choices of an input.
pub(super) fn not_a_choice(file: &str, name: &str, value: &str, options: &[String]) -> Failure {
    let failure = Failure::usage(format!(
        "`{value}` is not among the choices of `{name}` in {file}"
    ));
    match options.is_empty() {
        true => failure.hint(format!(
            "add it to .github/workflows/{file} on the base branch"
        )),
        false => failure.hint(format!(
            "it has {}; add others to .github/workflows/{file} on the base branch",
            list(options.iter().map(|option| format!("`{option}`")), "and")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::parse;

    const PAGES: &str = "https://github.com/acme/gitops";

    fn file(name: &str, inputs: &str) -> Result<Workflow, UnreadWorkflow> {
        let text = format!(
            "on: {{ workflow_dispatch: {{ inputs: {inputs} }} }}\njobs: {{ a: {{ steps: [{{ uses: acme/sluice@v1 }}] }} }}\n"
        );
        parse(name, text.as_bytes())
    }

    fn example() -> Workflow {
        let path = test_support::root("examples/workflows/promote.yml");
        parse("sluice-promote.yml", &std::fs::read(path).unwrap()).unwrap()
    }

    fn refusal(failure: &Failure) -> String {
        format!("{}\n{}", failure.message, failure.hints.join("\n"))
    }

    #[test]
    fn the_only_workflow_that_takes_requests_is_chosen() {
        let files = vec![
            file("ci.yml", "{ head: }"),
            parse("bad.yml", b"a: ["),
            file("promote.yml", "{ pipeline: , to: }"),
        ];
        assert_eq!(choose(&files, None, PAGES).unwrap().file, "promote.yml");
        let both = [files, vec![file("other.yml", "{ pipeline: , to: }")]].concat();
        insta::assert_snapshot!(refusal(&choose(&both, None, PAGES).unwrap_err()), @"
        several workflows take requests: promote.yml and other.yml
        name one with --workflow FILE
        ");
        for named in ["other.yml", ".github/workflows/other.yml"] {
            assert_eq!(choose(&both, Some(named), PAGES).unwrap().file, "other.yml");
        }
    }

    #[test]
    fn without_a_workflow_it_is_said_where_to_put_one() {
        let files = vec![file("ci.yml", "{ head: }"), parse("bad.yml", b"a: [")];
        insta::assert_snapshot!(refusal(&choose(&files, None, PAGES).unwrap_err()), @"
        a person's token starts the installed workflow, and no workflow of the base branch runs Sluice with the inputs `pipeline` and `to`
        save examples/workflows/promote.yml as .github/workflows/sluice-promote.yml and fill in your pipelines and stages; the workflows that there are: https://github.com/acme/gitops/actions
        .github/workflows/bad.yml cannot be read: 1:4: unclosed bracket '['
        ");
        insta::assert_snapshot!(refusal(&choose(&files, Some("x.yml"), PAGES).unwrap_err()), @"
        the base branch has no workflow x.yml
        it has ci.yml
        ");
        insta::assert_snapshot!(refusal(&choose(&files, Some("ci.yml"), PAGES).unwrap_err()), @"
        ci.yml has no input `pipeline`, so it cannot be asked for one promotion
        save examples/workflows/promote.yml as .github/workflows/sluice-promote.yml and fill in your pipelines and stages; the workflows that there are: https://github.com/acme/gitops/actions
        ");
        insta::assert_snapshot!(refusal(&choose(&files, Some("bad.yml"), PAGES).unwrap_err()), @".github/workflows/bad.yml cannot be read: 1:4: unclosed bracket '['");
        let push = vec![parse("push.yml", b"on: push\n")];
        insta::assert_snapshot!(refusal(&choose(&push, Some("push.yml"), PAGES).unwrap_err()), @"
        push.yml has no `workflow_dispatch`, so it cannot be started
        save examples/workflows/promote.yml as .github/workflows/sluice-promote.yml and fill in your pipelines and stages; the workflows that there are: https://github.com/acme/gitops/actions
        ");
    }

    #[test]
    fn what_was_asked_for_becomes_the_inputs_of_the_example() {
        let mut workflow = example();
        for (name, option) in [("pipeline", "apps/shop"), ("to", "prod")] {
            let inputs = workflow.inputs.as_mut().unwrap();
            inputs.get_mut(name).unwrap().options = Some(vec![option.to_owned()]);
        }
        let plan = "ab".repeat(32);
        let base = PromoteRequest {
            pipeline: "shop".to_owned(),
            to: "prod".to_owned(),
            ..PromoteRequest::default()
        };
        let given = |request: &PromoteRequest| {
            let inputs = inputs(request, &workflow).unwrap().into_iter();
            let inputs: Vec<String> = inputs
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            inputs.join(" ")
        };
        assert_eq!(given(&base), "command=promote pipeline=apps/shop to=prod");
        let all = PromoteRequest {
            take_source: true,
            plan: plan.parse().ok(),
            approve: true,
            reason: Some("INC-1: no".to_owned()),
            emergency: true,
            ..base.clone()
        };
        assert_eq!(
            given(&all),
            format!(
                "approve=true command=promote emergency=true pipeline=apps/shop plan={plan} reason=INC-1: no take-source=true to=prod"
            )
        );
        let back = PromoteRequest {
            rollback: plan[..12].parse().ok().map(GoBack::Plan),
            ..base.clone()
        };
        assert_eq!(
            given(&back),
            "command=rollback pipeline=apps/shop plan=abababababab to=prod"
        );
        let retry = PromoteRequest {
            retry: true,
            ..base
        };
        assert_eq!(given(&retry), "command=retry pipeline=apps/shop to=prod");
    }

    #[test]
    fn what_the_workflow_cannot_be_given_is_refused() {
        let asks = |to: &str, rollback| PromoteRequest {
            pipeline: "shop".to_owned(),
            to: to.to_owned(),
            rollback,
            ..PromoteRequest::default()
        };
        let choices =
            "{ command: , to: , pipeline: { type: choice, options: [a/shop, b/shop, web] } }";
        let workflow = file("x.yml", choices).unwrap();
        insta::assert_snapshot!(refusal(&inputs(&asks("prod", None), &workflow).unwrap_err()), @"
        `shop` is not among the choices of `pipeline` in x.yml
        it has `a/shop`, `b/shop` and `web`; add others to .github/workflows/x.yml on the base branch
        ");
        let workflow = file("x.yml", "{ pipeline: , to: }").unwrap();
        let back = asks("prod", Some(GoBack::Last));
        insta::assert_snapshot!(refusal(&inputs(&back, &workflow).unwrap_err()), @"
        x.yml has no input `command`, so the command cannot be passed on
        compare it with examples/workflows/promote.yml
        ");
    }

    #[test]
    fn a_workflow_that_only_promotes_needs_no_command() {
        let text = "on: { workflow_dispatch: { inputs: { pipeline: , to: } } }\njobs: { a: { steps: [{ uses: acme/sluice@v1, with: { command: promote } }] } }\n";
        let workflow = parse("x.yml", text.as_bytes()).unwrap();
        let asks = PromoteRequest {
            pipeline: "shop".to_owned(),
            to: "prod".to_owned(),
            ..PromoteRequest::default()
        };
        assert_eq!(inputs(&asks, &workflow).unwrap().len(), 2);
        let back = PromoteRequest {
            rollback: Some(GoBack::Last),
            ..asks
        };
        assert!(inputs(&back, &workflow).is_err());
    }
}
