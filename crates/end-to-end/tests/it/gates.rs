//! Every gate and rule of the policy on the stand-in GitHub: who may let a promotion through, when, and after what.

mod asked;
mod authors;
mod backwards;
mod brought;
mod emergency;
mod faults;
mod guard_edge;
mod jobs;
mod people;
mod ready;
mod shut;
mod signed;
