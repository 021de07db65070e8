//! Changes of many files, with the two trees that each may end with.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use atelier_base::Ids;
use atelier_sandbox::FileError;
use atelier_sandbox::files::Root;
use atelier_sandbox::transaction::{Changes, Committed, Expect, FileChange, FolderContent};

use super::ground::{
    Ground, hash, make_folder, path, remove, remove_folder, rename, rename_folder, write,
};
use super::trace::Ended;

/// Every path with its mode and, for a file, its content.
pub(super) type Tree = BTreeMap<String, (u32, Option<Vec<u8>>)>;

pub(super) fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    read_into(&mut tree, folder, "");
    tree
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

/// A tree to change, and its changes.
pub(super) type Story = fn() -> (Ground, Changes);

/// The files before the twenty changes.
const OLD: [(&str, &str); 14] = [
    ("src/a", "old a"),
    ("src/b", "old b"),
    ("src/c", "old c"),
    ("src/d", "old d"),
    ("docs/e", "old e"),
    ("docs/f", "old f"),
    ("docs/g", "old g"),
    ("gone/h", "old h"),
    ("gone/deep/i", "old i"),
    ("swap/x", "old x"),
    ("swap/y", "old y"),
    ("again", "old again"),
    ("moved/in/it", "old m"),
    ("script", "#!/bin/sh\n"),
];

/// Twenty files: written, made, removed, renamed, with folders that come and
/// go, a name that is removed and written, and an executable bit that is set.
pub(super) fn twenty_files() -> (Ground, Changes) {
    (Ground::in_memory(&OLD), twenty_changes())
}

/// The same on some disk.
pub(super) fn twenty_files_on(disk: &Path) -> (Ground, Changes) {
    (Ground::on(disk, &OLD), twenty_changes())
}

fn twenty_changes() -> Changes {
    let missing = Expect::Missing;
    let mut list = vec![
        write("src/a", "new a", hash("old a")),
        write("src/b", "", hash("old b")),
        remove("src/c", hash("old c")),
        rename("src/d", "lib/d"),
        write("docs/e", &"new e\n".repeat(5_000), hash("old e")),
        remove("docs/f", hash("old f")),
        rename("docs/g", "src/g"),
        remove_folder("gone", FolderContent::Remove),
        rename("swap/x", "swap/y"),
        rename("swap/y", "swap/x"),
        remove("again", hash("old again")),
        write("again", "new again", missing),
        rename_folder("moved", "away/moved"),
        make_folder("empty"),
        FileChange::Write {
            path: path("script"),
            bytes: b"#!/bin/bash\n".to_vec(),
            executable: true,
            expect: hash("#!/bin/sh\n"),
        },
    ];
    list.extend((0..5).map(|n| write(&format!("lib/new/{n}"), "new", missing)));
    changes(list)
}

/// 200 files: each twentieth made, each seventh removed, the rest rewritten.
pub(super) fn two_hundred_files() -> (Ground, Changes) {
    let name = |n: usize| format!("d{}/f{n}", n % 10);
    let old = |n: usize| format!("old {n}\n").repeat(1 + n);
    let files: Vec<_> = (0..200)
        .filter(|n| n % 20 != 0)
        .map(|n| (name(n), old(n)))
        .collect();
    let files: Vec<_> = files.iter().map(|(n, o)| (&**n, &**o)).collect();
    let change = |n: usize| match n {
        n if n.is_multiple_of(20) => write(&name(n), "made", Expect::Missing),
        n if n.is_multiple_of(7) => remove(&name(n), hash(&old(n))),
        n => write(&name(n), &format!("new {n}\n").repeat(1 + n), hash(&old(n))),
    };
    let list = (0..200).map(change).collect();
    (Ground::in_memory(&files), changes(list))
}

fn changes(files: Vec<FileChange>) -> Changes {
    Changes {
        id: Ids::system().next(),
        files,
        rows: b"new".to_vec(),
    }
}

/// The database: one word, replaced atomically.
fn database(ground: &Ground) -> String {
    fs::read_to_string(ground.beside("database")).unwrap_or_else(|_| "old".to_owned())
}

fn take(ground: &Ground, committed: &Committed) -> std::io::Result<()> {
    let new = ground.beside("database.new");
    let mut file = fs::File::create(&new)?;
    file.write_all(committed.rows())?;
    file.sync_all()?;
    drop(file);
    let there = rustix::fs::CWD;
    Ok(rustix::fs::renameat(
        there,
        new,
        there,
        ground.beside("database"),
    )?)
}

/// What the changed process says that it did, by its exit status.
pub(super) const ALL: i32 = 0;
const NOTHING: i32 = 1;
const UNFINISHED: i32 = 2;
const NO_ROWS: i32 = 3;

/// Does what `atelier apply` and the server do: recover, commit, rows, finish.
pub(super) fn work(ground: &Ground, changes: &Changes) -> i32 {
    let opened = Root::open(&ground.files(), &ground.state());
    let Ok(root) = opened else {
        return NOTHING;
    };
    let Ok(recovered) = root.recover() else {
        return NOTHING;
    };
    if recovered.iter().any(|r| take(ground, r).is_err()) {
        return NO_ROWS;
    }
    for done in recovered {
        if done.finish().is_err() {
            return NO_ROWS;
        }
    }
    match root.commit(changes) {
        Err(FileError::Unfinished { .. }) => UNFINISHED,
        Err(_) => NOTHING,
        Ok(committed) if take(ground, &committed).is_err() => NO_ROWS,
        // The journal's deletion may fail; its rows are there.
        Ok(committed) => {
            drop(committed.finish());
            drop(root.close());
            ALL
        }
    }
}

/// How many runs ended on each side.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) runs: usize,
    pub(super) old: usize,
    pub(super) new: usize,
    pub(super) unfinished: usize,
}

/// The two trees that a story may end with.
pub(super) struct Sides {
    pub(super) old: Tree,
    pub(super) new: Tree,
}

impl Sides {
    pub(super) fn of(story: Story) -> Self {
        let (ground, changes) = story();
        let old = tree(&ground.files());
        assert_eq!(work(&ground, &changes), ALL);
        let new = tree(&ground.files());
        assert!(old != new);
        Self { old, new }
    }

    /// Checks what a fault left, before and after recovery.
    pub(super) fn check(&self, ground: &Ground, ended: Ended, tally: &mut Tally) {
        let now = tree(&ground.files());
        match ended {
            Ended::Exited(ALL | NO_ROWS) => assert!(now == self.new, "it said all new"),
            Ended::Exited(NOTHING) => assert!(now == self.old, "it said nothing has changed"),
            Ended::Exited(UNFINISHED) => tally.unfinished += 1,
            Ended::Exited(other) => panic!("exit status {other}"),
            Ended::Killed => {}
        }
        let root = ground.open();
        for committed in root.recover().unwrap() {
            take(ground, &committed).unwrap();
            committed.finish().unwrap();
        }
        let now = tree(&ground.files());
        let is_new = now == self.new;
        assert!(is_new || now == self.old, "neither all old nor all new");
        assert_eq!(database(ground), if is_new { "new" } else { "old" });
        if ended == Ended::Exited(UNFINISHED) {
            assert!(is_new, "past the commit point it is new");
        }
        assert_eq!(fs::read_dir(ground.state()).unwrap().count(), 0);
        tally.runs += 1;
        *(if is_new {
            &mut tally.new
        } else {
            &mut tally.old
        }) += 1;
    }
}
