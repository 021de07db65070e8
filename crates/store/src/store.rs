//! Opening a database of either engine, and its transactions.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, SqlitePool, Transaction};

use crate::blob::BlobStore;
use crate::connection::{Connection, Reader, Writer};
use crate::error::{Error, Result};
use crate::migration;
use crate::presence::{self, Presence};
use crate::url::DatabaseUrl;

/// How long a request waits for its turn at the database.
const WAIT: Duration = Duration::from_secs(30);
const SQLITE_READERS: u32 = 4;
/// One of them listens to what other servers tell.
const POSTGRES_CONNECTIONS: u32 = 11;
/// Postgres' advisory lock that makes writers take turns; the number is
/// arbitrary ("atelier").
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(27429413095331186)";
/// The same, for a transaction whose commit doesn't wait for the disk.
const SOFT_WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(27429413095331186),
    set_config('synchronous_commit', 'off', true)";
/// A deferred transaction that turns into a writer fails at once when another
/// one wrote meanwhile, whatever the busy timeout. The pragma can't be changed
/// inside a transaction, so each says how it wants to commit before it begins.
const SQLITE_WRITE: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";
const SQLITE_SOFT_WRITE: &str = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";

/// What a committed transaction outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    /// The loss of power.
    Disk,
    /// The end of this process, killed or not. A loss of power may take back
    /// the last moments of such transactions, whole and in order.
    Process,
}

/// Which engine keeps the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// A Postgres server.
    Postgres,
}

/// The open store. Cloning it is cheap and shares its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pools: Pools,
    blobs: BlobStore,
}

#[derive(Clone, Debug)]
enum Pools {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

impl Store {
    /// Opens the database and the blob directory, creates what does not exist,
    /// and brings the schema up to date.
    ///
    /// # Errors
    /// Fails when the database can't be reached, or is of a newer release.
    pub async fn open(url: &DatabaseUrl, blobs_dir: &Path) -> Result<Self> {
        let blobs = BlobStore::open(blobs_dir).await?;
        let pools = match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path).await?,
            DatabaseUrl::Postgres(url) => open_postgres(url.expose()).await?,
        };
        Ok(Self { pools, blobs })
    }

    /// Runs `work` in a transaction that only reads; all of it sees the
    /// database as it was at one moment.
    pub async fn read<T, E: From<Error>>(
        &self,
        work: impl AsyncFnOnce(&mut Reader) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut reader = self.begin_read().await?;
        let value = work(&mut reader).await?;
        reader.finish().await?;
        Ok(value)
    }

    /// Runs `work`, which is one query, and so needs no transaction to see one
    /// moment: a third of the trips to the database that [`Store::read`] takes.
    pub async fn query<T, E: From<Error>>(
        &self,
        work: impl AsyncFnOnce(&mut Reader) -> Result<T, E>,
    ) -> Result<T, E> {
        let acquired = match &self.pools {
            Pools::Sqlite { read, .. } => read.acquire().await.map(Connection::LoneSqlite),
            Pools::Postgres(pool) => pool.acquire().await.map(Connection::LonePostgres),
        };
        let connection = acquired.map_err(|source| Error::database("connect", source))?;
        work(&mut Reader::new(connection)).await
    }

    /// Runs `work` in a transaction that writes: commits it when `work`
    /// returns `Ok`, rolls it back when it returns `Err`, panics or is
    /// cancelled.
    ///
    /// One such transaction runs at a time, on Postgres too: what `work` reads
    /// can't change before it writes. So `work` awaits nothing but its
    /// writer (no model, no process, no network), and never another `write`,
    /// which would wait for this one until it times out.
    pub async fn write<T, E: From<Error>>(
        &self,
        work: impl AsyncFnOnce(&mut Writer) -> Result<T, E>,
    ) -> Result<T, E> {
        let writer = self.begin_write(Durability::Disk).await?;
        finish(writer, work).await
    }

    /// Runs `work` as [`Store::write`] does, but does not wait for the disk:
    /// once it returns, the transaction outlives this process, killed or not;
    /// a loss of power may take it back, with all that came after it. The next
    /// [`Store::write`] to commit brings it to the disk too.
    pub async fn write_soft<T, E: From<Error>>(
        &self,
        work: impl AsyncFnOnce(&mut Writer) -> Result<T, E>,
    ) -> Result<T, E> {
        let writer = self.begin_write(Durability::Process).await?;
        finish(writer, work).await
    }

    /// Returns where SQLite writes, if it is the engine.
    pub(crate) fn sqlite_writer(&self) -> Option<&SqlitePool> {
        match &self.pools {
            Pools::Sqlite { write, .. } => Some(write),
            Pools::Postgres(_) => None,
        }
    }

    /// Enters the database as a server, beside others on Postgres; `None` on
    /// SQLite, where a server is alone. Closing the store ends the presence.
    ///
    /// # Errors
    /// Fails when the database can't be reached.
    pub async fn enter(&self) -> Result<Option<Presence>> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(None),
            Pools::Postgres(pool) => Presence::enter(pool).await.map(Some),
        }
    }

    /// Says whether a server lives on the database. On SQLite the database
    /// knows of none.
    ///
    /// # Errors
    /// Fails when the database can't be reached.
    pub async fn is_served(&self) -> Result<bool> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(false),
            Pools::Postgres(pool) => presence::is_served(pool).await,
        }
    }

    /// Returns the store of contents.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// Returns which engine runs.
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { read, .. } => sqlx::query("SELECT 1").execute(read).await.map(drop),
            Pools::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop),
        }
        .map_err(|source| Error::database("SELECT 1", source))
    }

    /// Waits for running transactions and closes all connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                // The last connection to close folds the write-ahead log into
                // the database, which a read-only one can't.
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    async fn begin_read(&self) -> Result<Reader> {
        let begun = match &self.pools {
            Pools::Sqlite { read, .. } => read.begin().await.map(Connection::Sqlite),
            Pools::Postgres(pool) => {
                let pool = pool.clone();
                to_its_end(async move {
                    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                        .await
                })
                .await
                .map(Connection::Postgres)
            }
        };
        begun
            .map(Reader::new)
            .map_err(|source| Error::database("BEGIN", source))
    }

    async fn begin_write(&self, durability: Durability) -> Result<Writer> {
        let (sqlite, lock) = match durability {
            Durability::Disk => (SQLITE_WRITE, WRITER_LOCK),
            Durability::Process => (SQLITE_SOFT_WRITE, SOFT_WRITER_LOCK),
        };
        let begun = match &self.pools {
            Pools::Sqlite { write, .. } => write.begin_with(sqlite).await.map(Connection::Sqlite),
            Pools::Postgres(pool) => to_its_end(begin_postgres_write(pool.clone(), lock))
                .await
                .map(Connection::Postgres),
        };
        begun
            .map(Writer::new)
            .map_err(|source| Error::database("BEGIN", source))
    }
}

/// Commits `work` when it returns `Ok`, and rolls it back otherwise.
async fn finish<T, E: From<Error>>(
    mut writer: Writer,
    work: impl AsyncFnOnce(&mut Writer) -> Result<T, E>,
) -> Result<T, E> {
    match work(&mut writer).await {
        Ok(value) => {
            writer.commit().await?;
            Ok(value)
        }
        Err(error) => {
            if let Err(failure) = writer.roll_back().await {
                // The connection is closed on drop, which rolls back too.
                tracing::warn!(error = %failure, "could not roll back a transaction");
            }
            Err(error)
        }
    }
}

/// Begins a transaction and waits for its turn, so that both engines promise
/// the same: numbers counted up and states checked in one can't be overtaken.
async fn begin_postgres_write(
    pool: PgPool,
    lock: &'static str,
) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut tx = pool.begin().await?;
    sqlx::query(lock).execute(&mut *tx).await?;
    Ok(tx)
}

/// Goes on with `work` also when the caller goes away. sqlx counts a Postgres
/// transaction only once the server has confirmed it: one dropped before that
/// is not rolled back, and its connection goes back to the pool inside it. A
/// transaction that begins to its end and then finds nobody is dropped whole.
#[expect(
    clippy::disallowed_methods,
    reason = "closing the pool waits for its connections, and so for this task"
)]
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(fault) => match fault.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(sqlx::Error::WorkerCrashed),
        },
    }
}

async fn open_sqlite(path: &Path) -> Result<Pools> {
    create_private(path).map_err(|source| Error::Io {
        doing: "create",
        path: path.to_owned(),
        source,
    })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(WAIT)
        .pragma("temp_store", "MEMORY")
        // Small: what runs write passes through once, and what is read again is
        // in the system's cache.
        .pragma("cache_size", "-2000");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(
            options
                .clone()
                .journal_mode(SqliteJournalMode::Wal)
                // NORMAL would keep the database whole, but power loss could
                // take back the last commits. The journal of an applied edit is
                // removed once its rows are committed; after that nothing could
                // repeat them, and files and rows would disagree.
                .synchronous(SqliteSynchronous::Full)
                .optimize_on_close(true, 400),
        )
        .await
        .map_err(|source| Error::database("connect", source))?;
    migrate(migration::sqlite().run(&write).await)?;
    let read = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.read_only(true))
        .await
        .map_err(|source| Error::database("connect", source))?;
    Ok(Pools::Sqlite { read, write })
}

/// Creates the database's file readable by its owner only; SQLite gives the
/// files it lays beside it the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(drop)
}

async fn open_postgres(url: &str) -> Result<Pools> {
    let connect = |source| Error::database("connect", source);
    let options = url
        .parse::<PgConnectOptions>()
        .map_err(connect)?
        .application_name("atelier")
        // A writer holds the lock all others wait for, so one that hangs must
        // not hold it for ever.
        .options([
            ("lock_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "5min"),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(WAIT)
        .connect_with(options)
        .await
        .map_err(connect)?;
    migrate(migration::postgres().run(&pool).await)?;
    Ok(Pools::Postgres(pool))
}

fn migrate(result: Result<(), sqlx::migrate::MigrateError>) -> Result<()> {
    result.map_err(|source| Error::Migration {
        source: Box::new(source),
    })
}

#[cfg(test)]
mod tests;
