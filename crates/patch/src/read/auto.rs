//! Finding out which formats a text has edits in.

use super::{Script, apply_patch, edits, fence, search_replace, tagged, unified, whole};
use crate::edit::{FileEdit, Format};
use crate::error::PatchError;

/// Reads every edit of a text in whatever formats they are; returns the
/// format of the first and what was found.
///
/// Named code blocks count as whole files only when nothing else is found:
/// beside other edits they are examples more often than not.
pub(super) fn read(script: &Script<'_>) -> Result<(Format, String, Vec<FileEdit>), PatchError> {
    if edits::is_whole(script) {
        let reason = "the text is JSON with old and new texts".to_owned();
        return Ok((Format::Edits, reason, edits::read(script)?));
    }
    let found = segments(script)?;
    if let Some((format, _)) = found.first() {
        let (format, reason) = (*format, describe(&found));
        let edits = found.into_iter().flat_map(|(_, edits)| edits).collect();
        return Ok((format, reason, edits));
    }
    let json = edits::in_fences(script)?;
    if !json.is_empty() {
        let reason = "a fenced block is JSON with old and new texts".to_owned();
        return Ok((Format::Edits, reason, json));
    }
    let fences = fence::all(script);
    let mut blocks = whole::named(script, &fences)?;
    if blocks.is_empty() && !script.strict {
        blocks = whole::commented(script, &fences)?;
    }
    let reason = match blocks.len() {
        0 => "no format's marks were found".to_owned(),
        1 => "1 fenced block is headed by a file name, and nothing else is".to_owned(),
        count => format!("{count} fenced blocks are headed by file names, and nothing else is"),
    };
    Ok((Format::Whole, reason, blocks))
}

type Segment = (Format, Vec<FileEdit>);

/// Reads what begins with a format's mark, in the order of the text.
fn segments(script: &Script<'_>) -> Result<Vec<Segment>, PatchError> {
    let mut found: Vec<Segment> = Vec::new();
    let mut current = None;
    let mut at = 0;
    while at < script.lines.len() {
        let (format, edits, next) = if apply_patch::begins(script, at) {
            let (edits, next) = apply_patch::take(script, at)?;
            (Format::ApplyPatch, edits, next)
        } else if search_replace::begins(script, at) {
            let (edit, next) = search_replace::take(script, at, &mut current)?;
            (Format::SearchReplace, vec![edit], next)
        } else if tagged::begins(script, at) {
            let (edit, next) = tagged::take(script, at, &mut current)?;
            (Format::SearchReplace, vec![edit], next)
        } else if unified::begins(script, at) {
            let (edits, next) = unified::take(script, at)?;
            (Format::Unified, edits, next)
        } else {
            at += 1;
            continue;
        };
        found.push((format, edits));
        at = next.max(at + 1);
    }
    Ok(found)
}

fn describe(found: &[Segment]) -> String {
    let names = [
        (
            Format::ApplyPatch,
            "apply_patch envelope",
            "apply_patch envelopes",
        ),
        (
            Format::SearchReplace,
            "SEARCH/REPLACE block",
            "SEARCH/REPLACE blocks",
        ),
        (
            Format::Unified,
            "file in a unified diff",
            "files in a unified diff",
        ),
    ];
    let counts = names.iter().filter_map(|(format, one, many)| {
        match found.iter().filter(|(other, _)| other == format).count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {many}")),
        }
    });
    format!("found {}", counts.collect::<Vec<_>>().join(" and "))
}
