//! What GraphQL resolvers get and give back: arguments, leaves, objects, lists, connections with cursors.

use super::super::access::{Need, check};
use super::super::ids::{RepoId, UserId};
use super::super::reply::Refusal;
use super::super::session::{Level, Role, Session};
use super::super::store::Entry;
use super::super::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use git2::Oid;
use serde_json::Value;
use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

/// An object of the graph. Those that know their repository are looked up again for each field.
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
    /// An account where the schema says User. For an App's account GitHub then shows a User with its REST login,
    /// including `[bot]`.
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
    /// The position of a page.
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

    /// A `databaseId` of type Int: null if 32 bits cannot hold it (`fullDatabaseId` does).
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
pub struct Args(pub Value);

impl Args {
    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// A list of strings; None if it was not given.
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
    mutations: Cell<usize>,
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
            mutations: Cell::new(0),
        }
    }

    /// Counts one more mutation of this request; how many there were before it.
    pub fn count_mutation(&self) -> usize {
        self.mutations.replace(self.mutations.get() + 1)
    }

    /// The state; not to be held while another field is resolved.
    pub fn world(&self) -> RefMut<'_, &'w mut World> {
        self.world.borrow_mut()
    }

    /// The `type` of an error by its message; None if it is not a refusal of GitHub's.
    pub fn kind_of(&self, message: &str) -> Option<&'static str> {
        self.refusals.borrow().get(message).copied()
    }

    /// Keeps the `type` of a refusal for [`Self::kind_of`].
    pub fn refused(&self, message: &str, kind: &'static str) {
        let mut refusals = self.refusals.borrow_mut();
        refusals.insert(message.to_owned(), kind);
    }

    /// A git object, wherever it is met, is shown only to those who may read code.
    pub fn readable(&self, out: Out) -> Found {
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

    /// A check run or a status, wherever it is met, is shown only to those who may read it; each by its own permission.
    pub fn shown(&self, kind: &Kind) -> Result<(), Refusal> {
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
    pub fn cut(
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

    /// A field of the connection.
    pub fn field(&self, this: &Rc<Self>, field: &str) -> Out {
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

    /// A field of one edge, by its place in the page.
    pub fn edge(&self, at: usize, field: &str) -> Out {
        match field {
            "node" => Out::One(self.items[at].clone()),
            "cursor" => Out::leaf(cursor(self.first + at)),
            other => Out::Leaf(self.edges[at][other].clone()),
        }
    }

    /// A field of `PageInfo`.
    pub fn page_info(&self, field: &str) -> Out {
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
