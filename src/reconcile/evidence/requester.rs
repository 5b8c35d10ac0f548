//! The person who requested a promotion is judged again in each round, like an approver: by account ID, and by what
//! that person may do now.

use std::sync::Arc;

use crate::model::actor::UserId;
use crate::model::evidence::Permission;
use crate::model::plan::{Plan, Promotion, State};
use crate::model::policy::Delivery;
use crate::reconcile::evidence::permissions;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::request::ResolvedRequest;
use crate::session::Session;

/// Whether the person who requested a promotion still may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requester {
    /// Still has write access.
    MayAsk,
    /// May not request it any more, and why.
    MayNot(String),
    /// Could not be read, and why.
    Unread(String),
}

impl Requester {
    /// Looks the person up: one call for the name, and one or two for the permission.
    pub(crate) async fn look_up(session: &Session, id: UserId) -> Self {
        let account = match session.forge.account_of(id).await {
            Ok(Some(account)) => account,
            Ok(None) => {
                return Self::MayNot("the account that requested it was deleted".to_owned());
            }
            Err(error) => {
                return Self::Unread(format!("it could not be read who requested it: {error}"));
            }
        };
        let login = account.login.clone();
        let Some(id) = account.person() else {
            return Self::MayNot(format!("{login} requested it, but is not a person"));
        };
        match permissions::read_one(session, id, &login).await {
            Ok(Permission::Write) => Self::MayAsk,
            Ok(_) => Self::MayNot(format!(
                "{login} requested it, but no longer has write access"
            )),
            Err(why) => Self::Unread(format!(
                "{login} requested it, but the permissions of {login} could not be read: {why}"
            )),
        }
    }

    /// Holds a promotion that this person requested, if the person no longer may. Whether it is held for that; if it
    /// could not be read, the promotion becomes an error.
    pub(crate) fn judge(self, promotion: &mut Promotion) -> bool {
        let (state, why, help) = match self {
            Self::MayAsk => return false,
            Self::MayNot(why) => (
                State::Held,
                format!("{why}: request it again"),
                format!(
                    "someone with write access runs the workflow with `command: promote` and `to: {}`",
                    promotion.stage
                ),
            ),
            Self::Unread(why) => (State::Error, why, "the next run tries again".to_owned()),
        };
        promotion.state = state;
        promotion.proposable = false;
        promotion.reason = Arc::from(why);
        promotion.help = Some(help);
        state == State::Held
    }
}

/// Holds what is about to be committed directly onto the base, if the person who requests it in this run has lost write
/// access since. For a pull request, the requester in its record is judged instead.
pub(crate) async fn judge_commits(
    session: &Session,
    observation: &Observation,
    asked: &ResolvedRequest,
    plan: &mut Plan,
) {
    let Some(id) = asked.by.as_ref().and_then(|by| by.id) else {
        return;
    };
    let pipeline = observation.evaluation.catalog.pipeline(asked.pipeline);
    let planned = plan
        .pipelines
        .iter_mut()
        .filter(|planned| planned.id == asked.pipeline);
    for promotion in planned.flat_map(|planned| &mut planned.promotions) {
        let rules = observation
            .repository
            .policy
            .stage_rules(&pipeline.name, &promotion.stage);
        let commits = rules.delivery == Delivery::Commit;
        if promotion.index == asked.stage && commits && promotion.may_land() {
            Requester::look_up(session, id).await.judge(promotion);
        }
    }
}
