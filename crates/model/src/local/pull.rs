//! Fetches the weights: from their publisher, from another address, or from a
//! file. What has arrived is kept, so that the next try goes on behind it; the
//! file gets its name only when its hash is right.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::weights::{Weights, failed, stamp};
use crate::error::{Error, Result};

/// How long a server may send nothing.
const SILENCE: Duration = Duration::from_mins(1);
/// How often a download goes on by itself after it broke off without a byte.
const TRIES: u32 = 3;
/// How long is waited before it does.
const PAUSE: Duration = Duration::from_secs(1);
/// How often progress of the comparison is told.
const TICK: Duration = Duration::from_millis(100);
/// How much of a file is copied at once.
const CHUNK: usize = 1 << 20;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes are there.
    Received(u64),
    /// So many bytes have been compared with the hash.
    Checked(u64),
}

/// Learns of progress; called often.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);

impl Weights {
    /// Downloads the weights, going on behind what an earlier try left.
    ///
    /// # Errors
    /// [`Error::Weights`] says what is wrong; what has arrived is kept, unless
    /// it turned out to be another file. [`Error::Cancelled`].
    pub(crate) async fn download(
        &self,
        client: &Client,
        url: &Url,
        progress: OnProgress<'_>,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let mut part = self.open_part()?;
        let mut fruitless = 0;
        loop {
            let before = part.length()?;
            if before >= self.pin.size_bytes {
                break;
            }
            progress(Progress::Received(before));
            let tried = self.receive(client, url, &mut part, progress, cancel).await;
            match tried {
                Ok(()) => {}
                Err(Broken::Off(error)) => {
                    let more = part.length()? > before;
                    fruitless = if more { 0 } else { fruitless + 1 };
                    if fruitless >= TRIES {
                        return Err(error);
                    }
                    let pause = tokio::time::sleep(PAUSE);
                    if cancel.run_until_cancelled(pause).await.is_none() {
                        return Err(Error::Cancelled);
                    }
                }
                Err(Broken::ForGood(error)) => return Err(error),
            }
        }
        self.conclude(part, progress, cancel).await
    }

    /// Takes the weights from a file, which stays where it is.
    ///
    /// # Errors
    /// [`Error::Weights`] when it is another file or can't be read;
    /// [`Error::Cancelled`].
    pub(crate) fn copy(
        &self,
        from: &Path,
        progress: OnProgress<'_>,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let mut part = self.open_part()?;
        let mut source =
            File::open(from).map_err(|error| failed("could not open", from, &error))?;
        let length = source.metadata().map_or(0, |file| file.len());
        if length != self.pin.size_bytes {
            return Err(Error::Weights {
                reason: format!(
                    "`{}` has {length} bytes and {} has {}: it is another file",
                    from.display(),
                    self.pin.file,
                    self.pin.size_bytes
                ),
            });
        }
        part.cut()?;
        let mut chunk = vec![0; CHUNK];
        loop {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let read = source.read(&mut chunk);
            let read = read.map_err(|error| failed("could not read", from, &error))?;
            if read == 0 {
                break;
            }
            part.write(&chunk[..read])?;
            progress(Progress::Received(part.length()?));
        }
        let mut note = |bytes| progress(Progress::Checked(bytes));
        self.settle(&part, &mut note, cancel)
    }

    /// One request, to the end of its answer.
    async fn receive(
        &self,
        client: &Client,
        url: &Url,
        part: &mut Part,
        progress: OnProgress<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), Broken> {
        let from = part.length()?;
        let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let mut response = waited(request.send(), cancel).await?;
        begin(&response, from, url, part)?;
        loop {
            let Some(chunk) = waited(response.chunk(), cancel).await? else {
                return Ok(());
            };
            if part.length()? + u64::try_from(chunk.len()).unwrap_or(u64::MAX) > self.pin.size_bytes
            {
                part.cut()?;
                return Err(Broken::ForGood(Error::Weights {
                    reason: format!("{} sends more than {} has", host(url), self.pin.file),
                }));
            }
            part.write(&chunk)?;
            progress(Progress::Received(part.length()?));
        }
    }

    /// Compares what is there with the hash, which takes a second or two, and
    /// gives it its name.
    async fn conclude(
        &self,
        part: Part,
        progress: OnProgress<'_>,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let checked = Arc::new(AtomicU64::new(0));
        let (weights, noted, stop) = (self.clone(), Arc::clone(&checked), cancel.clone());
        let mut checking = tokio::task::spawn_blocking(move || {
            let mut note = |bytes| noted.store(bytes, Ordering::Relaxed);
            weights.settle(&part, &mut note, &stop)
        });
        loop {
            match timeout(TICK, &mut checking).await {
                Err(_) => progress(Progress::Checked(checked.load(Ordering::Relaxed))),
                Ok(Ok(settled)) => {
                    if settled.is_ok() {
                        progress(Progress::Checked(self.pin.size_bytes));
                    }
                    return settled;
                }
                Ok(Err(_)) => {
                    return Err(Error::Weights {
                        reason: "they could not be checked".to_owned(),
                    });
                }
            }
        }
    }

    /// Compares and names; blocks.
    fn settle(
        &self,
        part: &Part,
        progress: &mut dyn FnMut(u64),
        cancel: &CancellationToken,
    ) -> Result<()> {
        let path = self.part();
        let wrong = |error: io::Error| failed("could not write", &path, &error);
        part.file.sync_all().map_err(wrong)?;
        let mut file = part.file.try_clone().map_err(wrong)?;
        file.seek(SeekFrom::Start(0)).map_err(wrong)?;
        let same = self.compare(file, &path, progress, cancel);
        if let Err(error @ Error::Weights { .. }) = same {
            // Whatever it is, more of it is of no use.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        same?;
        fs::rename(&path, self.path()).map_err(wrong)?;
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(wrong)?;
        self.remember(&stamp(&part.file).map_err(wrong)?);
        Ok(())
    }

    /// Opens what has arrived so far, for us alone.
    fn open_part(&self) -> Result<Part> {
        self.make_folder()?;
        let path = self.part();
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed("could not open", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Weights {
                    reason: "another process fetches them already".to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(failed("could not lock", &path, &error));
            }
        }
        let mut part = Part { file, path };
        if part.length()? > self.pin.size_bytes {
            part.cut()?;
        }
        Ok(part)
    }
}

/// What has arrived so far.
struct Part {
    file: File,
    path: std::path::PathBuf,
}

impl Part {
    fn length(&self) -> Result<u64> {
        let file = self.file.metadata();
        let file = file.map_err(|error| failed("could not look at", &self.path, &error))?;
        Ok(file.len())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| failed("could not write", &self.path, &error))
    }

    /// Begins again.
    fn cut(&mut self) -> Result<()> {
        let cut = self.file.set_len(0);
        cut.map_err(|error| failed("could not write", &self.path, &error))
    }
}

/// Why a request ended early.
enum Broken {
    /// Another try may go on.
    Off(Error),
    /// No other try would do better.
    ForGood(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::ForGood(error)
    }
}

/// Reads the head of an answer and makes the file fit what follows.
fn begin(response: &Response, from: u64, url: &Url, part: &mut Part) -> Result<(), Broken> {
    let status = response.status();
    let wrong = |reason: String| Err(Broken::ForGood(Error::Weights { reason }));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = response.headers().get(CONTENT_RANGE);
        let range = range
            .and_then(|range| range.to_str().ok())
            .unwrap_or_default();
        if range.starts_with(&format!("bytes {from}-")) {
            return Ok(());
        }
        part.cut()?;
        return Err(Broken::Off(Error::Weights {
            reason: format!("{} sends another part than was asked for", host(url)),
        }));
    }
    if status == StatusCode::OK {
        // It doesn't know ranges, or the beginning was asked for.
        return Ok(part.cut()?);
    }
    let reason = format!("{} answers with HTTP {}", host(url), status.as_u16());
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Broken::Off(Error::Weights { reason }));
    }
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        part.cut()?;
    }
    wrong(reason)
}

async fn waited<T>(
    work: impl Future<Output = reqwest::Result<T>>,
    cancel: &CancellationToken,
) -> Result<T, Broken> {
    let off = |reason: String| Broken::Off(Error::Weights { reason });
    match cancel.run_until_cancelled(timeout(SILENCE, work)).await {
        None => Err(Broken::ForGood(Error::Cancelled)),
        Some(Err(_)) => Err(off(format!(
            "nothing came for {} seconds",
            SILENCE.as_secs()
        ))),
        Some(Ok(Err(error))) => Err(off(told(error))),
        Some(Ok(Ok(value))) => Ok(value),
    }
}

/// Writes an error with its causes: what is really wrong comes last.
fn told(error: reqwest::Error) -> String {
    let address = error.url().map(host).unwrap_or_default();
    let error = error.without_url();
    let mut text = format!("{address}: {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or("the address").to_owned()
}

#[cfg(test)]
mod tests;
