use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::*;
use crate::http;
use crate::local::weights::{Presence, pin_of};

/// How a server of one file behaves.
#[derive(Clone, Copy, Debug)]
struct Habits {
    /// Whether it knows ranges.
    ranges: bool,
    /// After how many bytes of a body it closes the connection.
    cut_after: usize,
    /// The status it answers with instead, if any.
    status: Option<u16>,
}

const GOOD: Habits = Habits {
    ranges: true,
    cut_after: usize::MAX,
    status: None,
};

/// A server of one file; it notes the ranges it was asked for.
struct Server {
    url: Url,
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: TaskTracker,
}

async fn serve(file: &'static [u8], habits: Habits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let tasks = TaskTracker::new();
    let notes = Arc::clone(&asked);
    tasks.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            answer(stream, file, habits, &notes).await;
        }
    });
    Server {
        url: url.parse().unwrap(),
        asked,
        _tasks: tasks,
    }
}

async fn answer(mut stream: TcpStream, file: &[u8], habits: Habits, notes: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let range = head.lines().find_map(|line| line.strip_prefix("range: "));
    notes.lock().push(range.unwrap_or("all").to_owned());
    let from = range
        .filter(|_| habits.ranges)
        .and_then(|range| {
            range
                .trim_start_matches("bytes=")
                .trim_end_matches('-')
                .parse()
                .ok()
        })
        .unwrap_or(0_usize);
    let status = match habits.status {
        Some(status) => format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n"),
        None if from > 0 => format!(
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {from}-{}/{}\r\ncontent-length: {}\r\n\r\n",
            file.len() - 1,
            file.len(),
            file.len() - from
        ),
        None => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", file.len()),
    };
    stream.write_all(status.as_bytes()).await.unwrap();
    if habits.status.is_none() {
        let end = file.len().min(from.saturating_add(habits.cut_after));
        stream.write_all(&file[from..end]).await.unwrap();
    }
    stream.shutdown().await.unwrap();
}

fn weights(bytes: &[u8]) -> (tempfile::TempDir, Weights) {
    let folder = tempfile::tempdir().unwrap();
    let weights = Weights::new(folder.path().join("models"), pin_of(bytes));
    (folder, weights)
}

async fn pull(weights: &Weights, url: &Url) -> Result<Vec<Progress>> {
    let seen = Mutex::new(Vec::new());
    let client = http::downloads("test").unwrap();
    let progress = |step| seen.lock().push(step);
    weights
        .download(&client, url, &progress, &CancellationToken::new())
        .await?;
    Ok(seen.into_inner())
}

const FILE: &[u8] = b"These are the weights, all of them.";

#[tokio::test]
async fn weights_are_downloaded_checked_and_named() {
    let (_folder, weights) = weights(FILE);
    let server = serve(FILE, GOOD).await;
    let seen = pull(&weights, &server.url).await.unwrap();
    assert_eq!(weights.presence(), Presence::Whole);
    assert_eq!(fs::read(weights.path()).unwrap(), FILE);
    assert_eq!(seen.last(), Some(&Progress::Checked(FILE.len() as u64)));
    assert!(!weights.part().exists());
    weights.verify(&CancellationToken::new()).unwrap();
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let (_folder, weights) = weights(FILE);
    let habits = Habits {
        cut_after: 20,
        ..GOOD
    };
    let server = serve(FILE, habits).await;
    pull(&weights, &server.url).await.unwrap();
    assert_eq!(fs::read(weights.path()).unwrap(), FILE);
    assert_eq!(*server.asked.lock(), ["all", "bytes=20-"]);
}

#[tokio::test]
async fn what_an_earlier_try_left_is_used() {
    let (_folder, weights) = weights(FILE);
    weights.make_folder().unwrap();
    fs::write(weights.part(), &FILE[..11]).unwrap();
    assert_eq!(weights.presence(), Presence::Part(11));
    let server = serve(FILE, GOOD).await;
    pull(&weights, &server.url).await.unwrap();
    assert_eq!(*server.asked.lock(), ["bytes=11-"]);

    // A server that knows no ranges sends all again.
    fs::rename(weights.path(), weights.part()).unwrap();
    fs::write(weights.part(), &FILE[..11]).unwrap();
    let habits = Habits {
        ranges: false,
        ..GOOD
    };
    let server = serve(FILE, habits).await;
    pull(&weights, &server.url).await.unwrap();
    assert_eq!(fs::read(weights.path()).unwrap(), FILE);
}

#[tokio::test]
async fn another_file_is_refused_and_removed() {
    let (_folder, weights) = weights(FILE);
    let other: &[u8] = b"These are the weights, all of thEm.";
    let server = serve(other, GOOD).await;
    let error = pull(&weights, &server.url).await.unwrap_err().to_string();
    assert!(error.contains("SHA-256"), "{error}");
    assert_eq!(weights.presence(), Presence::Absent);
    let longer = serve(b"These are the weights, all of them. And more.", GOOD).await;
    let error = pull(&weights, &longer.url).await.unwrap_err().to_string();
    assert!(error.contains("sends more"), "{error}");
}

#[tokio::test]
async fn a_refusal_says_what_the_server_said() {
    let (_folder, weights) = weights(FILE);
    let habits = Habits {
        status: Some(404),
        ..GOOD
    };
    let server = serve(FILE, habits).await;
    let error = pull(&weights, &server.url).await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1 answers with HTTP 404"), "{error}");
    assert_eq!(server.asked.lock().len(), 1, "it is not asked again");
}

#[tokio::test]
async fn two_do_not_fetch_at_once() {
    let (_folder, weights) = weights(FILE);
    let _first = weights.open_part().unwrap();
    let server = serve(FILE, GOOD).await;
    let error = pull(&weights, &server.url).await.unwrap_err().to_string();
    assert!(error.contains("another process"), "{error}");
}

#[test]
fn a_file_of_ones_own_will_do() {
    let (folder, weights) = weights(FILE);
    let cancel = CancellationToken::new();
    let own = folder.path().join("own.gguf");
    for wrong in [&b"short"[..], b"These are the weights, ALL of them."] {
        fs::write(&own, wrong).unwrap();
        assert!(weights.copy(&own, &|_| {}, &cancel).is_err());
        assert_eq!(weights.presence(), Presence::Absent);
    }
    fs::write(&own, FILE).unwrap();
    weights.copy(&own, &|_| {}, &cancel).unwrap();
    assert_eq!(weights.presence(), Presence::Whole);
    assert!(own.exists());
    cancel.cancel();
    assert!(matches!(
        weights.copy(&own, &|_| {}, &cancel),
        Err(Error::Cancelled)
    ));
}
