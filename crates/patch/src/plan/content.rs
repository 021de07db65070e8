//! A file while a patch is planned: as it was read, and as it is now.

use std::sync::Arc;

use atelier_base::{WorkspacePath, limit};

use super::finish::After;
use crate::apply::Document;
use crate::encoding::{self, Encoding};
use crate::error::{ErrorCode, PatchError};
use crate::line::is_binary;

/// One path: the file in the source and the file now.
pub(super) struct Slot {
    pub(super) before: Option<Original>,
    pub(super) now: Option<Content>,
}

/// A content that costs nothing to have twice.
#[derive(Clone)]
pub(super) enum Bytes {
    /// Bytes that are known to be UTF-8.
    Utf8(Arc<String>),
    Other(Arc<Vec<u8>>),
}

/// A file as it was read.
pub(super) struct Original {
    pub(super) bytes: Bytes,
    pub(super) executable: bool,
    pub(super) encoding: Encoding,
}

/// A file now.
pub(super) struct Content {
    /// The path whose original it was made of, by edits and moves.
    pub(super) origin: Option<WorkspacePath>,
    /// Whether its origin stays, for it is a copy.
    pub(super) copied: bool,
    pub(super) executable: bool,
    /// Whether the patch says if it may be executed.
    pub(super) states_mode: bool,
    pub(super) encoding: Encoding,
    pub(super) body: Body,
}

pub(super) enum Body {
    /// The bytes of its origin.
    Untouched,
    Document(Box<Document>),
    /// Bytes that aren't text.
    Bytes(Bytes),
}

impl Bytes {
    /// Looks whether a file's bytes are UTF-8.
    pub(super) fn of_file(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Utf8(Arc::new(text)),
            Err(error) => Self::from(error.into_bytes()),
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Utf8(text) => text.as_bytes(),
            Self::Other(bytes) => bytes,
        }
    }

    /// Returns the bytes, which are copied if anybody else has them too.
    pub(super) fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Utf8(text) => Arc::unwrap_or_clone(text).into_bytes(),
            Self::Other(bytes) => Arc::unwrap_or_clone(bytes),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Other(Arc::new(bytes))
    }
}

impl Content {
    pub(super) fn into_after(self) -> After {
        let (document, bytes) = match self.body {
            Body::Untouched => (None, None),
            Body::Document(document) => (Some(document), None),
            Body::Bytes(bytes) => (None, Some(bytes.into_vec())),
        };
        After {
            origin: self.origin,
            copied: self.copied,
            executable: self.executable,
            states_mode: self.states_mode,
            encoding: self.encoding,
            document,
            bytes,
        }
    }

    /// Makes the content of a file that isn't anything yet.
    pub(super) fn empty() -> Self {
        Self {
            origin: None,
            copied: false,
            executable: false,
            states_mode: false,
            encoding: Encoding::Utf8,
            body: Body::Bytes(Vec::new().into()),
        }
    }

    pub(super) fn untouched(path: &WorkspacePath, original: &Original) -> Self {
        Self {
            origin: Some(path.clone()),
            copied: false,
            executable: original.executable,
            states_mode: false,
            encoding: original.encoding,
            body: Body::Untouched,
        }
    }

    pub(super) fn made(document: Document, encoding: Encoding) -> Self {
        Self {
            encoding,
            body: Body::Document(Box::new(document)),
            ..Self::empty()
        }
    }
}

/// Returns a file's bytes as text that a hunk can be applied to.
pub(super) fn text_of(content: &Bytes, encoding: Encoding) -> Result<Arc<String>, PatchError> {
    let bytes = content.as_slice();
    if bytes.len() as u64 > limit::TEXT_FILE_BYTES {
        let detail = format!("the file has {} bytes; text has at most 8 MiB", bytes.len());
        return Err(PatchError::new(ErrorCode::TooLarge, detail));
    }
    let refuse = || {
        let detail = "the file has NUL bytes, so it isn't text";
        Err(PatchError::new(ErrorCode::Binary, detail))
    };
    if Encoding::of(bytes) == Encoding::Utf8 && is_binary(bytes) {
        return refuse();
    }
    if let (Encoding::Utf8, Bytes::Utf8(text)) = (encoding, content) {
        return Ok(Arc::clone(text));
    }
    let text = encoding::text_of(bytes, encoding)?;
    if text.contains('\0') {
        refuse()
    } else {
        Ok(Arc::new(text))
    }
}
