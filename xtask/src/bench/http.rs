//! Just enough HTTP/1.1 to talk to our own server: one connection for each
//! request, so that a request costs what a first one costs.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client of the server on one local port.
pub(super) struct Client {
    port: u16,
    cookie: Option<String>,
}

/// What the server answered.
pub(super) struct Answer {
    status: u16,
    head: String,
    /// The body as it was sent, compressed or not.
    pub(super) body: Vec<u8>,
}

impl Client {
    /// A client that nobody has signed in.
    pub(super) fn new(port: u16) -> Self {
        Self { port, cookie: None }
    }

    /// Exchanges the token of a sign-in link for a session and keeps it.
    ///
    /// # Errors
    /// The server refuses the token.
    pub(super) fn sign_in(&mut self, token: &str) -> Result<()> {
        let answer = self.send(
            "POST",
            "/api/session",
            "",
            &serde_json::json!({"token": token}),
        )?;
        let cookie = answer
            .header("set-cookie")
            .and_then(|cookie| cookie.split(';').next())
            .context("the server set no cookie")?;
        self.cookie = Some(cookie.to_owned());
        Ok(())
    }

    /// Reads a resource as JSON.
    ///
    /// # Errors
    /// The server can't be reached, or answers with a problem or no JSON.
    pub(super) fn get(&self, path: &str) -> Result<Value> {
        let answer = self.exchange("GET", path, "", b"")?;
        serde_json::from_slice(&answer.body).with_context(|| format!("GET {path}: no JSON"))
    }

    /// Reads a resource in the given content encoding.
    ///
    /// # Errors
    /// The server can't be reached or answers with a problem.
    pub(super) fn get_encoded(&self, path: &str, encoding: &str) -> Result<Answer> {
        self.exchange(
            "GET",
            path,
            &format!("Accept-Encoding: {encoding}\r\n"),
            b"",
        )
    }

    /// Sends JSON and reads JSON.
    ///
    /// # Errors
    /// The server can't be reached, or answers with a problem or no JSON.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.send("POST", path, "", body)?;
        serde_json::from_slice(&answer.body).with_context(|| format!("POST {path}: no JSON"))
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &Value) -> Result<Answer> {
        let headers = format!("{headers}Content-Type: application/json\r\n");
        self.exchange(method, path, &headers, body.to_string().as_bytes())
    }

    fn exchange(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Answer> {
        let port = self.port;
        let cookie = self.cookie.as_ref();
        let cookie = cookie.map_or(String::new(), |cookie| format!("Cookie: {cookie}\r\n"));
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n\
             Connection: close\r\nContent-Length: {length}\r\n{headers}{cookie}\r\n"
        );
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .context("could not connect to the server")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut bytes = Vec::new();
        stream
            .read_to_end(&mut bytes)
            .with_context(|| format!("{method} {path}: the answer broke off"))?;
        let answer = Answer::parse(&bytes).with_context(|| format!("{method} {path}"))?;
        ensure!(
            (200..300).contains(&answer.status),
            "{method} {path} answered {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(answer)
    }
}

impl Answer {
    /// The value of a header, by its lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .context("the answer has no end of headers")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .context("the answer has no status")?;
        let mut answer = Self {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = joined(&answer.body)?;
        }
        Ok(answer)
    }
}

/// The body without the chunk sizes that it was sent with.
fn joined(mut chunks: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = chunks
            .windows(2)
            .position(|window| window == b"\r\n")
            .context("a chunk has no size")?;
        let size = std::str::from_utf8(&chunks[..line])?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or(size).trim(), 16)
            .context("a chunk's size is no number")?;
        let start = line + 2;
        if size == 0 {
            return Ok(body);
        }
        let chunk = chunks
            .get(start..start + size)
            .context("a chunk broke off")?;
        body.extend_from_slice(chunk);
        chunks = chunks
            .get(start + size + 2..)
            .context("a chunk broke off")?;
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn plain_and_chunked_answers_are_read() {
        let plain =
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nSet-Cookie: a=b; Path=/\r\n\r\nhello";
        let answer = Answer::parse(plain).unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("set-cookie"), Some("a=b; Path=/"));
        assert_eq!(answer.body, b"hello");
        let chunked = b"HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n";
        let answer = Answer::parse(chunked).unwrap();
        assert_eq!(answer.status, 404);
        assert_eq!(answer.body, b"hello");
    }

    #[test]
    fn broken_answers_are_refused() {
        for broken in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"nonsense\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhel",
        ] {
            assert!(Answer::parse(broken).is_err());
        }
    }
}
