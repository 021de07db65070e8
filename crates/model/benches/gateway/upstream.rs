//! The model that all targets stand before: Chat Completions as a stream, one
//! word an event, with usage at the end.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How many words an answer has.
pub(crate) const WORDS: usize = 16;
/// What a question says that is answered at once.
pub(crate) const QUICK: &str = "say it at once";
/// What a question says whose answer waits after the first word.
pub(crate) const HELD: &str = "say one word and wait";

/// The model; it speaks as long as the program runs.
pub(crate) struct Upstream {
    port: u16,
    released: Arc<watch::Sender<u64>>,
}

impl Upstream {
    /// Begins to listen on a local port.
    pub(crate) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let released = Arc::new(watch::Sender::new(0));
        let sender = Arc::clone(&released);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream, sender.subscribe()));
            }
        });
        Self { port, released }
    }

    /// What `/chat/completions` is appended to.
    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// Lets all held answers go on to their end.
    pub(crate) fn release(&self) {
        self.released.send_modify(|times| *times += 1);
    }
}

async fn serve(mut stream: TcpStream, mut released: watch::Receiver<u64>) {
    let mut buffer = Vec::new();
    // The peer closes a connection that it doesn't need.
    while let Some(body) = request(&mut stream, &mut buffer).await {
        released.mark_unchanged();
        let held = body.windows(HELD.len()).any(|part| part == HELD.as_bytes());
        if answer(&mut stream, held.then_some(&mut released))
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Reads the next request; returns its body, or nothing when the peer is gone.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
                .unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                let rest = buffer.split_off(end + 4 + length);
                let whole = std::mem::replace(buffer, rest);
                return Some(whole[end + 4..].to_vec());
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

async fn answer(
    stream: &mut TcpStream,
    released: Option<&mut watch::Receiver<u64>>,
) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let first = [head.as_bytes(), &word(0)].concat();
    stream.write_all(&first).await?;
    if let Some(released) = released {
        // The sender lives as long as the program.
        let _ = released.changed().await;
    }
    for number in 1..WORDS {
        stream.write_all(&word(number)).await?;
    }
    let stop = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let usage = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench","choices":[],"usage":{"prompt_tokens":400,"completion_tokens":16,"total_tokens":416}}"#;
    let end = [
        event(stop),
        event(usage),
        event("[DONE]"),
        b"0\r\n\r\n".to_vec(),
    ]
    .concat();
    stream.write_all(&end).await
}

fn word(number: usize) -> Vec<u8> {
    event(&format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench","choices":[{{"index":0,"delta":{{"role":"assistant","content":"word{number} "}},"finish_reason":null}}]}}"#
    ))
}

/// One event as one chunk.
fn event(data: &str) -> Vec<u8> {
    let event = format!("data: {data}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()
}
