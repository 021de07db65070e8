//! What a transaction refuses, always with nothing changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use atelier_base::ErrorKind;
use atelier_sandbox::FileError;
use atelier_sandbox::files::Root;
use atelier_sandbox::transaction::FolderContent::{MustBeEmpty, Remove};
use atelier_sandbox::transaction::{Expect, FileChange};

use super::ground::{
    Ground, changes, hash, make_folder, path, remove, remove_folder, rename, rename_folder, tree,
    write,
};

fn ground() -> Ground {
    let ground = Ground::new(&[
        ("a", "A"),
        ("b", "B"),
        ("d/x", "X"),
        ("d/y", "Y"),
        ("Case/File", "c"),
        ("outer/inner/z", "Z"),
    ]);
    fs::create_dir(ground.at("empty")).unwrap();
    fs::create_dir(ground.beside("outside")).unwrap();
    fs::write(ground.beside("outside/secret"), "secret").unwrap();
    symlink("a", ground.at("link")).unwrap();
    symlink("d", ground.at("dirlink")).unwrap();
    symlink("../outside", ground.at("way-out")).unwrap();
    symlink("../outside/secret", ground.at("secret-link")).unwrap();
    symlink("nowhere", ground.at("dangling")).unwrap();
    UnixListener::bind(ground.at("socket")).unwrap();
    ground
}

/// Each transaction has a harmless change first: it must not happen either.
#[test]
fn a_refused_transaction_changes_nothing() {
    use ErrorKind::{Conflict, Invalid, NotFound};
    let any = Expect::Any;
    let table: Vec<(&str, ErrorKind, Vec<FileChange>)> = vec![
        // What must be there isn't.
        (
            "create over a file",
            Conflict,
            vec![write("a", "x", Expect::Missing)],
        ),
        (
            "stale overwrite",
            Conflict,
            vec![write("a", "x", hash("other"))],
        ),
        (
            "overwrite of what is gone",
            Conflict,
            vec![write("none", "x", hash("x"))],
        ),
        ("stale remove", Conflict, vec![remove("a", hash("other"))]),
        (
            "remove of what was changed away",
            Conflict,
            vec![remove("none", hash("x"))],
        ),
        ("remove of nothing", NotFound, vec![remove("none", any)]),
        ("rename of nothing", NotFound, vec![rename("none", "new")]),
        (
            "rename behind a file",
            NotFound,
            vec![rename("a/none", "new")],
        ),
        ("rename over a file", Conflict, vec![rename("a", "b")]),
        ("rename over a folder", Conflict, vec![rename("a", "d")]),
        (
            "make a folder that is there",
            Conflict,
            vec![make_folder("d")],
        ),
        (
            "make a folder over a file",
            Conflict,
            vec![make_folder("a")],
        ),
        (
            "remove no folder",
            NotFound,
            vec![remove_folder("none", Remove)],
        ),
        (
            "rename a folder over one",
            Conflict,
            vec![rename_folder("d", "outer")],
        ),
        (
            "rename a folder over an empty one",
            Conflict,
            vec![rename_folder("d", "empty")],
        ),
        (
            "remove a full folder as empty",
            Conflict,
            vec![remove_folder("d", MustBeEmpty)],
        ),
        (
            "empty it by half",
            Conflict,
            vec![remove("d/x", any), remove_folder("d", MustBeEmpty)],
        ),
        // It is something else.
        ("write over a folder", Invalid, vec![write("d", "x", any)]),
        (
            "write under a file",
            Invalid,
            vec![write("a/b/c", "x", any)],
        ),
        ("rename under a file", Invalid, vec![rename("b", "a/b")]),
        (
            "make a folder under a file",
            Invalid,
            vec![make_folder("a/b")],
        ),
        ("remove a folder as a file", Invalid, vec![remove("d", any)]),
        ("rename a folder as a file", Invalid, vec![rename("d", "e")]),
        (
            "remove a file as a folder",
            Invalid,
            vec![remove_folder("a", Remove)],
        ),
        (
            "rename a file as a folder",
            Invalid,
            vec![rename_folder("a", "e")],
        ),
        (
            "write over a socket",
            Invalid,
            vec![write("socket", "x", any)],
        ),
        (
            "remove a socket for its content",
            Invalid,
            vec![remove("socket", hash("x"))],
        ),
        // Links.
        (
            "write through a link",
            Invalid,
            vec![write("link", "x", any)],
        ),
        (
            "write through a link, by hash",
            Invalid,
            vec![write("link", "x", hash("A"))],
        ),
        (
            "create at a link",
            Conflict,
            vec![write("link", "x", Expect::Missing)],
        ),
        (
            "create at a dangling link",
            Conflict,
            vec![write("dangling", "x", Expect::Missing)],
        ),
        (
            "write through a dangling link",
            Invalid,
            vec![write("dangling", "x", any)],
        ),
        (
            "write behind a link",
            Invalid,
            vec![write("dirlink/new", "x", any)],
        ),
        (
            "write behind a way out",
            Invalid,
            vec![write("way-out/new", "x", any)],
        ),
        (
            "write deep behind a way out",
            Invalid,
            vec![write("way-out/a/b/c", "x", any)],
        ),
        (
            "overwrite behind a way out",
            Invalid,
            vec![write("way-out/secret", "x", hash("secret"))],
        ),
        (
            "overwrite by a link out",
            Invalid,
            vec![write("secret-link", "x", hash("secret"))],
        ),
        (
            "remove behind a link",
            Invalid,
            vec![remove("way-out/secret", any)],
        ),
        (
            "remove a link for its content",
            Invalid,
            vec![remove("link", hash("A"))],
        ),
        (
            "rename in behind a link",
            Invalid,
            vec![rename("a", "way-out/a")],
        ),
        (
            "rename out from behind a link",
            Invalid,
            vec![rename("way-out/secret", "mine")],
        ),
        (
            "make a folder behind a link",
            Invalid,
            vec![make_folder("way-out/new")],
        ),
        (
            "remove a folder behind a link",
            Invalid,
            vec![remove_folder("dirlink/x", Remove)],
        ),
        (
            "remove a link as a folder",
            Invalid,
            vec![remove_folder("way-out", Remove)],
        ),
        (
            "rename a link as a folder",
            Invalid,
            vec![rename_folder("way-out", "new")],
        ),
        // Only by case.
        (
            "file like a file",
            Conflict,
            vec![write("A", "x", Expect::Missing)],
        ),
        (
            "file in a folder like a folder",
            Conflict,
            vec![write("case/new", "x", any)],
        ),
        ("folder like a folder", Conflict, vec![make_folder("D")]),
        ("rename like a file", Conflict, vec![rename("a", "d/X")]),
        (
            "two new ones alike",
            Conflict,
            vec![write("N", "x", any), write("n", "y", any)],
        ),
        (
            "two new folders alike",
            Conflict,
            vec![write("N/a", "x", any), write("n/b", "y", any)],
        ),
        // They contradict each other.
        (
            "write twice",
            Invalid,
            vec![write("n", "1", any), write("n", "2", any)],
        ),
        (
            "remove twice",
            Invalid,
            vec![remove("a", any), remove("a", any)],
        ),
        (
            "remove what is renamed",
            Invalid,
            vec![rename("a", "n"), remove("a", any)],
        ),
        (
            "rename to two names",
            Invalid,
            vec![rename("a", "n"), rename("a", "m")],
        ),
        (
            "rename two to one",
            Invalid,
            vec![rename("a", "n"), rename("b", "n")],
        ),
        ("rename to itself", Invalid, vec![rename("a", "a")]),
        (
            "remove what must be missing",
            Invalid,
            vec![remove("a", Expect::Missing)],
        ),
        (
            "a file in a new file",
            Invalid,
            vec![write("n", "x", any), write("n/m", "y", any)],
        ),
        (
            "write into a removed folder",
            Invalid,
            vec![remove_folder("d", Remove), write("d/n", "x", any)],
        ),
        (
            "write into a renamed folder",
            Invalid,
            vec![rename_folder("d", "e"), write("e/n", "x", any)],
        ),
        (
            "remove from a renamed folder",
            Invalid,
            vec![rename_folder("d", "e"), remove("d/x", any)],
        ),
        (
            "reuse a renamed folder's name",
            Invalid,
            vec![rename_folder("d", "e"), make_folder("d")],
        ),
        (
            "rename a folder into itself",
            Invalid,
            vec![rename_folder("d", "d/e")],
        ),
        (
            "rename a folder out of a removed one",
            Invalid,
            vec![
                remove_folder("outer", Remove),
                rename_folder("outer/inner", "e"),
            ],
        ),
        (
            "expect a removed file's content",
            Conflict,
            vec![remove("a", any), write("a", "x", hash("A"))],
        ),
    ];
    for (what, kind, mut list) in table {
        let ground = ground();
        list.insert(0, write("harmless/new", "x", Expect::Missing));
        let (files, outside) = (tree(&ground.files()), tree(&ground.beside("outside")));
        let error = ground.open().commit(&changes(list)).unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert_eq!(tree(&ground.files()), files, "{what}");
        assert_eq!(tree(&ground.beside("outside")), outside, "{what}");
        assert_eq!(tree(&ground.state()).len(), 0, "{what}");
    }
}

#[test]
fn links_and_sockets_can_be_removed_and_renamed_themselves() {
    let ground = ground();
    let root = ground.open();
    let list = vec![
        remove("way-out", Expect::Any),
        remove("socket", Expect::Any),
        rename("link", "d/link"),
    ];
    root.commit(&changes(list)).unwrap().finish().unwrap();
    let files = tree(&ground.files());
    assert_eq!(files["d/link"], "link a");
    assert!(!files.contains_key("way-out") && !files.contains_key("socket"));
    assert_eq!(tree(&ground.beside("outside"))["secret"], "file secret");
}

#[test]
fn other_hard_links_keep_the_old_content() {
    let ground = ground();
    fs::hard_link(ground.at("a"), ground.beside("hard")).unwrap();
    let change = changes(vec![write("a", "new", hash("A"))]);
    ground.open().commit(&change).unwrap().finish().unwrap();
    assert_eq!(ground.text("a"), "new");
    assert_eq!(fs::read_to_string(ground.beside("hard")).unwrap(), "A");
}

#[test]
fn modes_are_kept_and_the_executable_bit_is_as_asked() {
    for (old, executable, new) in [
        (0o644, false, 0o644),
        (0o644, true, 0o755),
        (0o640, true, 0o750),
        (0o600, true, 0o700),
        (0o750, true, 0o750),
        (0o711, true, 0o711),
        (0o755, false, 0o644),
        (0o444, false, 0o444),
        (0o4755, true, 0o755),
    ] {
        let ground = ground();
        fs::set_permissions(ground.at("a"), fs::Permissions::from_mode(old)).unwrap();
        let change = FileChange::Write {
            path: path("a"),
            bytes: b"new".to_vec(),
            executable,
            expect: Expect::Any,
        };
        ground
            .open()
            .commit(&changes(vec![change]))
            .unwrap()
            .finish()
            .unwrap();
        let mode = fs::metadata(ground.at("a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, new, "{old:o} {executable}");
    }
}

#[test]
fn the_same_transaction_twice_is_one_transaction() {
    let ground = ground();
    let root = ground.open();
    let change = changes(vec![write("a", "new", hash("A"))]);
    let first = root.commit(&change).unwrap();
    let second = root.commit(&change).unwrap();
    assert_eq!(first.id(), second.id());
    second.finish().unwrap();
    first.finish().unwrap();
    assert_eq!(ground.text("a"), "new");
}

#[test]
fn a_state_directory_that_others_could_forge_is_refused() {
    let ground = ground();
    symlink("files/d", ground.beside("linked")).unwrap();
    fs::write(ground.beside("a-file"), "").unwrap();
    for name in ["linked", "a-file"] {
        let error = Root::open(&ground.files(), &ground.beside(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{name}: {error}");
    }
    if rustix::process::geteuid().is_root() {
        let foreign = ground.beside("foreign");
        fs::create_dir(&foreign).unwrap();
        std::os::unix::fs::chown(&foreign, Some(200_000), None).unwrap();
        assert!(Root::open(&ground.files(), &foreign).is_err());
    }
    assert!(Root::open(&ground.beside("none"), &ground.state()).is_err());
    assert!(Root::create(&ground.files(), &ground.state()).is_err());
}

#[test]
fn an_empty_state_directory_goes_when_the_root_is_closed() {
    let ground = ground();
    let state = ground.at(".atelier");
    let root = Root::open(&ground.files(), &state).unwrap();
    let committed = root
        .commit(&changes(vec![write("a", "new", Expect::Any)]))
        .unwrap();
    root.close().unwrap();
    assert!(state.exists(), "the journal is still in it");
    committed.finish().unwrap();
    Root::open(&ground.files(), &state)
        .unwrap()
        .close()
        .unwrap();
    assert!(!state.exists());
}

#[test]
fn a_tree_opened_for_reading_is_not_changed() {
    let ground = ground();
    let root = Root::open_to_read(&ground.files()).unwrap();
    assert_eq!(root.read(&path("a"), 9).unwrap().bytes, b"A");
    let error = root
        .commit(&changes(vec![write("a", "new", Expect::Any)]))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(root.recover().is_err() && root.close().is_err());
    assert!(!ground.state().exists());
}

#[test]
fn a_state_directory_that_somebody_deleted_is_told_apart() {
    let ground = ground();
    let root = ground.open();
    ground.open().close().unwrap();
    let change = changes(vec![write("a", "new", Expect::Any)]);
    let error = root.commit(&change).unwrap_err();
    assert!(matches!(error, FileError::StateDeleted { .. }), "{error}");
    ground.open().commit(&change).unwrap().finish().unwrap();
}
