//! The objects of the graph as the library walks them: which resolver finds a field, and what its answer becomes.

use super::value::{Args, Ctx, Found, Kind, Listing, Out, unmodelled};
use super::{change, checks, objects, people, pull, query, rules_of_refs};
use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;
use std::rc::Rc;

/// A [`Kind`] as the library sees it.
pub struct Node<'c, 'w> {
    ctx: &'c Ctx<'w>,
    kind: Kind,
    typename: String,
}

impl<'c, 'w> Node<'c, 'w> {
    /// An object with the name of its type.
    pub fn new(ctx: &'c Ctx<'w>, kind: Kind, typename: &str) -> Self {
        Self {
            ctx,
            kind,
            typename: typename.to_owned(),
        }
    }

    fn find(&self, field: &str, args: &Args) -> Found {
        let ctx = self.ctx;
        match &self.kind {
            Kind::Query => query::root(ctx, field, args),
            Kind::Mutation => change::root(ctx, field, args),
            Kind::Repository(id) => query::repository(ctx, *id, field, args),
            Kind::Ref(id, name) if field == "rules" => {
                let branch = name.trim_start_matches("refs/heads/");
                Ok(rules_of_refs::branch_rules(ctx, *id, branch))
            }
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
            Kind::Edge(list, at) => Ok(list.edge(*at, field)),
            Kind::PageInfo(list) => Ok(list.page_info(field)),
        }
    }
}

/// The GraphQL type of an object; `declared` is what the schema says about its position.
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
            ResolvedValue::object(Node::new(self.ctx, kind, &name))
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
                self.ctx.refused(&message, refusal.kind);
                Err(FieldError { message })
            }
        }
    }
}
