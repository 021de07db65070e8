//! JSON: a list of `{"path", "old", "new"}`.
//!
//! Read loosely, the names that other tools give the three fields are taken
//! too, a `line` is a hint, and the list may stand in a fence or in an object.

use serde_json::{Map, Value};

use super::{Script, fence, number, wrong};
use crate::edit::{Anchor, EditBody, EditHunk, FileEdit};
use crate::error::{ErrorCode, PatchError};

const PATH: [&str; 6] = [
    "path",
    "file",
    "file_path",
    "filePath",
    "filename",
    "filepath",
];
const OLD: [&str; 7] = [
    "old",
    "old_string",
    "oldString",
    "old_str",
    "oldText",
    "old_text",
    "search",
];
const NEW: [&str; 7] = [
    "new",
    "new_string",
    "newString",
    "new_str",
    "newText",
    "new_text",
    "replace",
];

/// Reads the edits of a text that is JSON, or has one fence that is.
pub(super) fn read(script: &Script<'_>) -> Result<Vec<FileEdit>, PatchError> {
    match serde_json::from_str::<Value>(script.text) {
        Ok(value) => of_value(script, &value, 0),
        Err(error) if script.strict => Err(not_json(&error)),
        Err(error) => {
            let edits = in_fences(script)?;
            if edits.is_empty() {
                return Err(not_json(&error));
            }
            Ok(edits)
        }
    }
}

/// Returns whether the whole text is JSON in the shape of edits.
pub(super) fn is_whole(script: &Script<'_>) -> bool {
    let text = script.text.trim_start();
    text.starts_with(['[', '{'])
        && serde_json::from_str::<Value>(text).is_ok_and(|value| has_shape(&value))
}

/// Reads the edits of every fence that holds JSON in their shape.
pub(super) fn in_fences(script: &Script<'_>) -> Result<Vec<FileEdit>, PatchError> {
    let mut edits = Vec::new();
    for fence in fence::all(script) {
        let Some(close) = fence.close else {
            continue;
        };
        let lines = script.lines.get(fence.open + 1..close).unwrap_or_default();
        let text = lines
            .iter()
            .map(|line| line.text)
            .collect::<Vec<_>>()
            .join("\n");
        if !text.trim_start().starts_with(['[', '{']) {
            continue;
        }
        if let Ok(value) = serde_json::from_str::<Value>(&text)
            && has_shape(&value)
        {
            edits.extend(of_value(script, &value, fence.open + 1)?);
        }
    }
    Ok(edits)
}

fn not_json(error: &serde_json::Error) -> PatchError {
    let line = u32::try_from(error.line()).unwrap_or(0);
    let detail = format!("the text is not JSON: {error}");
    PatchError::new(ErrorCode::Syntax, detail).at_line(line)
}

fn has_shape(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.first().is_some_and(has_shape),
        Value::Object(map) if map.contains_key("edits") => map["edits"].is_array(),
        Value::Object(map) => field(map, &OLD).is_some() && field(map, &NEW).is_some(),
        _ => false,
    }
}

fn of_value(script: &Script<'_>, value: &Value, at: usize) -> Result<Vec<FileEdit>, PatchError> {
    let (items, outer) = match value {
        Value::Array(items) => (items.as_slice(), None),
        Value::Object(map) if !script.strict => match map.get("edits") {
            Some(Value::Array(items)) => (items.as_slice(), field(map, &PATH)),
            _ => (std::slice::from_ref(value), None),
        },
        _ => {
            return Err(wrong(
                at,
                "expected a list of `{\"path\", \"old\", \"new\"}`",
            ));
        }
    };
    let mut edits = Vec::with_capacity(items.len());
    for (number, item) in items.iter().enumerate() {
        let Value::Object(map) = item else {
            return Err(wrong(at, format!("edit {} is not an object", number + 1)));
        };
        let edit = of_item(script, map, outer, at).map_err(|mut error| {
            error.detail = format!("edit {}: {}", number + 1, error.detail);
            error
        })?;
        edits.push(edit);
    }
    Ok(edits)
}

fn of_item(
    script: &Script<'_>,
    map: &Map<String, Value>,
    outer: Option<&Value>,
    at: usize,
) -> Result<FileEdit, PatchError> {
    if script.strict
        && let Some(key) = map
            .keys()
            .find(|key| !["path", "old", "new"].contains(&key.as_str()))
    {
        return Err(wrong(at, format!("`{key}` is not a field of an edit")));
    }
    let text = |names: &[&str]| {
        let value = field(map, names).and_then(Value::as_str);
        value.ok_or_else(|| wrong(at, format!("`{}` must be a text", names[0])))
    };
    let path = match (field(map, &PATH).or(outer), script.sole_path) {
        (Some(Value::String(path)), _) => script.path(path, at)?,
        (None, Some(path)) => path.clone(),
        (None, None) => {
            let detail = "the edit doesn't say which file it is for";
            return Err(PatchError::new(ErrorCode::MissingPath, detail).at_line(number(at)));
        }
        (Some(_), _) => return Err(wrong(at, "`path` must be a text")),
    };
    let (old, new) = (text(&OLD)?.to_owned(), text(&NEW)?.to_owned());
    let line = map.get("line").and_then(Value::as_u64);
    let line = line.and_then(|line| u32::try_from(line.checked_sub(1)?).ok());
    let body = if old.is_empty() {
        EditBody::Fill(new)
    } else {
        EditBody::Text { old, new }
    };
    let hunk = EditHunk {
        anchor: Anchor {
            line,
            ..Anchor::default()
        },
        body,
        patch_line: 0,
    };
    Ok(FileEdit::Update {
        path,
        move_to: None,
        hunks: vec![hunk],
    })
}

fn field<'a>(map: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| map.get(*name))
}
