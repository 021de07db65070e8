//! Listens, serves, and stops in time.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long open connections may take to end when the server stops. Streams
/// end by themselves at once; this is for clients that do not read.
pub const SHUTDOWN: Duration = Duration::from_secs(1);
/// How long a client may take to send a request's head.
const HEAD: Duration = Duration::from_secs(20);
/// How long to wait after a failed accept, most likely for file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is cancelled, then lets requests end within
/// [`SHUTDOWN`].
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => spawn(&tasks, stream, router.clone(), stop.clone()),
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(SHUTDOWN, tasks.wait()).await.is_err() {
        tracing::warn!("cut connections that did not end in time");
    }
}

/// Serves a connection. It is HTTP/1 only: to look first whether it is HTTP/2,
/// which no browser speaks without TLS, costs each connection a read of its own
/// and a buffer twice as large.
fn spawn(tasks: &TaskTracker, stream: TcpStream, router: Router, stop: CancellationToken) {
    // Small events must not wait for more data.
    let _ = stream.set_nodelay(true);
    let connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    tasks.spawn(async move {
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = %error, "a connection broke off");
        }
    });
}
