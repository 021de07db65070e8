//! Importing a folder of this machine, and templates.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use atelier_base::ErrorKind;
use atelier_sandbox::import::{
    Limits, Progress, Staging, TemplateFile, Watch, copy_folder, delete_tree, write_template,
};
use rustix::fs::{CWD, Mode, mkfifoat};
use tokio_util::sync::CancellationToken;

use super::ground::{Ground, limits, path, tree};

#[test]
fn a_folder_is_copied_with_its_links_and_modes() {
    let ground = Ground::new();
    ground.put("source/a.txt", "A");
    ground.put("source/bin/run", "#!/bin/sh\n");
    ground.put("source/.git/config", "[core]");
    ground.put("source/sub/.git/HEAD", "ref");
    ground.put("source/.atelier/journal", "mine");
    ground.put("source/.GIT/config", "odd");
    fs::create_dir(ground.at("source/empty")).unwrap();
    fs::set_permissions(
        ground.at("source/bin/run"),
        fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    symlink("../a.txt", ground.at("source/bin/a")).unwrap();
    symlink("bin", ground.at("source/b")).unwrap();
    mkfifoat(CWD, ground.at("source/fifo"), Mode::RUSR).unwrap();
    UnixListener::bind(ground.at("source/socket")).unwrap();
    fs::write(ground.at("source").join(OsStr::from_bytes(b"\xFF")), "").unwrap();
    fs::write(ground.at("source/new\nline"), "").unwrap();

    let source = ground.at("source");
    let imported = ground
        .import(|staging, watch| copy_folder(&source, staging, Limits::default(), watch))
        .unwrap();
    let copy = tree(&ground.at("imported"));
    let expected = [
        (".git", "folder"),
        (".git/config", "[core]"),
        ("a.txt", "A"),
        ("b", "link bin"),
        ("bin", "folder"),
        ("bin/a", "link ../a.txt"),
        ("bin/run", "#!/bin/sh\n"),
        ("empty", "folder"),
        ("sub", "folder"),
        ("sub/.git", "folder"),
        ("sub/.git/HEAD", "ref"),
    ];
    let copy: Vec<_> = copy
        .iter()
        .map(|(name, what)| (name.as_str(), what.as_str()))
        .collect();
    assert_eq!(copy, expected);
    let mode = |name: &str| fs::metadata(ground.at(name)).unwrap().mode() & 0o111;
    assert_eq!(
        (mode("imported/bin/run"), mode("imported/a.txt")),
        (0o111, 0)
    );
    assert_eq!(
        imported.total,
        Progress {
            files: 11,
            bytes: 20
        }
    );
    assert_eq!(imported.notes.len(), 6, "{:?}", imported.notes);
}

#[test]
fn links_that_lead_outside_refuse_the_whole_folder() {
    for (at, target) in [
        ("link", "/etc/passwd"),
        ("link", ".."),
        ("link", "../files"),
        ("d/link", "../../files"),
        ("d/e/link", "../../../x"),
        ("d/link", "e/../../.."),
    ] {
        let ground = Ground::new();
        ground.put("source/d/e/file", "x");
        symlink(target, ground.at("source").join(at)).unwrap();
        let before = ground.names();
        let source = ground.at("source");
        let error = ground
            .import(|staging, watch| copy_folder(&source, staging, Limits::default(), watch))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("leads outside"), "{error}");
        assert_eq!(ground.names(), before);
    }
}

#[test]
fn a_folder_over_the_limits_leaves_nothing() {
    let ground = Ground::new();
    ground.put("source/a", "12345");
    ground.put("source/d/b", "12345");
    let source = ground.at("source");
    let before = ground.names();
    for (bytes, files) in [(9, 100), (4, 100), (0, 100), (100, 2), (100, 0)] {
        let error = ground
            .import(|staging, watch| copy_folder(&source, staging, limits(bytes, files), watch))
            .unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::TooLarge,
            "{bytes} {files}: {error}"
        );
        assert_eq!(ground.names(), before);
    }
    ground
        .import(|staging, watch| copy_folder(&source, staging, limits(10, 3), watch))
        .unwrap();
    let sparse = fs::File::create(ground.at("source/sparse")).unwrap();
    sparse.set_len(1 << 42).unwrap();
    let staging = Staging::create(&ground.at("again")).unwrap();
    let cancel = CancellationToken::new();
    let mut watch = Watch {
        progress: &mut |_| {},
        cancel: &cancel,
    };
    let error = copy_folder(&source, &staging, Limits::default(), &mut watch).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn progress_is_told_and_cancelling_leaves_nothing() {
    let ground = Ground::new();
    for n in 0..20 {
        ground.put(&format!("source/f{n:02}"), "x");
    }
    let before = ground.names();
    let cancel = CancellationToken::new();
    let mut seen = Vec::new();
    let mut progress = |progress: Progress| {
        seen.push(progress.files);
        if progress.files == 5 {
            cancel.cancel();
        }
    };
    let mut watch = Watch {
        progress: &mut progress,
        cancel: &cancel,
    };
    let staging = Staging::create(&ground.at("staging")).unwrap();
    let error = copy_folder(
        &ground.at("source"),
        &staging,
        Limits::default(),
        &mut watch,
    )
    .unwrap_err();
    drop(staging);
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    assert_eq!(ground.names(), before);
}

#[test]
fn a_folder_is_not_copied_into_itself() {
    let ground = Ground::new();
    ground.put("files/a", "A");
    let staging = Staging::create(&ground.at("files/staging")).unwrap();
    let cancel = CancellationToken::new();
    let mut watch = Watch {
        progress: &mut |_| {},
        cancel: &cancel,
    };
    copy_folder(&ground.at("files"), &staging, limits(10, 10), &mut watch).unwrap();
    staging.place(&ground.at("copy")).unwrap();
    assert_eq!(
        tree(&ground.at("copy")).into_keys().collect::<Vec<_>>(),
        ["a"]
    );
}

#[test]
fn a_template_is_written_and_placed_only_where_nothing_is() {
    let ground = Ground::new();
    let (main, run) = (path("src/main.py"), path("run.sh"));
    let files = [
        TemplateFile {
            path: &main,
            bytes: b"print()",
            executable: false,
        },
        TemplateFile {
            path: &run,
            bytes: b"#!/bin/sh",
            executable: true,
        },
    ];
    let imported = ground
        .import(|staging, _| write_template(staging, &files))
        .unwrap();
    assert_eq!(imported.total.files, 3);
    assert_eq!(tree(&ground.at("imported"))["src/main.py"], "print()");
    let before = ground.names();
    let error = ground
        .import(|staging, _| write_template(staging, &files))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    assert_eq!(ground.names(), before);
    let twice = [files[0], files[0]];
    assert!(
        ground
            .import(|staging, _| write_template(staging, &twice))
            .is_err()
    );
}

#[test]
fn an_import_is_given_to_the_workspaces_user() {
    if !rustix::process::geteuid().is_root() {
        println!("not run: only root gives files away");
        return;
    }
    let ground = Ground::new();
    ground.put("source/d/f", "x");
    ground.put("outside", "x");
    symlink("d/f", ground.at("source/link")).unwrap();
    let source = ground.at("source");
    ground
        .import(|staging, watch| {
            let imported = copy_folder(&source, staging, Limits::default(), watch)?;
            staging.assign_owner(200_001)?;
            Ok(imported)
        })
        .unwrap();
    for name in ["imported", "imported/d", "imported/d/f", "imported/link"] {
        let metadata = fs::symlink_metadata(ground.at(name)).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.gid()),
            (200_001, 200_001),
            "{name}"
        );
    }
    assert_eq!(fs::metadata(ground.at("source/d/f")).unwrap().uid(), 0);
}

#[test]
fn deleting_a_tree_deletes_links_and_not_what_they_lead_to() {
    let ground = Ground::new();
    ground.put("files/a/b/c", "x");
    ground.put("outside/kept", "x");
    symlink("../../outside", ground.at("files/a/link")).unwrap();
    symlink("../outside/kept", ground.at("files/link")).unwrap();
    let mut deep = ground.at("files/deep");
    fs::create_dir(&deep).unwrap();
    // Deeper than any path can say: one level at a time, as a process would.
    for _ in 0..6 {
        let next = deep.join("d/".repeat(60));
        fs::create_dir_all(&next).unwrap();
        fs::write(next.join("file"), "x").unwrap();
        deep = next;
    }
    fs::set_permissions(ground.at("files/a/b"), fs::Permissions::from_mode(0o500)).unwrap();
    delete_tree(&ground.at("files")).unwrap();
    delete_tree(&ground.at("files")).unwrap();
    assert_eq!(ground.names(), ["outside", "outside/kept"]);
}
