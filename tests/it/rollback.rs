//! Rollbacks without a forge: what a rollback left stays held.

mod renames;
