//! A step of building a cell that failed, on its way to the server.

use std::io;

use super::spec::Failure;

/// Names the step that an error happened in.
pub(super) trait Step<T> {
    /// Turns an error into a [`Failure`] of `step`.
    fn step(self, step: &str) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> Step<T> for Result<T, E> {
    fn step(self, step: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure {
            step: step.to_owned(),
            errno: error.into().raw_os_error().unwrap_or(0),
        })
    }
}
