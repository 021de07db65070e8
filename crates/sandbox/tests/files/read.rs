//! What can be read, and what a hostile workspace puts in the way.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use atelier_base::{ContentHash, ErrorKind};
use atelier_sandbox::FileError;
use atelier_sandbox::files::EntryKind;
use rustix::fs::{CWD, FileType, Mode, mkfifoat, mknodat};

use super::ground::{Ground, path};

/// A workspace with everything in it that is not an ordinary file.
fn hostile() -> Ground {
    let ground = Ground::new();
    ground.put("files/file", "content");
    ground.put("files/folder/inner", "inner");
    ground.put("files/empty", "");
    ground.put("outside/secret", "secret");
    let at = |name: &str| ground.at("files").join(name);
    for (name, target) in [
        ("link", "file"),
        ("link-to-folder", "folder"),
        ("out", "../outside"),
        ("out-to-file", "../outside/secret"),
        ("absolute", "/etc/hostname"),
        ("magic", "/proc/self/root"),
        ("magic-fd", "/proc/self/fd/0"),
        ("loop", "loop"),
        ("dangling", "nothing"),
        ("folder/up", ".."),
    ] {
        symlink(target, at(name)).unwrap();
    }
    mkfifoat(CWD, at("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
    UnixListener::bind(at("socket")).unwrap();
    let sparse = fs::File::create(at("sparse")).unwrap();
    sparse.set_len(1 << 42).unwrap();
    ground
}

#[test]
fn only_regular_files_are_read() {
    let ground = hostile();
    let root = ground.root();
    assert_eq!(root.read(&path("file"), 7).unwrap().bytes, b"content");
    assert_eq!(
        root.read(&path("folder/inner"), 100).unwrap().bytes,
        b"inner"
    );
    assert_eq!(root.read(&path("empty"), 0).unwrap().bytes, b"");
    for (name, kind) in [
        ("missing", ErrorKind::NotFound),
        ("file/below", ErrorKind::NotFound),
        ("missing/below", ErrorKind::NotFound),
        ("folder", ErrorKind::Invalid),
        ("fifo", ErrorKind::Invalid),
        ("socket", ErrorKind::Invalid),
        ("fifo/below", ErrorKind::NotFound),
        ("sparse", ErrorKind::TooLarge),
        ("link", ErrorKind::Invalid),
        ("link-to-folder/inner", ErrorKind::Invalid),
        ("out", ErrorKind::Invalid),
        ("out/secret", ErrorKind::Invalid),
        ("out-to-file", ErrorKind::Invalid),
        ("absolute", ErrorKind::Invalid),
        ("magic/etc/hostname", ErrorKind::Invalid),
        ("magic-fd", ErrorKind::Invalid),
        ("loop", ErrorKind::Invalid),
        ("dangling", ErrorKind::Invalid),
        ("folder/up/file", ErrorKind::Invalid),
    ] {
        let read = root.read(&path(name), 1 << 20).unwrap_err();
        assert_eq!(read.kind(), kind, "{name}: {read}");
        let hashed = root.hash(&path(name), 1 << 20).unwrap_err();
        assert_eq!(hashed.kind(), kind, "{name}: {hashed}");
        assert!(!read.to_string().contains("secret\n"));
    }
}

#[test]
fn a_device_is_not_opened() {
    let ground = Ground::new();
    let at = ground.at("files").join("null");
    // The device of /dev/null: 1, 3.
    let device = rustix::fs::makedev(1, 3);
    if mknodat(CWD, &at, FileType::CharacterDevice, Mode::RUSR, device).is_err() {
        println!("not run: this process may not make devices");
        return;
    }
    let error = ground.root().read(&path("null"), 10).unwrap_err();
    assert_eq!(error.to_string(), "`null` is a device, not a file");
}

#[test]
fn limits_and_attributes_of_a_file() {
    let ground = Ground::new();
    ground.put("files/run.sh", "12345");
    let at = ground.at("files/run.sh");
    fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
    let root = ground.root();
    let content = root.read(&path("run.sh"), 5).unwrap();
    assert!(content.executable);
    let on_disk = fs::metadata(&at).unwrap().modified().unwrap();
    let micros = on_disk
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_micros();
    assert_eq!(
        i128::from(content.modified.as_micros()),
        i128::try_from(micros).unwrap()
    );
    for max in 0..5 {
        let error = root.read(&path("run.sh"), max).unwrap_err();
        assert!(matches!(error, FileError::TooLarge { .. }), "{error}");
        assert!(root.hash(&path("run.sh"), max).is_err());
    }
    assert_eq!(
        root.hash(&path("run.sh"), 5).unwrap(),
        ContentHash::of(b"12345")
    );
    let long = "long ".repeat(100_000);
    ground.put("files/long", &long);
    assert_eq!(
        root.hash(&path("long"), 1 << 20).unwrap(),
        ContentHash::of(long.as_bytes())
    );
}

#[test]
fn entries_say_what_they_are() {
    let ground = hostile();
    let root = ground.root();
    for (name, kind) in [
        ("file", EntryKind::File),
        ("folder", EntryKind::Directory),
        ("folder/inner", EntryKind::File),
        ("missing", EntryKind::Missing),
        ("missing/below", EntryKind::Missing),
        ("file/below", EntryKind::Missing),
        ("link", EntryKind::Symlink),
        ("dangling", EntryKind::Symlink),
        ("out", EntryKind::Symlink),
        ("fifo", EntryKind::Other("a FIFO")),
        ("socket", EntryKind::Other("a socket")),
    ] {
        assert_eq!(root.entry(&path(name)).unwrap(), kind, "{name}");
    }
    let behind = root.entry(&path("out/secret")).unwrap_err();
    assert!(matches!(behind, FileError::Symlink { .. }), "{behind}");
}
