use super::*;

#[test]
fn the_database_of_a_url_is_replaced() {
    for (url, expected) in [
        ("postgres://u:p@h:5432/db", "postgres://u:p@h:5432/new"),
        (
            "postgres://u@h/db?sslmode=disable",
            "postgres://u@h/new?sslmode=disable",
        ),
        (
            "postgres:///db?host=/run/pg",
            "postgres:///new?host=/run/pg",
        ),
    ] {
        assert_eq!(with_database(url, "new"), expected);
    }
}

#[tokio::test]
async fn each_sqlite_database_is_its_own_and_goes_with_its_test() {
    let (one, two) = (
        TestDatabase::sqlite().await.unwrap(),
        TestDatabase::sqlite().await.unwrap(),
    );
    assert_ne!(one.url(), two.url());
    let DatabaseUrl::Sqlite(path) = one.url().clone() else {
        panic!("not on SQLite: {:?}", one.url());
    };
    let store = one.open().await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    assert!(path.exists());
    drop(one);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_postgres_database_is_dropped_with_its_test() {
    let Some(database) = TestDatabase::postgres_from_environment().await.unwrap() else {
        println!("not run: TEST_DATABASE_URL is not set");
        return;
    };
    let store = database.open().await.unwrap();
    store.ping().await.unwrap();
    let url = database.url().clone();
    drop(database);
    let directory = tempfile::tempdir().unwrap();
    let gone = Store::open(&url, directory.path()).await;
    assert!(matches!(gone, Err(Error::Database { .. })), "{gone:?}");
}
