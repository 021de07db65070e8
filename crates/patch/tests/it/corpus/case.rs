//! One case of the corpus: a folder with a tree, a patch and what must come
//! of it. The layout is told in `tests/corpus/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use atelier_base::WorkspacePath;
use atelier_patch::{Change, Encoding, Entry, Format, ParseOptions, Plan, Source, SourceError};
use serde_json::Value;

use crate::story::path;

/// A case, read from its folder.
pub(super) struct Case {
    /// `group/case`.
    pub(super) name: String,
    pub(super) patch: String,
    pub(super) options: ParseOptions,
    pub(super) before: Tree,
    pub(super) expected: Expected,
    /// The labels of each file's hunks, where the case says them.
    pub(super) labels: Option<Value>,
}

/// What must come of a case.
pub(super) enum Expected {
    /// The whole tree afterwards.
    After(Files),
    /// The fields that the refusal must have at least.
    Refused(Value),
}

/// Files with their content and whether they may be executed.
pub(super) type Files = BTreeMap<WorkspacePath, (Vec<u8>, bool)>;

/// A tree in memory with what a map of bytes can't have: modes, links, files
/// that can't be read.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) files: Files,
    links: BTreeSet<WorkspacePath>,
    unreadable: BTreeSet<WorkspacePath>,
    encodings: BTreeMap<WorkspacePath, Encoding>,
}

/// Returns the folder that the corpus is in.
pub(super) fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Reads every case, in the order of their names.
pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for group in folders(&home()) {
        for case in folders(&group) {
            cases.push(Case::read(&case));
        }
    }
    cases
}

fn folders(home: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(home).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

impl Case {
    fn read(home: &Path) -> Self {
        let mut names = home.iter().rev().take(2);
        let (case, group) = (names.next().unwrap(), names.next().unwrap());
        let name = format!("{}/{}", group.display(), case.display());
        let json = |file: &str| {
            let text = fs::read_to_string(home.join(file)).ok()?;
            let value = serde_json::from_str::<Value>(&text);
            Some(value.unwrap_or_else(|error| panic!("{name}/{file}: {error}")))
        };
        let options = json("options.json").unwrap_or_default();
        let mut before = Tree::read(&home.join("before"), &options["executable"]);
        before.links = paths(&options["links"]).collect();
        before.encodings = encodings(&options["encoding"]);
        before.unreadable = paths(&options["unreadable"]).collect();
        let mut after = Tree::read(&home.join("after"), &options["executableAfter"]).files;
        if let Some((path, old, new)) = repeated(&options["repeat"]) {
            before.files.insert(path.clone(), (old, false));
            after.insert(path, (new, false));
        }
        let refused = json("error.json");
        let is_told = !after.is_empty() || options["after"] == "nothing";
        assert!(
            refused.is_some() || is_told,
            "{name}: neither `after/` nor `error.json` nor the option `\"after\": \"nothing\"`"
        );
        Self {
            patch: fs::read_to_string(home.join("patch")).unwrap(),
            options: parse_options(&options),
            labels: json("labels.json"),
            expected: refused.map_or(Expected::After(after), Expected::Refused),
            before,
            name,
        }
    }
}

fn parse_options(options: &Value) -> ParseOptions {
    let format = options["format"].as_str().unwrap_or("auto");
    ParseOptions {
        format: format.parse::<Format>().unwrap(),
        strict: options["strict"].as_bool().unwrap_or(false),
        sole_path: options["path"].as_str().map(path),
    }
}

fn encodings(map: &Value) -> BTreeMap<WorkspacePath, Encoding> {
    let map = map.as_object().cloned().unwrap_or_default();
    map.into_iter()
        .map(|(name, encoding)| (path(&name), encoding.as_str().unwrap().parse().unwrap()))
        .collect()
}

fn paths(list: &Value) -> impl Iterator<Item = WorkspacePath> {
    let list = list.as_array().cloned().unwrap_or_default();
    list.into_iter().map(|item| path(item.as_str().unwrap()))
}

/// Makes the large file of a case: `lines` lines, `{n}` being their number,
/// before, and with the lines given in `after` replaced, afterwards.
fn repeated(repeat: &Value) -> Option<(WorkspacePath, Vec<u8>, Vec<u8>)> {
    let line = repeat["line"].as_str()?;
    let (mut old, mut new) = (String::new(), String::new());
    for number in 1..=repeat["lines"].as_u64().unwrap() {
        let number = number.to_string();
        let text = line.replace("{n}", &number);
        old += &text;
        old.push('\n');
        match &repeat["after"][&number] {
            Value::Null => new = new + &text + "\n",
            replaced => new += replaced.as_str().unwrap(),
        }
    }
    let path = path(repeat["path"].as_str().unwrap());
    Some((path, old.into_bytes(), new.into_bytes()))
}

impl Tree {
    fn read(home: &Path, executable: &Value) -> Self {
        let mut tree = Self::default();
        let executable: BTreeSet<WorkspacePath> = paths(executable).collect();
        let mut waiting = vec![home.to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let at = entry.unwrap().path();
                if at.is_dir() {
                    waiting.push(at);
                    continue;
                }
                let name = at.strip_prefix(home).unwrap().to_str().unwrap();
                let file = (fs::read(&at).unwrap(), executable.contains(&path(name)));
                tree.files.insert(path(name), file);
            }
        }
        tree
    }

    /// Returns the files as they are after a plan.
    pub(super) fn after(&self, plan: &Plan) -> Files {
        let mut files = self.files.clone();
        for file in &plan.files {
            match &file.change {
                Change::Rename { from } => files.remove(from),
                _ => files.remove(&file.path),
            };
        }
        for file in &plan.files {
            if let Some(bytes) = &file.after {
                let now = (bytes.clone(), file.executable);
                files.insert(file.path.clone(), now);
            }
        }
        files
    }
}

impl Source for Tree {
    fn declared_encoding(&self, path: &WorkspacePath) -> Option<Encoding> {
        self.encodings.get(path).copied()
    }

    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError> {
        if self.unreadable.contains(path) {
            return Err(SourceError("permission denied".to_owned()));
        }
        if self.links.contains(path) {
            return Ok(Entry::Other("a symbolic link"));
        }
        if let Some((bytes, executable)) = self.files.get(path) {
            return Ok(Entry::File {
                bytes: bytes.clone(),
                executable: *executable,
            });
        }
        let mut others = self.files.keys().chain(&self.links);
        Ok(if others.any(|other| other.is_within(path)) {
            Entry::Directory
        } else {
            Entry::Missing
        })
    }
}
