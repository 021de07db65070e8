//! The HTTP server of the fake model.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{Secret, limit};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::captured::Captured;
use super::play::{self, Action, Kind, Reply};
use super::refusal;
use super::script::{ErrorStep, Script, Turn};
use crate::wire::Wire;

/// The most requests remembered; older ones are forgotten.
const REMEMBERED: usize = 1_000;
/// The pause after a failed `accept`, so that a lack of file descriptors
/// doesn't become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A running fake model. Dropping it stops the server and its streams.
#[derive(Debug)]
pub struct FakeModel {
    addr: SocketAddr,
    state: Arc<State>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Debug)]
struct State {
    key: Option<Secret<String>>,
    models: Vec<String>,
    documents: BTreeMap<String, Value>,
    log: Mutex<Log>,
    counts: watch::Sender<Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    connections: usize,
    requests: usize,
    /// Streams that the client left before their end.
    abandoned: usize,
}

#[derive(Debug, Default)]
struct Log {
    turns: Vec<Turn>,
    requests: Vec<Captured>,
    unexpected: Vec<String>,
    completions: usize,
}

impl FakeModel {
    /// Starts a server; port 0 chooses a free one.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub async fn start(addr: SocketAddr, script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let fake = Self {
            addr: listener.local_addr()?,
            state: Arc::new(State::new(script)),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let (state, stop) = (Arc::clone(&fake.state), fake.stop.clone());
        let tasks = fake.tasks.clone();
        fake.tasks.spawn(accept(listener, state, stop, tasks));
        Ok(fake)
    }

    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    /// When there is none.
    pub async fn local(script: Script) -> io::Result<Self> {
        Self::start(SocketAddr::from(([127, 0, 0, 1], 0)), script).await
    }

    /// Returns the base URL, such as `http://127.0.0.1:4000/v1`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// Adds a turn at the end of the script.
    pub fn push(&self, turn: Turn) {
        self.state.log.lock().turns.push(turn);
    }

    /// Returns the requests so far, at most the last thousand, oldest first;
    /// those for the list of models too.
    pub fn requests(&self) -> Vec<Captured> {
        self.state.log.lock().requests.clone()
    }

    /// Returns the last user text of each request that no turn fitted.
    pub fn unexpected(&self) -> Vec<String> {
        self.state.log.lock().unexpected.clone()
    }

    /// Returns how many connections have been made.
    pub fn connections(&self) -> usize {
        self.state.counts.borrow().connections
    }

    /// Waits until so many requests have arrived.
    pub async fn wait_requests(&self, count: usize) {
        self.wait_for(|counts| counts.requests >= count).await;
    }

    /// Waits until clients have left so many streams before their end.
    pub async fn wait_abandoned(&self, count: usize) {
        self.wait_for(|counts| counts.abandoned >= count).await;
    }

    async fn wait_for(&self, enough: impl Fn(&Counts) -> bool) {
        let mut counts = self.state.counts.subscribe();
        // The sender lives in `self.state`: this can't fail.
        let _ = counts.wait_for(enough).await;
    }

    /// Checks that every turn was used (those with `repeat` may be left), that
    /// nothing unexpected was asked and that each request kept the protocol.
    ///
    /// # Panics
    /// When not.
    #[track_caller]
    pub fn assert_finished(&self) {
        let log = self.state.log.lock();
        let left: Vec<_> = log.turns.iter().filter(|turn| !turn.repeat).collect();
        let faults = log.requests.iter().flat_map(Captured::protocol_faults);
        let faults: Vec<String> = faults.collect();
        assert!(
            log.unexpected.is_empty(),
            "unexpected: {:?}",
            log.unexpected
        );
        assert!(faults.is_empty(), "protocol faults: {faults:?}");
        assert!(left.is_empty(), "turns not used: {left:?}");
    }

    /// Waits until [`FakeModel::shutdown`] or the end of the process.
    pub async fn wait(&self) {
        self.stop.cancelled().await;
    }

    /// Stops the server, cuts its streams and waits for its tasks.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl State {
    fn new(script: Script) -> Self {
        let default = || vec!["fake-model".to_owned()];
        let log = Log {
            turns: script.turns,
            ..Log::default()
        };
        Self {
            key: script.key.map(Secret::new),
            models: script.models.unwrap_or_else(default),
            documents: script.documents,
            log: Mutex::new(log),
            counts: watch::Sender::default(),
        }
    }

    fn answer(&self, method: &Method, captured: Captured) -> Reply {
        let wire = captured.wire().unwrap_or_default();
        let is_completion = captured.wire().is_some() && method == Method::POST;
        let is_list =
            captured.path.ends_with("/models") && method == Method::GET && !self.models.is_empty();
        let authorized = self.key.is_none() || captured.bearer == self.key;
        if !authorized {
            self.log.lock().remember(captured);
            return refused(
                wire,
                401,
                "Incorrect API key provided.",
                Some("invalid_api_key"),
            );
        }
        if is_completion {
            return self.log.lock().complete(captured);
        }
        let document = self.documents.get(&captured.path).map(whole);
        self.log.lock().remember(captured);
        if let Some(document) = document {
            return document;
        }
        if is_list {
            return self.list();
        }
        refused(wire, 404, "There is nothing here.", None)
    }

    fn list(&self) -> Reply {
        let model = |id: &String| json!({"id": id, "object": "model", "owned_by": "fake"});
        let data: Vec<_> = self.models.iter().map(model).collect();
        whole(&json!({"object": "list", "data": data}))
    }
}

impl Log {
    fn complete(&mut self, captured: Captured) -> Reply {
        let asked = captured.last_user_text();
        let fits = |turn: &Turn| match &turn.matching {
            Some(part) => asked.contains(part.as_str()),
            None => true,
        };
        let number = self.completions;
        self.completions += 1;
        if let Some(error) = refusal::refusal(&captured) {
            let wire = captured.wire().unwrap_or_default();
            self.remember(captured);
            return Reply {
                wait: Duration::ZERO,
                kind: play::refuse(wire, &error),
            };
        }
        let reply = match self.turns.iter().position(fits) {
            Some(at) if self.turns[at].repeat => play::play(&self.turns[at], &captured, number),
            Some(at) => play::play(&self.turns.remove(at), &captured, number),
            None => {
                let message = format!("The script has no turn for: {asked}");
                self.unexpected.push(asked);
                refused(
                    captured.wire().unwrap_or_default(),
                    400,
                    &message,
                    Some("unscripted"),
                )
            }
        };
        self.remember(captured);
        reply
    }

    fn remember(&mut self, captured: Captured) {
        if self.requests.len() == REMEMBERED {
            self.requests.remove(0);
        }
        self.requests.push(captured);
    }
}

fn whole(document: &Value) -> Reply {
    Reply {
        wait: Duration::ZERO,
        kind: Kind::Whole {
            status: StatusCode::OK,
            retry_after: None,
            body: document.to_string().into(),
        },
    }
}

fn refused(wire: Wire, status: u16, message: &str, code: Option<&str>) -> Reply {
    let error = ErrorStep {
        status,
        message: message.to_owned(),
        code: code.map(str::to_owned),
        ..ErrorStep::default()
    };
    Reply {
        wait: Duration::ZERO,
        kind: play::refuse(wire, &error),
    }
}

async fn accept(
    listener: TcpListener,
    state: Arc<State>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => {
                state.counts.send_modify(|counts| counts.connections += 1);
                tasks.spawn(serve(socket, Arc::clone(&state), stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "the fake model could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(socket: TcpStream, state: Arc<State>, stop: CancellationToken) {
    // Each event is to arrive on its own.
    let _ = socket.set_nodelay(true);
    let service = service_fn(move |request| respond(Arc::clone(&state), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    tokio::select! {
        () = stop.cancelled() => {}
        // A client that goes away, or a cut by script, is no news.
        _ = connection => {}
    }
}

async fn respond(state: Arc<State>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, limit::JSON_BODY_BYTES).collect().await;
    let body = body.map_err(io::Error::other)?.to_bytes();
    let captured = Captured::new(head.uri.path(), &head.headers, body);
    let reply = state.answer(&head.method, captured);
    state.counts.send_modify(|counts| counts.requests += 1);
    let watcher = Watcher {
        state,
        finished: false,
    };
    tokio::time::sleep(reply.wait).await;
    match reply.kind {
        Kind::Drop => {
            watcher.finish();
            Err(io::Error::other("the script cuts here"))
        }
        Kind::Whole {
            status,
            retry_after,
            body,
        } => {
            watcher.finish();
            let mut response = Response::builder()
                .status(status)
                .header(CONTENT_TYPE, "application/json");
            if let Some(seconds) = retry_after {
                response = response.header(RETRY_AFTER, seconds);
            }
            let body = Full::new(body).map_err(|never: Infallible| match never {});
            response.body(body.boxed_unsync()).map_err(io::Error::other)
        }
        Kind::Stream(actions) => Response::builder()
            .header(CONTENT_TYPE, "text/event-stream")
            .header("cache-control", "no-cache")
            .body(stream_body(actions, watcher))
            .map_err(io::Error::other),
    }
}

fn stream_body(actions: Vec<Action>, watcher: Watcher) -> Body {
    let start = (actions.into_iter(), Some(watcher));
    let frames = stream::unfold(start, |(mut actions, mut watcher)| async move {
        loop {
            let action = actions.next()?;
            // Once the last piece is handed over, leaving is no abandoning.
            if actions.as_slice().is_empty()
                && let Some(watcher) = watcher.take()
            {
                watcher.finish();
            }
            let frame = match action {
                Action::Wait(pause) => {
                    tokio::time::sleep(pause).await;
                    continue;
                }
                Action::Send(bytes) => Ok(Frame::data(bytes)),
                Action::Abort => {
                    // The server writes out what it has only while it waits.
                    tokio::task::yield_now().await;
                    Err(io::Error::other("the script cuts here"))
                }
            };
            return Some((frame, (actions, watcher)));
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Notices a stream that is dropped before its end: the client has left.
struct Watcher {
    state: Arc<State>,
    finished: bool,
}

impl Watcher {
    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if !self.finished {
            self.state
                .counts
                .send_modify(|counts| counts.abandoned += 1);
        }
    }
}
