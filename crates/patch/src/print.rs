//! A plan as a diff that `git apply` reads.

use std::fmt::Write as _;
use std::ops::Range;

use crate::diff::{Replaced, changes};
use crate::encoding::Encoding;
use crate::line::{count, lines};
use crate::plan::{Change, Plan, PlannedFile};

/// The unchanged lines shown around each change.
const CONTEXT: u32 = 3;

/// Returns the plan as a git diff. Bytes that are not UTF-8 show as U+FFFD,
/// binary files and those in UTF-16 as one line.
pub fn unified(plan: &Plan) -> String {
    let mut out = String::new();
    for file in &plan.files {
        print_file(&mut out, file);
    }
    out
}

fn print_file(out: &mut String, file: &PlannedFile) {
    let from = file.home();
    let (old, new) = (quote("a/", from.as_str()), quote("b/", file.path.as_str()));
    let mode = mode_of(file.executable);
    put(out, &format!("diff --git {old} {new}"));
    let has_mode = !matches!(file.change, Change::Create | Change::Delete);
    if has_mode && file.executable != file.executable_before {
        put(
            out,
            &format!("old mode {}", mode_of(file.executable_before)),
        );
        put(out, &format!("new mode {mode}"));
    }
    match &file.change {
        Change::Create => put(out, &format!("new file mode {mode}")),
        Change::Delete => put(out, &format!("deleted file mode {mode}")),
        Change::Rename { from } => {
            put(out, &format!("rename from {}", quote("", from.as_str())));
            put(out, &format!("rename to {}", quote("", file.path.as_str())));
        }
        Change::Copy { from } => {
            put(out, &format!("copy from {}", quote("", from.as_str())));
            put(out, &format!("copy to {}", quote("", file.path.as_str())));
        }
        Change::Modify => {}
    }
    let before = file.before.as_deref().unwrap_or_default();
    let after = file.after.as_deref().unwrap_or_default();
    if before == after {
        return;
    }
    let named = |name: String| {
        // A tab tells readers where a name with spaces ends.
        let end = if name.contains(' ') { "\t" } else { "" };
        name + end
    };
    let null = || "/dev/null".to_owned();
    let old = file.before.as_ref().map_or_else(null, |_| named(old));
    let new = file.after.as_ref().map_or_else(null, |_| named(new));
    // Git takes UTF-16 for binary.
    let is_wide = [before, after]
        .iter()
        .any(|bytes| Encoding::of(bytes) != Encoding::Utf8);
    if file.binary || is_wide {
        put(out, &format!("Binary files {old} and {new} differ"));
        return;
    }
    put(out, &format!("--- {old}"));
    put(out, &format!("+++ {new}"));
    print_hunks(out, before, after);
}

fn print_hunks(out: &mut String, before: &[u8], after: &[u8]) {
    let old: Vec<&[u8]> = lines(before).collect();
    let new: Vec<&[u8]> = lines(after).collect();
    let changes = changes(&old, &new);
    let mut rest = &changes[..];
    while let Some(first) = rest.first() {
        let joined = rest
            .windows(2)
            .take_while(|pair| pair[1].old.start - pair[0].old.end <= 2 * CONTEXT);
        let (group, others) = rest.split_at(joined.count() + 1);
        let last = group.last().unwrap_or(first);
        let above = first.old.start.min(CONTEXT);
        let below = (count(old.len()) - last.old.end).min(CONTEXT);
        let shown_old = first.old.start - above..last.old.end + below;
        let shown_new = first.new.start - above..last.new.end + below;
        let (old_range, new_range) = (range(&shown_old), range(&shown_new));
        put(out, &format!("@@ -{old_range} +{new_range} @@"));
        let mut done = shown_old.start;
        for Replaced {
            old: removed,
            new: added,
        } in group
        {
            print_lines(out, ' ', &old, done..removed.start);
            print_lines(out, '-', &old, removed.clone());
            print_lines(out, '+', &new, added.clone());
            done = removed.end;
        }
        print_lines(out, ' ', &old, done..shown_old.end);
        rest = others;
    }
}

fn print_lines(out: &mut String, sign: char, lines: &[&[u8]], range: Range<u32>) {
    let shown = lines.get(range.start as usize..range.end as usize);
    for line in shown.unwrap_or_default() {
        out.push(sign);
        out.push_str(&String::from_utf8_lossy(line));
        if !line.ends_with(b"\n") {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

const fn mode_of(executable: bool) -> &'static str {
    if executable { "100755" } else { "100644" }
}

/// Writes lines counted from 0 as git counts them: from 1, and an empty range
/// by the line before it.
fn range(lines: &Range<u32>) -> String {
    match lines.end - lines.start {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        length => format!("{},{length}", lines.start + 1),
    }
}

/// Writes a name as git does: in quotes when it has a quote in it. Workspace
/// paths have no control characters and no backslashes.
fn quote(prefix: &str, path: &str) -> String {
    if path.contains('"') {
        format!("\"{prefix}{}\"", path.replace('"', "\\\""))
    } else {
        format!("{prefix}{path}")
    }
}

fn put(out: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{line}");
}
