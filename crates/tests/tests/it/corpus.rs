//! Cases of the edit engine's corpus, applied for real: `atelier apply` on a
//! directory. `crates/patch/tests/corpus/README.md` tells what a case is.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use atelier_tests::{Ended, run_program};
use serde_json::Value;

/// One case of so many is applied for real; the others are planned in
/// `atelier-patch`. No group has fewer cases.
const OF: usize = 8;

/// What is at a path: a file's bytes and whether it may be executed, or where
/// a link leads.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    File(Vec<u8>, bool),
    Link(PathBuf),
}

type Tree = BTreeMap<PathBuf, Found>;

#[tokio::test]
async fn cases_come_out_on_disk_as_they_must() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../patch/tests/corpus");
    let mut wrong = Vec::new();
    for group in folders(&home) {
        let cases = folders(&group);
        assert!(cases.len() >= OF, "{}", group.display());
        for case in cases.iter().step_by(OF) {
            let told = complaint(case).await;
            wrong.extend(told.map(|told| format!("{}: {told}", case.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Applies a case; returns what is wrong with what came of it.
async fn complaint(case: &Path) -> Option<String> {
    let options = json(&case.join("options.json")).unwrap_or_default();
    if options["unreadable"].is_array() {
        // The tests may run as somebody who can read everything.
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    lay_out(case, &options, folder.path());
    let before = tree(folder.path());
    let patch = fs::read_to_string(case.join("patch")).unwrap();
    let ended = run_program(folder.path(), &flags(&options), &patch).await;
    let now = tree(folder.path());
    if let Some(refusal) = json(&case.join("error.json")) {
        let is_told = ended.code == Some(1) && code(&ended) == refusal["code"];
        return (!is_told || now != before).then(|| format!("{refusal}, but {ended:?}"));
    }
    let mut expected = tree(&case.join("after"));
    set_modes(&mut expected, &options["executableAfter"]);
    if let Some((path, _, text)) = repeated(&options["repeat"]) {
        expected.insert(path, Found::File(text.into_bytes(), false));
    }
    for (path, found) in before {
        if matches!(found, Found::Link(_)) {
            expected.insert(path, found);
        }
    }
    let is_right = ended.code == Some(0) && now == expected;
    (!is_right).then(|| format!("{ended:?}\n  expected {expected:?}\n  found    {now:?}"))
}

/// Makes a case's tree in a folder.
fn lay_out(case: &Path, options: &Value, folder: &Path) {
    let mut files = tree(&case.join("before"));
    set_modes(&mut files, &options["executable"]);
    if let Some((path, text, _)) = repeated(&options["repeat"]) {
        files.insert(path, Found::File(text.into_bytes(), false));
    }
    for (path, found) in files {
        let Found::File(bytes, executable) = found else {
            panic!("{} is a link", path.display());
        };
        let at = folder.join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(&at, bytes).unwrap();
        let mode = if executable { 0o755 } else { 0o644 };
        fs::set_permissions(&at, fs::Permissions::from_mode(mode)).unwrap();
    }
    for link in options["links"].as_array().into_iter().flatten() {
        symlink("somewhere", folder.join(link.as_str().unwrap())).unwrap();
    }
}

fn set_modes(files: &mut Tree, executable: &Value) {
    for path in executable.as_array().into_iter().flatten() {
        let file = files.get_mut(Path::new(path.as_str().unwrap())).unwrap();
        if let Found::File(_, executable) = file {
            *executable = true;
        }
    }
}

fn flags(options: &Value) -> Vec<&str> {
    let mut flags = vec!["apply", "--dir", ".", "--json", "--allow-destructive"];
    for name in ["format", "path"] {
        if let Some(value) = options[name].as_str() {
            let flag = if name == "path" { "--path" } else { "--format" };
            flags.extend([flag, value]);
        }
    }
    let encodings = options["encoding"].as_object().into_iter().flatten();
    for (_, encoding) in encodings {
        flags.extend(["--encoding", encoding.as_str().unwrap()]);
    }
    if options["strict"] == true {
        flags.push("--strict");
    }
    flags
}

fn code(ended: &Ended) -> Value {
    let told: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
    told["error"]["code"].clone()
}

/// Makes the large file of a case, before and afterwards.
fn repeated(repeat: &Value) -> Option<(PathBuf, String, String)> {
    let line = repeat["line"].as_str()?;
    let (mut old, mut new) = (String::new(), String::new());
    for number in 1..=repeat["lines"].as_u64().unwrap() {
        let number = number.to_string();
        let text = line.replace("{n}", &number) + "\n";
        new += repeat["after"][&number].as_str().unwrap_or(&text);
        old += &text;
    }
    Some((repeat["path"].as_str().unwrap().into(), old, new))
}

fn json(file: &Path) -> Option<Value> {
    let text = fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

fn folders(home: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(home).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

/// Returns everything in a folder but folders, and nothing of none.
fn tree(folder: &Path) -> Tree {
    let mut found = Tree::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            if path.is_symlink() {
                found.insert(name, Found::Link(fs::read_link(&path).unwrap()));
            } else if path.is_dir() {
                waiting.push(path);
            } else {
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                let is_executable = mode & 0o100 != 0;
                found.insert(name, Found::File(fs::read(&path).unwrap(), is_executable));
            }
        }
    }
    found
}
