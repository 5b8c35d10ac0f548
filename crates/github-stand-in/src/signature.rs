//! Accounts as the authors and committers of commits.

use super::store::Person;
use super::world::World;

/// The identity with which GitHub itself commits.
pub fn web_flow(world: &World) -> Person {
    Person {
        name: "GitHub".to_owned(),
        email: "noreply@github.com".to_owned(),
        at: world.now(),
    }
}

/// An account as the author of a commit.
pub fn author(world: &World, user: u64) -> Person {
    let user = world.user(user);
    Person {
        name: user.name.clone(),
        email: user.email.clone(),
        at: world.now(),
    }
}
