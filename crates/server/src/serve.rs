//! Listens, serves, and stops in time.

use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
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
    let graceful = GracefulShutdown::new();
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => spawn(&tasks, &graceful, stream, router.clone()),
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("cut connections that did not end in time");
    }
}

fn spawn(tasks: &TaskTracker, graceful: &GracefulShutdown, stream: TcpStream, router: Router) {
    // Small events must not wait for more data.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(HEAD);
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(router));
    let watched = graceful.watch(connection.into_owned());
    tasks.spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(error = %error, "a connection broke off");
        }
    });
}
