//! Listing trees.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::time::Instant;

use atelier_base::{ErrorKind, limit};
use atelier_sandbox::files::{EntryKind, LeaveOut, WalkOptions};

use super::ground::{Ground, path};

fn ground() -> Ground {
    let ground = Ground::new();
    for name in [
        "b.txt",
        "a/2.txt",
        "a/1.txt",
        "a-b/x",
        ".git/config",
        "sub/.git/HEAD",
        ".atelier/journal",
        "node_modules/big/index.js",
        ".env",
    ] {
        ground.put(&format!("files/{name}"), name);
    }
    symlink("..", ground.at("files/a/up")).unwrap();
    symlink("/", ground.at("files/root")).unwrap();
    ground
}

fn names(ground: &Ground, options: &WalkOptions) -> Vec<String> {
    let listing = ground.root().walk(options).unwrap();
    listing
        .found
        .iter()
        .map(|found| found.path.to_string())
        .collect()
}

#[test]
fn a_tree_is_listed_in_order_and_links_are_not_followed() {
    let ground = ground();
    let options = WalkOptions {
        leave_out: LeaveOut::Generated,
        ..WalkOptions::default()
    };
    let all = [
        ".env",
        "a",
        "a-b",
        "a-b/x",
        "a/1.txt",
        "a/2.txt",
        "a/up",
        "b.txt",
        "node_modules",
        "root",
        "sub",
    ];
    assert_eq!(names(&ground, &options), all);
    let below = WalkOptions {
        below: Some(path("a")),
        ..WalkOptions::default()
    };
    assert_eq!(names(&ground, &below), ["a/1.txt", "a/2.txt", "a/up"]);
    for missing in ["none", "b.txt"] {
        let below = Some(path(missing));
        let options = WalkOptions {
            below,
            ..WalkOptions::default()
        };
        let error = ground.root().walk(&options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    let below = Some(path("root/etc"));
    let options = WalkOptions {
        below,
        ..WalkOptions::default()
    };
    assert_eq!(
        ground.root().walk(&options).unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

#[test]
fn what_is_found_is_described() {
    let ground = ground();
    let found = |at: &str| {
        let listing = ground.root().walk(&WalkOptions::default()).unwrap();
        listing
            .found
            .into_iter()
            .find(|found| found.path == path(at))
            .unwrap()
    };
    let before = found("b.txt");
    assert_eq!((before.kind, before.size), (EntryKind::File, 5));
    assert_eq!(found("root").kind, EntryKind::Symlink);
    assert_eq!(found("a").kind, EntryKind::Directory);
    fs::rename(ground.at("files/b.txt"), ground.at("files/c.txt")).unwrap();
    let after = found("c.txt");
    assert_eq!(after.inode, before.inode);
    assert_eq!(after.modified_ns, before.modified_ns);
    assert!(after.changed_ns >= before.changed_ns);
}

#[test]
fn names_that_no_path_can_say_are_skipped_aloud() {
    let ground = Ground::new();
    ground.put("files/good", "");
    for name in [
        &b"bad\xFF"[..],
        b"new\nline",
        b"back\\slash",
        b"esc\x1b[31m",
    ] {
        fs::write(ground.at("files").join(OsStr::from_bytes(name)), "").unwrap();
    }
    let deep = "d/".repeat(70);
    fs::create_dir_all(ground.at("files").join(deep)).unwrap();
    let listing = ground.root().walk(&WalkOptions::default()).unwrap();
    let found = listing
        .found
        .iter()
        .filter(|found| found.kind == EntryKind::File)
        .count();
    assert_eq!(found, 1);
    assert_eq!(listing.found.len(), 1 + limit::PATH_DEPTH);
    let skipped: Vec<_> = listing
        .skipped
        .iter()
        .map(|skipped| skipped.place.as_str())
        .collect();
    assert_eq!(skipped.len(), 5, "{skipped:?}");
    assert!(skipped.iter().all(|place| !place.contains(['\n', '\x1b'])));
}

#[test]
fn a_tree_of_twenty_thousand_files_is_listed_and_limits_hold() {
    let ground = Ground::in_memory();
    for folder in 0..200 {
        let folder = ground.at("files").join(format!("src/module{folder}/deep"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..100 {
            fs::write(folder.join(format!("file{file}.rs")), "").unwrap();
        }
    }
    let root = ground.root();
    let start = Instant::now();
    let listing = root.walk(&WalkOptions::default()).unwrap();
    println!("20,000 files walked in {:?}", start.elapsed());
    assert_eq!(listing.found.len(), 20_401);
    assert!(listing.found.is_sorted_by(|a, b| a.path < b.path));
    let options = WalkOptions {
        max_entries: 20_400,
        ..WalkOptions::default()
    };
    assert_eq!(root.walk(&options).unwrap_err().kind(), ErrorKind::TooLarge);
}
