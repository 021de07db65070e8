//! How the file side of this crate fails: reading, walking, changing,
//! importing and cloning.

use std::io;
use std::net::IpAddr;

use atelier_base::{ContentHash, ErrorKind, TransactionId, WorkspacePath};

/// What an operation on a workspace's files returns.
pub type FileResult<T> = Result<T, FileError>;

/// Why an operation on a workspace's files failed.
///
/// Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing has this name.
    #[error("`{path}` does not exist")]
    NotFound {
        /// What was asked for.
        path: WorkspacePath,
    },
    /// Something has this name, but not what the operation works on.
    #[error("`{path}` is {found}, not {wanted}")]
    WrongKind {
        /// What was asked for.
        path: WorkspacePath,
        /// What lies there.
        found: &'static str,
        /// What the operation needs.
        wanted: &'static str,
    },
    /// The path is a symbolic link or leads through one.
    #[error("`{path}` is or lies behind a symbolic link; links are never followed")]
    Symlink {
        /// What was asked for.
        path: WorkspacePath,
    },
    /// One thing is larger than its limit.
    #[error("{what} is larger than {max} bytes")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit, in bytes.
        max: u64,
    },
    /// There are more things than the limit.
    #[error("there are more than {max} {what}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// A name that should be free is taken.
    #[error("`{path}` already exists")]
    Exists {
        /// The name.
        path: WorkspacePath,
    },
    /// A file is not what the change was made for.
    #[error("`{path}` has changed since the change was made")]
    Changed {
        /// The file.
        path: WorkspacePath,
        /// The content the change was made for, where one was named.
        expected: Option<ContentHash>,
        /// The content that is there; `None`: it is missing, or changed while
        /// we worked.
        found: Option<ContentHash>,
    },
    /// A folder that should be removed has something in it.
    #[error("the folder `{path}` is not empty: it has `{entry}`")]
    NotEmpty {
        /// The folder.
        path: WorkspacePath,
        /// One name in it.
        entry: String,
    },
    /// A new name would differ from another only by case.
    #[error("`{path}` differs from `{existing}` only by case")]
    CaseCollision {
        /// The new name.
        path: String,
        /// The one that is there.
        existing: String,
    },
    /// The changes of one transaction contradict each other.
    #[error("the changes contradict each other at `{path}`: {why}")]
    Contradiction {
        /// Where.
        path: WorkspacePath,
        /// How.
        why: &'static str,
    },
    /// The file system will not let this be changed.
    #[error("`{path}` can't be changed: {why}")]
    NotWritable {
        /// What can't be changed; a folder for a new or removed name.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// An operating-system call failed.
    #[error("could not {doing} `{path}`")]
    Io {
        /// What we were doing.
        doing: &'static str,
        /// To what.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A transaction is past its commit point but could not be finished.
    ///
    /// It *is* committed: [`Root::recover`](crate::files::Root::recover), or
    /// the next commit, finishes it once the cause is gone.
    #[error("the change {id} is committed but could not be finished")]
    Unfinished {
        /// The transaction.
        id: TransactionId,
        /// What stood in the way.
        source: Box<FileError>,
    },
    /// A journal can't be understood, so nothing can be said about its files.
    #[error("the journal `{name}` is damaged: {why}")]
    Journal {
        /// The journal's file name in the state directory.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The state directory can't serve.
    #[error("the state directory `{path}` can't be used: {why}")]
    State {
        /// The directory.
        path: String,
        /// Why not.
        why: &'static str,
    },
    /// Another process deleted the state directory, which was empty, since it
    /// was opened. Open the workspace again.
    #[error("the state directory `{path}` was deleted meanwhile")]
    StateDeleted {
        /// The directory.
        path: String,
    },
    /// An archive can't be read.
    #[error("the archive can't be imported: {why}")]
    Archive {
        /// What is wrong with it.
        why: String,
    },
    /// One entry of an import is refused, and with it the import.
    #[error("`{entry}` can't be imported: {why}")]
    Entry {
        /// The entry's name, escaped and shortened.
        entry: String,
        /// Why.
        why: String,
    },
    /// The address to clone from can't be used.
    #[error("this address can't be cloned: {why}")]
    Address {
        /// Why not.
        why: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// The host name does not resolve.
    #[error("the host `{host}` was not found")]
    HostNotFound {
        /// The host.
        host: String,
    },
    /// The host is on a private network.
    #[error("`{host}` is at {address}, which is not a public address")]
    PrivateHost {
        /// The host.
        host: String,
        /// The address it resolves to.
        address: IpAddr,
    },
    /// The host does not answer as a git server should.
    #[error("could not reach `{host}`: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// What failed.
        why: &'static str,
    },
    /// The host has no such repository.
    #[error("there is no repository at {url}")]
    RepositoryNotFound {
        /// The address.
        url: String,
    },
    /// The repository is private, or does not exist and the host won't say.
    #[error("{url} needs a sign-in")]
    SignInNeeded {
        /// The address.
        url: String,
    },
    /// Git failed in a way that we don't know.
    #[error("git could not clone: {message}")]
    Git {
        /// The end of what git said.
        message: String,
    },
    /// The `git` program can't be started.
    #[error("the `git` program can't be started")]
    GitMissing {
        /// What the system said.
        source: io::Error,
    },
    /// The operation took longer than it may.
    #[error("{what} took longer than {seconds} s")]
    Timeout {
        /// What took too long.
        what: &'static str,
        /// The limit.
        seconds: u64,
    },
    /// The asker cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl FileError {
    /// Returns the kind that decides the HTTP status and the exit status.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::TooLarge { .. } | Self::TooMany { .. } => ErrorKind::TooLarge,
            Self::Exists { .. }
            | Self::Changed { .. }
            | Self::NotEmpty { .. }
            | Self::CaseCollision { .. } => ErrorKind::Conflict,
            Self::WrongKind { .. }
            | Self::Symlink { .. }
            | Self::Contradiction { .. }
            | Self::Archive { .. }
            | Self::Entry { .. }
            | Self::Address { .. }
            | Self::HostNotFound { .. }
            | Self::RepositoryNotFound { .. }
            | Self::SignInNeeded { .. }
            | Self::Git { .. } => ErrorKind::Invalid,
            Self::NotWritable { .. } | Self::PrivateHost { .. } => ErrorKind::Denied,
            Self::Unfinished { .. }
            | Self::State { .. }
            | Self::StateDeleted { .. }
            | Self::Unreachable { .. }
            | Self::GitMissing { .. }
            | Self::Timeout { .. } => ErrorKind::Unavailable,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Journal { .. } => ErrorKind::Internal,
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Unavailable,
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    ErrorKind::Denied
                }
                _ => ErrorKind::Internal,
            },
        }
    }

    /// Returns one sentence on what the person can do, where we know one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Address { hint, .. } => Some(hint),
            Self::PrivateHost { .. } => {
                Some("An administrator can allow private addresses in the configuration.")
            }
            Self::SignInNeeded { .. } => {
                Some("Check the address. Only public repositories can be cloned.")
            }
            Self::GitMissing { .. } => Some("Install git, for example with `apt install git`."),
            Self::Unfinished { .. } => {
                Some("Clear what stands in the way; the change is then finished by itself.")
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("Free some disk space and try again.")
            }
            _ => None,
        }
    }

    /// Makes the error of a failed system call.
    pub(crate) fn io(
        doing: &'static str,
        path: impl ToString,
        source: impl Into<io::Error>,
    ) -> Self {
        Self::Io {
            doing,
            path: path.to_string(),
            source: source.into(),
        }
    }
}
