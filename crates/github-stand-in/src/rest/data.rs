//! The git data API: refs, blobs, trees, commits, tags.

use super::super::call::{Call, read_oid};
use super::super::reply::{Answer, Outcome, Refusal};
use super::super::store::{Edit, Person};
use super::super::world::World;
use super::super::{refs, signature, view};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use git2::{ObjectType, Oid};
use serde_json::{Value, json};

/// `GET git/ref/{ref}`: exactly this ref.
pub fn get_ref(world: &mut World, call: &Call) -> Outcome {
    let name = format!("refs/{}", call.param("ref").trim_start_matches("refs/"));
    match world.repo(call.repo).refs.get(&name) {
        Some(oid) => Answer::ok(view::git_ref(world, call.repo, &name, *oid)),
        None => Err(Refusal::not_found()),
    }
}

/// `GET git/matching-refs/{prefix}`.
pub fn matching_refs(world: &mut World, call: &Call) -> Outcome {
    let prefix = format!("refs/{}", call.param("ref").trim_start_matches("refs/"));
    let refs = world
        .repo(call.repo)
        .refs
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, oid)| view::git_ref(world, call.repo, name, *oid))
        .collect();
    Answer::list(refs)
}

/// `POST git/refs`.
pub fn create_ref(world: &mut World, call: &Call) -> Outcome {
    let name = call.need("Reference", "ref")?;
    let oid = call.oid("Reference", "sha")?;
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Err(Refusal::unprocessable(
            "Reference name must start with 'refs' and have at least two slashes.",
        ));
    }
    refs::create(world, &call.session, call.repo, name, oid)?;
    Answer::created(view::git_ref(world, call.repo, name, oid))
}

/// `PATCH git/refs/{ref}`.
pub fn update_ref(world: &mut World, call: &Call) -> Outcome {
    let name = format!("refs/{}", call.param("ref"));
    let oid = call.oid("Reference", "sha")?;
    let force = call.body["force"].as_bool().unwrap_or(false);
    refs::update(world, &call.session, call.repo, &name, oid, force)?;
    Answer::ok(view::git_ref(world, call.repo, &name, oid))
}

/// `DELETE git/refs/{ref}`.
pub fn delete_ref(world: &mut World, call: &Call) -> Outcome {
    let name = format!("refs/{}", call.param("ref"));
    refs::delete(world, &call.session, call.repo, &name)?;
    Answer::empty()
}

fn content(call: &Call) -> Result<Vec<u8>, Refusal> {
    let text = call.text("content").unwrap_or_default();
    match call.text("encoding").unwrap_or("utf-8") {
        "base64" => BASE64
            .decode(text.replace(['\n', '\r'], ""))
            .map_err(|_| Refusal::unprocessable("content is not valid Base64")),
        _ => Ok(text.as_bytes().to_vec()),
    }
}

/// `POST git/blobs`.
pub fn create_blob(world: &mut World, call: &Call) -> Outcome {
    let oid = world.repo(call.repo).store.blob(&content(call)?);
    let url = format!("{}/git/blobs/{oid}", view::base(world, call.repo));
    Answer::created(json!({"sha": oid.to_string(), "url": url}))
}

fn object(world: &World, call: &Call, kind: ObjectType) -> Result<Oid, Refusal> {
    let oid = read_oid(call.param("sha")).ok_or_else(Refusal::not_found)?;
    match world.repo(call.repo).store.kind(oid) {
        Some(found) if found == kind => Ok(oid),
        _ => Err(Refusal::not_found()),
    }
}

/// Base64 with a line break every 60 digits, as GitHub prints it.
pub fn wrapped_base64(bytes: &[u8]) -> String {
    let text = BASE64.encode(bytes);
    let mut lines = String::new();
    for chunk in text.as_bytes().chunks(60) {
        lines.push_str(&String::from_utf8_lossy(chunk));
        lines.push('\n');
    }
    lines
}

/// `GET git/blobs/{sha}`.
pub fn get_blob(world: &mut World, call: &Call) -> Outcome {
    let oid = object(world, call, ObjectType::Blob)?;
    let bytes = world.repo(call.repo).store.bytes(oid).unwrap_or_default();
    if call.accept.contains("raw") {
        return Ok(Answer {
            status: 200,
            body: super::super::reply::Body::Raw(
                "application/vnd.github.raw; charset=utf-8",
                bytes,
            ),
        });
    }
    Answer::ok(json!({
        "sha": oid.to_string(), "node_id": view::node("B", oid), "size": bytes.len(), "content": wrapped_base64(&bytes),
        "encoding": "base64", "url": format!("{}/git/blobs/{oid}", view::base(world, call.repo)),
    }))
}

/// `POST git/trees`: `base_tree` plus entries; `sha: null` removes a path.
pub fn create_tree(world: &mut World, call: &Call) -> Outcome {
    let store = world.repo(call.repo).store.clone();
    let base = match call.text("base_tree") {
        None => None,
        Some(text) => {
            let oid = read_oid(text).filter(|oid| store.kind(*oid).is_some());
            let oid =
                oid.ok_or_else(|| Refusal::unprocessable("base_tree is not a valid tree oid"))?;
            // A commit is accepted in place of its tree.
            Some(store.info(oid).map_or(oid, |commit| commit.tree))
        }
    };
    let entries = call.body["tree"]
        .as_array()
        .filter(|list| !list.is_empty())
        .ok_or_else(|| Refusal::unprocessable("Invalid tree info"))?;
    let mut edits: Vec<Edit> = Vec::new();
    for entry in entries {
        let path = entry["path"].as_str().unwrap_or_default();
        let bad = |part: &str| {
            part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git")
        };
        if path.split('/').any(bad) {
            return Err(Refusal::unprocessable(
                "tree.path contains a malformed path component",
            ));
        }
        let mode = entry["mode"].as_str().unwrap_or("100644");
        if !["100644", "100755", "040000", "160000", "120000"].contains(&mode) {
            return Err(Refusal::unprocessable("Must supply a valid tree.mode"));
        }
        let mode = u32::from_str_radix(mode, 8).unwrap_or(0o100_644);
        let edit = match (&entry["sha"], entry["content"].as_str()) {
            (_, Some(content)) => Some((mode, store.blob(content.as_bytes()))),
            (Value::String(text), None) => {
                let oid = read_oid(text)
                    .filter(|oid| mode == 0o160_000 || store.kind(*oid).is_some())
                    .ok_or_else(|| Refusal::unprocessable("tree.sha is not a valid oid"))?;
                Some((mode, oid))
            }
            (Value::Null, None) if entry.get("sha").is_some() => None,
            _ => {
                return Err(Refusal::unprocessable(
                    "Must supply either tree.sha or tree.content",
                ));
            }
        };
        edits.push((path.to_owned(), edit));
    }
    let oid = store
        .tree(base, &edits)
        .map_err(|text| Refusal::unprocessable(format!("GitRPC::BadObjectState: {text}")))?;
    let listed = tree_view(world, call, oid, false)?;
    Answer::created(listed)
}

fn tree_view(world: &World, call: &Call, oid: Oid, recursive: bool) -> Result<Value, Refusal> {
    let api = view::base(world, call.repo);
    let entries = world
        .repo(call.repo)
        .store
        .entries(oid, recursive)
        .ok_or_else(Refusal::not_found)?;
    let mut rows: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let mut row = json!({"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.oid.to_string()});
            if let Some(size) = entry.size {
                row["size"] = json!(size);
            }
            if entry.kind != "commit" {
                row["url"] = json!(format!("{api}/git/{}s/{}", entry.kind, entry.oid));
            }
            row
        })
        .collect();
    let mut bytes = 0;
    let fits = rows
        .iter()
        .take(world.switches.tree_limit)
        .take_while(|row| {
            bytes += row.to_string().len();
            bytes <= world.switches.tree_bytes
        })
        .count();
    let truncated = recursive && fits < rows.len();
    if truncated {
        rows.truncate(fits);
    }
    Ok(
        json!({"sha": oid.to_string(), "url": format!("{api}/git/trees/{oid}"), "tree": rows, "truncated": truncated}),
    )
}

/// `GET git/trees/{sha}`: a tree, or whatever leads to one.
pub fn get_tree(world: &mut World, call: &Call) -> Outcome {
    let repo = world.repo(call.repo);
    let text = call.param("sha");
    let direct = read_oid(text).filter(|oid| repo.store.kind(*oid) == Some(ObjectType::Tree));
    let oid = direct
        .or_else(|| Some(repo.store.info(repo.resolve(text)?)?.tree))
        .ok_or_else(Refusal::not_found)?;
    let listed = tree_view(world, call, oid, call.query("recursive").is_some())?;
    Answer::ok(listed)
}

fn person(world: &World, value: &Value) -> Option<Person> {
    Some(Person {
        name: value["name"].as_str()?.to_owned(),
        email: value["email"].as_str()?.to_owned(),
        at: match value["date"].as_str() {
            Some(text) => text.parse().ok()?,
            None => world.now(),
        },
    })
}

/// `POST git/commits`: stays unreferenced until a ref points to it.
pub fn create_commit(world: &mut World, call: &Call) -> Outcome {
    let store = world.repo(call.repo).store.clone();
    let message = call.need("Commit", "message")?;
    let tree = call.oid("Commit", "tree")?;
    if store.kind(tree) != Some(ObjectType::Tree) {
        return Err(Refusal::unprocessable("Tree SHA does not exist"));
    }
    let mut parents = Vec::new();
    for text in call.texts("parents").unwrap_or_default() {
        let oid = read_oid(&text).filter(|oid| store.kind(*oid) == Some(ObjectType::Commit));
        parents.push(oid.ok_or_else(|| {
            Refusal::unprocessable("Parent SHA does not exist or is not a commit object")
        })?);
    }
    let own = signature::author(world, call.actor()?);
    let author = person(world, &call.body["author"]);
    let custom = author.is_some() || call.body["committer"].is_object();
    let author = author.unwrap_or(own);
    let signs = call.session.app().is_some() && !custom && world.switches.verify_git_data;
    let committer = match person(world, &call.body["committer"]) {
        Some(given) => given,
        None if signs => signature::web_flow(world),
        None => author.clone(),
    };
    let oid = store
        .commit(tree, &parents, message, &author, &committer)
        .map_err(Refusal::unprocessable)?;
    if signs {
        world.repo_mut(call.repo).verified.insert(oid);
    }
    let commit = store.info(oid).ok_or_else(Refusal::not_found)?;
    Answer::created(view::git_commit(world, call.repo, &commit))
}

/// `GET git/commits/{sha}`.
pub fn get_commit(world: &mut World, call: &Call) -> Outcome {
    let oid = object(world, call, ObjectType::Commit)?;
    let commit = world
        .repo(call.repo)
        .store
        .info(oid)
        .ok_or_else(Refusal::not_found)?;
    Answer::ok(view::git_commit(world, call.repo, &commit))
}

fn tag_view(world: &World, call: &Call, oid: Oid) -> Outcome {
    let store = &world.repo(call.repo).store;
    let (name, target, message, tagger) = store.tag_info(oid).ok_or_else(Refusal::not_found)?;
    let api = view::base(world, call.repo);
    let kind = store.kind(target).map_or("commit", |kind| kind.str());
    Answer::ok(json!({
        "node_id": view::node("TA", oid), "tag": name, "sha": oid.to_string(), "url": format!("{api}/git/tags/{oid}"), "message": message,
        "tagger": {"name": tagger.name, "email": tagger.email, "date": super::super::clock::stamp(tagger.at)},
        "object": {"sha": target.to_string(), "type": kind, "url": format!("{api}/git/{kind}s/{target}")},
        "verification": view::verification(world, call.repo, oid),
    }))
}

/// `POST git/tags`: the object only; a ref must follow.
pub fn create_tag(world: &mut World, call: &Call) -> Outcome {
    let tagger = match person(world, &call.body["tagger"]) {
        Some(given) => given,
        None => signature::author(world, call.actor()?),
    };
    let target = call.oid("Tag", "object")?;
    let message = call.text("message").unwrap_or_default();
    let oid = world
        .repo(call.repo)
        .store
        .tag(call.need("Tag", "tag")?, target, message, &tagger)
        .map_err(Refusal::unprocessable)?;
    let mut answer = tag_view(world, call, oid)?;
    answer.status = 201;
    Ok(answer)
}

/// `GET git/tags/{sha}`.
pub fn get_tag(world: &mut World, call: &Call) -> Outcome {
    let oid = object(world, call, ObjectType::Tag)?;
    tag_view(world, call, oid)
}
