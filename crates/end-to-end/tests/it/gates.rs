//! Every gate and rule of the policy on the stand-in GitHub: who may let a promotion through, when, and after what.

mod approval;
mod authors;
mod emergency;
mod faults;
mod guard_edge;
mod jobs;
mod people;
mod policy_of_the_base;
mod ready;
mod shut;
