//! The journal: what remains to be done after the commit point.
//!
//! A file of four parts: a line that names the format, the lengths of the
//! next two parts (little-endian `u64` each), the steps as JSON, the caller's
//! rows, and the BLAKE3 hash of all before it. A journal is only ever renamed
//! into place after a sync, so one that does not add up was damaged later.

use atelier_base::{ContentHash, TransactionId, WorkspacePath};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::JOURNAL_BYTES;
use crate::error::{FileError, FileResult};

const MAGIC: &[u8] = b"atelier journal 1\n";
const HASH: usize = 32;

/// How far a journalled transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Committed; its steps may be partly done.
    Pending,
    /// All its steps are done and durable.
    Applied,
}

/// A journal's content.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) id: TransactionId,
    /// How many files are staged: `ID.0` up to it.
    pub(super) staged: u32,
    /// What to do to the tree, in this order.
    pub(super) rolls: Vec<Roll>,
    /// What the caller's database must say.
    pub(super) rows: Vec<u8>,
}

/// One change of the tree. Doing it again does nothing.
///
/// "Again" holds because each step that consumes a staged name looks whether
/// that name is still there, and staged names are consumed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Roll {
    /// Removes a name whose file is also staged as `kept`, unless it has
    /// meanwhile become another file: that one nobody asked to remove.
    Unlink {
        #[serde(with = "path_text")]
        path: WorkspacePath,
        kept: u32,
        seen: Seen,
        /// Whether the file goes on living under another name.
        moved: bool,
    },
    /// Moves a folder, with all that is in it, out of the tree.
    Retire {
        #[serde(with = "path_text")]
        path: WorkspacePath,
        staged: u32,
        inode: u64,
    },
    /// Removes an empty folder; leaves one that a process has since filled.
    RemoveEmpty {
        #[serde(with = "path_text")]
        path: WorkspacePath,
    },
    /// Makes a folder, if it is not there.
    MakeFolder {
        #[serde(with = "path_text")]
        path: WorkspacePath,
    },
    /// Renames the folder that has this inode.
    RenameFolder {
        #[serde(with = "path_text")]
        from: WorkspacePath,
        #[serde(with = "path_text")]
        to: WorkspacePath,
        inode: u64,
    },
    /// Renames a staged file to its path, over whatever file is there.
    Place {
        #[serde(with = "path_text")]
        path: WorkspacePath,
        staged: u32,
    },
    /// Makes the names in these folders durable.
    Sync { folders: Vec<Folder> },
}

/// A folder of the workspace; `None` is the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Folder(#[serde(with = "optional_path_text")] pub(super) Option<WorkspacePath>);

/// What tells a file from another that took its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    pub(super) size: u64,
    pub(super) modified_ns: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    id: String,
    staged: u32,
    rolls: Vec<Roll>,
}

impl Stage {
    /// Names the journal file.
    pub(super) fn name(self, id: TransactionId) -> String {
        match self {
            Self::Pending => format!("{id}.pending"),
            Self::Applied => format!("{id}.applied"),
        }
    }

    pub(super) fn of_suffix(suffix: &str) -> Option<Self> {
        match suffix {
            "pending" => Some(Self::Pending),
            "applied" => Some(Self::Applied),
            _ => None,
        }
    }
}

impl Journal {
    /// Writes the journal as bytes.
    pub(super) fn encode(&self) -> FileResult<Vec<u8>> {
        let head = Head {
            id: self.id.to_string(),
            staged: self.staged,
            rolls: self.rolls.clone(),
        };
        let head = serde_json::to_vec(&head)
            .map_err(|e| damaged(&Stage::Pending.name(self.id), e.to_string()))?;
        let mut bytes = MAGIC.to_vec();
        for part in [&head, &self.rows] {
            bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        }
        bytes.extend(head);
        bytes.extend(&self.rows);
        let hash = ContentHash::of(&bytes);
        bytes.extend(hash.as_bytes());
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > JOURNAL_BYTES {
            return Err(FileError::TooLarge {
                what: "the change's journal".to_owned(),
                max: JOURNAL_BYTES,
            });
        }
        Ok(bytes)
    }

    /// Reads a journal; `name` is for errors.
    pub(super) fn decode(name: &str, id: TransactionId, bytes: &[u8]) -> FileResult<Self> {
        let (head, rows) = split(bytes).ok_or_else(|| damaged(name, "it is cut off or altered"))?;
        let head: Head = serde_json::from_slice(head).map_err(|e| damaged(name, e.to_string()))?;
        if head.id != id.to_string() {
            return Err(damaged(name, "it names another transaction"));
        }
        Ok(Self {
            id,
            staged: head.staged,
            rolls: head.rolls,
            rows: rows.to_vec(),
        })
    }
}

/// Checks the frame and returns the two parts in it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
    if ContentHash::of(body).as_bytes() != hash {
        return None;
    }
    let rest = body.strip_prefix(MAGIC)?;
    let (head_len, rest) = length(rest)?;
    let (rows_len, rest) = length(rest)?;
    let (head, rows) = rest.split_at_checked(head_len)?;
    (rows.len() == rows_len).then_some((head, rows))
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    Some((usize::try_from(u64::from_le_bytes(*length)).ok()?, rest))
}

fn damaged(name: &str, why: impl Into<String>) -> FileError {
    FileError::Journal {
        name: name.to_owned(),
        why: why.into(),
    }
}

/// Workspace paths as text; reading one checks it again.
mod path_text {
    use super::{Deserialize, Deserializer, Serializer, WorkspacePath};

    pub(super) fn serialize<S: Serializer>(path: &WorkspacePath, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(path.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<WorkspacePath, D::Error> {
        let text = String::deserialize(from)?;
        WorkspacePath::new(&text).map_err(serde::de::Error::custom)
    }
}

/// The same for a path or the root, which is written as `null`.
mod optional_path_text {
    use super::{Deserialize, Deserializer, Serialize, Serializer, WorkspacePath};

    #[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
    pub(super) fn serialize<S: Serializer>(
        path: &Option<WorkspacePath>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        path.as_ref().map(WorkspacePath::as_str).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<WorkspacePath>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| WorkspacePath::new(&text))
            .transpose()
            .map_err(serde::de::Error::custom)
    }
}
