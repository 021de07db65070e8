//! From the tree as it became to the list of changed files.

use std::collections::HashMap;

use atelier_base::{WorkspacePath, limit};

use super::content::Original;
use super::{Change, Plan, PlannedFile};
use crate::apply::Document;
use crate::diff::{Hunk, HunkKind, diff};
use crate::encoding::{self, Encoding};
use crate::error::{ErrorCode, PatchError};
use crate::line::{count, is_binary, lines};

/// A path that a patch named.
pub(super) struct Step {
    pub(super) path: WorkspacePath,
    pub(super) before: Option<Original>,
    pub(super) after: Option<After>,
}

/// A file as it became.
pub(super) struct After {
    /// The path whose original it was made of.
    pub(super) origin: Option<WorkspacePath>,
    /// Whether that stays, for the file is a copy.
    pub(super) copied: bool,
    pub(super) executable: bool,
    /// Whether the patch says if it may be executed.
    pub(super) states_mode: bool,
    pub(super) encoding: Encoding,
    /// Its text; `None` when it is its original's.
    pub(super) document: Option<Box<Document>>,
    /// Its bytes when they aren't text.
    pub(super) bytes: Option<Vec<u8>>,
}

/// Makes the plan of the named paths, in their order.
pub(super) fn finish(mut steps: Vec<Step>) -> Result<Plan, PatchError> {
    let mut made = Vec::with_capacity(steps.len());
    for step in &mut steps {
        made.push(made_bytes(step)?);
    }
    let mut files = Vec::with_capacity(steps.len());
    for (step, made) in steps.iter().zip(made) {
        files.push(PlannedFile {
            path: step.path.clone(),
            change: Change::Modify,
            before: None,
            after: made.or_else(|| kept_bytes(step, &steps)),
            executable: step.executable(),
            executable_before: false,
            binary: false,
            encoding: Encoding::default(),
            hunks: Vec::new(),
        });
    }
    copy_originals(&steps, &mut files);
    let mut moved = find_moved(&steps);
    let mut homes: Vec<usize> = (0..steps.len()).collect();
    for (to, from) in moved.iter().enumerate() {
        if let Some(from) = from {
            homes[*from] = to;
        }
    }
    let mut documents = Vec::with_capacity(steps.len());
    for (at, step) in steps.into_iter().enumerate() {
        let home = homes[at];
        if let Some(original) = step.before {
            files[home].executable_before = original.executable;
            files[at].encoding = original.encoding;
            files[home].before = Some(original.bytes.into_vec());
        }
        let after = step.after;
        if let Some(after) = &after {
            files[at].encoding = after.encoding;
        }
        documents.push(after.and_then(|after| Some((after.origin?, after.document?))));
    }
    let mut plan = Plan::default();
    let paths: Vec<WorkspacePath> = files.iter().map(|file| file.path.clone()).collect();
    for ((mut file, document), from) in files.into_iter().zip(documents).zip(moved.drain(..)) {
        let from = from.and_then(|from| paths.get(from).cloned());
        let is_copy = matches!(file.change, Change::Copy { .. });
        if is_copy {
            describe(&mut file, document);
            plan.files.push(file);
        } else if let Some(change) = change_of(&file, from) {
            file.change = change;
            describe(&mut file, document);
            plan.files.push(file);
        }
    }
    if plan.files.is_empty() {
        let detail = "every file already is as the patch would make it";
        return Err(PatchError::new(ErrorCode::NoChange, detail));
    }
    Ok(plan)
}

impl Step {
    /// Returns whether the file may be executed afterwards, or could before
    /// it was deleted. A file made anew in another's place is as that was.
    fn executable(&self) -> bool {
        let before = self.before.as_ref().is_some_and(|before| before.executable);
        match &self.after {
            Some(after) if after.origin.is_some() || after.states_mode => after.executable,
            _ => before,
        }
    }
}

/// Gives each copy, where nothing was, the content that it was made of.
fn copy_originals(steps: &[Step], files: &mut [PlannedFile]) {
    let numbered = steps.iter().enumerate();
    let places: HashMap<&WorkspacePath, usize> =
        numbered.map(|(at, step)| (&step.path, at)).collect();
    for (step, file) in steps.iter().zip(files) {
        let after = step.after.as_ref().filter(|after| after.copied);
        let from = after.and_then(|after| after.origin.as_ref());
        let original = from
            .and_then(|from| places.get(from))
            .and_then(|&at| steps[at].before.as_ref());
        if let (None, Some(from), Some(original)) = (&step.before, from, original) {
            file.change = Change::Copy { from: from.clone() };
            file.before = Some(original.bytes.as_slice().to_vec());
            file.executable_before = original.executable;
        }
    }
}

/// Returns a path's content afterwards, where the patch made it.
fn made_bytes(step: &mut Step) -> Result<Option<Vec<u8>>, PatchError> {
    let Some(after) = &mut step.after else {
        return Ok(None);
    };
    if after.bytes.is_some() {
        return Ok(after.bytes.take());
    }
    let Some(document) = &mut after.document else {
        return Ok(None);
    };
    let text = document.take_text();
    let bytes = encoding::bytes_of(text, after.encoding).map_err(|e| e.in_file(&step.path))?;
    if bytes.len() as u64 > limit::TEXT_FILE_BYTES {
        let detail = format!(
            "the result would have {} bytes; text has at most 8 MiB",
            bytes.len()
        );
        return Err(PatchError::new(ErrorCode::TooLarge, detail).in_file(&step.path));
    }
    Ok(Some(bytes))
}

/// Returns a path's content afterwards, where it is that of its origin.
fn kept_bytes(step: &Step, steps: &[Step]) -> Option<Vec<u8>> {
    let after = step.after.as_ref()?;
    let origin = after.origin.as_ref();
    let origin = steps.iter().find(|step| Some(&step.path) == origin)?;
    Some(origin.before.as_ref()?.bytes.as_slice().to_vec())
}

/// Finds the moves: for each step, the one whose file moved to it. A move is
/// a file of another path's origin, where nothing is any more, at a path
/// where nothing was. Others (a swap, or one onto a deleted file) are planned
/// as changes of each path.
fn find_moved(steps: &[Step]) -> Vec<Option<usize>> {
    let numbered = steps.iter().enumerate();
    let gone = numbered.filter(|(_, step)| step.before.is_some() && step.after.is_none());
    let gone: HashMap<&WorkspacePath, usize> = gone.map(|(at, step)| (&step.path, at)).collect();
    let from = |step: &Step| match (&step.before, &step.after) {
        (None, Some(after)) if !after.copied => gone.get(after.origin.as_ref()?).copied(),
        _ => None,
    };
    steps.iter().map(from).collect()
}

/// Returns what happens to a file; `None` when nothing does.
fn change_of(file: &PlannedFile, from: Option<WorkspacePath>) -> Option<Change> {
    match (&file.before, &file.after) {
        (Some(_), Some(_)) if from.is_some() => from.map(|from| Change::Rename { from }),
        (Some(before), Some(after)) => {
            let is_same = before == after && file.executable == file.executable_before;
            (!is_same).then_some(Change::Modify)
        }
        (None, Some(_)) => Some(Change::Create),
        (Some(_), None) => Some(Change::Delete),
        (None, None) => None,
    }
}

/// Gives a file its hunks, with the labels that its document knows if it was
/// made of the content before.
pub(super) fn describe(file: &mut PlannedFile, document: Option<(WorkspacePath, Box<Document>)>) {
    let before = file.before.as_deref().unwrap_or_default();
    let after = file.after.as_deref().unwrap_or_default();
    let document = document.filter(|(origin, _)| origin == file.home());
    let mut document = document.map(|(_, document)| document);
    let is_text = document.as_ref().is_some_and(|document| document.is_text());
    file.binary = !is_text && (is_binary(before) || is_binary(after));
    if file.encoding == Encoding::Utf8 {
        let shown = if file.after.is_some() { after } else { before };
        file.encoding = Encoding::of(shown);
    }
    let whole = |kind| {
        let range = |bytes| 0..count(lines(bytes).count());
        Hunk::over(kind, range(before), range(after))
    };
    let known = document.as_mut().and_then(|document| document.take_hunks());
    let mut texts = match file.change {
        Change::Create => vec![whole(HunkKind::Create)],
        Change::Delete => vec![whole(HunkKind::Delete)],
        _ if before == after => Vec::new(),
        // Lines of two encodings make no text together.
        _ if file.binary || Encoding::of(before) != Encoding::of(after) => {
            vec![Hunk::over(HunkKind::Binary, 0..0, 0..0)]
        }
        _ => known.unwrap_or_else(|| diff(before, after)),
    };
    if let Some(document) = document {
        document.label(&mut texts);
    }
    let mut whole = |kind| file.hunks.push(Hunk::over(kind, 0..0, 0..0));
    match file.change {
        Change::Rename { .. } => whole(HunkKind::Rename),
        Change::Copy { .. } => whole(HunkKind::Copy),
        Change::Create | Change::Modify | Change::Delete => {}
    }
    let has_mode = !matches!(file.change, Change::Create | Change::Delete);
    if has_mode && file.executable != file.executable_before {
        whole(HunkKind::Mode);
    }
    file.hunks.extend(texts);
}
