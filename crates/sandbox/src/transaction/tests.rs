//! Crashes after every step of a commit, and of the recovery from it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use atelier_base::{Ids, TransactionId, WorkspacePath};
use tempfile::TempDir;

use super::*;

mod random;

/// A tree: each path with its mode and, for a file, its content.
type Tree = BTreeMap<String, (u32, Option<Vec<u8>>)>;

struct Place {
    directory: TempDir,
}

impl Place {
    fn with(files: &[(&str, &str)]) -> Self {
        // In memory where there is such a place: thousands of syncs are made.
        let directory = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
        let place = Self {
            directory: directory.unwrap(),
        };
        fs::create_dir(place.files()).unwrap();
        for (path, content) in files {
            let path = place.files().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        place
    }

    fn files(&self) -> std::path::PathBuf {
        self.directory.path().join("files")
    }

    fn state(&self) -> std::path::PathBuf {
        self.directory.path().join("state")
    }

    fn open(&self) -> Root {
        Root::open(&self.files(), &self.state()).unwrap()
    }

    fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        read_into(&mut tree, &self.files(), "");
        tree
    }

    fn state_names(&self) -> Vec<String> {
        fs::read_dir(self.state())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

fn read_into(tree: &mut Tree, folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let mode = entry.metadata().unwrap().mode() & 0o777;
        if entry.file_type().unwrap().is_dir() {
            read_into(tree, &entry.path(), &format!("{name}/"));
            tree.insert(name, (mode, None));
        } else {
            tree.insert(name, (mode, Some(fs::read(entry.path()).unwrap())));
        }
    }
}

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::new(text).unwrap()
}

fn hash(text: &str) -> Expect {
    Expect::Hash(ContentHash::of(text.as_bytes()))
}

fn write(at: &str, text: &str, expect: Expect) -> FileChange {
    FileChange::Write {
        path: path(at),
        bytes: text.as_bytes().to_vec(),
        executable: false,
        expect,
    }
}

fn remove(at: &str, expect: Expect) -> FileChange {
    FileChange::Remove {
        path: path(at),
        expect,
    }
}

fn rename(from: &str, to: &str, expect: Expect) -> FileChange {
    FileChange::Rename {
        from: path(from),
        to: path(to),
        expect,
    }
}

fn changes(files: Vec<FileChange>) -> Changes {
    Changes {
        id: Ids::system().next(),
        files,
        rows: b"what the database must say".to_vec(),
    }
}

fn four_files() -> (Place, Changes) {
    let place = Place::with(&[("a", "old a"), ("b", "old b"), ("tool", "old tool")]);
    let tool = place.files().join("tool");
    fs::set_permissions(tool, fs::Permissions::from_mode(0o740)).unwrap();
    let changes = changes(vec![
        write("a", "new a", hash("old a")),
        write("new/c", "new c", Expect::Missing),
        remove("b", hash("old b")),
        FileChange::MoveAndWrite {
            from: path("tool"),
            to: path("bin/tool"),
            bytes: b"new tool".to_vec(),
            executable: true,
            expect: hash("old tool"),
        },
    ]);
    (place, changes)
}

/// Twenty changes: every kind, and every way in which two can meet.
fn twenty_changes() -> (Place, Changes) {
    let place = Place::with(&[
        ("one", "1"),
        ("two", "2"),
        ("chain/a", "A"),
        ("chain/b", "B"),
        ("chain/c", "C"),
        ("swap/x", "X"),
        ("swap/y", "Y"),
        ("again", "before"),
        ("file-to-folder", "f"),
        ("folder-to-file/inner", "i"),
        ("emptied/last", "l"),
        ("gone/deep/er/x", "x"),
        ("gone/y", "y"),
        ("kept-out/of/gone", "k"),
        ("moved/in/it", "m"),
        ("case", "c"),
        ("script", "#!/bin/sh\n"),
    ]);
    let script = place.files().join("script");
    fs::set_permissions(script, fs::Permissions::from_mode(0o750)).unwrap();
    let changes = changes(vec![
        write("one", "one", hash("1")),
        write("two", "two", Expect::Any),
        rename("chain/a", "chain/b", hash("A")),
        rename("chain/b", "chain/c", hash("B")),
        rename("chain/c", "chain/d/e", Expect::Any),
        rename("swap/x", "swap/y", hash("X")),
        rename("swap/y", "swap/x", hash("Y")),
        remove("again", hash("before")),
        write("again", "after", Expect::Missing),
        remove("file-to-folder", Expect::Any),
        write("file-to-folder/x/y", "deep", Expect::Missing),
        FileChange::RemoveDirectory {
            path: path("folder-to-file"),
            content: FolderContent::Remove,
        },
        write("folder-to-file", "file", Expect::Missing),
        remove("emptied/last", hash("l")),
        FileChange::RemoveDirectory {
            path: path("emptied"),
            content: FolderContent::MustBeEmpty,
        },
        rename("gone/y", "kept-out/y", hash("y")),
        FileChange::RemoveDirectory {
            path: path("gone"),
            content: FolderContent::Remove,
        },
        FileChange::RenameDirectory {
            from: path("moved"),
            to: path("target/moved"),
        },
        rename("case", "CASE", hash("c")),
        FileChange::Write {
            path: path("script"),
            bytes: b"#!/bin/bash\n".to_vec(),
            executable: true,
            expect: hash("#!/bin/sh\n"),
        },
    ]);
    (place, changes)
}

/// Runs the first `n` steps of a commit and stops there, as a crash does.
/// Returns whether the commit point was among them; `None` when there are
/// fewer than `n` steps.
fn crash_after(n: usize, place: &Place, changes: &Changes) -> Option<bool> {
    let root = place.open();
    let plan = Plan::make(&root, changes).unwrap();
    let journal = plan.journal(changes);
    let steps = plan.steps(&journal).unwrap();
    let run = Run::new(&root, root.state().unwrap(), changes.id);
    for step in steps.get(..n)? {
        run.step(step).unwrap();
    }
    Some(steps[..n].iter().any(|s| matches!(s, Step::Publish)))
}

/// Counts the steps up to and with the commit point.
fn steps_before_commit(make: fn() -> (Place, Changes)) -> usize {
    let committed = |n: &usize| {
        let (place, changes) = make();
        crash_after(*n, &place, &changes) == Some(true)
    };
    (0..1_000).find(committed).unwrap()
}

/// Recovers and checks that the tree is all-old or all-new and that the rows
/// say the same.
fn recover_and_check(place: &Place, changes: &Changes, committed: bool, old: &Tree, new: &Tree) {
    let root = place.open();
    for _ in 0..2 {
        let recovered = root.recover().unwrap();
        assert_eq!(place.tree(), if committed { new } else { old }.clone());
        assert_eq!(recovered.len(), usize::from(committed));
        for transaction in &recovered {
            assert_eq!(transaction.id(), changes.id);
            assert_eq!(transaction.rows(), changes.rows);
        }
    }
    for transaction in root.recover().unwrap() {
        transaction.finish().unwrap();
    }
    assert_eq!(place.state_names(), Vec::<String>::new());
    assert_eq!(root.recover().unwrap().len(), 0);
}

fn committed_tree(make: fn() -> (Place, Changes)) -> Tree {
    let (place, changes) = make();
    place.open().commit(&changes).unwrap().finish().unwrap();
    assert_eq!(place.state_names(), Vec::<String>::new());
    place.tree()
}

#[test]
fn a_crash_after_any_step_leaves_all_old_or_all_new() {
    for make in [four_files, twenty_changes] {
        let new = committed_tree(make);
        let mut sides = [0, 0];
        for n in 0.. {
            let (place, changes) = make();
            let old = place.tree();
            let Some(committed) = crash_after(n, &place, &changes) else {
                break;
            };
            sides[usize::from(committed)] += 1;
            recover_and_check(&place, &changes, committed, &old, &new);
        }
        assert!(sides[0] > 5 && sides[1] > 5, "{sides:?}");
    }
}

#[test]
fn a_crash_during_recovery_is_recovered_from() {
    let new = committed_tree(twenty_changes);
    let half = steps_before_commit(twenty_changes) + 20;
    for m in 0.. {
        let (place, changes) = twenty_changes();
        let old = place.tree();
        assert_eq!(crash_after(half, &place, &changes), Some(true));
        assert!(
            place.tree() != old && place.tree() != new,
            "it is half done"
        );
        let root = place.open();
        let journal = root.state().unwrap().find(changes.id).unwrap().unwrap();
        let steps = Step::after_commit(&journal);
        let Some(steps) = steps.get(..m) else { break };
        let run = Run::new(&root, root.state().unwrap(), changes.id);
        for step in steps {
            run.step(step).unwrap();
        }
        drop(root);
        recover_and_check(&place, &changes, true, &old, &new);
    }
}

#[test]
fn twenty_changes_end_as_they_should() {
    let (place, changes) = twenty_changes();
    let inode = |at: &str| fs::metadata(place.files().join(at)).unwrap().ino();
    let before = inode("chain/a");
    place.open().commit(&changes).unwrap().finish().unwrap();
    let tree = place.tree();
    let files: Vec<_> = tree
        .iter()
        .filter_map(|(name, (_, content))| Some((name.as_str(), content.as_deref()?)))
        .map(|(name, content)| (name, std::str::from_utf8(content).unwrap()))
        .collect();
    assert_eq!(
        files,
        [
            ("CASE", "c"),
            ("again", "after"),
            ("chain/b", "A"),
            ("chain/c", "B"),
            ("chain/d/e", "C"),
            ("file-to-folder/x/y", "deep"),
            ("folder-to-file", "file"),
            ("kept-out/of/gone", "k"),
            ("kept-out/y", "y"),
            ("one", "one"),
            ("script", "#!/bin/bash\n"),
            ("swap/x", "Y"),
            ("swap/y", "X"),
            ("target/moved/in/it", "m"),
            ("two", "two"),
        ]
    );
    assert!(!tree.contains_key("emptied") && !tree.contains_key("gone"));
    assert_eq!(tree["script"].0, 0o750, "the mode is kept");
    assert_eq!(inode("chain/b"), before, "a rename keeps the file");
}

#[test]
fn a_file_that_moves_and_changes_keeps_its_mode() {
    let tree = committed_tree(four_files);
    assert_eq!(tree["bin/tool"], (0o740, Some(b"new tool".to_vec())));
    assert!(!tree.contains_key("tool"));
}

#[test]
fn a_damaged_journal_is_an_error_and_changes_nothing() {
    let (place, changes) = four_files();
    assert_eq!(
        crash_after(steps_before_commit(four_files), &place, &changes),
        Some(true)
    );
    let name = Stage::Pending.name(changes.id);
    let journal = place.state().join(&name);
    let whole = fs::read(&journal).unwrap();
    let old = place.tree();
    for cut in 0..whole.len() {
        fs::write(&journal, &whole[..cut]).unwrap();
        let error = place.open().recover().unwrap_err();
        assert!(matches!(error, FileError::Journal { .. }), "{error}");
        let mut altered = whole.clone();
        altered[cut] ^= 1;
        fs::write(&journal, &altered).unwrap();
        assert!(place.open().recover().is_err());
    }
    assert_eq!(place.tree(), old);
    fs::write(&journal, &whole).unwrap();
    let other: TransactionId = Ids::system().next();
    fs::rename(&journal, place.state().join(Stage::Pending.name(other))).unwrap();
    assert!(
        place.open().recover().is_err(),
        "it names another transaction"
    );
}

#[test]
fn a_change_made_between_the_check_and_the_commit_is_a_conflict() {
    type Meddle = fn(&Path);
    let meddlers: [(&str, Meddle); 4] = [
        ("overwritten", |files| {
            fs::write(files.join("a"), "mine!").unwrap();
        }),
        ("replaced", |files| {
            fs::write(files.join("tmp"), "old a").unwrap();
            fs::rename(files.join("tmp"), files.join("a")).unwrap();
        }),
        ("created", |files| {
            fs::create_dir(files.join("new")).unwrap();
            fs::write(files.join("new/c"), "mine").unwrap();
        }),
        ("changed before it was removed", |files| {
            fs::write(files.join("b"), "mine!").unwrap();
        }),
    ];
    for (what, meddle) in meddlers {
        let (place, changes) = four_files();
        let root = place.open();
        let plan = Plan::make(&root, &changes).unwrap();
        let journal = plan.journal(&changes);
        let steps = plan.steps(&journal).unwrap();
        meddle(&place.files());
        let meddled = place.tree();
        let error = root.carry_out(&journal, &steps).unwrap_err();
        assert_eq!(
            error.kind(),
            atelier_base::ErrorKind::Conflict,
            "{what}: {error}"
        );
        assert_eq!(place.tree(), meddled, "{what}");
        assert_eq!(place.state_names(), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn what_a_process_makes_after_the_commit_point_is_not_removed() {
    let (place, changes) = four_files();
    assert_eq!(
        crash_after(steps_before_commit(four_files), &place, &changes),
        Some(true)
    );
    fs::remove_file(place.files().join("b")).unwrap();
    fs::write(place.files().join("b"), "made later").unwrap();
    place.open().recover().unwrap();
    assert_eq!(fs::read(place.files().join("b")).unwrap(), b"made later");
    assert_eq!(fs::read(place.files().join("a")).unwrap(), b"new a");
}

#[test]
fn an_obstacle_after_the_commit_point_is_named_and_waited_for() {
    let (place, changes) = four_files();
    assert_eq!(
        crash_after(steps_before_commit(four_files), &place, &changes),
        Some(true)
    );
    fs::write(place.files().join("new"), "in the way").unwrap();
    let root = place.open();
    let error = root.recover().unwrap_err();
    assert!(matches!(error, FileError::Unfinished { id, .. } if id == changes.id));
    let other = super::tests::changes(vec![write("other", "x", Expect::Missing)]);
    assert!(root.commit(&other).is_err(), "the earlier one comes first");
    assert!(!place.files().join("other").exists());
    fs::remove_file(place.files().join("new")).unwrap();
    assert_eq!(root.recover().unwrap().len(), 1);
    assert_eq!(fs::read(place.files().join("new/c")).unwrap(), b"new c");
}

#[test]
fn recovery_deletes_what_is_ours_and_nothing_else() {
    let (place, changes) = four_files();
    assert_eq!(crash_after(3, &place, &changes), Some(false));
    let deep = place.state().join(".removing-7").join("d/".repeat(150));
    fs::create_dir_all(deep).unwrap();
    let upper = changes.id.to_string().to_uppercase();
    let others = [
        "record.json".to_owned(),
        format!("{upper}.0"),
        format!("{}.x", changes.id),
    ];
    for name in &others {
        fs::write(place.state().join(name), "").unwrap();
    }
    assert_eq!(place.open().recover().unwrap().len(), 0);
    let mut left = place.state_names();
    left.sort();
    let mut others = others.to_vec();
    others.sort();
    assert_eq!(left, others);
}
