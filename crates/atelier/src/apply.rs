//! `atelier apply`: one edit transaction on any directory, without a server.

mod change;
mod directory;
mod record;
mod refusal;
mod report;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use atelier_base::{Ids, TransactionId, WorkspacePath, limit};
use atelier_patch::{
    Destruction, Encoding, Format, ParseOptions, Patch, Plan, Thresholds, onto, patch_text,
};
use atelier_sandbox::FileError;
use atelier_sandbox::files::Root;
use atelier_sandbox::transaction::{Changes, Committed, FileChange};
use clap::Args;

use directory::Directory;
use record::Record;
use refusal::Refusal;
use report::Done;

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
    /// The encoding of the files: utf-8, or an 8-bit one such as
    /// windows-1252. UTF-16 is known by its mark.
    #[arg(long, value_name = "NAME")]
    encoding: Option<Encoding>,
    /// Takes only patches that are written exactly as their format says.
    #[arg(long)]
    strict: bool,
    /// The tree that the patch was written for; what was changed since is
    /// merged.
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    /// Says what would change, as a diff, and changes nothing.
    #[arg(long)]
    check: bool,
    /// Applies a patch that deletes many files, or most of one.
    #[arg(long)]
    allow_destructive: bool,
    /// Writes to this file what `--undo` needs.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    record: Option<PathBuf>,
    /// Takes back what this record, or the output of `--json`, says was
    /// applied, through later changes.
    #[arg(long, value_name = "RECORD", conflicts_with_all = ["format", "path", "encoding", "strict", "base"])]
    undo: Option<PathBuf>,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Where the journal lies, in the directory to change.
const STATE: &str = ".atelier";
/// How often the directory is opened again when another `atelier apply`
/// deleted its empty state directory.
const ATTEMPTS: usize = 100;

/// Applies the patch on standard input, or takes one back.
pub(crate) fn main(arguments: &Arguments) -> ExitCode {
    match run(arguments) {
        Ok(done) => {
            report::tell(arguments, &done);
            ExitCode::SUCCESS
        }
        Err(refusal) => refusal.tell(arguments.json),
    }
}

/// What is to be done, before it is known what stands in the directory.
enum Wanted {
    Patch(Patch),
    Undo(Record),
}

fn run(arguments: &Arguments) -> Result<Done, Refusal> {
    must_be_directory(&arguments.dir)?;
    let wanted = wanted(arguments)?;
    for _ in 1..ATTEMPTS {
        match attempt(arguments, &wanted) {
            Err(Refusal::Files(FileError::StateDeleted { .. })) => {}
            done => return done,
        }
    }
    attempt(arguments, &wanted)
}

fn must_be_directory(path: &Path) -> Result<(), Refusal> {
    if path.is_dir() {
        return Ok(());
    }
    let shown = path.display();
    Err(Refusal::usage(anyhow::anyhow!(
        "there is no directory `{shown}`"
    )))
}

/// Reads the patch, or the record.
fn wanted(arguments: &Arguments) -> Result<Wanted, Refusal> {
    if let Some(path) = &arguments.undo {
        return Record::read(path).map(Wanted::Undo).map_err(Refusal::usage);
    }
    let text = read_patch(arguments.encoding).map_err(Refusal::usage)?;
    let sole_path = arguments.path.as_deref().map(WorkspacePath::new);
    let sole_path = sole_path.transpose().context("--path");
    let options = ParseOptions {
        format: arguments.format,
        strict: arguments.strict,
        sole_path: sole_path.map_err(Refusal::usage)?,
    };
    Ok(Wanted::Patch(atelier_patch::parse(&text, &options)?))
}

/// Reads the patch, which may be no larger than a request's.
fn read_patch(encoding: Option<Encoding>) -> Result<String> {
    let mut bytes = Vec::new();
    let most = limit::PATCH_BYTES as u64;
    std::io::stdin()
        .lock()
        .take(most + 1)
        .read_to_end(&mut bytes)
        .context("could not read standard input")?;
    anyhow::ensure!(bytes.len() as u64 <= most, "the patch is larger than 4 MiB");
    let text = patch_text(&bytes, encoding);
    text.context("the patch is neither UTF-8 nor UTF-16 with its mark; --encoding names another")
}

fn attempt(arguments: &Arguments, wanted: &Wanted) -> Result<Done, Refusal> {
    let root = open(arguments)?;
    let done = with(&root, arguments, wanted);
    // The journal lies there while a change is under way; one that is not
    // finished stays.
    let _ = root.close();
    done
}

/// Opens the directory and finishes what a crash interrupted, before anything
/// is read. A check needs to write nothing when there is nothing of that kind.
fn open(arguments: &Arguments) -> Result<Root, Refusal> {
    let state = arguments.dir.join(STATE);
    if arguments.check && !state.exists() {
        return Ok(Root::open_to_read(&arguments.dir)?);
    }
    let root = Root::open(&arguments.dir, &state)?;
    for committed in root.recover()? {
        committed.finish()?;
    }
    Ok(root)
}

fn with(root: &Root, arguments: &Arguments, wanted: &Wanted) -> Result<Done, Refusal> {
    let here = Directory::new(root, arguments.encoding);
    let plan = match wanted {
        Wanted::Patch(patch) => planned(patch, &here, arguments)?,
        Wanted::Undo(record) => onto(&record.plan.reversed(), &here)?,
    };
    if !arguments.allow_destructive {
        let destruction = Destruction::of(&plan, &Thresholds::default());
        if destruction.is_destructive() {
            return Err(Refusal::Destructive(destruction));
        }
    }
    let record = Record {
        transaction: Ids::system().next(),
        folders: change::new_folders(root, &plan)?,
        plan,
    };
    if !arguments.check {
        let mut files: Vec<FileChange> = record.plan.files.iter().flat_map(change::of).collect();
        if let Wanted::Undo(undone) = wanted {
            files.extend(change::empty_folders(root, &undone.folders, &record.plan)?);
        }
        commit(root, record.transaction, files, &record, arguments)?;
    }
    let read_as = match wanted {
        Wanted::Patch(patch) => Some((patch.format, patch.reason.clone())),
        Wanted::Undo(_) => None,
    };
    Ok(Done { record, read_as })
}

/// Plans the patch against the directory, or against its base and then
/// merges.
fn planned(patch: &Patch, here: &Directory<'_>, arguments: &Arguments) -> Result<Plan, Refusal> {
    let Some(base) = &arguments.base else {
        return Ok(atelier_patch::plan(patch, here)?);
    };
    must_be_directory(base)?;
    let base = Root::open_to_read(base)?;
    let plan = atelier_patch::plan(patch, &Directory::new(&base, arguments.encoding))?;
    Ok(onto(&plan, here)?)
}

/// Changes the files; the record is on disk before the first of them is.
fn commit(
    root: &Root,
    id: TransactionId,
    files: Vec<FileChange>,
    record: &Record,
    arguments: &Arguments,
) -> Result<(), Refusal> {
    if let Some(path) = &arguments.record {
        record.write(path).map_err(Refusal::Record)?;
    }
    let changes = Changes {
        id,
        files,
        rows: Vec::new(),
    };
    let committed = root.commit(&changes).and_then(Committed::finish);
    let failed = match committed {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    // What is past its commit point will be carried out.
    if let Some(path) = &arguments.record
        && !matches!(failed, FileError::Unfinished { .. })
    {
        let _ = std::fs::remove_file(path);
    }
    Err(failed.into())
}
