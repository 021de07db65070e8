//! JSON: a list of `{"path", "old", "new"}`.
//!
//! Read loosely, the names that other tools give the three fields are taken
//! too, a `line` is a hint, and the list may stand in a fence or in an object.

use serde_json::{Map, Value};

use super::{Script, fence, number, wrong};
use crate::edit::{Anchor, EditBody, EditHunk, FileEdit};
use crate::error::{ErrorCode, PatchError};

pub(crate) const PATH: [&str; 9] = [
    "path",
    "file",
    "file_path",
    "filePath",
    "filename",
    "fileName",
    "filepath",
    "target_file",
    "targetFile",
];
const OLD: [&str; 13] = [
    "old",
    "old_string",
    "oldString",
    "old_str",
    "oldStr",
    "oldText",
    "old_text",
    "old_content",
    "oldContent",
    "search",
    "find",
    "before",
    "original",
];
const NEW: [&str; 13] = [
    "new",
    "new_string",
    "newString",
    "new_str",
    "newStr",
    "newText",
    "new_text",
    "new_content",
    "newContent",
    "replace",
    "replacement",
    "after",
    "updated",
];
/// A whole file's text, where there is no old text.
const WHOLE: [&str; 3] = ["content", "file_text", "fileText"];
const EVERY: [&str; 3] = ["replaceAll", "replace_all", "all"];
const LINE: [&str; 5] = ["line", "start_line", "startLine", "line_hint", "lineHint"];
/// What tools' calls have their edits in.
const WRAPPERS: [&str; 4] = ["edits", "changes", "arguments", "input"];
/// How deep wrappers may stand in each other.
const DEPTH: u8 = 4;

/// Reads the edits of a text that is JSON, or lines of JSON, or has one fence
/// that is.
pub(super) fn read(script: &Script<'_>) -> Result<Vec<FileEdit>, PatchError> {
    let error = match serde_json::from_str::<Value>(script.text) {
        Ok(value) => return of_value(script, &value, 0),
        Err(error) if script.strict => return Err(not_json(&error)),
        Err(error) => error,
    };
    if let Some(values) = values(script.text) {
        let mut edits = Vec::new();
        for value in &values {
            edits.extend(of_value(script, value, 0)?);
        }
        return Ok(edits);
    }
    let edits = in_fences(script)?;
    if edits.is_empty() {
        return Err(not_json(&error));
    }
    Ok(edits)
}

/// Returns the patch in another format that a tool's call in JSON has as one
/// of its texts: `{"input": "*** Begin Patch…"}`.
pub(super) fn wrapped(text: &str) -> Option<String> {
    const FIELDS: [&str; 4] = ["input", "patch", "diff", "command"];
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let value = serde_json::from_str::<Value>(text).ok()?;
    let mut map = value.as_object()?;
    if let Some(Value::Object(inner)) = map.get("arguments").or_else(|| map.get("input")) {
        map = inner;
    }
    let inner = FIELDS.iter().find_map(|name| map.get(*name))?;
    let inner = match inner {
        Value::Array(words) => words.last()?.as_str()?,
        other => other.as_str()?,
    };
    let marks = ["*** Begin Patch", "<<<<<<< SEARCH", "\n+++ "];
    marks
        .iter()
        .any(|mark| inner.contains(mark))
        .then(|| inner.to_owned())
}

/// Reads objects that follow each other, as in lines of JSON.
fn values(text: &str) -> Option<Vec<Value>> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let values: Vec<Value> = values.collect::<Result<_, _>>().ok()?;
    (values.len() > 1 && values.iter().all(has_shape)).then_some(values)
}

/// Returns whether the whole text is JSON in the shape of edits.
pub(super) fn is_whole(script: &Script<'_>) -> bool {
    let text = script.text.trim_start();
    if !text.starts_with(['[', '{']) {
        return false;
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => has_shape(&value) || (!script.strict && is_file(&value)),
        Err(_) => !script.strict && values(text).is_some(),
    }
}

/// Returns whether a value is one or more whole files.
fn is_file(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_file),
        Value::Object(map) => field(map, &PATH).is_some() && field(map, &WHOLE).is_some(),
        _ => false,
    }
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
    fn within(value: &Value, depth: u8) -> bool {
        match value {
            _ if depth > DEPTH => false,
            Value::Array(items) => items.first().is_some_and(|item| within(item, depth + 1)),
            Value::Object(map) => {
                let is_pair = field(map, &OLD).is_some() && field(map, &NEW).is_some();
                let inner = WRAPPERS.iter().find_map(|name| map.get(*name));
                is_pair || inner.is_some_and(|inner| within(inner, depth + 1))
            }
            _ => false,
        }
    }
    within(value, 0)
}

fn of_value(script: &Script<'_>, value: &Value, at: usize) -> Result<Vec<FileEdit>, PatchError> {
    if script.strict && !value.is_array() {
        let detail = "expected a list of `{\"path\", \"old\", \"new\"}`";
        return Err(wrong(at, detail));
    }
    let mut reader = Reader {
        script,
        at,
        edits: Vec::new(),
        count: 0,
    };
    reader.value(value, None, 0)?;
    Ok(reader.edits)
}

/// The edits read so far of one JSON value.
struct Reader<'a> {
    script: &'a Script<'a>,
    /// The line that the value begins in.
    at: usize,
    edits: Vec<FileEdit>,
    /// How many edits were seen, for errors.
    count: usize,
}

impl Reader<'_> {
    /// Reads a list or an object; `outer` is the path of what it stands in.
    fn value(&mut self, value: &Value, outer: Option<&Value>, depth: u8) -> Result<(), PatchError> {
        let lists = if self.script.strict { 1 } else { DEPTH };
        match value {
            Value::Array(items) if depth < lists => {
                let mut items = items.iter();
                return items.try_for_each(|item| self.value(item, outer, depth + 1));
            }
            Value::Object(map) => {
                let inner = WRAPPERS.iter().find_map(|name| map.get(*name));
                let inner = inner.filter(|inner| inner.is_array() || inner.is_object());
                if let Some(inner) = inner.filter(|_| !self.script.strict && depth < DEPTH) {
                    return self.value(inner, field(map, &PATH).or(outer), depth + 1);
                }
                self.count += 1;
                let edit = of_item(self.script, map, outer, self.at);
                self.edits.push(edit.map_err(|error| self.numbered(error))?);
                return Ok(());
            }
            _ => {}
        }
        self.count += 1;
        Err(self.numbered(wrong(self.at, "it is not an object")))
    }

    fn numbered(&self, mut error: PatchError) -> PatchError {
        error.detail = format!("edit {}: {}", self.count, error.detail);
        error
    }
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
    let path = match (field(map, &PATH).or(outer), script.sole_path) {
        (Some(Value::String(path)), _) => script.path(path, at)?,
        (None, Some(path)) => path.clone(),
        (None, None) => {
            let detail = "the edit doesn't say which file it is for";
            return Err(PatchError::new(ErrorCode::MissingPath, detail).at_line(number(at)));
        }
        (Some(_), _) => return Err(wrong(at, "`path` must be a text")),
    };
    let has_pair = field(map, &OLD).is_some() || field(map, &NEW).is_some();
    if let Some(Value::String(text)) = field(map, &WHOLE).filter(|_| !script.strict && !has_pair) {
        let text = text.clone();
        return Ok(FileEdit::Replace { path, text });
    }
    let hunk = EditHunk {
        anchor: Anchor {
            line: line_of(map),
            ..Anchor::default()
        },
        body: body_of(script, map, at)?,
        patch_line: 0,
    };
    Ok(FileEdit::Update {
        path,
        move_to: None,
        hunks: vec![hunk],
    })
}

fn body_of(
    script: &Script<'_>,
    map: &Map<String, Value>,
    at: usize,
) -> Result<EditBody, PatchError> {
    let text = |names: &[&str]| {
        let value = field(map, names).and_then(Value::as_str);
        let text = value.map(str::to_owned);
        text.ok_or_else(|| wrong(at, format!("`{}` must be a text", names[0])))
    };
    let new = text(&NEW)?;
    // No old text at all is how some editors say that the file is new.
    let old = match field(map, &OLD) {
        Some(Value::Null) if !script.strict => String::new(),
        _ => text(&OLD)?,
    };
    let every = field(map, &EVERY).filter(|_| !script.strict);
    match every {
        _ if old.is_empty() => Ok(EditBody::Fill(new)),
        Some(Value::Bool(true)) => Ok(EditBody::Every { old, new }),
        Some(Value::Bool(false) | Value::Null) | None => Ok(EditBody::Text { old, new }),
        Some(_) => Err(wrong(at, "`replaceAll` must be true or false")),
    }
}

/// Returns what an object changes, if it has the shape of an edit.
pub(crate) fn shown(map: &Map<String, Value>) -> Option<EditBody> {
    let text = |names: &[&str]| field(map, names)?.as_str().map(str::to_owned);
    if let Some(new) = text(&NEW) {
        return match field(map, &OLD)? {
            Value::Null => Some(EditBody::Fill(new)),
            Value::String(old) if old.is_empty() => Some(EditBody::Fill(new)),
            Value::String(old) => Some(EditBody::Text {
                old: old.clone(),
                new,
            }),
            _ => None,
        };
    }
    field(map, &PATH)?;
    text(&WHOLE).map(EditBody::Fill)
}

/// Returns the line that is hinted at, from 0.
fn line_of(map: &Map<String, Value>) -> Option<u32> {
    let line = field(map, &LINE).and_then(Value::as_u64)?;
    u32::try_from(line.checked_sub(1)?).ok()
}

fn field<'a>(map: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| map.get(*name))
}
