//! What was done, or would be, told to a person or a program.

use std::collections::BTreeMap;
use std::io::Write as _;

use atelier_patch::{Change, Format, MatchLabel, PlannedFile, unified};
use serde_json::{Value, json};

use super::Arguments;
use super::record::Record;
use crate::say;

/// A transaction that was carried out, or checked.
pub(super) struct Done {
    pub(super) record: Record,
    /// The format of the patch and why it was taken for that.
    pub(super) read_as: Option<(Format, String)>,
}

/// Tells what was done.
pub(super) fn tell(arguments: &Arguments, done: &Done) {
    if arguments.json {
        say(&value(arguments, done).to_string());
        return;
    }
    let summary = summary(arguments, done);
    if arguments.check {
        // The diff alone goes where a program would read it from.
        let _ = write!(std::io::stdout().lock(), "{}", unified(&done.record.plan));
        let _ = writeln!(std::io::stderr().lock(), "{summary}");
    } else {
        say(&summary);
    }
}

/// Names a change.
pub(super) fn verb(change: &Change) -> &'static str {
    match change {
        Change::Create => "create",
        Change::Modify => "modify",
        Change::Delete => "delete",
        Change::Rename { .. } => "rename",
        Change::Copy { .. } => "copy",
    }
}

fn summary(arguments: &Arguments, done: &Done) -> String {
    let files = &done.record.plan.files;
    let mut lines: Vec<String> = files.iter().map(line).collect();
    let total = files
        .iter()
        .map(changed)
        .fold((0, 0), |(added, removed), file| {
            (added + file.0, removed + file.1)
        });
    let counted = match files.len() {
        0 => "nothing to change: it is as the patch has it".to_owned(),
        1 => format!("1 file, +{} -{} lines", total.0, total.1),
        count => format!("{count} files, +{} -{} lines", total.0, total.1),
    };
    let read_as = done.read_as.as_ref();
    let read_as = read_as.filter(|_| arguments.format == Format::Auto);
    lines.push(read_as.map_or_else(
        || counted.clone(),
        |(format, reason)| format!("{counted}; read as {format}: {reason}"),
    ));
    lines.join("\n")
}

fn line(file: &PlannedFile) -> String {
    let from = from(file).map_or_else(String::new, |from| format!(" from {from}"));
    let size = if file.binary {
        " binary".to_owned()
    } else {
        let (added, removed) = changed(file);
        format!(" +{added} -{removed}")
    };
    let mode = match (file.executable_before, file.executable) {
        (false, true) => " executable",
        (true, false) => " not executable",
        _ => "",
    };
    let labels = labels(file);
    format!(
        "{} {}{from}{size}{mode}{labels}",
        verb(&file.change),
        file.path
    )
}

/// Counts the lines that come and go.
fn changed(file: &PlannedFile) -> (u64, u64) {
    let sum = |lines: fn(&atelier_patch::Hunk) -> u32| {
        file.hunks.iter().map(|hunk| u64::from(lines(hunk))).sum()
    };
    (sum(|hunk| hunk.new_lines), sum(|hunk| hunk.old_lines))
}

fn from(file: &PlannedFile) -> Option<String> {
    match &file.change {
        Change::Rename { from } | Change::Copy { from } => Some(from.to_string()),
        Change::Create | Change::Modify | Change::Delete => None,
    }
}

/// Names the ways in which hunks did not match exactly.
fn labels(file: &PlannedFile) -> String {
    let mut labels: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    let unsure = file.hunks.iter().map(|hunk| hunk.label);
    for label in unsure.filter(|label| *label != MatchLabel::Exact) {
        let name = match label {
            MatchLabel::Merged => "merged".to_owned(),
            other => format!("matched with {other}"),
        };
        let named = labels.entry(label.rank()).or_default();
        if !named.contains(&name) {
            named.push(name);
        }
    }
    let labels: Vec<String> = labels.into_values().flatten().collect();
    if labels.is_empty() {
        String::new()
    } else {
        format!(" ({})", labels.join(", "))
    }
}

fn value(arguments: &Arguments, done: &Done) -> Value {
    let files: Vec<Value> = done.record.plan.files.iter().map(file_value).collect();
    let read_as = done.read_as.as_ref();
    let mut value = json!({
        "applied": !arguments.check,
        "format": read_as.map(|(format, _)| format.as_str()),
        "reason": read_as.map(|(_, reason)| reason),
        "files": files,
    });
    let (key, more) = if arguments.check {
        ("diff", Value::from(unified(&done.record.plan)))
    } else {
        ("record", done.record.value().unwrap_or_default())
    };
    value[key] = more;
    value
}

fn file_value(file: &PlannedFile) -> Value {
    let hunks = file.hunks.iter().map(|hunk| {
        json!({
            "oldStart": hunk.old_start, "oldLines": hunk.old_lines,
            "newStart": hunk.new_start, "newLines": hunk.new_lines,
            "label": hunk.label.to_string(),
        })
    });
    json!({
        "path": file.path.to_string(),
        "change": verb(&file.change),
        "from": from(file),
        "executable": file.executable,
        "binary": file.binary,
        "encoding": file.encoding.to_string(),
        "hunks": hunks.collect::<Vec<_>>(),
    })
}
