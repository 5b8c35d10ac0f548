//! Attacks: the rows of docs/security.md, played on the stand-in GitHub.

mod branches;
mod events;
mod forged;
mod labels;
mod one_defence;
mod people;
mod reading;
mod text;
