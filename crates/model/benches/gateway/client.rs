//! A client of a gateway: one connection, one stream after another.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::upstream::WORDS;

/// How large the conversation before the question is, in characters.
const CONVERSATION: usize = 1_600;

/// What is measured.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// Host and port.
    address: String,
    /// The path that `/chat/completions` is appended to.
    path: String,
    key: String,
    pub(crate) pid: Option<u32>,
}

/// A stream that came to its end.
pub(crate) struct Stream {
    /// From the request to the first word.
    pub(crate) first: Duration,
}

impl Target {
    /// Reads `NAME=URL=KEY=PID`.
    pub(crate) fn read(word: &str) -> Self {
        let parts: Vec<&str> = word.split('=').collect();
        let [name, url, key, pid] = parts[..] else {
            panic!("a target is NAME=URL=KEY=PID: {word}");
        };
        Self::new(name, url.to_owned(), key, pid)
    }

    pub(crate) fn new(name: &str, url: String, key: &str, pid: &str) -> Self {
        let rest = url.strip_prefix("http://").unwrap();
        let (address, path) = rest.split_once('/').unwrap();
        Self {
            name: name.to_owned(),
            address: address.to_owned(),
            path: format!("/{path}"),
            key: key.to_owned(),
            pid: pid.parse().ok(),
        }
    }

    /// The memory that its process holds in RAM, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid.unwrap())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn request(&self, question: &str) -> Vec<u8> {
        let earlier = "word ".repeat(CONVERSATION / 5);
        let body = json!({
            "model": "bench",
            "messages": [
                {"role": "system", "content": "You answer."},
                {"role": "user", "content": format!("{earlier}{question}")},
            ],
            "max_tokens": 64,
            "stream": true,
            "stream_options": {"include_usage": true},
        })
        .to_string();
        let (path, address, key, length) = (&self.path, &self.address, &self.key, body.len());
        format!(
            "POST {path}/chat/completions HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// One connection to a target.
pub(crate) struct Connection {
    target: Target,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn to(target: &Target) -> Self {
        let stream = TcpStream::connect(&target.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            target: target.clone(),
            stream,
            buffer: Vec::new(),
        }
    }

    /// Asks a question and reads its whole answer.
    pub(crate) async fn stream(&mut self, question: &str) -> Stream {
        let first = self.open(question).await;
        self.finish().await;
        Stream { first }
    }

    /// Asks a question and reads up to the first word; says how long that
    /// took.
    pub(crate) async fn open(&mut self, question: &str) -> Duration {
        let request = self.target.request(question);
        self.buffer.clear();
        let started = Instant::now();
        self.stream.write_all(&request).await.unwrap();
        self.read_until(b"word0").await;
        let took = started.elapsed();
        let answered = String::from_utf8_lossy(&self.buffer).into_owned();
        let name = &self.target.name;
        assert!(answered.starts_with("HTTP/1.1 200"), "{name}: {answered}");
        took
    }

    /// Reads the rest of an answer and makes sure that it is whole.
    pub(crate) async fn finish(&mut self) {
        self.read_until(b"\r\n0\r\n\r\n").await;
        let answered = String::from_utf8_lossy(&self.buffer);
        let last = format!("word{} ", WORDS - 1);
        let whole = answered.contains(&last) && answered.contains("[DONE]");
        assert!(whole, "{}: {answered}", self.target.name);
    }

    async fn read_until(&mut self, wanted: &[u8]) {
        let mut looked = 0_usize;
        loop {
            let from = looked.saturating_sub(wanted.len());
            if self.buffer[from..]
                .windows(wanted.len())
                .any(|part| part == wanted)
            {
                return;
            }
            looked = self.buffer.len();
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            let name = &self.target.name;
            assert!(
                read > 0,
                "{name} ended the connection: {}",
                String::from_utf8_lossy(&self.buffer)
            );
        }
    }
}
