//! `atelier apply`: one edit transaction on any directory, without a server.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use atelier_base::{ContentHash, Ids, TransactionId, WorkspacePath, limit};
use atelier_patch::{
    Change, Entry, Format, ParseOptions, PatchError, Plan, PlannedFile, Source, SourceError,
};
use atelier_sandbox::FileError;
use atelier_sandbox::files::{EntryKind, Root};
use atelier_sandbox::transaction::{Changes, Expect, FileChange};
use clap::Args;
use serde_json::json;

use crate::{complain, say};

/// The command line of `atelier apply`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The directory to change.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// How the patch is written: auto, `apply_patch`, `search_replace`,
    /// unified, edits or whole.
    #[arg(long, default_value = "auto", value_name = "FORMAT")]
    format: Format,
    /// The file that a block without a name means.
    #[arg(long, value_name = "FILE")]
    path: Option<String>,
    /// Takes only patches that are written exactly as their format says.
    #[arg(long)]
    strict: bool,
    /// Says what would change and changes nothing.
    #[arg(long)]
    check: bool,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Where the journal lies, in the directory to change.
const STATE: &str = ".atelier";
const REFUSED: u8 = 1;
const USAGE: u8 = 2;

/// Why a patch was not applied.
enum Refusal {
    Patch(Box<PatchError>),
    Files(FileError),
    Usage(anyhow::Error),
}

/// Applies the patch on standard input.
pub(crate) fn main(arguments: &Arguments) -> ExitCode {
    let done = run(arguments);
    // The journal lies there while a change is under way; one that is not
    // finished stays.
    let _ = std::fs::remove_dir(arguments.dir.join(STATE));
    match done {
        Ok(plan) => {
            report(arguments, &plan);
            ExitCode::SUCCESS
        }
        Err(Refusal::Usage(error)) => {
            complain(&format!("{error:#}"));
            ExitCode::from(USAGE)
        }
        Err(Refusal::Patch(error)) => {
            refuse(
                arguments,
                error.code(),
                &error.to_string(),
                error.path.as_ref(),
            );
            ExitCode::from(REFUSED)
        }
        Err(Refusal::Files(error)) => {
            refuse(arguments, "files", &atelier_domain::chain(&error), None);
            ExitCode::from(REFUSED)
        }
    }
}

fn run(arguments: &Arguments) -> Result<Plan, Refusal> {
    let text = read_patch().map_err(Refusal::Usage)?;
    let sole_path = arguments
        .path
        .as_deref()
        .map(WorkspacePath::new)
        .transpose();
    let sole_path = sole_path.context("--path").map_err(Refusal::Usage)?;
    let root = open(arguments)?;
    // A commit that a crash interrupted is finished before anything is read.
    for committed in root.recover().map_err(Refusal::Files)? {
        committed.finish().map_err(Refusal::Files)?;
    }
    let options = ParseOptions {
        format: arguments.format,
        strict: arguments.strict,
        sole_path,
    };
    let patch =
        atelier_patch::parse(&text, &options).map_err(|error| Refusal::Patch(Box::new(error)))?;
    let plan = atelier_patch::plan(&patch, &Directory(&root))
        .map_err(|error| Refusal::Patch(Box::new(error)))?;
    if !arguments.check {
        let id = Ids::system().next::<TransactionId>();
        let changes = Changes {
            id,
            files: plan.files.iter().flat_map(changes_of).collect(),
            rows: Vec::new(),
        };
        root.commit(&changes)
            .and_then(atelier_sandbox::transaction::Committed::finish)
            .map_err(Refusal::Files)?;
    }
    Ok(plan)
}

/// Reads the patch, which may be no larger than a request's.
fn read_patch() -> Result<String> {
    let mut bytes = Vec::new();
    let most = limit::PATCH_BYTES as u64;
    std::io::stdin()
        .lock()
        .take(most + 1)
        .read_to_end(&mut bytes)
        .context("could not read standard input")?;
    anyhow::ensure!(bytes.len() as u64 <= most, "the patch is larger than 4 MiB");
    String::from_utf8(bytes).context("the patch is not UTF-8")
}

/// Opens the directory with its journal in `DIR/.atelier`.
fn open(arguments: &Arguments) -> Result<Root, Refusal> {
    if !arguments.dir.is_dir() {
        return Err(Refusal::Usage(anyhow::anyhow!(
            "there is no directory `{}`",
            arguments.dir.display()
        )));
    }
    Root::open(&arguments.dir, &arguments.dir.join(STATE)).map_err(Refusal::Files)
}

/// A directory as the edit engine reads it.
struct Directory<'a>(&'a Root);

impl Source for Directory<'_> {
    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError> {
        let failed = |error: FileError| SourceError(atelier_domain::chain(&error));
        Ok(match self.0.entry(path).map_err(failed)? {
            EntryKind::Missing => Entry::Missing,
            EntryKind::Directory => Entry::Directory,
            EntryKind::Symlink => Entry::Other("symbolic link"),
            EntryKind::Other(what) => Entry::Other(what),
            EntryKind::File => {
                let content = self.0.read(path, limit::TEXT_FILE_BYTES).map_err(failed)?;
                Entry::File {
                    bytes: content.bytes,
                    executable: content.executable,
                }
            }
        })
    }
}

/// Returns the file changes of one planned file.
fn changes_of(file: &PlannedFile) -> Vec<FileChange> {
    let before = file.before.as_deref().map_or(Expect::Missing, |bytes| {
        Expect::Hash(ContentHash::of(bytes))
    });
    let write = |expect| FileChange::Write {
        path: file.path.clone(),
        bytes: file.after.clone().unwrap_or_default(),
        executable: file.executable,
        expect,
    };
    match &file.change {
        Change::Create | Change::Copy { .. } => vec![write(Expect::Missing)],
        Change::Modify => vec![write(before)],
        Change::Delete => vec![FileChange::Remove {
            path: file.path.clone(),
            expect: before,
        }],
        Change::Rename { from }
            if file.before == file.after && file.executable == file.executable_before =>
        {
            vec![FileChange::Rename {
                from: from.clone(),
                to: file.path.clone(),
                expect: before,
            }]
        }
        Change::Rename { from } => vec![
            FileChange::Remove {
                path: from.clone(),
                expect: before,
            },
            write(Expect::Missing),
        ],
    }
}

fn report(arguments: &Arguments, plan: &Plan) {
    if !arguments.json {
        for file in &plan.files {
            let labels = labels_of(file);
            say(&format!("{} {}{labels}", verb(&file.change), file.path));
        }
        return;
    }
    let files: Vec<_> = plan
        .files
        .iter()
        .map(|file| {
            let from = match &file.change {
                Change::Rename { from } | Change::Copy { from } => Some(from.to_string()),
                Change::Create | Change::Modify | Change::Delete => None,
            };
            json!({
                "path": file.path.to_string(),
                "change": verb(&file.change),
                "from": from,
                "hunks": file.hunks.iter().map(|hunk| json!({
                    "oldStart": hunk.old_start, "oldLines": hunk.old_lines,
                    "newStart": hunk.new_start, "newLines": hunk.new_lines,
                    "label": hunk.label.to_string(),
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    say(&json!({ "applied": !arguments.check, "files": files }).to_string());
}

fn verb(change: &Change) -> &'static str {
    match change {
        Change::Create => "create",
        Change::Modify => "modify",
        Change::Delete => "delete",
        Change::Rename { .. } => "rename",
        Change::Copy { .. } => "copy",
    }
}

/// Names the ways in which hunks did not match exactly.
fn labels_of(file: &PlannedFile) -> String {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for hunk in &file.hunks {
        *count.entry(hunk.label.to_string()).or_default() += 1;
    }
    count.remove("exact");
    let labels: Vec<_> = count.into_keys().collect();
    if labels.is_empty() {
        String::new()
    } else {
        format!(" (matched with: {})", labels.join(", "))
    }
}

fn refuse(arguments: &Arguments, code: &str, detail: &str, path: Option<&WorkspacePath>) {
    if arguments.json {
        let path = path.map(ToString::to_string);
        say(
            &json!({ "applied": false, "error": { "code": code, "detail": detail, "path": path } })
                .to_string(),
        );
    } else {
        // Standard error may be closed; the exit status still tells.
        let _ = writeln!(std::io::stderr().lock(), "{detail}");
    }
}
