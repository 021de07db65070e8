//! The schema's history, embedded, one list for each engine.
//!
//! The same number and name stand in both; released files never change, and a
//! later one first expands, so that the release before still runs.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

macro_rules! migrations {
    ($engine:literal: $($number:literal $name:literal),* $(,)?) => {
        Migrator::with_migrations(vec![$(Migration::new(
            $number,
            $name.into(),
            MigrationType::Simple,
            include_str!(concat!("../migrations/", $engine, "/", $name, ".sql")).into_sql_str(),
            false,
        )),*])
    };
}

/// Returns what brings a SQLite database up to date.
pub(crate) fn sqlite() -> Migrator {
    migrations!("sqlite":
        1 "0001_foundation",
        2 "0002_run_stages",
        3 "0003_workspace_settings",
        4 "0004_grants",
        5 "0005_drafts",
        6 "0006_review",
        7 "0007_gateway",
        8 "0008_comment_lines",
        9 "0009_vault",
        10 "0010_request_secrets",
        11 "0011_servers",
        12 "0012_model_size",
        13 "0013_long_prices",
        14 "0014_selections",
    )
}

/// Returns what brings a Postgres database up to date.
pub(crate) fn postgres() -> Migrator {
    migrations!("postgres":
        1 "0001_foundation",
        2 "0002_run_stages",
        3 "0003_workspace_settings",
        4 "0004_grants",
        5 "0005_drafts",
        6 "0006_review",
        7 "0007_gateway",
        8 "0008_comment_lines",
        9 "0009_vault",
        10 "0010_request_secrets",
        11 "0011_servers",
        12 "0012_model_size",
        13 "0013_long_prices",
        14 "0014_selections",
    )
}

#[cfg(test)]
mod tests;
