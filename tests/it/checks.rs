//! Findings: what is wrong with manifests and policy, where, and that nothing that cannot be read is taken for absent.

mod bad_input;
mod fails_closed;
mod findings;
mod passed_over;
mod references;
mod restless;
mod shown;
mod types;
