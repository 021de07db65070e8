//! A git server for tests: `git http-backend` behind a few lines of HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio_util::sync::CancellationToken;

/// Serves the bare repositories in a folder, and misbehaves under
/// `/private`, `/moved`, `/broken` and `/slow`.
pub(crate) struct Server {
    port: u16,
    requests: Arc<AtomicUsize>,
    hang_ups: Mutex<Receiver<()>>,
}

struct Service {
    folder: PathBuf,
    requests: Arc<AtomicUsize>,
    /// Cancelled when `/slow` is asked for.
    cancel: CancellationToken,
    hung_up: Mutex<Sender<()>>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Server {
    pub(crate) fn start(folder: &Path, cancel: CancellationToken) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let (hung_up, hang_ups) = channel();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::clone(&requests),
            hang_ups: Mutex::new(hang_ups),
        };
        let service = Arc::new(Service {
            folder: folder.to_owned(),
            requests,
            cancel,
            hung_up: Mutex::new(hung_up),
        });
        // Both kinds of thread end with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let service = Arc::clone(&service);
                thread::spawn(move || service.answer(stream.unwrap()));
            }
        });
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Waits until a client of `/slow` is gone.
    pub(crate) fn wait_for_hang_up(&self) {
        self.hang_ups.lock().unwrap().recv().unwrap();
    }
}

impl Service {
    fn answer(&self, mut stream: TcpStream) {
        let Some(request) = Request::read(&stream) else {
            return;
        };
        self.requests.fetch_add(1, Ordering::SeqCst);
        let place = request.path.split('/').nth(1).unwrap_or_default();
        let answer = match place {
            "private" => {
                b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
                    .to_vec()
            }
            "moved" => format!(
                "HTTP/1.1 301 Moved\r\nLocation: {}?{}\r\nContent-Length: 0\r\n\r\n",
                request.path.replace("/moved", ""),
                request.query
            )
            .into_bytes(),
            "broken" => b"HTTP/1.1 502 Broken\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "slow" => {
                self.cancel.cancel();
                // Nothing more comes from the client but its end.
                let _ = stream.read(&mut [0; 16]);
                self.hung_up.lock().unwrap().send(()).unwrap();
                return;
            }
            _ => backend(&self.folder, &request),
        };
        // A client that was killed does not read its answer.
        let _ = stream.write_all(&answer);
    }
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut request = Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Vec::new(),
        };
        let length = request.header("content-length").parse().unwrap_or(0);
        reader.take(length).read_to_end(&mut request.body).ok()?;
        Some(request)
    }

    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Runs git's own CGI program and makes an HTTP answer of what it says.
#[expect(
    clippy::disallowed_methods,
    reason = "the server under test is git's own"
)]
fn backend(folder: &Path, request: &Request) -> Vec<u8> {
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_PROJECT_ROOT", folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", &request.path)
        .env("QUERY_STRING", &request.query)
        .env("CONTENT_TYPE", request.header("content-type"))
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.header("content-encoding"))
        .env("GIT_PROTOCOL", request.header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // It may answer with an error before it has read everything.
    let _ = input.write_all(&request.body);
    drop(input);
    let output = child.wait_with_output().unwrap().stdout;
    let end = output
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let (head, body) = output.split_at(end + 4);
    let head = String::from_utf8_lossy(head);
    let (status, rest) = match head.strip_prefix("Status: ") {
        Some(with_status) => with_status.split_once("\r\n").unwrap(),
        None => ("200 OK", &*head),
    };
    let mut answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{rest}").into_bytes();
    answer.extend(body);
    answer
}
