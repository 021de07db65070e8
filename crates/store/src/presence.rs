//! The servers that share a database: which of them live, and what one tells
//! the others.
//!
//! A server on Postgres keeps one connection for itself, which holds a lock
//! that bears the server's number. It goes with the connection, so a number
//! whose lock is free is of a server that is gone, however it went. On SQLite
//! a server is alone, and has no number.

use sqlx::PgPool;
use sqlx::postgres::PgListener;

use crate::connection::Writer;
use crate::error::{Error, Result};

/// The class of the locks that servers hold; the number is arbitrary.
macro_rules! class {
    () => {
        "1635018092"
    };
}
pub(crate) use class;

const CHANNEL: &str = "atelier";
/// The number is drawn once, before its lock is tried.
const ENTER: &str = concat!(
    "WITH drawn AS MATERIALIZED (SELECT CAST(1 + random() * 2147483000 AS INTEGER) AS number)
     SELECT CAST(number AS BIGINT) FROM drawn WHERE pg_try_advisory_lock(",
    class!(),
    ", number)"
);
const ENTER_AGAIN: &str = concat!(
    "SELECT pg_advisory_lock(",
    class!(),
    ", CAST($1 AS INTEGER))"
);

/// Of two numbers is a lock whose last part is 2.
const SERVED: &str = concat!(
    "SELECT EXISTS (
         SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
             AND CAST(classid AS BIGINT) = ",
    class!(),
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     )"
);

/// A server's place among those that share its database.
#[derive(Debug)]
pub struct Presence {
    pool: PgPool,
    listener: PgListener,
    number: i64,
}

impl Presence {
    pub(crate) async fn enter(pool: &PgPool) -> Result<Self> {
        let mut listener = listen(pool).await?;
        loop {
            let drawn = sqlx::query_scalar(ENTER).fetch_optional(&mut listener);
            if let Some(number) = drawn.await.map_err(|e| Error::database(ENTER, e))? {
                return Ok(Self {
                    pool: pool.clone(),
                    listener,
                    number,
                });
            }
        }
    }

    /// Returns the server's number, which no other living one has.
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// Waits until a server, this one or another, changes something that
    /// servers keep in memory: tokens, secrets, providers, budgets, settings.
    ///
    /// # Errors
    /// Fails when the connection is lost. What changes then is missed until
    /// [`Presence::enter_again`] has returned.
    pub async fn next(&mut self) -> Result<()> {
        let lost = |source| Error::database("LISTEN", source);
        let heard = self.listener.try_recv().await.map_err(lost)?;
        heard
            .map(drop)
            .ok_or_else(|| lost(sqlx::Error::WorkerCrashed))
    }

    /// Takes the server's place again after the connection was lost.
    ///
    /// # Errors
    /// Fails when the database can't be reached, or still takes the lost
    /// connection for alive.
    pub async fn enter_again(&mut self) -> Result<()> {
        let mut listener = listen(&self.pool).await?;
        sqlx::query(ENTER_AGAIN)
            .bind(self.number)
            .execute(&mut listener)
            .await
            .map_err(|source| Error::database(ENTER_AGAIN, source))?;
        self.listener = listener;
        Ok(())
    }
}

impl Writer {
    /// Tells all servers, once this transaction commits, that something they
    /// keep in memory has changed. On SQLite there is nobody to tell.
    pub(crate) async fn tell(&mut self) -> Result<()> {
        if self.is_postgres() {
            self.execute("NOTIFY atelier", args![]).await?;
        }
        Ok(())
    }
}

/// Says whether a server lives on the database.
pub(crate) async fn is_served(pool: &PgPool) -> Result<bool> {
    let served = sqlx::query_scalar(SERVED).fetch_one(pool).await;
    served.map_err(|source| Error::database(SERVED, source))
}

async fn listen(pool: &PgPool) -> Result<PgListener> {
    let failed = |source| Error::database("LISTEN", source);
    let mut listener = PgListener::connect_with(pool).await.map_err(failed)?;
    listener.listen(CHANNEL).await.map_err(failed)?;
    Ok(listener)
}

#[cfg(test)]
mod tests;
