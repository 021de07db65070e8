//! Which database to open.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use atelier_base::Secret;

/// Where the rows are: `sqlite:PATH`, or `postgres://user:password@host/name`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file; it is created when it does not exist.
    Sqlite(PathBuf),
    /// A Postgres URL as libpq understands it. It may hold a password.
    Postgres(Secret<String>),
}

/// The text is not a database URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It starts like neither of the two.
    #[error("a database is `sqlite:PATH` or `postgres://user@host/name`")]
    Scheme,
    /// It names no file. A database in memory would be a different one for
    /// each connection.
    #[error("`sqlite:` needs the path of a file")]
    NoFile,
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret::new(text.to_owned())));
        }
        let path = text.strip_prefix("sqlite:").ok_or(UrlError::Scheme)?;
        match path.strip_prefix("//").unwrap_or(path) {
            "" | ":memory:" => Err(UrlError::NoFile),
            path => Ok(Self::Sqlite(PathBuf::from(path))),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    /// Writes the URL without what may be secret in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let url = url.expose();
                // A query may hold a password too, so all after `?` goes.
                let place = url.rsplit_once('@').map_or("", |(_, place)| place);
                let place = place.split('?').next().unwrap_or_default();
                write!(f, "postgres://{place}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_apart() {
        let sqlite = |path: &str| Ok(DatabaseUrl::Sqlite(PathBuf::from(path)));
        for (text, expected) in [
            ("sqlite:data/a.db", sqlite("data/a.db")),
            ("sqlite:/var/a.db", sqlite("/var/a.db")),
            ("sqlite:///var/a.db", sqlite("/var/a.db")),
            ("sqlite:", Err(UrlError::NoFile)),
            ("sqlite::memory:", Err(UrlError::NoFile)),
            ("mysql://h/d", Err(UrlError::Scheme)),
            ("a.db", Err(UrlError::Scheme)),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>(), expected, "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://ana:c@nary@db.example/atelier?password=canary",
            "postgresql://db.example/atelier?password=canary",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            for shown in [url.to_string(), format!("{url:?}")] {
                assert!(
                    !shown.contains("canary") && !shown.contains("c@nary"),
                    "{shown}"
                );
            }
        }
        let url: DatabaseUrl = "postgres://ana:x@db.example:5432/atelier".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://db.example:5432/atelier");
    }
}
