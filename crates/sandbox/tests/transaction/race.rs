//! Others that work on the same files at the same time.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use atelier_sandbox::FileError;
use atelier_sandbox::transaction::Expect;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::ground::{Ground, changes, hash, path, tree, write};

/// How often the race is run against the swapping thread.
const ROUNDS: usize = 1_500;

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_folder_swapped_for_a_link_leads_nowhere() {
    let ground = Ground::new(&[("d/secret", "mine"), ("d/f", "0")]);
    fs::create_dir(ground.beside("outside")).unwrap();
    fs::write(ground.beside("outside/secret"), "theirs").unwrap();
    symlink(ground.beside("outside"), ground.at("other")).unwrap();
    let root = ground.open();
    let stop = AtomicBool::new(false);
    let (mut read, mut written, mut refused) = (0, 0, 0);
    thread::scope(|scope| {
        // Also when an assertion fails: the scope waits for the thread.
        let _stopped = StopOnDrop(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let (d, other) = (ground.at("d"), ground.at("other"));
                renameat_with(CWD, d, CWD, other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for round in 0..ROUNDS {
            match root.read(&path("d/secret"), 100) {
                Ok(content) => {
                    assert_eq!(content.bytes, b"mine");
                    read += 1;
                }
                Err(FileError::Symlink { .. }) => refused += 1,
                Err(other) => panic!("{other}"),
            }
            let new = format!("d/new{round}");
            match root.commit(&changes(vec![write(&new, "x", Expect::Any)])) {
                Ok(committed) => {
                    committed.finish().unwrap();
                    written += 1;
                }
                Err(FileError::Symlink { .. } | FileError::Unfinished { .. }) => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
    });
    assert!(
        read > 0 && written > 0 && refused > 0,
        "{read} {written} {refused}"
    );
    let outside = tree(&ground.beside("outside"));
    assert_eq!(outside.len(), 1, "{outside:?}");
    assert_eq!(outside["secret"], "file theirs");
    if ground.at("d").is_symlink() {
        renameat_with(
            CWD,
            ground.at("d"),
            CWD,
            ground.at("other"),
            RenameFlags::EXCHANGE,
        )
        .unwrap();
    }
    for committed in root.recover().unwrap() {
        committed.finish().unwrap();
    }
    assert_eq!(tree(&ground.state()).len(), 0);
}

#[test]
fn commits_of_many_threads_and_roots_happen_one_after_the_other() {
    let ground = Ground::new(&[("counter", "0")]);
    let shared = ground.open();
    thread::scope(|scope| {
        for worker in 0..4 {
            let (ground, shared) = (&ground, &shared);
            scope.spawn(move || {
                // Two of them as another process would: with a lock of its own.
                let own = (worker % 2 == 0).then(|| ground.open());
                let root = own.as_ref().unwrap_or(shared);
                (0..25).for_each(|_| increment(root));
            });
        }
    });
    assert_eq!(ground.text("counter"), "100");
    assert_eq!(tree(&ground.state()).len(), 0);
}

/// Adds one, as often as it takes: a lost race is a conflict, never a lost
/// update.
fn increment(root: &atelier_sandbox::files::Root) {
    loop {
        let old = root.read(&path("counter"), 100).unwrap().bytes;
        let old = String::from_utf8(old).unwrap();
        let new = (old.parse::<u32>().unwrap() + 1).to_string();
        match root.commit(&changes(vec![write("counter", &new, hash(&old))])) {
            Ok(committed) => return committed.finish().unwrap(),
            Err(FileError::Changed { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}
