//! Who did something: accounts of the forge.

/// A person's numeric ID, the only thing that identifies people.
pub(crate) type UserId = u64;

/// What sort of account acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActorKind {
    /// A person.
    User,
    /// An App, GitHub Actions included.
    Bot,
    /// Anything else: a mannequin, an organisation, a word that is not known here.
    Other,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Actor {
    /// The numeric ID; `None` if GitHub does not report it.
    pub id: Option<UserId>,
    /// The login, for display only.
    pub login: String,
    /// What sort of account.
    pub kind: ActorKind,
}

impl Actor {
    /// Whether this is the account as which workflows work with their own token. Any writer's workflow does. GraphQL omits the end of a bot's
    /// login, except for the token's own account, which it calls a user.
    pub fn is_workflow(&self) -> bool {
        let bot = self.kind == ActorKind::Bot && self.login == "github-actions";
        bot || self.login == "github-actions[bot]"
    }

    /// The ID of a person who may count as an approver: a user with an ID whose login is not an App's.
    pub fn person(&self) -> Option<UserId> {
        let bot =
            self.kind != ActorKind::User || self.login.to_ascii_lowercase().ends_with("[bot]");
        self.id.filter(|_| !bot)
    }
}
