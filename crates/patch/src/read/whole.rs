//! Whole files: fenced blocks headed by a file name, or one file's text.

use super::fence::{self, Fence};
use super::{Script, name, wrong};
use crate::edit::FileEdit;
use crate::error::{ErrorCode, PatchError};
use crate::line::Ending;

/// File types in which fences are content.
const PROSE: [&str; 6] = ["md", "markdown", "mdx", "rst", "adoc", "txt"];

/// Reads the text of the only file there is, or every named block.
pub(super) fn read(script: &Script<'_>) -> Result<Vec<FileEdit>, PatchError> {
    let fences = fence::all(script);
    let Some(path) = script.sole_path else {
        let mut edits = named(script, &fences)?;
        if edits.is_empty() {
            edits = commented(script, &fences)?;
        }
        if edits.is_empty() {
            let detail = "no fenced block is headed by a file name";
            return Err(PatchError::new(ErrorCode::MissingPath, detail));
        }
        return Ok(edits);
    };
    let edits = if script.strict {
        Vec::new()
    } else {
        named(script, &fences).unwrap_or_default()
    };
    if edits.iter().any(|edit| edit.path() == path) {
        return Ok(edits);
    }
    let text = match fences[..] {
        [fence] if !script.strict && is_wrapper(script, fence) => block(script, fence)?,
        _ => script.text.to_owned(),
    };
    let path = path.clone();
    Ok(vec![FileEdit::Replace { path, text }])
}

/// Reads every fenced block that is headed by a file name.
pub(super) fn named(
    script: &Script<'_>,
    fences: &[Fence<'_>],
) -> Result<Vec<FileEdit>, PatchError> {
    let mut edits = Vec::new();
    for &fence in fences {
        let inside = name::in_info(fence.info).map(|name| (name, fence.open));
        let Some((name, at)) = inside.or_else(|| heading(script, fence.open)) else {
            continue;
        };
        let path = script.path(name, at)?;
        let text = block(script, fence).map_err(|error| error.in_file(&path))?;
        edits.push(FileEdit::Replace { path, text });
    }
    Ok(edits)
}

/// Returns the name that stands alone above a fence, a blank line aside. A
/// sentence with a name in it is not enough: its block may be an excerpt.
fn heading<'a>(script: &Script<'a>, open: usize) -> Option<(&'a str, usize)> {
    let mut above = (open.saturating_sub(2)..open).rev();
    let at = above.find(|&at| !script.text_at(at).trim().is_empty())?;
    let line = script.text_at(at);
    let near = || (at + 1 == open && !script.strict).then(|| name::spaced(line));
    let name = name::alone(line).or_else(|| near().flatten());
    name.map(|name| (name, at))
}

/// Reads every fenced block whose first line is a comment with a file name and
/// nothing else. The comment stays, for it may be the file's own, but where no
/// comment can be.
pub(super) fn commented(
    script: &Script<'_>,
    fences: &[Fence<'_>],
) -> Result<Vec<FileEdit>, PatchError> {
    let mut edits = Vec::new();
    for &fence in fences {
        let at = fence.open + 1;
        let Some(name) = in_comment(script.text_at(at)).filter(|_| fence.close != Some(at)) else {
            continue;
        };
        let path = script.path(name, at)?;
        let mut text = block(script, fence).map_err(|error| error.in_file(&path))?;
        if path.extension() == Some("json") {
            let head = text.find('\n').map_or(text.len(), |end| end + 1);
            text.drain(..head);
        }
        edits.push(FileEdit::Replace { path, text });
    }
    Ok(edits)
}

/// Returns the file name that a comment is.
fn in_comment(line: &str) -> Option<&str> {
    const MARKS: [(&str, &str); 7] = [
        ("//", ""),
        ("#", ""),
        ("--", ""),
        (";", ""),
        ("%", ""),
        ("/*", "*/"),
        ("<!--", "-->"),
    ];
    let line = line.trim();
    let text = MARKS.iter().find_map(|(open, close)| {
        let text = line.strip_prefix(open)?.strip_suffix(close)?;
        text.starts_with(' ').then_some(text.trim())
    })?;
    name::alone(text).filter(|name| name.contains('.'))
}

/// Returns whether a fence is only the wrapping of a file's text: nothing is
/// around it, or the file is of a kind that has no fences itself.
fn is_wrapper(script: &Script<'_>, fence: Fence<'_>) -> bool {
    let is_blank = |at: usize| script.text_at(at).trim().is_empty();
    let after = fence.close.map_or(script.lines.len(), |close| close + 1);
    let is_alone = (0..fence.open).all(is_blank) && (after..script.lines.len()).all(is_blank);
    let extension = script.sole_path.and_then(|path| path.extension());
    is_alone || extension.is_some_and(|extension| !PROSE.contains(&extension))
}

pub(super) fn block(script: &Script<'_>, fence: Fence<'_>) -> Result<String, PatchError> {
    let Some(close) = fence.close else {
        return Err(wrong(
            fence.open,
            "the fenced block is not closed; it was cut off",
        ));
    };
    let lines = script.lines.get(fence.open + 1..close).unwrap_or_default();
    let lines: Vec<(&str, Ending)> = lines.iter().map(|line| (line.text, line.ending)).collect();
    Ok(script.join(&lines))
}
