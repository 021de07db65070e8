//! Following what changes in a tree.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use atelier_sandbox::files::{LeaveOut, Root, Seen, WalkOptions};
use atelier_sandbox::follow::{Changes, Follower};

use super::ground::{Ground, path};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

async fn next(follower: &mut Follower) -> Changes {
    tokio::time::timeout(PATIENCE, follower.next())
        .await
        .expect("something changed")
}

async fn follow(root: &Root) -> Follower {
    let mut follower = root.follow().unwrap();
    assert_eq!(next(&mut follower).await, Changes::Everything, "the first");
    assert!(!follower.is_partial());
    follower
}

/// Gathers changed paths until `last` is among them.
async fn until(follower: &mut Follower, last: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    loop {
        match next(follower).await {
            Changes::Paths(paths) => all.extend(paths.iter().map(ToString::to_string)),
            Changes::Everything => panic!("not too much happened"),
        }
        if all.contains(last) {
            return all;
        }
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[tokio::test]
async fn what_is_made_written_moved_and_deleted_is_told() {
    let ground = Ground::new();
    for name in ["files/a", "files/d/x", "files/d/e/y", "files/gone"] {
        ground.put(name, name);
    }
    let root = ground.root();
    let mut follower = follow(&root).await;
    fs::write(ground.at("files/a"), "new").unwrap();
    fs::remove_file(ground.at("files/gone")).unwrap();
    ground.put("files/n/m/deep", "made with its folders");
    fs::rename(ground.at("files/d"), ground.at("files/moved")).unwrap();
    fs::set_permissions(
        ground.at("files/moved/x"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    ground.put("files/last", "");
    let told = until(&mut follower, "last").await;
    let expected = [
        "a",
        "d",
        "gone",
        "last",
        "moved",
        "moved/e",
        "moved/e/y",
        "moved/x",
        "n",
        "n/m",
        "n/m/deep",
    ];
    assert_eq!(told, set(&expected));

    // A folder that moved is followed where it is now.
    fs::write(ground.at("files/moved/e/y"), "again").unwrap();
    fs::rename(ground.at("files/moved/x"), ground.at("files/out")).unwrap();
    let told = until(&mut follower, "out").await;
    assert_eq!(told, set(&["moved/e/y", "moved/x", "out"]));
}

#[tokio::test]
async fn what_tools_make_is_not_told() {
    let ground = Ground::new();
    ground.put("files/.gitignore", "*.log\n/dist/\n!keep.log\n");
    ground.put("files/sub/Cargo.toml", "");
    ground.put(
        "files/cache/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\n",
    );
    ground.put(
        "files/src/target/spec.rs",
        "a folder of that name that nothing builds",
    );
    let made = [
        "files/node_modules/a/index.js",
        "files/.venv/bin/x",
        "files/p/__pycache__/a.pyc",
        "files/target/debug/x",
        "files/sub/target/debug/x",
        "files/cache/data/1",
        "files/dist/bundle.js",
        "files/.git/objects/1",
    ];
    for name in made {
        ground.put(name, "before");
    }
    ground.put("files/x.log", "before");
    let root = ground.root();
    let mut follower = follow(&root).await;
    for name in made.into_iter().chain(["files/x.log"]) {
        ground.put(name, "after");
    }
    fs::create_dir_all(ground.at("files/new/node_modules/b")).unwrap();
    ground.put("files/new/node_modules/b/c", "");
    ground.put("files/keep.log", "");
    ground.put("files/src/target/spec.rs", "after");
    ground.put("files/z", "");
    let told = until(&mut follower, "z").await;
    assert_eq!(
        told,
        set(&[
            "keep.log",
            "new",
            "new/node_modules",
            "src/target/spec.rs",
            "z"
        ])
    );

    // A walk and a look say the same.
    let options = WalkOptions {
        leave_out: LeaveOut::Generated,
        ..WalkOptions::default()
    };
    let walked = root.walk(&options).unwrap().found;
    let left_out: Vec<_> = walked
        .iter()
        .filter(|found| found.left_out)
        .map(|found| found.path.as_str())
        .collect();
    let expected = [
        ".venv",
        "cache",
        "dist",
        "new/node_modules",
        "node_modules",
        "p/__pycache__",
        "sub/target",
        "target",
        "x.log",
    ];
    assert_eq!(left_out, expected);
    let looked = root.look_at(walked.iter().map(|found| found.path.clone()).collect());
    let looked: Vec<_> = looked.into_iter().map(|(_, seen)| seen).collect();
    assert_eq!(
        looked,
        walked.into_iter().map(Seen::Here).collect::<Vec<_>>()
    );
    let hidden = [
        "dist/bundle.js",
        "node_modules/a/index.js",
        "sub/target/debug",
        "cache/data/1",
    ];
    let looked = root.look_at(
        hidden
            .into_iter()
            .chain(["none", "z/none"])
            .map(path)
            .collect(),
    );
    let looked: Vec<_> = looked.into_iter().map(|(_, seen)| seen).collect();
    assert_eq!(
        looked,
        [
            Seen::Hidden,
            Seen::Hidden,
            Seen::Hidden,
            Seen::Hidden,
            Seen::Gone,
            Seen::Gone
        ]
    );

    // What is left out changes with the files that say so.
    ground.put("files/.gitignore", "");
    assert_eq!(next(&mut follower).await, Changes::Everything);
    ground.put("files/dist/bundle.js", "once more");
    assert_eq!(until(&mut follower, "dist/bundle.js").await.len(), 1);
}

#[tokio::test]
async fn a_hostile_tree_leads_nowhere() {
    let ground = Ground::new();
    ground.put("outside/secret", "");
    ground.put("files/d/x", "");
    symlink("..", ground.at("files/d/up")).unwrap();
    symlink("loop", ground.at("files/loop")).unwrap();
    symlink("/", ground.at("files/root")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        ground.at("files/fifo"),
        rustix::fs::FileType::Fifo,
        0o644.into(),
        0,
    )
    .unwrap();
    symlink("fifo", ground.at("files/CACHEDIR.TAG")).unwrap();
    ground.put("files/shut/x", "");
    fs::set_permissions(ground.at("files/shut"), fs::Permissions::from_mode(0o000)).unwrap();
    let root = ground.root();
    let mut follower = follow(&root).await;

    // A folder swapped for a link to one outside: nothing out there is told.
    fs::rename(ground.at("files/d"), ground.at("files/was")).unwrap();
    symlink("../outside", ground.at("files/d")).unwrap();
    fs::remove_file(ground.at("files/fifo")).unwrap();
    symlink("/dev/zero", ground.at("files/.gitignore")).unwrap();
    assert_eq!(
        next(&mut follower).await,
        Changes::Everything,
        "the rules changed"
    );
    ground.put("outside/more", "");
    ground.put("files/last", "");
    let told = until(&mut follower, "last").await;
    assert_eq!(told, set(&["last"]));
    assert_eq!(root.look_at(vec![path("d/secret")])[0].1, Seen::Gone);

    // A folder that was shut is followed once it is not.
    fs::set_permissions(ground.at("files/shut"), fs::Permissions::from_mode(0o755)).unwrap();
    ground.put("files/shut/y", "");
    assert!(until(&mut follower, "shut/y").await.contains("shut/y"));
}

#[tokio::test]
async fn a_storm_is_everything_and_does_not_end_the_following() {
    let ground = Ground::in_memory();
    let root = ground.root();
    let mut follower = follow(&root).await;
    for folder in 0..100 {
        fs::create_dir(ground.at(&format!("files/{folder}"))).unwrap();
        for file in 0..100 {
            fs::write(ground.at(&format!("files/{folder}/{file}")), "").unwrap();
        }
    }
    assert_eq!(next(&mut follower).await, Changes::Everything);
    // What came after the first signal comes with a second one, or by name.
    ground.put("files/99/last", "");
    loop {
        let last = path("99/last");
        if matches!(next(&mut follower).await, Changes::Paths(paths) if paths.contains(&last)) {
            break;
        }
        let mut file = fs::File::options()
            .append(true)
            .open(ground.at("files/99/last"))
            .unwrap();
        file.write_all(b"more").unwrap();
    }
    assert!(!follower.is_partial());
}
