//! Random transactions on random trees against a model, with a crash in each.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// How many transactions are tried. The seed is the number of the try.
const TRIES: u64 = 500;
/// Few names, so that changes meet.
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// What the tree should be: files with their content, and folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    files: BTreeMap<String, String>,
    folders: BTreeSet<String>,
}

/// xorshift64: repeatable from the seed that a failure prints.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n).unwrap()).unwrap()
    }

    /// A path of one to three names.
    fn path(&mut self) -> WorkspacePath {
        let depth = 1 + self.below(3);
        let names: Vec<_> = (0..depth).map(|_| NAMES[self.below(NAMES.len())]).collect();
        path(&names.join("/"))
    }

    fn tree(&mut self) -> Model {
        let mut model = Model::default();
        for n in 0..self.below(10) {
            let at = self.path();
            let free = !model.folders.contains(at.as_str())
                && rules::ancestors(&at).all(|folder| !model.files.contains_key(folder.as_str()));
            if free {
                model.put(&at, format!("old {n}"));
            }
        }
        model
    }

    /// One of these, or now and then any path at all.
    fn one_of<'a>(&mut self, known: impl Iterator<Item = &'a String>) -> WorkspacePath {
        let known: Vec<_> = known.collect();
        match known.get(self.below(known.len() + 1)) {
            Some(known) => path(known),
            None => self.path(),
        }
    }

    fn change(&mut self, n: usize, old: &Model) -> FileChange {
        let file = self.one_of(old.files.keys());
        let folder = self.one_of(old.folders.iter());
        let (any, to) = (self.path(), self.path());
        let expect = match old.files.get(file.as_str()) {
            Some(content) if n.is_multiple_of(2) => hash(content),
            _ => Expect::Any,
        };
        let write = |path, expect| FileChange::Write {
            path,
            bytes: format!("new {n}").into_bytes(),
            executable: false,
            expect,
        };
        match self.below(10) {
            0 | 1 => write(file, expect),
            2 | 3 => write(any, Expect::Any),
            4 => FileChange::Remove { path: file, expect },
            5 => FileChange::Rename {
                from: file,
                to,
                expect,
            },
            9 => FileChange::MoveAndWrite {
                from: file,
                to,
                bytes: format!("moved {n}").into_bytes(),
                executable: false,
                expect,
            },
            6 => FileChange::MakeDirectory { path: any },
            7 => FileChange::RenameDirectory { from: folder, to },
            _ => FileChange::RemoveDirectory {
                path: folder,
                content: FolderContent::Remove,
            },
        }
    }
}

impl Model {
    fn put(&mut self, at: &WorkspacePath, content: String) {
        self.make_folders_of(at);
        self.files.insert(at.to_string(), content);
    }

    fn make_folders_of(&mut self, at: &WorkspacePath) {
        let folders = rules::ancestors(at).map(|folder| folder.to_string());
        self.folders.extend(folders);
    }

    fn inside(name: &str, folder: &WorkspacePath) -> bool {
        path(name).is_within(folder)
    }

    /// First everything leaves, then everything arrives.
    fn after(&self, changes: &Changes) -> Self {
        let mut new = self.clone();
        let old_content = |at: &WorkspacePath| self.files[at.as_str()].clone();
        for change in &changes.files {
            match change {
                FileChange::Remove { path, .. }
                | FileChange::Rename { from: path, .. }
                | FileChange::MoveAndWrite { from: path, .. } => {
                    new.files.remove(path.as_str());
                }
                FileChange::RemoveDirectory { path, .. }
                | FileChange::RenameDirectory { from: path, .. } => {
                    new.files.retain(|name, _| !Self::inside(name, path));
                    new.folders.retain(|name| !Self::inside(name, path));
                }
                FileChange::Write { .. } | FileChange::MakeDirectory { .. } => {}
            }
        }
        for change in &changes.files {
            match change {
                FileChange::Write { path, bytes, .. }
                | FileChange::MoveAndWrite {
                    to: path, bytes, ..
                } => {
                    new.put(path, String::from_utf8(bytes.clone()).unwrap());
                }
                FileChange::Rename { from, to, .. } => new.put(to, old_content(from)),
                FileChange::MakeDirectory { path } => {
                    new.make_folders_of(path);
                    new.folders.insert(path.to_string());
                }
                FileChange::RenameDirectory { from, to } => new.move_folder(self, from, to),
                FileChange::Remove { .. } | FileChange::RemoveDirectory { .. } => {}
            }
        }
        new
    }

    fn move_folder(&mut self, old: &Self, from: &WorkspacePath, to: &WorkspacePath) {
        self.make_folders_of(to);
        let moved = |name: &str| format!("{to}{}", &name[from.as_str().len()..]);
        for name in old.folders.iter().filter(|name| Self::inside(name, from)) {
            self.folders.insert(moved(name));
        }
        for (name, content) in old
            .files
            .iter()
            .filter(|(name, _)| Self::inside(name, from))
        {
            self.files.insert(moved(name), content.clone());
        }
    }

    fn make(&self) -> Place {
        let place = Place::with(&[]);
        for folder in &self.folders {
            fs::create_dir_all(place.files().join(folder)).unwrap();
        }
        for (name, content) in &self.files {
            fs::write(place.files().join(name), content).unwrap();
        }
        place
    }

    fn read(place: &Place) -> Self {
        let mut model = Self::default();
        for (name, (_, content)) in place.tree() {
            match content {
                Some(bytes) => {
                    model.files.insert(name, String::from_utf8(bytes).unwrap());
                }
                None => {
                    model.folders.insert(name);
                }
            }
        }
        model
    }
}

#[test]
fn random_transactions_crash_into_all_old_or_all_new() {
    let (mut done, mut refused, mut sides) = (0, 0, [0, 0]);
    for seed in 1..=TRIES {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let old = random.tree();
        let place = old.make();
        let list = (0..=random.below(5))
            .map(|n| random.change(n, &old))
            .collect();
        let changes = changes(list);
        let root = place.open();
        let planned = Plan::make(&root, &changes).map(|plan| {
            let journal = plan.journal(&changes);
            plan.steps(&journal).unwrap().len()
        });
        let Ok(steps) = planned else {
            refused += 1;
            assert!(root.commit(&changes).is_err(), "seed {seed}");
            assert_eq!(Model::read(&place), old, "seed {seed}");
            continue;
        };
        done += 1;
        let new = old.after(&changes);
        let committed = crash_after(random.below(steps + 1), &place, &changes).unwrap();
        sides[usize::from(committed)] += 1;
        drop(root);
        for transaction in place.open().recover().unwrap() {
            transaction.finish().unwrap();
        }
        let expected = if committed { &new } else { &old };
        assert_eq!(&Model::read(&place), expected, "seed {seed}: {changes:?}");
        if !committed {
            place.open().commit(&changes).unwrap().finish().unwrap();
            assert_eq!(Model::read(&place), new, "seed {seed}: {changes:?}");
        }
        assert_eq!(place.state_names(), Vec::<String>::new(), "seed {seed}");
    }
    assert!(done > 100 && refused > 50, "{done} {refused}");
    assert!(sides[0] > 30 && sides[1] > 30, "{sides:?}");
}
