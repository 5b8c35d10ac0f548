//! One repository, and the ways to reach the state that it is part of.

use super::ids::RepoId;
use super::queue;
use super::repo::Repo;
use super::world::World;
use std::cell::RefCell;
use std::sync::{Arc, Mutex};

/// A way to the state: through the handle (locking for each deed), or directly from within a hook.
pub trait Reach {
    /// Looks at, or changes, the state.
    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T;
}

impl Reach for Arc<Mutex<World>> {
    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut super::lock(self))
    }
}

impl Reach for RefCell<&mut World> {
    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.borrow_mut())
    }
}

/// One repository, to set up and to look at.
pub struct Place<R> {
    reach: R,
    pub(super) slug: String,
}

impl<R: Reach> Place<R> {
    pub(super) fn new(reach: R, slug: &str) -> Self {
        reach.with(|world| world.ensure_repo(slug));
        Self {
            reach,
            slug: slug.to_owned(),
        }
    }

    /// Looks at, or changes, the repository and everything around it.
    pub fn with<T>(&self, look: impl FnOnce(&mut World, RepoId) -> T) -> T {
        self.reach.with(|world| {
            let id = world.ensure_repo(&self.slug);
            queue::evict(world);
            look(world, id)
        })
    }

    /// Looks at, or changes, just the repository.
    pub fn edit<T>(&self, look: impl FnOnce(&mut Repo) -> T) -> T {
        self.with(|world, id| look(world.repo_mut(id)))
    }
}
