//! What GraphQL resolvers give back, and how it becomes the library's values: leaves, objects, lists, connections with cursors.

use super::super::access::{Need, check};
use super::super::ids::{RepoId, UserId};
use super::super::reply::Refusal;
use super::super::session::{Level, Role, Session};
use super::super::store::Entry;
use super::super::world::World;
use super::{change, checks, objects, people, pull, query};
use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use git2::Oid;
use serde_json::Value;
use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

/// An object of the graph. Those that know their repository are looked up anew for each field.
#[derive(Clone)]
pub enum Kind {
    /// The root of queries.
    Query,
    /// The root of mutations.
    Mutation,
    /// A repository.
    Repository(RepoId),
    /// A ref by its full name.
    Ref(RepoId, String),
    /// A commit.
    Commit(RepoId, Oid),
    /// A tree.
    Tree(RepoId, Oid),
    /// An entry of a tree.
    Entry(RepoId, Rc<Entry>),
    /// A blob.
    Blob(RepoId, Oid),
    /// A tag object.
    Tag(RepoId, Oid),
    /// An account; its GraphQL type follows from what it is.
    Account(UserId),
    /// An account where the schema says User. For an App's account GitHub then shows a User with its REST login, `[bot]` and all.
    AsUser(UserId),
    /// A pull request.
    Pull(RepoId, u64),
    /// A review.
    Review(RepoId, u64, u64),
    /// Values that were all found at once, with the name of their type.
    Plain(&'static str, Rc<BTreeMap<&'static str, Out>>),
    /// A page of a connection.
    List(Rc<Listing>),
    /// One edge of a page.
    Edge(Rc<Listing>, usize),
    /// Where a page stands.
    PageInfo(Rc<Listing>),
}

/// What a field comes to.
#[derive(Clone)]
pub enum Out {
    /// A scalar, an enum, null, or a list of such.
    Leaf(Value),
    /// An object.
    One(Kind),
    /// A list of objects.
    Many(Vec<Kind>),
    /// A connection over these, still to be cut into its page.
    Page(Vec<Kind>, BTreeMap<&'static str, Value>),
}

/// A connection, cut to its page.
pub struct Listing {
    items: Vec<Kind>,
    first: usize,
    total: usize,
    /// How many there are between `after` and `before`.
    filtered: usize,
    extra: BTreeMap<&'static str, Value>,
    /// Further members of the edges, by place in the page.
    edges: Vec<Value>,
}

impl Out {
    /// Null.
    pub const NULL: Self = Self::Leaf(Value::Null);

    /// A `databaseId` of type Int: null where 32 bits do not hold it (`fullDatabaseId` does).
    pub fn small(id: u64) -> Self {
        Self::Leaf(i32::try_from(id).map_or(Value::Null, Value::from))
    }

    /// A leaf from anything that is JSON.
    pub fn leaf(value: impl Into<Value>) -> Self {
        Self::Leaf(value.into())
    }

    /// An object, or null.
    pub fn maybe(kind: Option<Kind>) -> Self {
        kind.map_or(Self::NULL, Self::One)
    }

    /// A connection.
    pub fn page(items: Vec<Kind>) -> Self {
        Self::Page(items, BTreeMap::new())
    }
}

/// Builds a [`Kind::Plain`].
pub fn plain<const N: usize>(typename: &'static str, fields: [(&'static str, Out); N]) -> Kind {
    Kind::Plain(typename, Rc::new(BTreeMap::from(fields)))
}

/// Arguments of a field, coerced to the schema.
pub struct Args(Value);

impl Args {
    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// A list of texts; None where it was not given.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.0.get(name)?.as_array()?;
        Some(
            list.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Anything.
    pub fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }
}

/// What all resolvers of one request share.
pub struct Ctx<'w> {
    world: RefCell<&'w mut World>,
    /// Who asks.
    pub session: &'w Session,
    refusals: RefCell<BTreeMap<String, &'static str>>,
}

/// What a resolver gives.
pub type Found = Result<Out, Refusal>;

impl<'w> Ctx<'w> {
    /// For one request.
    pub fn new(world: &'w mut World, session: &'w Session) -> Self {
        Self {
            world: RefCell::new(world),
            session,
            refusals: RefCell::default(),
        }
    }

    /// The state; not to be held while another field is resolved.
    pub fn world(&self) -> RefMut<'_, &'w mut World> {
        self.world.borrow_mut()
    }

    /// The `type` of an error by its message; None where it is no refusal of GitHub's.
    pub fn kind_of(&self, message: &str) -> Option<&'static str> {
        self.refusals.borrow().get(message).copied()
    }

    /// An object with the name of its type.
    pub fn node(&self, kind: Kind, typename: &str) -> Node<'_, 'w> {
        Node {
            ctx: self,
            kind,
            typename: typename.to_owned(),
        }
    }

    /// A git object, wherever it is met, is shown only to who may read code.
    fn readable(&self, out: Out) -> Found {
        if let Out::One(
            Kind::Ref(at, _)
            | Kind::Commit(at, _)
            | Kind::Tree(at, _)
            | Kind::Blob(at, _)
            | Kind::Tag(at, _),
        ) = &out
        {
            self.need(*at, CONTENTS, Role::Read)?;
        }
        Ok(out)
    }

    /// A check run or a status, wherever it is met, is shown only to who may read those; each by a permission of its own.
    fn shown(&self, kind: &Kind) -> Result<(), Refusal> {
        let Kind::Plain(typename, fields) = kind else {
            return Ok(());
        };
        match (*typename, fields.get("repository"), fields.get("commit")) {
            ("CheckRun", Some(Out::One(Kind::Repository(at))), _) => {
                self.need(*at, CHECKS, Role::Read)
            }
            ("StatusContext", _, Some(Out::One(Kind::Commit(at, _)))) => {
                self.need(*at, STATUSES, Role::Read)
            }
            _ => Ok(()),
        }
    }

    /// Holds the caller to a permission, as REST does.
    pub fn need(
        &self,
        repo: RepoId,
        any: &'static [(&'static str, Level)],
        role: Role,
    ) -> Result<(), Refusal> {
        check(&self.world(), self.session, repo, Need { any, role })
    }
}

/// Looking at code.
pub const CONTENTS: &[(&str, Level)] = &[("contents", Level::Read)];
/// Looking at pull requests.
pub const PULLS: &[(&str, Level)] = &[("pull_requests", Level::Read)];

/// Looking at check runs.
pub const CHECKS: &[(&str, Level)] = &[("checks", Level::Read)];
/// Looking at statuses.
pub const STATUSES: &[(&str, Level)] = &[("statuses", Level::Read)];
/// Looking at deployments.
pub const DEPLOYMENTS: &[(&str, Level)] = &[("deployments", Level::Read)];
/// Looking at labels.
pub const ISSUES: &[(&str, Level)] = &[("issues", Level::Read), ("pull_requests", Level::Read)];

/// A [`Kind`] as the library sees it.
pub struct Node<'c, 'w> {
    ctx: &'c Ctx<'w>,
    kind: Kind,
    typename: String,
}

impl Node<'_, '_> {
    fn find(&self, field: &str, args: &Args) -> Found {
        let ctx = self.ctx;
        match &self.kind {
            Kind::Query => query::root(ctx, field, args),
            Kind::Mutation => change::root(ctx, field, args),
            Kind::Repository(id) => query::repository(ctx, *id, field, args),
            Kind::Ref(id, name) => query::reference(ctx, *id, name, field, args),
            Kind::Commit(id, oid) => objects::commit(ctx, *id, *oid, field, args),
            Kind::Tree(id, oid) => objects::tree(ctx, *id, *oid, field),
            Kind::Entry(id, entry) => objects::entry(ctx, *id, entry, field),
            Kind::Blob(id, oid) => objects::blob(ctx, *id, *oid, field),
            Kind::Tag(id, oid) => objects::tag(ctx, *id, *oid, field),
            Kind::Account(id) => people::account(ctx, *id, field, args),
            Kind::AsUser(id) => people::as_user(ctx, *id, field, args),
            Kind::Pull(id, number) => pull::pull(ctx, *id, *number, field, args),
            Kind::Review(id, number, review) => pull::review(ctx, (*id, *number), *review, field),
            Kind::Plain("Status", fields) if field == "context" => {
                Ok(checks::context(fields.get("contexts"), args))
            }
            Kind::Plain(typename, fields) => {
                ctx.shown(&self.kind)?;
                let found = fields.get(field).cloned();
                Ok(found.unwrap_or_else(|| unmodelled(typename, field)))
            }
            Kind::List(list) => Ok(list.field(list, field)),
            Kind::Edge(list, at) => Ok(match field {
                "node" => Out::One(list.items[*at].clone()),
                "cursor" => Out::leaf(cursor(list.first + at)),
                other => Out::Leaf(list.edges[*at][other].clone()),
            }),
            Kind::PageInfo(list) => Ok(list.page_info(field)),
        }
    }
}

/// Ends the call: this field is GitHub's but not ours.
pub fn unmodelled(typename: &str, field: &str) -> Out {
    panic!("the stand-in does not model {typename}.{field}")
}

fn cursor(at: usize) -> String {
    BASE64.encode(format!("cursor:v2:{at}"))
}

fn read_cursor(text: &str) -> Option<usize> {
    let text = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
    text.strip_prefix("cursor:v2:")?.parse().ok()
}

impl Listing {
    /// Cuts a connection by `first`/`after` or `last`/`before`; GitHub asks for one of them, 100 at most.
    fn cut(
        ctx: &Ctx<'_>,
        name: &str,
        items: Vec<Kind>,
        extra: BTreeMap<&'static str, Value>,
        args: &Args,
        pages: bool,
    ) -> Result<Self, Refusal> {
        let (first, last) = (args.number("first"), args.number("last"));
        if first.is_some() && last.is_some() {
            return Err(Refusal::unprocessable(format!(
                "Passing both `first` and `last` to paginate the `{name}` connection is not supported."
            )));
        }
        // Only to count them needs no size.
        let counts = Some(items.len().min(100) as u64).filter(|_| !pages);
        let Some(size) = first.or(last).or(counts) else {
            return Err(Refusal {
                kind: "MISSING_PAGINATION_BOUNDARIES",
                ..Refusal::unprocessable(format!(
                    "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
                ))
            });
        };
        if size > 100 {
            return Err(Refusal {
                kind: "EXCESSIVE_PAGINATION",
                ..Refusal::unprocessable(format!(
                    "Requesting {size} records on the `{name}` connection exceeds the `first` limit of 100 records."
                ))
            });
        }
        let most = ctx.world().switches.page.unwrap_or(usize::MAX);
        let size = (size as usize).min(most);
        let total = items.len();
        let place = |name: &str| match args.text(name) {
            None => Ok(None),
            Some(text) => read_cursor(text).map(Some).ok_or_else(|| Refusal {
                kind: "INVALID_CURSOR_ARGUMENTS",
                ..Refusal::unprocessable(format!("`{text}` does not appear to be a valid cursor."))
            }),
        };
        let start = place("after")?.map_or(0, |at| at + 1);
        let end = place("before")?.unwrap_or(total).min(total);
        let start = start.min(end);
        let filtered = end - start;
        let (start, end) = match last {
            None => (start, end.min(start + size)),
            Some(_) => (start.max(end.saturating_sub(size)), end),
        };
        let edges = match extra.get("edges") {
            Some(Value::Array(all)) => all[start..end].to_vec(),
            _ => vec![Value::Null; end - start],
        };
        let items = items.into_iter().skip(start).take(end - start).collect();
        Ok(Self {
            items,
            first: start,
            total,
            filtered,
            extra,
            edges,
        })
    }

    fn field(&self, this: &Rc<Self>, field: &str) -> Out {
        match field {
            "nodes" => Out::Many(self.items.clone()),
            "edges" => Out::Many(
                (0..self.items.len())
                    .map(|at| Kind::Edge(Rc::clone(this), at))
                    .collect(),
            ),
            "totalCount" => Out::Leaf(match self.extra.get("totalCount") {
                Some(counted) => counted.clone(),
                None => self.total.into(),
            }),
            "filteredCount" => Out::leaf(self.filtered),
            "pageCount" => Out::leaf(self.items.len()),
            "pageInfo" => Out::One(Kind::PageInfo(Rc::clone(this))),
            other => match self.extra.get(other) {
                Some(value) => Out::Leaf(value.clone()),
                None => unmodelled("a connection", other),
            },
        }
    }

    fn page_info(&self, field: &str) -> Out {
        let end = self.first + self.items.len();
        let at = |place: usize| match self.items.is_empty() {
            true => Value::Null,
            false => Value::String(cursor(place)),
        };
        match field {
            "hasNextPage" => Out::leaf(end < self.total),
            "hasPreviousPage" => Out::leaf(self.first > 0),
            "startCursor" => Out::Leaf(at(self.first)),
            "endCursor" => Out::Leaf(at(end.saturating_sub(1))),
            other => unmodelled("PageInfo", other),
        }
    }
}

/// The GraphQL type of an object; `declared` is what the schema says of the place where it stands.
fn typename(ctx: &Ctx<'_>, kind: &Kind, declared: &str) -> String {
    match kind {
        Kind::Plain(typename, _) => (*typename).to_owned(),
        Kind::Account(id) => ctx.world().user(*id).kind.name().to_owned(),
        Kind::AsUser(_) => "User".to_owned(),
        Kind::Repository(_) => "Repository".to_owned(),
        Kind::Ref(..) => "Ref".to_owned(),
        Kind::Commit(..) => "Commit".to_owned(),
        Kind::Tree(..) => "Tree".to_owned(),
        Kind::Entry(..) => "TreeEntry".to_owned(),
        Kind::Blob(..) => "Blob".to_owned(),
        Kind::Tag(..) => "Tag".to_owned(),
        Kind::Pull(..) => "PullRequest".to_owned(),
        Kind::Review(..) => "PullRequestReview".to_owned(),
        Kind::Query | Kind::Mutation | Kind::List(_) | Kind::Edge(..) | Kind::PageInfo(_) => {
            declared.to_owned()
        }
    }
}

/// Whether more of a connection is asked for than its counts.
fn shows_items(info: &ResolveInfo<'_>) -> bool {
    info.field_selections().iter().any(|field| {
        field.selection_set.selections.iter().any(|selection| {
            selection
                .as_field()
                .is_none_or(|field| ["nodes", "edges", "pageInfo"].contains(&field.name.as_str()))
        })
    })
}

impl ObjectValue for Node<'_, '_> {
    fn type_name(&self) -> &str {
        &self.typename
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let args = Args(serde_json::to_value(info.arguments()).unwrap_or_default());
        let declared = info.field_definition().ty.inner_named_type();
        let node = |kind: Kind| {
            let name = typename(self.ctx, &kind, declared);
            ResolvedValue::object(self.ctx.node(kind, &name))
        };
        let found = self
            .find(info.field_name(), &args)
            .and_then(|out| self.ctx.readable(out))
            .and_then(|out| match out {
                Out::Page(items, extra) => {
                    let list = Listing::cut(
                        self.ctx,
                        info.field_name(),
                        items,
                        extra,
                        &args,
                        shows_items(info),
                    )?;
                    Ok(Out::One(Kind::List(Rc::new(list))))
                }
                other => Ok(other),
            });
        match found {
            Ok(Out::Leaf(Value::Array(values))) if info.field_definition().ty.is_list() => Ok(
                ResolvedValue::list(values.into_iter().map(ResolvedValue::leaf)),
            ),
            Ok(Out::Leaf(value)) => Ok(ResolvedValue::leaf(value)),
            Ok(Out::One(kind)) => Ok(node(kind)),
            Ok(Out::Many(kinds)) => Ok(ResolvedValue::list(
                kinds.into_iter().map(node).collect::<Vec<_>>(),
            )),
            Ok(Out::Page(..)) => Err(FieldError {
                message: "a connection in a connection".to_owned(),
            }),
            Err(refusal) => {
                let message = refusal.text();
                let mut refusals = self.ctx.refusals.borrow_mut();
                refusals.insert(message.clone(), refusal.kind);
                Err(FieldError { message })
            }
        }
    }
}
