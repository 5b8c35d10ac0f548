//! The REST routes, by subject. Each function answers one route; permissions were checked before (see [`super::routes`]).

pub mod actions;
pub mod checks;
pub mod commits;
pub mod data;
pub mod deployments;
pub mod issues;
pub mod open_pull;
pub mod people;
pub mod pulls;
pub mod repos;
pub mod reviews;
pub mod text_length;
