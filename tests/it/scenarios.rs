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
mod gates;
mod holds;
mod hostile;
mod json_shape;
mod k3s;
mod landings;
mod many_stages;
mod monorepo;
mod names;
mod out;
mod passed_over;
mod planner;
mod promote;
mod published;
mod references;
mod refs;
mod renames;
mod restless;
mod same_bytes;
mod secrets;
mod status;
mod types;
mod unknown;
mod wide;
