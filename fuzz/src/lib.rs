//! What the fuzz targets check.

pub mod answers;
mod check;
pub mod served;

pub use check::{Format, merge, plan, read, rewrite, stream};
