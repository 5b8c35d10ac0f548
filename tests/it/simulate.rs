//! `simulate`: a virtual repository, and what `--out` writes of it.

mod other_repositories;
mod out;
mod requests;
