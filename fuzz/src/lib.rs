//! What the fuzz targets check.

pub mod answers;
mod check;

pub use check::{Format, merge, plan, read, stream};
