//! Mutations. Each holds the caller to the permission of its REST counterpart and lets the same code do the work.

use super::super::call::{Call, read_oid};
use super::super::ids::RepoId;
use super::super::pull::What;
use super::super::reply::Refusal;
use super::super::rest::{issues, open_pull, pulls, reviews};
use super::super::session::{By, Level, Role};
use super::super::world::World;
use super::super::{merge, pull_events, queue, ref_moves, refs, view};
use super::change_refs::{commit_on_branch, update_refs};
use super::input::{PUSH, may, maybe, text};
use super::query::{need_id, need_pull};
use super::value::{Args, Ctx, Found, Kind, Out, plain, unmodelled};
use serde_json::{Value, json};
use std::mem::take;

const PULL: &[(&str, Level)] = &[("pull_requests", Level::Write)];
const LABEL: &[(&str, Level)] = &[("issues", Level::Write), ("pull_requests", Level::Write)];

/// A call without the wire, for code that REST shares.
fn call(ctx: &Ctx<'_>, at: RepoId) -> Call {
    Call {
        session: ctx.session.clone(),
        repo: at,
        ..Call::default()
    }
}

fn repo(world: &World, id: &str) -> Result<RepoId, Refusal> {
    match need_id(world, id)? {
        Kind::Repository(at) => Ok(at),
        _ => Err(Refusal {
            message: format!("Could not resolve to a Repository with the global id of '{id}'"),
            ..Refusal::not_found()
        }),
    }
}

/// `Mutation`. The clock moved once for the whole request.
pub fn root(ctx: &Ctx<'_>, field: &str, args: &Args) -> Found {
    let input = args.get("input");
    let mut guard = ctx.world();
    let world = &mut **guard;
    let before = ctx.count_mutation();
    if world
        .switches
        .first_mutations
        .is_some_and(|most| before >= most)
    {
        return Err(Refusal {
            kind: "",
            ..Refusal::unprocessable(
                "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug.",
            )
        });
    }
    let client = (
        "clientMutationId",
        Out::Leaf(input["clientMutationId"].clone()),
    );
    let payload = |name: &'static str, fields: Vec<(&'static str, Out)>| {
        let mut all = std::collections::BTreeMap::from([client.clone()]);
        all.extend(fields);
        Out::One(Kind::Plain(name, all.into()))
    };
    Ok(match field {
        "createCommitOnBranch" => {
            let (at, name, oid) = commit_on_branch(world, ctx, input)?;
            payload(
                "CreateCommitOnBranchPayload",
                vec![
                    ("commit", Out::One(Kind::Commit(at, oid))),
                    ("ref", Out::One(Kind::Ref(at, name))),
                ],
            )
        }
        "createRef" => {
            let at = repo(world, &text(input, "repositoryId"))?;
            may(world, ctx, at, PUSH, Role::Write)?;
            let name = text(input, "name");
            let oid = read_oid(&text(input, "oid"))
                .ok_or_else(|| Refusal::unprocessable("Object does not exist"))?;
            refs::create(world, ctx.session, at, &name, oid).map_err(|refusal| {
                match refusal.message.as_str() {
                    "Reference already exists" => Refusal::unprocessable(format!(
                        "A ref named \"{name}\" already exists in the repository."
                    )),
                    _ => refusal,
                }
            })?;
            payload(
                "CreateRefPayload",
                vec![("ref", Out::One(Kind::Ref(at, name)))],
            )
        }
        "updateRef" => {
            let Kind::Ref(at, name) = need_id(world, &text(input, "refId"))? else {
                return Err(Refusal::not_found());
            };
            may(world, ctx, at, PUSH, Role::Write)?;
            let oid = read_oid(&text(input, "oid"))
                .ok_or_else(|| Refusal::unprocessable("Object does not exist"))?;
            refs::update(world, ctx.session, at, &name, oid, input["force"] == true)?;
            payload(
                "UpdateRefPayload",
                vec![("ref", Out::One(Kind::Ref(at, name)))],
            )
        }
        "deleteRef" => {
            let Kind::Ref(at, name) = need_id(world, &text(input, "refId"))? else {
                return Err(Refusal::not_found());
            };
            may(world, ctx, at, PUSH, Role::Write)?;
            refs::delete(world, ctx.session, at, &name)?;
            payload("DeleteRefPayload", Vec::new())
        }
        "updateRefs" => {
            let at = repo(world, &text(input, "repositoryId"))?;
            may(world, ctx, at, PUSH, Role::Write)?;
            update_refs(
                world,
                ctx,
                at,
                input["refUpdates"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default(),
            )?;
            payload("UpdateRefsPayload", Vec::new())
        }
        "enqueuePullRequest" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Write)?;
            let entry = queue::enqueue(
                world,
                ctx.session,
                at,
                number,
                input["expectedHeadOid"].as_str(),
            )?;
            payload(
                "EnqueuePullRequestPayload",
                vec![(
                    "mergeQueueEntry",
                    Out::One(super::merge_queue::queue_entry(world, at, &entry)),
                )],
            )
        }
        "dequeuePullRequest" => {
            let (at, number) = need_pull(world, &text(input, "id"))?;
            may(world, ctx, at, PULL, Role::Write)?;
            let entry = world
                .repo(at)
                .queue
                .iter()
                .find(|entry| entry.pull == number)
                .cloned();
            let missing = || Refusal::unprocessable("Pull request is not in the queue");
            let shown = super::merge_queue::queue_entry(world, at, &entry.ok_or_else(missing)?);
            ref_moves::leave(world, at, number, By::of(ctx.session), "manual");
            payload(
                "DequeuePullRequestPayload",
                vec![("mergeQueueEntry", Out::One(shown))],
            )
        }
        "mergePullRequest" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PUSH, Role::Write)?;
            let request = merge::Request {
                sha: maybe(input, "expectedHeadOid"),
                method: maybe(input, "mergeMethod").map(|method| method.to_lowercase()),
                title: maybe(input, "commitHeadline"),
                message: maybe(input, "commitBody"),
            };
            merge::merge(world, ctx.session, at, number, &request)?;
            payload(
                "MergePullRequestPayload",
                vec![
                    ("pullRequest", Out::One(Kind::Pull(at, number))),
                    ("actor", super::people::actor(ctx.session.actor())),
                ],
            )
        }
        "enablePullRequestAutoMerge" | "disablePullRequestAutoMerge" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Write)?;
            let method = field.starts_with("enable").then(|| {
                maybe(input, "mergeMethod")
                    .unwrap_or_else(|| "merge".to_owned())
                    .to_lowercase()
            });
            merge::set_auto_merge(world, ctx.session, at, number, method)?;
            let name = if field.starts_with("enable") {
                "EnablePullRequestAutoMergePayload"
            } else {
                "DisablePullRequestAutoMergePayload"
            };
            payload(
                name,
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "convertPullRequestToDraft" | "markPullRequestReadyForReview" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Write)?;
            let draft = field == "convertPullRequestToDraft";
            if let Some(pull) = world.repo_mut(at).pulls.get_mut(&number) {
                pull.draft = draft;
            }
            let what = if draft { What::Draft } else { What::Ready };
            pull_events::record(world, at, number, By::of(ctx.session), what);
            let name = if draft {
                "ConvertPullRequestToDraftPayload"
            } else {
                "MarkPullRequestReadyForReviewPayload"
            };
            payload(
                name,
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "createPullRequest" => {
            let at = repo(world, &text(input, "repositoryId"))?;
            may(world, ctx, at, PULL, Role::Read)?;
            let call = call(ctx, at);
            open_pull::check_setting(world, &call)?;
            let new = open_pull::New {
                title: text(input, "title"),
                body: maybe(input, "body"),
                head: text(input, "headRefName"),
                base: text(input, "baseRefName"),
                draft: input["draft"] == true,
            };
            let number = open_pull::open(world, &call, new)?;
            payload(
                "CreatePullRequestPayload",
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "addPullRequestReview" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Read)?;
            let (event, body) = (text(input, "event"), text(input, "body"));
            let id = reviews::give(
                world,
                &call(ctx, at),
                number,
                &event,
                &body,
                input["commitOID"].as_str(),
            )?;
            payload(
                "AddPullRequestReviewPayload",
                vec![("pullRequestReview", Out::One(Kind::Review(at, number, id)))],
            )
        }
        "addLabelsToLabelable" | "removeLabelsFromLabelable" => {
            let (at, number) = need_pull(world, &text(input, "labelableId"))?;
            may(world, ctx, at, LABEL, Role::Triage)?;
            let ids: Vec<&str> = input["labelIds"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let node = |id: u64| view::node("LA", id);
            let names: Vec<String> = world
                .repo(at)
                .labels
                .iter()
                .filter(|label| ids.contains(&node(label.id).as_str()))
                .map(|label| label.name.clone())
                .collect();
            if names.len() < ids.len() {
                return Err(Refusal {
                    message: "Could not resolve to a node with the global id of a label".to_owned(),
                    ..Refusal::not_found()
                });
            }
            if field.starts_with("add") {
                issues::put_on(world, &call(ctx, at), number, &names)?;
                payload(
                    "AddLabelsToLabelablePayload",
                    vec![("labelable", Out::One(Kind::Pull(at, number)))],
                )
            } else {
                for name in names {
                    issues::take_off(world, &call(ctx, at), number, &name);
                }
                payload(
                    "RemoveLabelsFromLabelablePayload",
                    vec![("labelable", Out::One(Kind::Pull(at, number)))],
                )
            }
        }
        "addComment" => {
            let (at, number) = need_pull(world, &text(input, "subjectId"))?;
            may(world, ctx, at, LABEL, Role::Read)?;
            let comment = issues::write(world, &call(ctx, at), number, &text(input, "body"))?;
            let node = super::pull_parts::comment_of(world, ctx, at, number, &comment);
            payload(
                "AddCommentPayload",
                vec![(
                    "commentEdge",
                    Out::One(plain(
                        "IssueCommentEdge",
                        [("node", Out::One(node)), ("cursor", Out::leaf(""))],
                    )),
                )],
            )
        }
        "requestReviews" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Triage)?;
            let ids = |name: &str| -> Vec<&str> {
                let list = input[name].as_array().into_iter().flatten();
                list.filter_map(Value::as_str).collect()
            };
            let mut logins = Vec::new();
            for id in ids("userIds") {
                match need_id(world, id)? {
                    Kind::Account(who) => logins.push(world.user(who).login.clone()),
                    _ => return Err(Refusal::not_found()),
                }
            }
            let owner = world.repo(at).owner;
            let teams = world.orgs.get(&owner).map(|org| org.teams.as_slice());
            let slugs: Vec<&String> = teams
                .unwrap_or_default()
                .iter()
                .filter(|team| ids("teamIds").contains(&view::node("T", team.id).as_str()))
                .map(|team| &team.slug)
                .collect();
            let mut call = call(ctx, at);
            call.params.insert("number", number.to_string());
            call.body = json!({"reviewers": logins, "team_reviewers": slugs});
            let pull = world.repo_mut(at).pulls.get_mut(&number);
            let before = pull
                .filter(|_| input["union"] != true)
                .map(|pull| (take(&mut pull.requested), take(&mut pull.requested_teams)));
            if let Err(refusal) = reviews::request(world, &call) {
                let pull = world.repo_mut(at).pulls.get_mut(&number);
                if let (Some(pull), Some(before)) = (pull, before) {
                    (pull.requested, pull.requested_teams) = before;
                }
                return Err(refusal);
            }
            payload(
                "RequestReviewsPayload",
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "closePullRequest" | "reopenPullRequest" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Read)?;
            pulls::check_edit(
                world,
                &call(ctx, at),
                &world.repo(at).pulls[&number],
                Role::Triage,
            )?;
            let open = field == "reopenPullRequest";
            pulls::set_state(world, &call(ctx, at), number, open)?;
            let name = if open {
                "ReopenPullRequestPayload"
            } else {
                "ClosePullRequestPayload"
            };
            payload(
                name,
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        "updatePullRequest" => {
            let (at, number) = need_pull(world, &text(input, "pullRequestId"))?;
            may(world, ctx, at, PULL, Role::Read)?;
            let mut call = call(ctx, at);
            call.params.insert("number", number.to_string());
            let mut body = serde_json::Map::new();
            for (from, to) in [
                ("title", "title"),
                ("body", "body"),
                ("baseRefName", "base"),
            ] {
                if let Some(value) = input.get(from).filter(|value| !value.is_null()) {
                    body.insert(to.to_owned(), value.clone());
                }
            }
            call.body = Value::Object(body);
            pulls::update(world, &call)?;
            payload(
                "UpdatePullRequestPayload",
                vec![("pullRequest", Out::One(Kind::Pull(at, number)))],
            )
        }
        _ => unmodelled("Mutation", field),
    })
}
