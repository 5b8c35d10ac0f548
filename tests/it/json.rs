//! The JSON documents: their shape, and that the same input gives the same bytes.

mod same_bytes;
mod shape;
