use crate::harness::Fixture;
use crate::{CallState, ModelCallRow};

#[tokio::test]
async fn on_sqlite_a_server_is_alone() {
    let t = Fixture::sqlite().await;
    assert!(t.store.enter().await.unwrap().is_none());
    assert!(!t.store.is_served().await.unwrap());
    let workspace = t.workspace().await;
    let turn = t.turn(&workspace).await;
    let call = t.model_call(&turn);
    t.write(async |tx| tx.insert_model_calls(std::slice::from_ref(&call)).await)
        .await;
    let orphaned = t.write(async |tx| tx.list_orphaned_calls().await).await;
    assert_eq!(orphaned, [call]);
    t.check().await;
}

#[tokio::test]
async fn a_server_is_known_to_live_and_hears_of_changes() {
    let Some(t) = Fixture::postgres().await else {
        println!("not run: TEST_DATABASE_URL is not set");
        return;
    };
    assert!(!t.store.is_served().await.unwrap());
    let mut one = t.store.enter().await.unwrap().unwrap();
    assert!(t.store.is_served().await.unwrap());
    let beside = t.database.open().await.unwrap();
    let two = beside.enter().await.unwrap().unwrap();
    assert_ne!(one.number(), two.number());
    let workspace = t.workspace().await;
    let turn = t.turn(&workspace).await;
    let by = |server| ModelCallRow {
        server,
        ..t.model_call(&turn)
    };
    let calls = [
        by(None),
        by(Some(one.number())),
        by(Some(two.number())),
        ModelCallRow {
            state: CallState::Done,
            ..by(None)
        },
    ];
    t.write(async |tx| tx.insert_model_calls(&calls).await)
        .await;
    let orphaned = || t.write(async |tx| tx.list_orphaned_calls().await);
    assert_eq!(orphaned().await, [calls[0].clone()]);

    beside
        .write(async |tx| tx.update_workspace(&workspace).await)
        .await
        .unwrap();
    one.next().await.unwrap();
    // Its place is its own, also over another connection.
    let ended: Vec<u64> = t
        .read(async |r| {
            r.values(
                "SELECT COUNT(pg_terminate_backend(pid)) AS ended FROM pg_locks
                 WHERE locktype = 'advisory' AND objid = CAST($1 AS INTEGER)
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                "ended",
                args![one.number()],
            )
            .await
        })
        .await;
    assert_eq!(ended, [1]);
    assert!(!one.next().await.unwrap_err().is_closed());
    one.enter_again().await.unwrap();
    assert_eq!(orphaned().await, [calls[0].clone()]);

    drop(two);
    beside.close().await;
    // The server may learn a moment later that a connection is gone.
    while orphaned().await.len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(orphaned().await, [calls[0].clone(), calls[2].clone()]);
    drop(one);
    t.check().await;
}
