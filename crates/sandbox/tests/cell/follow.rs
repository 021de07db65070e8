//! Following files where the kernel gives no watches, or too few.

use std::time::Duration;

use atelier_sandbox::files::Root;
use atelier_sandbox::follow::{Changes, Follower};

use crate::lab::{as_ordinary_user, not_tested, role};
use crate::life::again;

/// Far longer than a look through takes.
const PATIENCE: Duration = Duration::from_secs(30);

async fn next(follower: &mut Follower) -> Changes {
    let next = tokio::time::timeout(PATIENCE, follower.next());
    next.await.unwrap()
}

/// Changes a file in the deepest folder of a tree that can't all be watched.
async fn follow_a_tree() {
    let place = tempfile::tempdir().unwrap();
    let files = place.path().join("files");
    std::fs::create_dir_all(files.join("a/b/c/d/e")).unwrap();
    let root = Root::open(&files, &place.path().join("state")).unwrap();
    let mut follower = root.follow().unwrap();
    assert_eq!(next(&mut follower).await, Changes::Everything, "the first");
    assert!(follower.is_partial(), "so that it can be told");
    std::fs::write(files.join("a/b/c/d/e/deep"), "new").unwrap();
    // What is watched may be told of by name; the rest by looking.
    while next(&mut follower).await != Changes::Everything {}
    assert!(follower.is_partial());
}

#[tokio::test]
async fn without_watches_changes_are_found_by_looking_through_the_tree() {
    if role().is_some_and(|role| role.starts_with("follow ")) {
        return follow_a_tree().await;
    }
    for (name, most) in [("max_inotify_instances", 0), ("max_inotify_watches", 3)] {
        if !std::path::Path::new("/proc/sys/user").join(name).exists() {
            not_tested(&format!("user.{name}, which this kernel does not have"));
            continue;
        }
        let less = format!("echo {most} > /proc/sys/user/{name} && exec \"$@\"");
        let namespace = [
            "unshare",
            "-U",
            "-c",
            "--keep-caps",
            "sh",
            "-c",
            &less,
            "sh",
        ];
        let wrapper = [as_ordinary_user(), &namespace].concat();
        let test = "follow::without_watches_changes_are_found_by_looking_through_the_tree";
        again(test, &format!("follow with {name}"), &wrapper);
    }
}
