//! Fresh, migrated databases for tests, also those of other crates.
//!
//! The schema is made once per process on SQLite and once per server on
//! Postgres; each test then copies it, which takes milliseconds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::migration;
use crate::store::Store;
use crate::url::DatabaseUrl;
use atelier_base::Secret;

/// The environment variable that names the Postgres server tests may use.
pub const POSTGRES_URL: &str = "TEST_DATABASE_URL";

/// A fresh, migrated, empty database with a blob directory. Dropping it
/// deletes both.
#[derive(Debug)]
pub struct TestDatabase {
    url: DatabaseUrl,
    // Declared first: the database goes before the directory it may be in.
    _postgres: Option<DropPostgres>,
    directory: TempDir,
}

impl TestDatabase {
    /// Makes a database on SQLite.
    pub async fn sqlite() -> Result<Self> {
        static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
        let template = TEMPLATE.get_or_try_init(sqlite_template).await?;
        let directory = temporary()?;
        let path = directory.path().join("atelier.db");
        fs::write(&path, template).map_err(|e| failed("write", &path, e))?;
        Ok(Self {
            url: DatabaseUrl::Sqlite(path),
            _postgres: None,
            directory,
        })
    }

    /// Makes a database on a Postgres server. `url` names a database there
    /// whose user may create others.
    pub async fn postgres(url: &str) -> Result<Self> {
        let name = format!("atelier_test_{}", Uuid::now_v7().simple());
        let template = postgres_template(url).await?;
        let mut connection = connect(url).await?;
        run(
            &mut connection,
            format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await?;
        close(connection).await?;
        Ok(Self {
            url: DatabaseUrl::Postgres(Secret::new(with_database(url, &name))),
            _postgres: Some(DropPostgres {
                url: url.to_owned(),
                name,
            }),
            directory: temporary()?,
        })
    }

    /// Makes one on the server named by [`POSTGRES_URL`]; `None` when the
    /// variable is not set.
    pub async fn postgres_from_environment() -> Result<Option<Self>> {
        #[expect(
            clippy::disallowed_methods,
            reason = "which servers tests may use is not the product's configuration"
        )]
        let url = std::env::var(POSTGRES_URL).ok();
        match url {
            Some(url) => Self::postgres(&url).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns what to open.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Returns the directory for blobs.
    pub fn blobs_dir(&self) -> PathBuf {
        self.directory.path().join("blobs")
    }

    /// Opens the store.
    pub async fn open(&self) -> Result<Store> {
        Store::open(&self.url, &self.blobs_dir()).await
    }
}

async fn sqlite_template() -> Result<Vec<u8>> {
    let directory = temporary()?;
    let path = directory.path().join("template.db");
    let url = DatabaseUrl::Sqlite(path.clone());
    let store = Store::open(&url, &directory.path().join("blobs")).await?;
    store.close().await;
    fs::read(&path).map_err(|e| failed("read", &path, e))
}

/// Returns the name of a database with the present schema and nothing in it,
/// which every test process that uses the server shares.
async fn postgres_template(url: &str) -> Result<String> {
    let schema: Vec<u8> = migration::postgres()
        .iter()
        .flat_map(|migration| migration.checksum.to_vec())
        .collect();
    let hash = atelier_base::ContentHash::of(&schema).to_string();
    let name = format!("atelier_template_{}", &hash[..16]);

    let mut connection = connect(url).await?;
    // Held until the connection closes.
    run(
        &mut connection,
        "SELECT pg_advisory_lock(27429413095331187)".to_owned(),
    )
    .await?;
    let exists = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut connection)
        .await
        .map_err(|source| Error::database("SELECT FROM pg_database", source))?
        .is_some();
    if !exists {
        // It gets its name last, so that one cut short is never taken.
        let draft = format!("{name}_draft");
        run(
            &mut connection,
            format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"),
        )
        .await?;
        run(&mut connection, format!("CREATE DATABASE {draft}")).await?;
        let draft_url = DatabaseUrl::Postgres(Secret::new(with_database(url, &draft)));
        let directory = temporary()?;
        let store = Store::open(&draft_url, directory.path()).await?;
        store.close().await;
        run(
            &mut connection,
            format!("ALTER DATABASE {draft} RENAME TO {name}"),
        )
        .await?;
    }
    close(connection).await?;
    Ok(name)
}

/// Drops a Postgres database when a test is over, also when it failed.
#[derive(Debug)]
struct DropPostgres {
    url: String,
    name: String,
}

impl Drop for DropPostgres {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let url = self.url.clone();
        // The test's own runtime may be shutting down, and a drop can't await.
        let thread = std::thread::spawn(move || -> io::Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime
                .block_on(async {
                    let mut connection = connect(&url).await?;
                    run(&mut connection, statement).await?;
                    close(connection).await
                })
                .map_err(io::Error::other)
        });
        match thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %error, database = self.name, "could not drop a test database");
            }
            Err(_) => tracing::warn!(database = self.name, "could not drop a test database"),
        }
    }
}

async fn connect(url: &str) -> Result<PgConnection> {
    PgConnection::connect(url)
        .await
        .map_err(|source| Error::database("connect", source))
}

async fn close(connection: PgConnection) -> Result<()> {
    connection
        .close()
        .await
        .map_err(|source| Error::database("close", source))
}

/// Runs a statement made only of names from this file: names of databases
/// can't be arguments.
async fn run(connection: &mut PgConnection, statement: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(drop)
        .map_err(|source| Error::database("set up a test database", source))
}

/// Returns `url` with the name of its database replaced.
fn with_database(url: &str, name: &str) -> String {
    let (place, options) = url.split_once('?').unwrap_or((url, ""));
    let server = place.rsplit_once('/').map_or(place, |(server, _)| server);
    match options {
        "" => format!("{server}/{name}"),
        options => format!("{server}/{name}?{options}"),
    }
}

fn temporary() -> Result<TempDir> {
    tempfile::tempdir().map_err(|e| failed("create", &std::env::temp_dir(), e))
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
