//! Cells on the real kernel.
//!
//! Run as root, everything runs a second time as an ordinary user. What this
//! machine can't do is said on standard error, never passed over in silence.
#![expect(
    clippy::unwrap_used,
    reason = "a test, and what helps it, fails by panicking"
)]

mod calls;
mod follow;
mod hostile;
mod lab;
mod life;
mod limits;
mod programs;
mod reads;
mod ready;
mod stay;
mod terminals;
mod walls;
