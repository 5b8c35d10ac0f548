//! Scenarios: the whole program over small repositories, without a forge. What is asserted is what a person or a
//! program sees: states, reasons, bytes, exit codes.

mod backwards;
mod bad_input;
mod brings;
mod copying;
mod due;
mod exits;
mod fails_closed;
mod findings;
mod fixtures;
mod json_shape;
mod k3s;
mod many_stages;
mod monorepo;
mod other_repositories;
mod out;
mod passed_over;
mod planner;
mod promote;
mod published;
mod references;
mod renames;
mod restless;
mod same_bytes;
mod shown;
mod types;
mod wide;
