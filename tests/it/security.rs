//! What hostile files and names may not do, that no secret is shown, and that docs/security.md names tests that exist.

mod document;
mod hostile;
mod secrets;
