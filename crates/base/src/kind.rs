//! The closed set of ways to fail that a program must tell apart.

use std::time::Duration;

/// What kind of failure an error is. The HTTP status, the command line's exit
/// status and whether to retry all follow from it.
///
/// A new kind is added only when a program must tell it from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The thing does not exist, or the asker may not know that it does.
    NotFound,
    /// The input is wrong; the field says where.
    Invalid,
    /// The thing changed since the asker last looked.
    Conflict,
    /// A precondition that protects from lost updates was not stated.
    PreconditionRequired,
    /// The asker may know of the thing but not do this to it.
    Denied,
    /// Nobody is signed in.
    Unauthenticated,
    /// A size limit was exceeded.
    TooLarge,
    /// A rate or concurrency limit was exceeded.
    Limited {
        /// When trying again may succeed.
        retry_after: Duration,
    },
    /// Something this needs is not there now: isolation, a model, a database.
    Unavailable,
    /// The asker went away or cancelled.
    Cancelled,
    /// A fault of ours. Its cause is logged and never shown to a client.
    Internal,
}
