//! The model that runs on this machine: its weights are fetched by a button.

use atelier_api::local_model::{LocalHelper, LocalModel, LocalWeights};
use atelier_tests::{Caller, Setup, WEIGHTS, within};
use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

const PATH: &str = "/api/models/local";

async fn state(caller: &Caller) -> LocalModel {
    caller.get(PATH).await.ok()
}

/// Asks, as the page does, until the fetching is over.
async fn fetched(caller: &Caller) -> LocalModel {
    within("the weights", async {
        loop {
            let found = state(caller).await;
            match found.weights {
                LocalWeights::Downloading | LocalWeights::Checking => {
                    tokio::task::yield_now().await;
                }
                LocalWeights::Absent | LocalWeights::Ready => return found,
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_weights_are_fetched_by_one_button() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tiny.gguf", listener.local_addr().unwrap());
    let files = Router::new().route("/tiny.gguf", get(async || WEIGHTS));
    let serving = TaskTracker::new();
    serving.spawn(async move { axum::serve(listener, files).await });
    let mut setup = Setup::sqlite().await;
    setup.weights_at = Some(url.parse().unwrap());
    let app = setup.start().await;
    let owner = app.owner();

    let before = state(&owner).await;
    assert_eq!(before.weights, LocalWeights::Absent);
    assert_eq!(before.helper, LocalHelper::Ready);
    assert_eq!(
        (before.usable, before.received_bytes, before.size_bytes),
        (false, 0, 7)
    );
    assert_eq!(before.source, url);
    assert!(before.hint.is_some());

    let begun = owner.poke("/api/models/local/pull").await;
    assert_eq!(begun.status, 202, "{begun}");
    let after = fetched(&owner).await;
    assert_eq!(after.weights, LocalWeights::Ready, "{after:?}");
    assert!(after.usable && after.failure.is_none() && after.hint.is_none());
    assert_eq!(after.received_bytes, after.size_bytes);
    // Once more does nothing.
    owner
        .poke("/api/models/local/pull")
        .await
        .ok::<LocalModel>();
    owner.delete("/api/models/local/pull").await.done();
    app.finish().await;
}
