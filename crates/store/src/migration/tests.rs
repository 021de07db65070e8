use std::collections::BTreeSet;

use crate::harness::Fixture;
use crate::{Error, Result, Store};

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |migrator: sqlx::migrate::Migrator| -> Vec<(i64, String)> {
        migrator
            .iter()
            .map(|m| (m.version, m.description.to_string()))
            .collect()
    };
    assert_eq!(names(super::sqlite()), names(super::postgres()));
    for (number, name) in names(super::sqlite()) {
        assert!(name.starts_with(&format!("{number:04}_")), "{name}");
    }
}

/// Each column with its table, its type, and whether it may be NULL.
async fn columns(t: &Fixture, sql: &'static str) -> BTreeSet<String> {
    let columns: Vec<String> = t
        .read(async |r| r.values(sql, "description", vec![]).await)
        .await;
    columns.into_iter().collect()
}

const SQLITE_COLUMNS: &str = "
    SELECT t.name || '.' || c.name || ' ' || lower(c.type) ||
           CASE c.\"notnull\" WHEN 1 THEN ' not null' ELSE '' END AS description
    FROM sqlite_master t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations'";

const POSTGRES_COLUMNS: &str = "
    SELECT table_name || '.' || column_name || ' ' ||
           CASE WHEN data_type IN ('uuid', 'bytea') THEN 'blob' ELSE data_type END ||
           CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END AS description
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let sqlite = Fixture::sqlite().await;
    let Some(postgres) = Fixture::postgres().await else {
        println!("not run: TEST_DATABASE_URL is not set");
        return;
    };
    let on_sqlite = columns(&sqlite, SQLITE_COLUMNS).await;
    assert!(
        on_sqlite.contains("workspaces.id blob not null"),
        "{on_sqlite:?}"
    );
    let on_postgres = columns(&postgres, POSTGRES_COLUMNS).await;
    let differing: Vec<_> = on_sqlite.symmetric_difference(&on_postgres).collect();
    assert_eq!(differing, Vec::<&String>::new());
}

both_engines! {
    async fn opening_again_changes_nothing(t) {
        let workspace = t.workspace().await;
        let again = t.database.open().await.unwrap();
        let found: Result<_> = again.read(async |r| r.get_workspace(workspace.id).await).await;
        assert_eq!(found.unwrap(), workspace);
        again.close().await;
    }

    async fn a_database_of_a_newer_release_is_refused(t) {
        t.write(async |tx| {
            let sql = "INSERT INTO _sqlx_migrations
                           (version, description, success, checksum, execution_time)
                       SELECT 9999, 'later', success, checksum, execution_time
                       FROM _sqlx_migrations WHERE version = 1";
            tx.execute(sql, vec![]).await
        })
        .await;
        let opened = Store::open(t.database.url(), &t.database.blobs_dir()).await;
        assert!(matches!(opened, Err(Error::Migration { .. })), "{opened:?}");
    }
}
