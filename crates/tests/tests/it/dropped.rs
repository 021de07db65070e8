//! Requests whose clients go away at any moment.

use std::pin::pin;
use std::time::{Duration, Instant};

use atelier_api::file::FileContent;
use atelier_base::Clock as _;
use atelier_store::Error;
use atelier_tests::{on_both_engines, within};
use futures_util::poll;
use serde_json::json;

/// Lets work go on for so long, and then drops it wherever it is.
async fn drop_after<T>(moment: Duration, work: impl Future<Output = T>) {
    let (begun, mut work) = (Instant::now(), pin!(work));
    while poll!(&mut work).is_pending() && begun.elapsed() < moment {
        tokio::task::yield_now().await;
    }
}

on_both_engines! {
    async fn a_transaction_that_is_dropped_midway_ends(app) {
        let (store, now) = (&app.store, app.clock.now());
        let read = async || store.read(async |tx| tx.list_workspace_ids().await).await;
        let write = async || store.write(async |tx| tx.interrupt_running_turns(now).await).await;
        for part in 0..120 {
            for drops_a_write in [false, true] {
                // How long one takes now: the machine may be busy.
                let begun = Instant::now();
                read().await.unwrap();
                let moment = begun.elapsed() * part / 120;
                if drops_a_write {
                    drop_after(moment, write()).await;
                } else {
                    drop_after(moment, read()).await;
                }
                // Whoever gets its connection next gets none of its transaction.
                for _ in 0..2 {
                    let written: Result<_, Error> = within("a write", write()).await;
                    assert!(written.is_ok(), "after {moment:?}: {written:?}");
                }
            }
        }
    }

    async fn a_client_that_leaves_in_the_middle_of_a_save_leaves_files_and_rows_agreeing(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let file = owner.write(workspace, "a.txt", "0").await.file.id;
        for steps in 0..40 {
            let now: FileContent = owner.get(&format!("/api/files/{file}")).await.ok();
            let text = format!("{steps}");
            let mut saving = pin!(owner.save(file, now.version_id, &text));
            let shown = format!("/api/files/{file}");
            let mut reading = pin!(owner.get(&shown));
            let body = json!({ "path": format!("f{steps}"), "content": "new" });
            let path = format!("/api/workspaces/{workspace}/files");
            let mut making = pin!(owner.post(&path, body));
            for _ in 0..steps {
                let done = (poll!(&mut saving).is_ready(), poll!(&mut reading).is_ready(), poll!(&mut making).is_ready());
                if done.0 || done.1 || done.2 { break }
                tokio::task::yield_now().await;
            }
        }
        app.settle().await;
    }
}
