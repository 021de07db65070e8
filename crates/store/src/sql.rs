//! The bridge between Rust types and the columns of both engines.
//!
//! A statement's arguments are [`Value`]s and its rows are [`Row`]s, whichever
//! engine runs it, so each query is written once and compiled once. sqlx's own
//! derives would do it per engine, and its macros link both drivers a second
//! time into the compiler.

use atelier_base::{
    BudgetId, CommentId, ContentHash, ConversationId, DraftId, EventStreamId, FileId, GrantId,
    HunkId, MessageId, ModelCallId, ProposalId, ProviderId, RunId, SecretId, SessionId, Timestamp,
    TokenId, TransactionId, TurnId, UsageId, UserId, VerdictId, VersionId, WorkspaceId,
    WorkspacePath,
};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::error::{Error, Result};

/// The five types of column that both engines keep alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Uuid,
    Int,
    Text,
    Bool,
    Bytes,
}

/// One argument or one column; `None` is NULL, which Postgres wants typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Uuid(Option<Uuid>),
    Int(Option<i64>),
    Text(Option<String>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

impl Value {
    fn null(kind: Kind) -> Self {
        match kind {
            Kind::Uuid => Self::Uuid(None),
            Kind::Int => Self::Int(None),
            Kind::Text => Self::Text(None),
            Kind::Bool => Self::Bool(None),
            Kind::Bytes => Self::Bytes(None),
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Self::Uuid(value) => value.is_none(),
            Self::Int(value) => value.is_none(),
            Self::Text(value) => value.is_none(),
            Self::Bool(value) => value.is_none(),
            Self::Bytes(value) => value.is_none(),
        }
    }
}

/// A type that one column can hold.
pub(crate) trait Column: Sized {
    const KIND: Kind;
    fn to_value(&self) -> Value;
    /// Returns `None` when the value is not one that `to_value` makes.
    fn from_value(value: Value) -> Option<Self>;
}

impl<T: Column> Column for Option<T> {
    const KIND: Kind = T::KIND;

    fn to_value(&self) -> Value {
        self.as_ref()
            .map_or_else(|| Value::null(T::KIND), T::to_value)
    }

    fn from_value(value: Value) -> Option<Self> {
        if value.is_null() {
            return Some(None);
        }
        T::from_value(value).map(Some)
    }
}

/// Implements [`Column`] by a conversion to and from what is stored.
macro_rules! column {
    ($kind:ident: $type:ty, |$this:ident| $to:expr, |$stored:ident| $from:expr) => {
        impl $crate::sql::Column for $type {
            const KIND: $crate::sql::Kind = $crate::sql::Kind::$kind;

            fn to_value(&self) -> $crate::sql::Value {
                let $this = self;
                $crate::sql::Value::$kind(Some($to))
            }

            fn from_value(value: $crate::sql::Value) -> Option<Self> {
                match value {
                    $crate::sql::Value::$kind(Some($stored)) => $from,
                    _ => None,
                }
            }
        }
    };
}

macro_rules! id_columns {
    ($($id:ident),* $(,)?) => {$(
        column!(Uuid: $id, |id| id.as_uuid(), |uuid| Some($id::from_uuid(uuid)));
    )*};
}

id_columns!(
    BudgetId,
    CommentId,
    ConversationId,
    DraftId,
    EventStreamId,
    FileId,
    GrantId,
    HunkId,
    MessageId,
    ModelCallId,
    ProposalId,
    ProviderId,
    RunId,
    SecretId,
    SessionId,
    TokenId,
    TransactionId,
    TurnId,
    UsageId,
    UserId,
    VerdictId,
    VersionId,
    WorkspaceId,
);

column!(Uuid: Uuid, |uuid| *uuid, |uuid| Some(uuid));
column!(Int: i64, |n| *n, |n| Some(n));
// An inode may use the highest bit, so a u64 is kept as the i64 of the same
// bits. Sizes and counts stay far below it, and sort and add up as they are.
column!(Int: u64, |n| n.cast_signed(), |n| Some(n.cast_unsigned()));
column!(Int: u32, |n| i64::from(*n), |n| u32::try_from(n).ok());
column!(Int: i32, |n| i64::from(*n), |n| i32::try_from(n).ok());
column!(Int: Timestamp, |time| time.as_micros(), |micros| Some(Timestamp::from_micros(micros)));
column!(Text: String, |text| text.clone(), |text| Some(text));
column!(
    Text: WorkspacePath,
    |path| path.as_str().to_owned(),
    |text| WorkspacePath::new(&text).ok()
);
column!(Bool: bool, |flag| *flag, |flag| Some(flag));
column!(Bytes: Vec<u8>, |bytes| bytes.clone(), |bytes| Some(bytes));
column!(Bytes: [u8; 32], |bytes| bytes.to_vec(), |bytes| bytes.try_into().ok());
column!(
    Bytes: ContentHash,
    |hash| hash.as_bytes().to_vec(),
    |bytes| bytes.try_into().ok().map(ContentHash::from_bytes)
);

/// A row as its engine's driver gave it.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// Reads a column of the row of `table`.
    pub(crate) fn get<T: Column>(&self, table: &'static str, column: &'static str) -> Result<T> {
        self.value(T::KIND, column)
            .ok()
            .and_then(T::from_value)
            .ok_or_else(|| Error::Inconsistent {
                table,
                column,
                row: self.name(),
            })
    }

    fn value(&self, kind: Kind, column: &str) -> sqlx::Result<Value> {
        macro_rules! read {
            ($row:expr) => {
                match kind {
                    Kind::Uuid => $row.try_get(column).map(Value::Uuid),
                    Kind::Int => $row.try_get(column).map(Value::Int),
                    Kind::Text => $row.try_get(column).map(Value::Text),
                    Kind::Bool => $row.try_get(column).map(Value::Bool),
                    Kind::Bytes => $row.try_get(column).map(Value::Bytes),
                }
            };
        }
        match self {
            Self::Sqlite(row) => read!(row),
            Self::Postgres(row) => read!(row),
        }
    }

    /// Returns the first column, which is the id in most tables, for an error.
    fn name(&self) -> String {
        let id: sqlx::Result<Uuid> = match self {
            Self::Sqlite(row) => row.try_get(0),
            Self::Postgres(row) => row.try_get(0),
        };
        id.map_or_else(|_| "without an id".to_owned(), |id| id.to_string())
    }
}

/// A struct that is read from a row, and written to one, field by column.
pub(crate) trait Record: Sized {
    /// The table, or a name of the query when it is none.
    const TABLE: &'static str;
    const COLUMNS: &'static [&'static str];
    fn read(row: &Row) -> Result<Self>;
    fn values(&self) -> Vec<Value>;
}

/// Declares a struct whose fields are the columns of the table named first.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $table:literal pub struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type),*
        }

        impl $crate::sql::Record for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn read(row: &$crate::sql::Row) -> $crate::error::Result<Self> {
                Ok(Self { $($field: row.get($table, stringify!($field))?),* })
            }

            fn values(&self) -> Vec<$crate::sql::Value> {
                vec![$($crate::sql::Column::to_value(&self.$field)),*]
            }
        }
    };
}

/// Declares an enum that is kept as one of a few fixed words.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant),* }

        impl $name {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the word it is kept as.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads the word it is kept as.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        column!(Text: $name, |word| word.as_str().to_owned(), |text| $name::parse(&text));
    };
}

/// Makes the arguments of a statement, in the order of `$1`, `$2`, ….
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::sql::Column::to_value(&$value)),*]
    };
}

/// Returns the text that inserts `rows` rows of a table, made only of names
/// known when this was compiled and of counted placeholders.
///
/// SQLite looks a named placeholder (`$7`) up in a list, which makes thousands
/// of them quadratic; its plain `?` is numbered by position.
pub(crate) fn insert<R: Record>(rows: usize, placeholder: fn(usize) -> String) -> String {
    let width = R::COLUMNS.len();
    let groups: Vec<String> = (0..rows)
        .map(|row| {
            let cells: Vec<String> = (1..=width)
                .map(|cell| placeholder(row * width + cell))
                .collect();
            format!("({})", cells.join(", "))
        })
        .collect();
    format!(
        "INSERT INTO {} ({}) VALUES {}",
        R::TABLE,
        R::COLUMNS.join(", "),
        groups.join(", ")
    )
}
