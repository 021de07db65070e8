//! One transaction on either engine, and the two handles that queries are
//! methods of.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, PgConnection, Postgres, SqlSafeStr, SqlStr, Sqlite, SqliteConnection,
    SqlitePool, Transaction,
};

use crate::error::{Error, Result};
use crate::sql::{self, Column, Record, Row, Value};
use crate::store;

/// A transaction that only reads, and sees the database as it was when the
/// transaction began; or one query without a transaction, see
/// [`Store::query`](crate::Store::query).
pub struct Reader {
    connection: Connection,
    /// Whether there was a query.
    asked: bool,
}

/// A transaction that reads and writes. There is one at a time.
pub struct Writer {
    reader: Reader,
}

impl Reader {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            connection,
            asked: false,
        }
    }

    pub(crate) async fn finish(self) -> Result<()> {
        self.connection.commit().await
    }

    /// Returns the first row as an `R`, if there is one.
    pub(crate) async fn find_one<R: Record>(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Option<R>> {
        let rows = self.rows(sql, args).await?;
        rows.first().map(R::read).transpose()
    }

    /// Returns the row with this id as an `R`, or that there is none.
    pub(crate) async fn get_one<R: Record>(
        &mut self,
        sql: &'static str,
        id: impl Column + ToString,
    ) -> Result<R> {
        self.find_one(sql, vec![id.to_value()])
            .await?
            .ok_or_else(|| Error::NotFound {
                table: R::TABLE,
                id: id.to_string(),
            })
    }

    /// Returns all rows.
    pub(crate) async fn all<R: Record>(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Vec<R>> {
        self.map(sql, args, R::read).await
    }

    /// Returns one column of all rows.
    pub(crate) async fn values<T: Column>(
        &mut self,
        sql: &'static str,
        column: &'static str,
        args: Vec<Value>,
    ) -> Result<Vec<T>> {
        self.map(sql, args, |row| row.get(sql, column)).await
    }

    /// Returns what `read` makes of each row.
    pub(crate) async fn map<T>(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = self.rows(sql, args).await?;
        rows.iter().map(read).collect()
    }

    async fn rows(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>> {
        let again = std::mem::replace(&mut self.asked, true);
        debug_assert!(
            !again || !self.connection.is_lone(),
            "a second query outside of a transaction: {sql}"
        );
        self.connection.rows(sql, args).await
    }
}

impl Writer {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            reader: Reader::new(connection),
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        self.reader.connection.commit().await
    }

    pub(crate) async fn roll_back(self) -> Result<()> {
        self.reader.connection.roll_back().await
    }

    /// Says whether other servers may use the database too.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.reader.connection, Connection::Postgres(_))
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &'static str, args: Vec<Value>) -> Result<u64> {
        let statement = sql.into_sql_str();
        self.reader.connection.execute(sql, statement, args).await
    }

    /// Runs a statement that must change the row of `table` with this id.
    pub(crate) async fn change(
        &mut self,
        table: &'static str,
        id: impl ToString,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<()> {
        match self.execute(sql, args).await? {
            0 => Err(Error::NotFound {
                table,
                id: id.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Inserts one row.
    pub(crate) async fn insert<R: Record>(&mut self, row: &R) -> Result<()> {
        self.insert_all(std::slice::from_ref(row)).await
    }

    /// Inserts many rows, a few hundred by statement.
    pub(crate) async fn insert_all<R: Record>(&mut self, rows: &[R]) -> Result<()> {
        /// Neither engine takes more than 32,767 arguments; beyond a few
        /// thousand a longer statement gains nothing.
        const ARGUMENTS: usize = 6_000;
        const ROWS: usize = 500;
        let chunk = ROWS.min(ARGUMENTS / R::COLUMNS.len()).max(1);
        for rows in rows.chunks(chunk) {
            let text = match self.reader.connection {
                Connection::Sqlite(_) | Connection::LoneSqlite(_) => {
                    sql::insert::<R>(rows.len(), |_| "?".to_owned())
                }
                Connection::Postgres(_) | Connection::LonePostgres(_) => {
                    sql::insert::<R>(rows.len(), |n| format!("${n}"))
                }
            };
            // The text holds table and column names of this crate and
            // placeholders, nothing from outside.
            let statement = AssertSqlSafe(text).into_sql_str();
            let args = rows.iter().flat_map(R::values).collect();
            self.reader
                .connection
                .execute(R::TABLE, statement, args)
                .await?;
        }
        Ok(())
    }
}

/// Who may write may also read.
impl Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Writer {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

/// An open transaction, which dropping rolls back; or what one query outside of
/// any goes through.
pub(crate) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
    LoneSqlite(PoolConnection<Sqlite>),
    LonePostgres(PoolConnection<Postgres>),
}

/// Binds each value as its own type. A macro, because the two drivers' query
/// types have no bound in common that is shorter than this.
macro_rules! bound {
    ($statement:expr, $args:expr) => {
        $args
            .into_iter()
            .fold(sqlx::query($statement), |query, value| match value {
                Value::Uuid(value) => query.bind(value),
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            })
    };
}

/// Runs a text of several statements in one trip to SQLite's thread, each trip
/// being two switches of threads; returns whether one of them returned a row. A
/// failure closes the connection, and so rolls back what the text had begun.
///
/// It goes to its end, whoever waits: a text that is left in the middle would
/// leave its transaction open.
pub(crate) async fn in_one_trip(
    pool: &SqlitePool,
    sql: &'static str,
    args: Vec<Value>,
) -> Result<bool> {
    let pool = pool.clone();
    let trip = store::to_its_end(async move {
        let mut connection = pool.acquire().await?;
        match bound!(sql, args).fetch_all(&mut *connection).await {
            Ok(rows) => Ok(!rows.is_empty()),
            Err(error) => {
                connection.close().await?;
                Err(error)
            }
        }
    });
    trip.await.map_err(|source| Error::database(sql, source))
}

impl Connection {
    const fn is_lone(&self) -> bool {
        matches!(self, Self::LoneSqlite(_) | Self::LonePostgres(_))
    }

    async fn rows(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>> {
        let rows = match self {
            Self::Sqlite(tx) => sqlite_rows(&mut *tx, sql, args).await,
            Self::LoneSqlite(connection) => sqlite_rows(&mut *connection, sql, args).await,
            Self::Postgres(tx) => postgres_rows(&mut *tx, sql, args).await,
            Self::LonePostgres(connection) => postgres_rows(&mut *connection, sql, args).await,
        };
        rows.map_err(|source| Error::database(sql, source))
    }

    async fn execute(
        &mut self,
        at: &'static str,
        statement: SqlStr,
        args: Vec<Value>,
    ) -> Result<u64> {
        let changed = match self {
            Self::Sqlite(tx) => bound!(statement, args)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
            Self::Postgres(tx) => bound!(statement, args)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
            // Only a writer executes, and it is always a transaction.
            Self::LoneSqlite(_) | Self::LonePostgres(_) => Err(sqlx::Error::BeginFailed),
        };
        changed.map_err(|source| Error::database(at, source))
    }

    async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
            Self::LoneSqlite(_) | Self::LonePostgres(_) => Ok(()),
        }
        .map_err(|source| Error::database("COMMIT", source))
    }

    async fn roll_back(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Postgres(tx) => tx.rollback().await,
            Self::LoneSqlite(_) | Self::LonePostgres(_) => Ok(()),
        }
        .map_err(|source| Error::database("ROLLBACK", source))
    }
}

async fn sqlite_rows(
    connection: &mut SqliteConnection,
    sql: &'static str,
    args: Vec<Value>,
) -> sqlx::Result<Vec<Row>> {
    let rows = bound!(sql, args).fetch_all(connection).await?;
    Ok(rows.into_iter().map(Row::Sqlite).collect())
}

async fn postgres_rows(
    connection: &mut PgConnection,
    sql: &'static str,
    args: Vec<Value>,
) -> sqlx::Result<Vec<Row>> {
    let rows = bound!(sql, args).fetch_all(connection).await?;
    Ok(rows.into_iter().map(Row::Postgres).collect())
}
