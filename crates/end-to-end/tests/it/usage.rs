//! How the program is called if it asks GitHub: which flags each command takes, and where it looks.

mod flags;
mod found;
