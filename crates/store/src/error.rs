//! Why the store could not do what it was asked.

use std::fmt;
use std::io;
use std::path::PathBuf;

use atelier_base::{ContentHash, ErrorKind};

/// What every function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not do it.
    #[error("the database failed at `{at}`")]
    Database {
        /// The statement, or what was being done to the connection.
        at: &'static str,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date, or is of a newer release.
    #[error("could not bring the database's schema up to date")]
    Migration {
        /// What the migrator said.
        source: Box<sqlx::migrate::MigrateError>,
    },
    /// A row holds something this release can't read.
    #[error("inconsistent data in table {table}, column {column}, row {row}")]
    Inconsistent {
        /// The table, or the query's name where several are joined.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's first column, which is its id in most tables.
        row: String,
    },
    /// Something else already has what must be unique.
    #[error("this {what} is taken")]
    Taken {
        /// What must be unique.
        what: Unique,
    },
    /// There is no such row.
    #[error("there is no row {id} in table {table}")]
    NotFound {
        /// The table.
        table: &'static str,
        /// The id that was asked for.
        id: String,
    },
    /// There is no blob with this hash.
    #[error("there is no blob {hash}")]
    BlobNotFound {
        /// The hash that was asked for.
        hash: ContentHash,
    },
    /// A blob's content does not have the hash it is named by: the disk, or
    /// somebody beside us, changed it.
    #[error("the content of blob {hash} is damaged")]
    BlobCorrupt {
        /// The hash that was asked for.
        hash: ContentHash,
    },
    /// The file system failed.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// To which path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The export could not be written to where it goes.
    #[error("could not write the export")]
    Export {
        /// What the receiving side said.
        source: io::Error,
    },
}

impl Error {
    /// Returns which kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } | Self::BlobNotFound { .. } => ErrorKind::NotFound,
            Self::Taken { .. } => ErrorKind::Conflict,
            Self::Database { source, .. } if is_passing(source) => ErrorKind::Unavailable,
            Self::Database { .. }
            | Self::Migration { .. }
            | Self::Inconsistent { .. }
            | Self::BlobCorrupt { .. }
            | Self::Io { .. }
            | Self::Export { .. } => ErrorKind::Internal,
        }
    }

    /// Says whether the store was closed, and no other attempt succeeds.
    pub fn is_closed(&self) -> bool {
        matches!(
            self,
            Self::Database {
                source: sqlx::Error::PoolClosed,
                ..
            }
        )
    }

    /// Makes the error of a statement, naming a violated constraint.
    pub(crate) fn database(at: &'static str, source: sqlx::Error) -> Self {
        match source.as_database_error().and_then(Unique::violated_by) {
            Some(what) => Self::Taken { what },
            None => Self::Database { at, source },
        }
    }
}

/// Returns whether the same request may succeed when it is tried again.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::WorkerCrashed => true,
        // SQLITE_BUSY; Postgres' lock_not_available and too_many_connections.
        sqlx::Error::Database(error) => {
            matches!(error.code().as_deref(), Some("5" | "55P03" | "53300"))
        }
        _ => false,
    }
}

/// What the database keeps unique besides ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// The name of a provider, per owner.
    ProviderName,
    /// The path of a file that is not deleted, per workspace.
    FilePath,
    /// The number of a workspace.
    WorkspaceNumber,
    /// The hash of a session's token.
    SessionToken,
    /// The name of a secret, per workspace or, outside of any, per owner.
    SecretName,
    /// The hash of an access token.
    AccessToken,
}

impl Unique {
    /// Each with its constraint's name, which Postgres reports, and its
    /// columns, which SQLite reports instead.
    const ALL: [(Self, &'static str, &'static str); 7] = [
        (
            Self::ProviderName,
            "providers_owner_name_key",
            "providers.owner_id, providers.name",
        ),
        (
            Self::FilePath,
            "files_live_path",
            "files.workspace_id, files.path",
        ),
        (
            Self::WorkspaceNumber,
            "workspaces_number_key",
            "workspaces.number",
        ),
        (
            Self::SessionToken,
            "sessions_token_hash_key",
            "sessions.token_hash",
        ),
        (
            Self::SecretName,
            "secrets_owner_name",
            "secrets.owner_id, secrets.name",
        ),
        (
            Self::SecretName,
            "secrets_workspace_name",
            "secrets.workspace_id, secrets.name",
        ),
        (
            Self::AccessToken,
            "access_tokens_token_hash_key",
            "access_tokens.token_hash",
        ),
    ];

    fn violated_by(error: &dyn sqlx::error::DatabaseError) -> Option<Self> {
        if !error.is_unique_violation() {
            return None;
        }
        Self::ALL
            .into_iter()
            .find(|(_, constraint, columns)| match error.constraint() {
                Some(name) => name == *constraint,
                None => error
                    .message()
                    .strip_prefix("UNIQUE constraint failed: ")
                    .is_some_and(|violated| violated == *columns),
            })
            .map(|(what, ..)| what)
    }
}

impl fmt::Display for Unique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProviderName => "provider name",
            Self::FilePath => "path",
            Self::WorkspaceNumber => "workspace number",
            Self::SessionToken => "session token",
            Self::SecretName => "secret name",
            Self::AccessToken => "access token",
        })
    }
}
