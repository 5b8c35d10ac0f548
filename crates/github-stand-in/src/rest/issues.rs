//! The issues side of pull requests: labels with their events, comments, the timeline. Plain issues are not modelled.

use super::super::access::acting_role;
use super::super::call::Call;
use super::super::ids::RepoId;
use super::super::pull::{Comment, What};
use super::super::reply::{Answer, Outcome, Refusal};
use super::super::repo::Label;
use super::super::session::{Level, Role};
use super::super::world::World;
use super::super::{pull_events, view};
use super::pulls;
use super::text_length::check_length;
use serde_json::json;

/// `GET labels`.
pub fn repo_labels(world: &mut World, call: &Call) -> Outcome {
    let rows = world
        .repo(call.repo)
        .labels
        .iter()
        .map(|label| view::pull::label(world, call.repo, label))
        .collect();
    Answer::list(rows)
}

fn add_label(
    world: &mut World,
    at: RepoId,
    name: &str,
    color: &str,
    description: Option<&str>,
) -> Label {
    let label = Label {
        id: world.next_id(),
        name: name.to_owned(),
        color: color.to_owned(),
        description: description.map(str::to_owned),
        former: Vec::new(),
        created_at: world.now(),
        updated_at: world.now(),
    };
    world.repo_mut(at).labels.push(label.clone());
    label
}

fn check_label(name: &str) -> Result<(), Refusal> {
    if name.chars().count() > 50 {
        return Err(Refusal::custom(
            "Label",
            "name is too long (maximum is 50 characters)",
        ));
    }
    Ok(())
}

/// The two sentences with which GitHub refuses to create a label. Which of them each route uses is not certain for every kind of
/// token, so [`Switches::swap_label_refusals`](super::super::Switches::swap_label_refusals) exchanges them.
const NOT_ACCESSIBLE: &str = "Resource not accessible by integration";
const MAY_NOT_CREATE: &str = "You do not have permission to create labels on this repository.";

/// Lets through those who may create labels: people who may write; Apps and workflows with `issues: write`, for which
/// `pull-requests: write` has not been enough since 2025-04.
fn check_creates_labels(world: &World, call: &Call, words: &'static str) -> Result<(), Refusal> {
    let session = &call.session;
    let role = session.app().is_some() || acting_role(world, session, call.repo) >= Role::Write;
    if role && session.grants(call.repo, "issues", Level::Write) {
        return Ok(());
    }
    let swapped = world.switches.swap_label_refusals;
    Err(match (words == MAY_NOT_CREATE) != swapped {
        true => Refusal {
            errors: Some(
                json!([{"resource": "Repository", "field": "label", "code": "unauthorized"}]),
            ),
            ..Refusal::forbidden(MAY_NOT_CREATE)
        },
        false => Refusal::forbidden(NOT_ACCESSIBLE),
    })
}

/// `POST labels`.
pub fn create_label(world: &mut World, call: &Call) -> Outcome {
    check_creates_labels(world, call, NOT_ACCESSIBLE)?;
    let name = call.need("Label", "name")?;
    if world.repo(call.repo).label(name).is_some() {
        return Err(Refusal::invalid("Label", "name", "already_exists"));
    }
    check_label(name)?;
    let color = call
        .text("color")
        .unwrap_or("ededed")
        .trim_start_matches('#');
    if color.len() != 6 || !color.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::invalid("Label", "color", "invalid"));
    }
    if call
        .text("description")
        .is_some_and(|text| text.chars().count() > 100)
    {
        return Err(Refusal::custom(
            "Label",
            "description is too long (maximum is 100 characters)",
        ));
    }
    let label = add_label(world, call.repo, name, color, call.text("description"));
    Answer::created(view::pull::label(world, call.repo, &label))
}

fn find<'w>(world: &'w World, call: &Call) -> Result<&'w Label, Refusal> {
    world
        .repo(call.repo)
        .label(call.param("name"))
        .ok_or_else(Refusal::not_found)
}

/// `GET labels/{name}`.
pub fn get_label(world: &mut World, call: &Call) -> Outcome {
    Answer::ok(view::pull::label(world, call.repo, find(world, call)?))
}

/// `PATCH labels/{name}`: a new name, colour or description.
pub fn update_label(world: &mut World, call: &Call) -> Outcome {
    let id = find(world, call)?.id;
    if let Some(name) = call.text("new_name") {
        check_label(name)?;
        let taken = world.repo(call.repo).label(name);
        if taken.is_some_and(|label| label.id != id) {
            return Err(Refusal::invalid("Label", "name", "already_exists"));
        }
    }
    let now = world.now();
    let labels = &mut world.repo_mut(call.repo).labels;
    let label = labels.iter_mut().find(|label| label.id == id);
    let label = label.ok_or_else(Refusal::not_found)?;
    if let Some(name) = call.text("new_name") {
        let former = std::mem::replace(&mut label.name, name.to_owned());
        label.former.push(former);
    }
    if let Some(color) = call.text("color") {
        color.clone_into(&mut label.color);
    }
    if let Some(description) = call.text("description") {
        label.description = Some(description.to_owned());
    }
    label.updated_at = now;
    let label = label.clone();
    Answer::ok(view::pull::label(world, call.repo, &label))
}

/// `DELETE labels/{name}`.
pub fn delete_label(world: &mut World, call: &Call) -> Outcome {
    let id = find(world, call)?.id;
    let repo = world.repo_mut(call.repo);
    repo.labels.retain(|label| label.id != id);
    for pull in repo.pulls.values_mut() {
        pull.labels.remove(&id);
    }
    Answer::empty()
}

/// `GET issues`: pull requests are issues too; there are no others here.
pub fn list(world: &mut World, call: &Call) -> Outcome {
    let state = call.query("state").unwrap_or("open").to_owned();
    let pulls = world.repo(call.repo).pulls.values().rev();
    let wanted = |open: bool| state == "all" || open == (state == "open");
    let rows = pulls
        .filter(|pull| wanted(pull.open))
        .map(|pull| view::pull::issue(world, call.repo, pull))
        .collect();
    Answer::list(rows)
}

/// `GET issues/{n}`.
pub fn get(world: &mut World, call: &Call) -> Outcome {
    Answer::ok(view::pull::issue(world, call.repo, call.pull(world)?))
}

/// `PATCH issues/{n}`: title, body and state of a pull request; labels and assignees if given.
pub fn update(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    // Those who may not label (say, authors of pull requests from outside) are not refused: labels and assignees are dropped in silence.
    let labels = call.session.app().is_some()
        || acting_role(world, &call.session, call.repo) >= Role::Triage;
    let names = call.texts("labels").filter(|_| labels);
    check_names(world, call, names.as_deref().unwrap_or_default())?;
    pulls::update(world, call)?;
    if let Some(names) = names {
        replace(world, call, number, &names)?;
    }
    if let Some(logins) = call.texts("assignees").filter(|_| labels) {
        let people = logins
            .iter()
            .filter_map(|login| world.user_id(login))
            .collect();
        if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
            pull.assignees = people;
        }
    }
    let pull = &world.repo(call.repo).pulls[&number];
    Answer::ok(view::pull::issue(world, call.repo, pull))
}

fn labels_view(world: &World, call: &Call, number: u64) -> Outcome {
    let repo = world.repo(call.repo);
    let on = &repo.pulls[&number].labels;
    let rows = repo
        .labels
        .iter()
        .filter(|label| on.contains(&label.id))
        .map(|label| view::pull::label(world, call.repo, label))
        .collect();
    Answer::list(rows)
}

/// `GET issues/{n}/labels`.
pub fn labels(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    labels_view(world, call, number)
}

/// Names that the repository lacks are created, by those who may create labels, which triage may not.
fn check_names(world: &World, call: &Call, names: &[String]) -> Result<(), Refusal> {
    let known = |name: &String| world.repo(call.repo).label(name).is_some();
    if !names.iter().all(known) {
        check_creates_labels(world, call, MAY_NOT_CREATE)?;
    }
    names.iter().try_for_each(|name| check_label(name))
}

/// Adds labels; all of them or, if one may not be created, none.
pub fn put_on(
    world: &mut World,
    call: &Call,
    number: u64,
    names: &[String],
) -> Result<(), Refusal> {
    let at = call.repo;
    check_names(world, call, names)?;
    for name in names {
        let label = match world.repo(at).label(name) {
            Some(label) => label.clone(),
            None => add_label(world, at, name, "ededed", None),
        };
        let fresh = world
            .repo_mut(at)
            .pulls
            .get_mut(&number)
            .is_some_and(|pull| pull.labels.insert(label.id));
        if fresh {
            pull_events::record(
                world,
                at,
                number,
                call.by(),
                What::Labeled(label.name, label.color),
            );
        }
    }
    Ok(())
}

/// Removes a label; false if it was not on.
pub fn take_off(world: &mut World, call: &Call, number: u64, name: &str) -> bool {
    let Some(label) = world.repo(call.repo).label(name).cloned() else {
        return false;
    };
    let was = world
        .repo_mut(call.repo)
        .pulls
        .get_mut(&number)
        .is_some_and(|pull| pull.labels.remove(&label.id));
    if was {
        pull_events::record(
            world,
            call.repo,
            number,
            call.by(),
            What::Unlabeled(label.name, label.color),
        );
    }
    was
}

fn replace(world: &mut World, call: &Call, number: u64, names: &[String]) -> Result<(), Refusal> {
    check_names(world, call, names)?;
    let repo = world.repo(call.repo);
    let gone: Vec<String> = repo
        .labels
        .iter()
        .filter(|label| repo.pulls[&number].labels.contains(&label.id))
        .filter(|label| {
            !names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&label.name))
        })
        .map(|label| label.name.clone())
        .collect();
    for name in gone {
        take_off(world, call, number, &name);
    }
    put_on(world, call, number, names)
}

/// Names as the label routes take them: `{"labels": [...]}` or the bare list.
fn names(call: &Call) -> Vec<String> {
    let bare = call.body.as_array().map(|list| {
        list.iter()
            .filter_map(|one| one.as_str())
            .map(str::to_owned)
            .collect()
    });
    bare.or_else(|| call.texts("labels")).unwrap_or_default()
}

/// `POST issues/{n}/labels`.
pub fn add_labels(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    put_on(world, call, number, &names(call))?;
    labels_view(world, call, number)
}

/// `PUT issues/{n}/labels`.
pub fn set_labels(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    replace(world, call, number, &names(call))?;
    labels_view(world, call, number)
}

/// `DELETE issues/{n}/labels/{name}`.
pub fn remove_label(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    if !take_off(world, call, number, call.param("name")) {
        return Err(Refusal {
            message: "Label does not exist".to_owned(),
            ..Refusal::not_found()
        });
    }
    labels_view(world, call, number)
}

/// `GET issues/{n}/events`: oldest first.
pub fn events(world: &mut World, call: &Call) -> Outcome {
    let rows = call
        .pull(world)?
        .events
        .iter()
        .map(|event| view::pull::event(world, call.repo, event))
        .collect();
    Answer::list(rows)
}

/// `GET issues/{n}/timeline`.
pub fn timeline(world: &mut World, call: &Call) -> Outcome {
    Answer::list(view::pull::timeline(world, call.repo, call.pull(world)?))
}

/// `GET issues/{n}/comments`.
pub fn comments(world: &mut World, call: &Call) -> Outcome {
    let pull = call.pull(world)?;
    let rows = pull
        .comments
        .iter()
        .map(|comment| view::pull::comment(world, call.repo, pull.number, comment))
        .collect();
    Answer::list(rows)
}

/// Writes a comment.
pub fn write(world: &mut World, call: &Call, number: u64, body: &str) -> Result<Comment, Refusal> {
    check_length("IssueComment", "body", body)?;
    let by = call.by();
    let comment = Comment {
        id: world.next_id(),
        user: call.actor()?,
        app: by.app,
        body: body.to_owned(),
        created_at: world.now(),
        updated_at: world.now(),
    };
    if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
        pull.updated_at = comment.created_at;
        pull.comments.push(comment.clone());
    }
    Ok(comment)
}

/// `POST issues/{n}/comments`.
pub fn create_comment(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    let comment = write(world, call, number, call.need("IssueComment", "body")?)?;
    Answer::created(view::pull::comment(world, call.repo, number, &comment))
}

fn locate(world: &World, call: &Call) -> Result<(u64, Comment), Refusal> {
    let id = call.number("id")?;
    world
        .repo(call.repo)
        .pulls
        .values()
        .find_map(|pull| {
            Some((
                pull.number,
                pull.comments.iter().find(|one| one.id == id)?.clone(),
            ))
        })
        .ok_or_else(Refusal::not_found)
}

/// `GET issues/comments/{id}`.
pub fn get_comment(world: &mut World, call: &Call) -> Outcome {
    let (number, comment) = locate(world, call)?;
    Answer::ok(view::pull::comment(world, call.repo, number, &comment))
}

/// Own comments, or anyone's with write access.
fn check_comment(world: &World, call: &Call, comment: &Comment) -> Result<(), Refusal> {
    if call.session.actor() == Some(comment.user)
        || acting_role(world, &call.session, call.repo) >= Role::Write
    {
        Ok(())
    } else {
        Err(Refusal::forbidden("Must have admin rights to Repository."))
    }
}

/// `PATCH issues/comments/{id}`.
pub fn update_comment(world: &mut World, call: &Call) -> Outcome {
    let (number, mut comment) = locate(world, call)?;
    check_comment(world, call, &comment)?;
    let body = call.need("IssueComment", "body")?;
    check_length("IssueComment", "body", body)?;
    body.clone_into(&mut comment.body);
    comment.updated_at = world.now();
    if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number)
        && let Some(found) = pull.comments.iter_mut().find(|one| one.id == comment.id)
    {
        *found = comment.clone();
    }
    Answer::ok(view::pull::comment(world, call.repo, number, &comment))
}

/// `DELETE issues/comments/{id}`.
pub fn delete_comment(world: &mut World, call: &Call) -> Outcome {
    let (number, comment) = locate(world, call)?;
    check_comment(world, call, &comment)?;
    if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
        pull.comments.retain(|one| one.id != comment.id);
    }
    Answer::empty()
}
