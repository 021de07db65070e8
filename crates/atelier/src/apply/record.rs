//! What was applied, kept so that it can be taken back.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use atelier_base::{TransactionId, WorkspacePath, limit};
use atelier_patch::{Change, Encoding, Plan, PlannedFile};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The largest record that is read, in bytes: every file of the largest patch
/// before and after, as base64, would still be more than memory should hold.
const RECORD_BYTES: u64 = 512 * 1024 * 1024;

/// A transaction that was applied.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Its id.
    pub(super) transaction: TransactionId,
    /// The folders that it made.
    pub(super) folders: BTreeSet<WorkspacePath>,
    /// What it did, with every file before and after.
    pub(super) plan: Plan,
}

/// A record as JSON. Its `version` changes when old readers could misread it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    version: u32,
    transaction: String,
    folders: Vec<String>,
    files: Vec<WrittenFile>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenFile {
    path: String,
    change: String,
    from: Option<String>,
    before: Option<Bytes>,
    after: Option<Bytes>,
    executable_before: bool,
    executable: bool,
    encoding: String,
}

/// Bytes as readable as they can be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Bytes {
    Text(String),
    Base64(String),
}

const VERSION: u32 = 1;

impl Record {
    /// Reads a record, or the output of `--json`, which has one in it.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("could not open `{shown}`"))?;
        let mut bytes = Vec::new();
        file.take(RECORD_BYTES + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("could not read `{shown}`"))?;
        ensure!(
            bytes.len() as u64 <= RECORD_BYTES,
            "`{shown}` is larger than 512 MiB"
        );
        Self::decode(&bytes).with_context(|| format!("`{shown}` is not a record of a transaction"))
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut value: Value = serde_json::from_slice(bytes)?;
        if let Some(within) = value.get_mut("record") {
            value = within.take();
        }
        let written: Written = serde_json::from_value(value)?;
        ensure!(
            written.version == VERSION,
            "it is of version {}, and only version {VERSION} is known",
            written.version
        );
        ensure!(
            written.files.len() <= limit::PATCH_FILES,
            "it has more than {} files",
            limit::PATCH_FILES
        );
        let folders = written.folders.iter().map(|path| WorkspacePath::new(path));
        let files = written.files.into_iter().map(WrittenFile::planned);
        Ok(Self {
            transaction: written.transaction.parse()?,
            folders: folders.collect::<Result<_, _>>()?,
            plan: Plan {
                files: files.collect::<Result<_>>()?,
            },
        })
    }

    /// Returns the record as JSON.
    pub(super) fn value(&self) -> Result<Value> {
        Ok(serde_json::to_value(self.written())?)
    }

    fn written(&self) -> Written {
        Written {
            version: VERSION,
            transaction: self.transaction.to_string(),
            folders: self.folders.iter().map(ToString::to_string).collect(),
            files: self.plan.files.iter().map(WrittenFile::of).collect(),
        }
    }

    /// Writes the record so that a power cut can't take it any more.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let shown = path.display();
        let failed = || format!("could not write the record `{shown}`");
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let name = path.file_name().context("--record names no file")?;
        let mut new = name.to_owned();
        new.push(".new");
        let new = path.with_file_name(new);
        let bytes = serde_json::to_vec(&self.written())?;
        let mut file = File::create(&new).with_context(failed)?;
        file.write_all(&bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| std::fs::rename(&new, path))
            .and_then(|()| File::open(folder.unwrap_or(Path::new(".")))?.sync_all())
            .with_context(failed)
    }
}

impl WrittenFile {
    fn of(file: &PlannedFile) -> Self {
        let from = match &file.change {
            Change::Rename { from } | Change::Copy { from } => Some(from.to_string()),
            Change::Create | Change::Modify | Change::Delete => None,
        };
        Self {
            path: file.path.to_string(),
            change: super::report::verb(&file.change).to_owned(),
            from,
            before: file.before.as_deref().map(Bytes::of),
            after: file.after.as_deref().map(Bytes::of),
            executable_before: file.executable_before,
            executable: file.executable,
            encoding: file.encoding.to_string(),
        }
    }

    fn planned(self) -> Result<PlannedFile> {
        let path = WorkspacePath::new(&self.path)?;
        let from = self.from.as_deref().map(WorkspacePath::new).transpose()?;
        let change = match (self.change.as_str(), from) {
            ("create", None) => Change::Create,
            ("modify", None) => Change::Modify,
            ("delete", None) => Change::Delete,
            ("rename", Some(from)) => Change::Rename { from },
            ("copy", Some(from)) => Change::Copy { from },
            (other, _) => bail!("`{other}` of `{path}` is no change"),
        };
        let encoding: Encoding = self.encoding.parse()?;
        let before = self.before.map(Bytes::bytes).transpose()?;
        let after = self.after.map(Bytes::bytes).transpose()?;
        ensure!(
            before.is_none() == (change == Change::Create)
                && after.is_none() == (change == Change::Delete),
            "the contents of `{path}` are not those of a {}",
            self.change
        );
        let planned = PlannedFile::of(path, change, before, after, self.executable)
            .with_executable_before(self.executable_before);
        Ok(PlannedFile {
            encoding,
            ..planned
        })
    }
}

impl Bytes {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    fn bytes(self) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Text(text) => text.into_bytes(),
            Self::Base64(text) => STANDARD.decode(text)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let file = |path: &str, change, before: Option<&[u8]>, after: Option<&[u8]>| {
            let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
            PlannedFile::of(
                path.parse().unwrap(),
                change,
                owned(before),
                owned(after),
                false,
            )
        };
        let from = || "from".parse().unwrap();
        let script = file("run", Change::Modify, Some(b"x"), Some(b"x"));
        let files = vec![
            file("a", Change::Create, None, Some(b"a\r\n")),
            file(
                "b",
                Change::Modify,
                Some(b"caf\xe9"),
                Some("café".as_bytes()),
            ),
            file("c", Change::Delete, Some(b""), None),
            file("d", Change::Rename { from: from() }, Some(b"d"), Some(b"D")),
            file(
                "e",
                Change::Copy { from: from() },
                Some(b"\0\xff"),
                Some(b"\0"),
            ),
            script.with_executable_before(true),
        ];
        Record {
            transaction: atelier_base::Ids::system().next(),
            folders: BTreeSet::from(["new".parse().unwrap()]),
            plan: Plan { files },
        }
    }

    #[test]
    fn a_record_is_read_back_as_it_was() {
        let record = record();
        let text = serde_json::to_vec(&record.written()).unwrap();
        let whole = serde_json::json!({ "applied": true, "record": record.written() });
        for text in [text, whole.to_string().into_bytes()] {
            let read = Record::decode(&text).unwrap();
            assert_eq!(read.transaction, record.transaction);
            assert_eq!(read.folders, record.folders);
            assert_eq!(read.plan, record.plan);
        }
    }

    #[test]
    fn what_is_not_a_record_is_refused() {
        let good = record().value().unwrap();
        assert!(Record::decode(good.to_string().as_bytes()).is_ok());
        for (at, value) in [
            ("/version", serde_json::json!(2)),
            ("/transaction", serde_json::json!("x")),
            ("/folders/0", serde_json::json!("../out")),
            ("/files/0/path", serde_json::json!("/etc/passwd")),
            ("/files/0/change", serde_json::json!("explode")),
            ("/files/0/before", serde_json::json!({ "text": "x" })),
            ("/files/2/after", serde_json::json!({ "text": "x" })),
            ("/files/3/from", Value::Null),
            ("/files/4/before", serde_json::json!({ "base64": "!" })),
            ("/files/5/encoding", serde_json::json!("morse")),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(at).unwrap() = value;
            assert!(Record::decode(bad.to_string().as_bytes()).is_err(), "{at}");
        }
    }
}
