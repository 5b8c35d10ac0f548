//! How the program is called: which arguments each command takes, where it looks, and how a call ends that makes no sense.

mod exits;
mod found;
mod wrong;
