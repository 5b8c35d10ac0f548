//! A repository that is read through the forge.
//!
//! Reading is asked for in plain, unhurried code: a question whose answer is not here yet is noted and answered with an
//! error. When all that could be asked has been asked, everything that was noted is fetched side by side, and the
//! code runs again from its beginning. It ends when a pass notes nothing. So the same walks that read a clone read
//! GitHub, in few and wide round trips; and what could not be fetched stays an error.
//!
//! What a clone at hand holds is taken from it, by id: an id that GitHub named proves the bytes. Trees and blobs that
//! GitHub sends are proved the same way. Names are never looked up in the clone: anything may have written them.

mod at_hand;
mod fetch;
mod makers;
mod question;
mod repository;
mod signals;
mod trees;
mod walk;

pub(in crate::gather) use makers::Tip;
pub(crate) use repository::RemoteRepo;
pub(in crate::gather) use trees::{AtPath, EntryContent};
