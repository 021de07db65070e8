//! The HTTP proxy that programs in cells ask: their only way to a network.
//!
//! It speaks on sockets that lie inside the cells, so that who asks is known
//! by where; nothing outside of a cell can connect to it. It takes `CONNECT`
//! and requests for `http://` addresses, and asks the domain for each. What
//! passes through is never logged.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use atelier_base::WorkspaceId;
use atelier_domain::network::{FixedGrants, Permit, Refusal};
use atelier_domain::{Domain, Error};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The most connections of a cell at a time; more wait to be accepted.
const CONNECTIONS: usize = 256;
/// The largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long a program may take to send a request's head.
const HEAD: Duration = Duration::from_secs(30);
/// How long to wait after a failed accept, most likely for file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes the ways out of the host's cells and serves each until its cell ends
/// or the server stops. Does nothing when somebody has them already.
pub(crate) fn attend(domain: &Domain) {
    let Some(mut exits) = domain.take_exits() else {
        return;
    };
    let serving = domain.clone();
    domain.accompany(async move {
        loop {
            tokio::select! {
                exit = exits.next() => match exit {
                    Some(exit) => {
                        let gate = Gate::Workspace(serving.clone(), exit.workspace);
                        serving.accompany(serve(gate, exit.listener, exit.over));
                    }
                    None => return,
                },
                () = serving.stopping().cancelled() => return,
            }
        }
    });
}

/// Lets the programs of one cell reach what `grants` name, until `over`.
pub async fn serve_fixed(listener: TcpListener, grants: FixedGrants, over: CancellationToken) {
    let gate = Gate::Fixed {
        grants: Arc::new(grants),
        tasks: TaskTracker::new(),
        over: over.clone(),
    };
    serve(gate, listener, over).await;
}

/// Who decides about the connections of a cell.
#[derive(Clone, Debug)]
enum Gate {
    Workspace(Domain, WorkspaceId),
    Fixed {
        grants: Arc<FixedGrants>,
        tasks: TaskTracker,
        over: CancellationToken,
    },
}

impl std::fmt::Display for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Workspace(_, workspace) => workspace.fmt(f),
            Self::Fixed { .. } => f.write_str("one command"),
        }
    }
}

impl Gate {
    async fn permit(&self, host: &str, port: u16) -> Result<Result<Permit, Refusal>, Error> {
        match self {
            Self::Workspace(domain, workspace) => domain.permit(*workspace, host, port).await,
            Self::Fixed { grants, .. } => Ok(grants.permit(host, port).await),
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        match self {
            Self::Workspace(domain, _) => drop(domain.accompany(work)),
            Self::Fixed { tasks, .. } => drop(tasks.spawn(work)),
        }
    }

    fn stopping(&self) -> &CancellationToken {
        match self {
            Self::Workspace(domain, _) => domain.stopping(),
            Self::Fixed { over, .. } => over,
        }
    }
}

/// Serves one cell.
async fn serve(gate: Gate, listener: TcpListener, over: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let line = Line {
                        gate: gate.clone(),
                        over: over.clone(),
                        _place: Arc::new(place),
                    };
                    gate.spawn(line.serve(stream));
                }
                Err(error) => {
                    tracing::warn!(%gate, %error, "could not accept a cell's connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        () = over.cancelled() => {}
        () = gate.stopping().cancelled() => {}
    }
}

/// A connection from a program in a cell.
#[derive(Clone, Debug)]
struct Line {
    gate: Gate,
    over: CancellationToken,
    /// Its place among the connections of the cell, kept by its tunnels too.
    _place: Arc<OwnedSemaphorePermit>,
}

impl Line {
    async fn serve(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| self.clone().answer(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_header_size(HEAD_BYTES)
            .max_buf_size(2 * HEAD_BYTES)
            .preserve_header_case(true)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::select! {
            ended = connection => {
                if let Err(error) = ended {
                    tracing::debug!(gate = %self.gate, %error, "a cell's connection broke off");
                }
            }
            () = self.over.cancelled() => {}
            () = self.gate.stopping().cancelled() => {}
        }
    }

    /// Waits until what was permitted is no longer.
    async fn ended(&self, permit: &Permit) {
        let expired = async {
            match permit.holds {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = permit.revoked.cancelled() => {}
            () = expired => {}
            () = self.over.cancelled() => {}
            () = self.gate.stopping().cancelled() => {}
        }
    }
}
