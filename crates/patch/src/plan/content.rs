//! A file while a patch is planned: as it was read, and as it is now.

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

/// A file as it was read.
pub(super) struct Original {
    pub(super) bytes: Vec<u8>,
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
    Bytes(Vec<u8>),
}

impl Content {
    pub(super) fn into_after(self) -> After {
        let (document, bytes) = match self.body {
            Body::Untouched => (None, None),
            Body::Document(document) => (Some(document), None),
            Body::Bytes(bytes) => (None, Some(bytes)),
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
    pub(super) const fn empty() -> Self {
        Self {
            origin: None,
            copied: false,
            executable: false,
            states_mode: false,
            encoding: Encoding::Utf8,
            body: Body::Bytes(Vec::new()),
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
pub(super) fn text_of(bytes: &[u8], encoding: Encoding) -> Result<String, PatchError> {
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
    let text = encoding::text_of(bytes, encoding)?;
    if text.contains('\0') {
        refuse()
    } else {
        Ok(text)
    }
}
