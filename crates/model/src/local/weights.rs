//! The file of weights: which one it is, where it lies, and whether it is it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// How much of a file is read at once.
const CHUNK: usize = 1 << 20;

/// Which file of weights is meant, to the byte. Nothing but the hash is
/// trusted, wherever the bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The model's name.
    pub model: String,
    /// The file's name.
    pub file: String,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// Its SHA-256, 64 hex digits in lower case.
    pub sha256: String,
    /// Where its publisher has it.
    pub url: String,
    /// The licence that its publisher gives it.
    pub license: String,
}

impl Pin {
    /// Returns the model that Atelier runs: Qwen2.5-Coder-1.5B-Instruct, four
    /// bits a weight.
    pub fn published() -> Self {
        Self {
            model: "qwen2.5-coder-1.5b-instruct".to_owned(),
            file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf".to_owned(),
            size_bytes: 1_117_320_768,
            sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046".to_owned(),
            url: "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf".to_owned(),
            license: "Apache-2.0".to_owned(),
        }
    }
}

/// The weights on this machine: a pin and the folder they lie in.
#[derive(Clone, Debug)]
pub struct Weights {
    pub(super) folder: PathBuf,
    pub(super) pin: Pin,
}

/// What is there of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// So many bytes; a download goes on behind them.
    Part(u64),
    /// All of them.
    Whole,
}

impl Weights {
    /// Names the weights in a folder, which need not exist.
    pub fn new(folder: impl Into<PathBuf>, pin: Pin) -> Self {
        Self {
            folder: folder.into(),
            pin,
        }
    }

    /// Returns which weights these are.
    pub const fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Returns where they lie when they are there.
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.pin.file)
    }

    /// Returns what is there, by its length alone.
    pub fn presence(&self) -> Presence {
        let length = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file);
        if length(&self.path()).is_some_and(|file| file.len() == self.pin.size_bytes) {
            return Presence::Whole;
        }
        match length(&self.part()).map(|file| file.len()) {
            Some(bytes) if bytes > 0 => Presence::Part(bytes.min(self.pin.size_bytes)),
            _ => Presence::Absent,
        }
    }

    /// Makes sure that the file is the one meant, before it is loaded. A file
    /// that was checked is not read again until it changes.
    ///
    /// # Errors
    /// [`Error::Weights`] when it is another, or can't be read.
    pub(crate) fn verify(&self, cancel: &CancellationToken) -> Result<()> {
        let path = self.path();
        let file = File::open(&path).map_err(|error| failed("could not open", &path, &error))?;
        let stamp = stamp(&file).map_err(|error| failed("could not look at", &path, &error))?;
        if fs::read_to_string(self.checked()).is_ok_and(|text| text == stamp) {
            return Ok(());
        }
        self.compare(file, &path, &mut |_| {}, cancel)?;
        self.remember(&stamp);
        Ok(())
    }

    /// Compares a file with the pin; `progress` learns how far it has read.
    pub(super) fn compare(
        &self,
        mut file: File,
        path: &Path,
        progress: &mut dyn FnMut(u64),
        cancel: &CancellationToken,
    ) -> Result<()> {
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        let mut length = 0;
        loop {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let read = file
                .read(&mut chunk)
                .map_err(|error| failed("could not read", path, &error))?;
            if read == 0 {
                break;
            }
            hash.update(&chunk[..read]);
            length += u64::try_from(read).unwrap_or(u64::MAX);
            progress(length);
        }
        let found = hex(&hash.finalize());
        if found == self.pin.sha256 && length == self.pin.size_bytes {
            return Ok(());
        }
        Err(Error::Weights {
            reason: format!(
                "`{}` is not {}: it has {length} bytes and SHA-256 {found}, and should have {} and {}",
                path.display(),
                self.pin.file,
                self.pin.size_bytes,
                self.pin.sha256
            ),
        })
    }

    /// Notes that the file in its place was checked.
    pub(super) fn remember(&self, stamp: &str) {
        // Without the note it is checked again, no more.
        if let Err(error) = fs::write(self.checked(), stamp) {
            tracing::warn!(%error, "could not note that the local model's weights were checked");
        }
    }

    /// Makes the folder.
    pub(super) fn make_folder(&self) -> Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| failed("could not make the folder", &self.folder, &error))
    }

    /// Where bytes lie until they are all there and checked.
    pub(super) fn part(&self) -> PathBuf {
        self.folder.join(format!("{}.part", self.pin.file))
    }

    fn checked(&self) -> PathBuf {
        self.folder.join(format!("{}.checked", self.pin.file))
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or('0');
    let pairs = bytes.iter().map(|byte| [byte >> 4, byte & 15]);
    pairs.flatten().map(digit).collect()
}

/// Tells a file from every later state of it.
pub(super) fn stamp(file: &File) -> io::Result<String> {
    let file = file.metadata()?;
    Ok(format!(
        "{} {} {} {}.{:09}",
        file.dev(),
        file.ino(),
        file.len(),
        file.mtime(),
        file.mtime_nsec()
    ))
}

pub(super) fn failed(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::Weights {
        reason: format!("{what} `{}`: {error}", path.display()),
    }
}

#[cfg(test)]
pub(super) fn pin_of(bytes: &[u8]) -> Pin {
    let hash = Sha256::digest(bytes);
    Pin {
        file: "small.gguf".to_owned(),
        size_bytes: bytes.len() as u64,
        sha256: hex(&hash),
        ..Pin::published()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_checked_when_it_is_new_and_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let weights = Weights::new(folder.path(), pin_of(b"weights"));
        let cancel = CancellationToken::new();
        assert_eq!(weights.presence(), Presence::Absent);
        assert!(weights.verify(&cancel).is_err(), "it is not there");
        fs::write(weights.part(), b"wei").unwrap();
        assert_eq!(weights.presence(), Presence::Part(3));
        fs::write(weights.path(), b"weights").unwrap();
        assert_eq!(weights.presence(), Presence::Whole);
        weights.verify(&cancel).unwrap();
        assert!(weights.checked().exists());
        weights.verify(&cancel).unwrap();
        fs::remove_file(weights.path()).unwrap();
        fs::write(weights.path(), b"wEights").unwrap();
        let error = weights.verify(&cancel).unwrap_err().to_string();
        assert!(error.contains("SHA-256"), "{error}");
    }
}
