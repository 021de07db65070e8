//! Disks that are full, read-only or somebody else's. Needs root to mount.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use atelier_base::ErrorKind;
use atelier_sandbox::files::Root;
use atelier_sandbox::transaction::{Expect, FolderContent};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};

use super::ground::{
    Ground, changes, hash, make_folder, remove, remove_folder, rename, rename_folder, tree, write,
};
use super::story::{ALL, Sides, Tally, twenty_files, twenty_files_on, work};
use super::trace::Ended;

/// A small file system of its own, unmounted on drop.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    /// `None`, said aloud, where this process may not mount.
    fn mount(at: &'a Path, options: &str) -> Option<Self> {
        let options = std::ffi::CString::new(options).unwrap();
        fs::create_dir_all(at).unwrap();
        match mount(
            "tmpfs",
            at,
            "tmpfs",
            MountFlags::empty(),
            options.as_c_str(),
        ) {
            Ok(()) => Some(Self(at)),
            Err(error) => {
                println!("not run: this process may not mount ({error})");
                None
            }
        }
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        unmount(self.0, UnmountFlags::DETACH).unwrap();
    }
}

#[test]
fn a_full_disk_leaves_everything_old() {
    let ground = Ground::new(&[]);
    let disk = ground.beside("disk");
    let Some(_mounted) = Small::mount(&disk, "size=256k") else {
        return;
    };
    let (files, state) = (disk.join("files"), disk.join("state"));
    let root = Root::create(&files, &state).unwrap();
    let small = changes(vec![write("a", "small", Expect::Missing)]);
    root.commit(&small).unwrap().finish().unwrap();
    let before = tree(&files);
    let filler = "x".repeat(100 * 1024);
    for files_each in 3..8 {
        let mut list = vec![write("a", "changed", hash("small"))];
        list.extend((0..files_each).map(|n| write(&format!("n{n}"), &filler, Expect::Missing)));
        let error = root.commit(&changes(list)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.hint().is_some());
        assert_eq!(tree(&files), before);
        assert_eq!(tree(&state).len(), 0);
    }
    let fits = changes(vec![write("a", &filler, hash("small"))]);
    root.commit(&fits).unwrap().finish().unwrap();
}

/// Leaves this many pages, or names, of a disk free; returns what fills it.
fn fill(disk: &Path, with: Filler, room: usize) -> PathBuf {
    let filler = disk.join("filler");
    fs::create_dir(&filler).unwrap();
    let one = |n: usize| match with {
        Filler::Pages => fs::write(filler.join(n.to_string()), [1; 4096]).is_ok(),
        Filler::Names => fs::File::create(filler.join(n.to_string())).is_ok(),
    };
    let last = (0..10_000).find(|n| !one(*n)).unwrap();
    // The last one is there, and empty, when it is pages that ran out.
    let _ = fs::remove_file(filler.join(last.to_string()));
    for n in last.saturating_sub(room)..last {
        fs::remove_file(filler.join(n.to_string())).unwrap();
    }
    filler
}

/// What runs out.
#[derive(Clone, Copy, Debug)]
enum Filler {
    Pages,
    Names,
}

#[test]
fn a_disk_with_any_room_left_takes_all_or_nothing() {
    let ground = Ground::new(&[]);
    let disk = ground.beside("disk");
    let Some(_mounted) = Small::mount(&disk, "size=512k,nr_inodes=200") else {
        return;
    };
    let sides = Sides::of(twenty_files);
    for filler in [Filler::Pages, Filler::Names] {
        let mut tally = Tally::default();
        for room in 0.. {
            let (ground, changes) = twenty_files_on(&disk);
            let full = fill(&disk, filler, room);
            let ended = work(&ground, &changes);
            fs::remove_dir_all(full).unwrap();
            sides.check(&ground, Ended::Exited(ended), &mut tally);
            if ended == ALL {
                break;
            }
        }
        println!("{filler:?}: {tally:?}");
        assert!(tally.old > 10 && tally.new > 0, "{tally:?}");
    }
}

#[test]
fn a_read_only_disk_is_refused_before_anything_is_done() {
    let ground = Ground::new(&[]);
    let disk = ground.beside("disk");
    let Some(_mounted) = Small::mount(&disk, "size=256k") else {
        return;
    };
    let (files, state) = (disk.join("files"), disk.join("state"));
    let root = Root::create(&files, &state).unwrap();
    mount_remount(&disk, MountFlags::RDONLY, c"").unwrap();
    let error = root
        .commit(&changes(vec![write("a", "x", Expect::Any)]))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert_eq!(tree(&disk).len(), 2);
}

#[test]
fn another_file_system_inside_the_tree_can_be_read_but_not_changed() {
    let ground = Ground::new(&[("a", "A")]);
    let inner = ground.at("mounted");
    let Some(_mounted) = Small::mount(&inner, "size=256k") else {
        return;
    };
    fs::write(inner.join("f"), "F").unwrap();
    let root = ground.open();
    for list in [
        vec![write("mounted/f", "x", hash("F"))],
        vec![write("mounted/new", "x", Expect::Missing)],
        vec![rename("a", "mounted/a")],
        vec![rename("mounted/f", "f")],
        vec![remove("mounted/f", Expect::Any)],
        vec![make_folder("mounted/d/e")],
        vec![remove_folder("mounted", FolderContent::Remove)],
        vec![rename_folder("mounted", "moved")],
    ] {
        let error = root.commit(&changes(list.clone())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{list:?}: {error}");
    }
    assert_eq!(
        root.read(&super::ground::path("mounted/f"), 9)
            .unwrap()
            .bytes,
        b"F"
    );
    assert_eq!(tree(&ground.state()).len(), 0);
}

#[test]
fn a_state_directory_on_another_file_system_is_refused() {
    let ground = Ground::new(&[]);
    let disk = ground.beside("disk");
    let Some(_mounted) = Small::mount(&disk, "size=256k") else {
        return;
    };
    let error = Root::open(&ground.files(), &disk.join("state")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

/// Does something as an ordinary user, whom a folder's mode can stop.
fn as_somebody(ground: &Ground, act: impl FnOnce() + Send) {
    let root = rustix::process::geteuid().is_root();
    if root {
        for path in ["", "files", "files/a", "files/d", "files/d/x"] {
            chown(ground.beside(path), Some(65_534), Some(65_534)).unwrap();
        }
    }
    std::thread::scope(|scope| {
        let act = scope.spawn(move || {
            // A user belongs to a thread, whatever the C library pretends.
            if root {
                rustix::thread::set_thread_uid(rustix::fs::Uid::from_raw(65_534)).unwrap();
            }
            act();
        });
        act.join().unwrap();
    });
}

#[test]
fn a_folder_that_may_not_be_written_is_refused_before_anything_is_done() {
    let ground = Ground::new(&[("a", "A"), ("d/x", "X")]);
    fs::set_permissions(ground.at("d"), fs::Permissions::from_mode(0o555)).unwrap();
    let before = tree(&ground.files());
    as_somebody(&ground, || {
        for change in [
            write("d/x", "x", hash("X")),
            write("d/new", "x", Expect::Missing),
            remove("d/x", Expect::Any),
            rename("a", "d/a"),
            rename_folder("d", "e"),
        ] {
            let list = vec![write("a", "changed", Expect::Any), change];
            let error = ground.open().commit(&changes(list)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
            assert_eq!(tree(&ground.files()), before);
        }
    });
    assert_eq!(tree(&ground.state()).len(), 0);
}

#[test]
fn files_of_a_workspace_belong_to_its_owner() {
    if !rustix::process::geteuid().is_root() {
        println!("not run: only root has files of others");
        return;
    }
    let ground = Ground::new(&[("kept", "K"), ("moved", "M")]);
    chown(ground.files(), Some(200_001), Some(200_001)).unwrap();
    chown(ground.at("kept"), Some(200_002), Some(200_003)).unwrap();
    let list = vec![
        write("new/in/new", "x", Expect::Missing),
        write("kept", "x", hash("K")),
        make_folder("folder"),
    ];
    ground
        .open()
        .commit(&changes(list))
        .unwrap()
        .finish()
        .unwrap();
    let owner = |at: &str| {
        let metadata = fs::metadata(ground.at(at)).unwrap();
        (metadata.uid(), metadata.gid())
    };
    for made in ["new", "new/in", "new/in/new", "folder"] {
        assert_eq!(owner(made), (200_001, 200_001), "{made}");
    }
    assert_eq!(
        owner("kept"),
        (200_002, 200_003),
        "an overwritten file keeps its owner"
    );
}
