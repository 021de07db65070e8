use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use atelier_base::{ErrorKind, WorkspaceId};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::*;
use crate::harness::{Fixture, path};
use crate::{FileRow, FileStat, Unique, WorkspaceRow};

/// What a caller's error may look like.
#[derive(Debug, PartialEq)]
enum Refused {
    Rule,
    Store,
}

impl From<Error> for Refused {
    fn from(_: Error) -> Self {
        Self::Store
    }
}

/// Renames a workspace the way callers do: with borrowed arguments, several
/// statements, and an error of their own.
async fn rename(store: &Store, id: WorkspaceId, names: &[&str]) -> Result<String, Refused> {
    store
        .write(async |tx| {
            let mut row = tx.get_workspace(id).await?;
            for name in names {
                row.name = (*name).to_owned();
                tx.update_workspace(&row).await?;
                if name.is_empty() {
                    return Err(Refused::Rule);
                }
            }
            Ok(row.name)
        })
        .await
}

fn send<F: Future + Send>(future: F) -> F {
    future
}

both_engines! {
    async fn one_query_needs_no_transaction(t) {
        let workspace = t.workspace().await;
        let found = t.store.query(async |r| r.get_workspace(workspace.id).await).await;
        assert_eq!(found.unwrap(), workspace);
        let missing = t.store.query(async |r| r.get_workspace(t.id()).await).await;
        assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
        let store = t.store.clone();
        let mut twice = JoinSet::new();
        twice.spawn(async move {
            let work = async |r: &mut crate::Reader| {
                r.get_workspace(workspace.id).await?;
                r.get_workspace(workspace.id).await
            };
            store.query(work).await
        });
        assert!(twice.join_next().await.unwrap().unwrap_err().is_panic());
    }

    async fn a_callers_own_error_rolls_back(t) {
        let workspace = t.workspace().await;
        let renamed = send(rename(&t.store, workspace.id, &["one", ""])).await;
        assert_eq!(renamed, Err(Refused::Rule));
        assert_eq!(t.read(async |r| r.get_workspace(workspace.id).await).await, workspace);
        let renamed = send(rename(&t.store, t.id(), &["one"])).await;
        assert_eq!(renamed, Err(Refused::Store));
        let renamed = send(rename(&t.store, workspace.id, &["one", "two"])).await;
        assert_eq!(renamed, Ok("two".to_owned()));
        let row = t.read(async |r| r.get_workspace(workspace.id).await).await;
        assert_eq!(row.name, "two");
    }

    async fn a_cancelled_or_panicking_write_leaves_nothing_and_lets_others_go_on(t) {
        let workspace = t.workspace().await;
        let lost = WorkspaceRow { name: "lost".to_owned(), ..workspace.clone() };

        let (entered, is_in) = oneshot::channel();
        let cancelled = t.store.write(async |tx| {
            tx.update_workspace(&lost).await?;
            entered.send(()).unwrap();
            std::future::pending::<Result<()>>().await
        });
        tokio::select! {
            _ = cancelled => panic!("it waits for ever"),
            entered = is_in => entered.unwrap(),
        }

        let (store, row) = (t.store.clone(), lost.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let work = async |tx: &mut Writer| -> Result<()> {
                tx.update_workspace(&row).await?;
                panic!("on purpose")
            };
            store.write(work).await
        });
        assert!(tasks.join_next().await.unwrap().unwrap_err().is_panic());

        let row = t.read(async |r| r.get_workspace(workspace.id).await).await;
        assert_eq!(row, workspace);
        let renamed = rename(&t.store, workspace.id, &["kept"]).await;
        assert_eq!(renamed, Ok("kept".to_owned()));
    }

    async fn a_read_sees_one_moment(t) {
        let workspace = t.workspace().await;
        let (before, after) = t
            .read(async |r| {
                let before = r.get_workspace(workspace.id).await?;
                rename(&t.store, workspace.id, &["changed"]).await.unwrap();
                Ok((before, r.get_workspace(workspace.id).await?))
            })
            .await;
        assert_eq!(before, after);
        assert_eq!(t.read(async |r| r.get_workspace(workspace.id).await).await.name, "changed");
    }

    async fn a_row_of_an_unknown_kind_is_named(t) {
        let turn = t.turn(&t.workspace().await).await;
        t.write(async |tx| tx.execute("UPDATE turns SET state = 'odd'", vec![]).await).await;
        let error: Error = t.store.read(async |r| r.get_turn(turn.id).await).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(
            error.to_string(),
            format!("inconsistent data in table turns, column state, row {}", turn.id)
        );
    }

    async fn a_closed_store_is_unavailable(t) {
        t.store.ping().await.unwrap();
        let other = t.database.open().await.unwrap();
        assert_eq!(other.engine(), t.store.engine());
        other.close().await;
        assert_eq!(other.ping().await.unwrap_err().kind(), ErrorKind::Unavailable);
        let written: Result<()> = other.write(async |_| Ok(())).await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::Unavailable);
    }

    async fn the_tree_follows_any_sequence_of_changes(t) {
        let mut runner = TestRunner::deterministic();
        for _ in 0..24 {
            let changes = prop::collection::vec(change(), 1..24)
                .new_tree(&mut runner)
                .unwrap()
                .current();
            replay(t, &changes).await;
        }
    }
}

#[tokio::test]
async fn only_the_owner_can_read_the_database() {
    let t = Fixture::sqlite().await;
    t.workspace().await;
    let DatabaseUrl::Sqlite(path) = t.database.url() else {
        panic!("not on SQLite");
    };
    // The fixture's file was copied there; a new one is made by the store.
    let path = path.with_file_name("new.db");
    let url = DatabaseUrl::Sqlite(path.clone());
    let store = Store::open(&url, &t.database.blobs_dir()).await.unwrap();
    for name in ["new.db", "new.db-wal", "new.db-shm"] {
        let mode = fs::metadata(path.with_file_name(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    store.close().await;
    assert!(!path.with_file_name("new.db-wal").exists(), "folded in");
}

/// A query has run on both engines when a story, or what puts its rows in, calls
/// it.
#[test]
fn every_query_runs_on_both_engines() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = |folder: &Path| -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    };
    let (mut queries, mut tests) = (BTreeSet::new(), include_str!("../harness.rs").to_owned());
    for file in files(&sources) {
        if file.is_dir() {
            tests += &fs::read_to_string(file.join("tests.rs")).unwrap_or_default();
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for function in text.split("pub async fn ").skip(1) {
            let (name, rest) = function.split_once(['(', '<']).unwrap();
            let head = rest.split_once('{').unwrap().0;
            if head.contains("&mut self") {
                queries.insert(name.to_owned());
            }
        }
    }
    assert!(
        queries.contains("append_event") && queries.len() > 60,
        "{queries:?}"
    );
    let untested: Vec<_> = queries
        .into_iter()
        .filter(|name| !tests.contains(&format!(".{name}(")))
        .collect();
    assert_eq!(untested, Vec::<String>::new());
}

/// One change of a tree, over so few paths that they often meet.
#[derive(Clone, Debug)]
enum Change {
    Create(&'static str),
    Save(&'static str),
    Rename(&'static str, &'static str),
    Delete(&'static str),
    Restore(usize),
    DeleteWorkspace,
}

const PATHS: [&str; 6] = ["a", "a/b", "a/b/c", "a-b", "d", "d/e"];

fn change() -> impl Strategy<Value = Change> {
    let path = || prop::sample::select(&PATHS[..]);
    prop_oneof![
        6 => path().prop_map(Change::Create),
        2 => path().prop_map(Change::Save),
        3 => (path(), path()).prop_map(|(from, to)| Change::Rename(from, to)),
        3 => path().prop_map(Change::Delete),
        3 => (0..8_usize).prop_map(Change::Restore),
        1 => Just(Change::DeleteWorkspace),
    ]
}

/// What the tree must be.
#[derive(Default)]
struct Model {
    live: BTreeMap<String, FileRow>,
    deleted: Vec<FileRow>,
}

/// Makes the changes in a new workspace and compares the tree after each.
async fn replay(t: &Fixture, changes: &[Change]) {
    let mut workspace = t.workspace().await;
    let mut model = Model::default();
    for change in changes {
        match change {
            Change::Create(text) => create(t, &workspace, &mut model, text).await,
            Change::Save(text) => save(t, &workspace, &mut model, text).await,
            Change::Rename(from, to) => move_folder(t, &workspace, &mut model, from, to).await,
            Change::Delete(text) => delete(t, &workspace, &mut model, text).await,
            Change::Restore(index) => restore(t, &mut model, *index).await,
            Change::DeleteWorkspace => {
                t.write(async |tx| tx.delete_workspace(workspace.id).await)
                    .await;
                (workspace, model) = (t.workspace().await, Model::default());
            }
        }
        let tree = t
            .read(async |r| r.list_live(workspace.id, None, 100).await)
            .await;
        let mut expected: Vec<FileRow> = model.live.values().cloned().collect();
        expected.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(tree, expected, "after {change:?} of {changes:?}");
        let versions = t
            .read(async |r| {
                let mut found = 0;
                for file in &tree {
                    found += usize::from(r.find_current(file.id).await?.is_some());
                }
                Ok(found)
            })
            .await;
        assert_eq!(
            versions,
            tree.len(),
            "each file has its version: {changes:?}"
        );
    }
}

async fn create(t: &Fixture, workspace: &WorkspaceRow, model: &mut Model, text: &str) {
    if !model.live.contains_key(text) {
        let file = t.files(workspace, &[text]).await.remove(0);
        model.live.insert(text.to_owned(), file);
        return;
    }
    let file = t.file(workspace.id, text);
    let error = t
        .write_fails(async |tx| tx.insert_files(&[file]).await)
        .await;
    assert_taken(&error);
}

async fn save(t: &Fixture, workspace: &WorkspaceRow, model: &mut Model, text: &str) {
    let Some(file) = model.live.get_mut(text) else {
        return;
    };
    let transaction = t.transaction(workspace);
    let version = t.version(file, transaction.id, b"saved");
    let stat = FileStat {
        size_bytes: 5,
        modified_ns: 1,
        inode: 2,
        executable: true,
    };
    t.write(async |tx| {
        tx.insert_transaction(&transaction).await?;
        tx.insert_version(&version).await?;
        tx.set_current(file.id, version.id, &stat).await
    })
    .await;
    file.current_version_id = Some(version.id);
    (
        file.size_bytes,
        file.modified_ns,
        file.inode,
        file.executable,
    ) = (5, 1, 2, true);
}

async fn move_folder(
    t: &Fixture,
    workspace: &WorkspaceRow,
    model: &mut Model,
    from: &str,
    to: &str,
) {
    let (old, new) = (path(from), path(to));
    if old.is_within(&new) || new.is_within(&old) {
        return; // Refused before it comes to the store.
    }
    let moved: Vec<(String, String)> = model
        .live
        .keys()
        .filter(|key| path(key).is_within(&old))
        .map(|key| (key.clone(), format!("{to}{}", &key[from.len()..])))
        .collect();
    let renamed = t
        .store
        .write(async |tx| tx.rename_under(workspace.id, &old, &new).await)
        .await;
    if moved.iter().any(|(_, to)| model.live.contains_key(to)) {
        let error: Error = renamed.unwrap_err();
        assert_taken(&error);
        return;
    }
    assert_eq!(renamed.unwrap(), moved.len() as u64);
    for (from, to) in moved {
        let mut file = model.live.remove(&from).unwrap();
        file.path = path(&to);
        model.live.insert(to, file);
    }
}

async fn delete(t: &Fixture, workspace: &WorkspaceRow, model: &mut Model, text: &str) {
    let (folder, at) = (path(text), t.now());
    let gone = |file: &FileRow| file.path.is_within(&folder);
    let count = t
        .write(async |tx| tx.mark_deleted_under(workspace.id, &folder, at).await)
        .await;
    let before = model.deleted.len();
    model
        .deleted
        .extend(model.live.values().filter(|file| gone(file)).cloned());
    model.live.retain(|_, file| !gone(file));
    assert_eq!(count, (model.deleted.len() - before) as u64);
}

async fn restore(t: &Fixture, model: &mut Model, index: usize) {
    let Some(file) = model.deleted.get(index).cloned() else {
        return;
    };
    let restored = t
        .store
        .write(async |tx| tx.restore_file(file.id).await)
        .await;
    if model.live.contains_key(file.path.as_str()) {
        assert_taken(&restored.unwrap_err());
        return;
    }
    restored.unwrap();
    model.live.insert(file.path.to_string(), file);
    model.deleted.remove(index);
}

fn assert_taken(error: &Error) {
    let what = Unique::FilePath;
    assert!(
        matches!(error, Error::Taken { what: taken } if *taken == what),
        "{error:?}"
    );
}
