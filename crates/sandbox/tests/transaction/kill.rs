//! A process that does nothing but commit, killed at any moment.
//!
//! The process is this test binary again. Each of its transactions brings
//! every file, and the "database", from one generation to the next; whatever
//! moment the kill hits, recovery must find all of them in one generation.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use atelier_base::Ids;
use atelier_sandbox::transaction::{Changes, Committed, Expect, FileChange};

use super::ground::{Ground, hash, path, remove, rename, tree, write};

/// Where the process finds its workspace and how many files to change.
const PLACE: &str = "ATELIER_TEST_COMMIT_IN";
const COUNT: &str = "ATELIER_TEST_COMMIT_FILES";

/// How often each process is killed.
const KILLS: u64 = 75;

fn content(file: usize, generation: u64) -> String {
    // Of different lengths, so that a half-written file can't look whole.
    format!("file {file} of generation {generation}\n").repeat(1 + file * 40)
}

/// The changes from one generation to the next: all files are rewritten, one
/// flips its name, one comes and goes.
fn step(files: usize, from: u64) -> Changes {
    let next = from + 1;
    let mut list: Vec<FileChange> = (0..files)
        .map(|file| {
            let expect = match from {
                0 => Expect::Missing,
                from => hash(&content(file, from)),
            };
            write(
                &format!("d{}/f{file}", file % 4),
                &content(file, next),
                expect,
            )
        })
        .collect();
    match (from, from.is_multiple_of(2)) {
        (0, _) => list.push(write("flip/odd", "flips", Expect::Missing)),
        (_, true) => {
            list.push(rename("flop/even", "flip/odd"));
            list.push(remove("extra", Expect::Any));
        }
        (_, false) => {
            list.push(rename("flip/odd", "flop/even"));
            list.push(write("extra", "extra", Expect::Missing));
        }
    }
    Changes {
        id: Ids::system().next(),
        files: list,
        rows: next.to_le_bytes().to_vec(),
    }
}

/// The database: one number, replaced atomically.
struct Database<'a>(&'a Ground);

impl Database<'_> {
    fn read(&self) -> u64 {
        fs::read(self.0.beside("database"))
            .map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
    }

    fn take(&self, committed: Committed) {
        let new = self.0.beside("database.new");
        let mut file = fs::File::create(&new).unwrap();
        file.write_all(committed.rows()).unwrap();
        file.sync_all().unwrap();
        fs::rename(new, self.0.beside("database")).unwrap();
        committed.finish().unwrap();
    }
}

/// Recovers, then checks that files and database are of one generation.
fn recover_and_check(ground: &Ground, files: usize) -> u64 {
    let database = Database(ground);
    for committed in ground.open().recover().unwrap() {
        database.take(committed);
    }
    let generation = database.read();
    let mut expected: Vec<(String, String)> = Vec::new();
    if generation > 0 {
        for file in 0..files {
            expected.push((format!("d{}/f{file}", file % 4), content(file, generation)));
        }
        if generation.is_multiple_of(2) {
            expected.extend([
                ("flop/even".to_owned(), "flips".to_owned()),
                ("extra".to_owned(), "extra".to_owned()),
            ]);
        } else {
            expected.push(("flip/odd".to_owned(), "flips".to_owned()));
        }
    }
    expected.sort();
    let found: Vec<_> = tree(&ground.files())
        .into_iter()
        .filter_map(|(name, what)| Some((name, what.strip_prefix("file ")?.to_owned())))
        .collect();
    assert_eq!(found, expected, "generation {generation}");
    assert_eq!(tree(&ground.state()).len(), 0, "nothing is left behind");
    generation
}

fn commit_forever(ground: &Ground, files: usize, last: u64) {
    let root = ground.open();
    let database = Database(ground);
    println!("ready");
    for generation in database.read()..last {
        database.take(root.commit(&step(files, generation)).unwrap());
    }
}

/// What the killed process runs; by itself, a test of one quiet round.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent test says where by the environment"
)]
fn a_process_that_commits() {
    if let (Ok(place), Ok(count)) = (std::env::var(PLACE), std::env::var(COUNT)) {
        let ground = Ground::existing(place.into());
        commit_forever(&ground, count.parse().unwrap(), u64::MAX);
    }
    let ground = Ground::new(&[]);
    commit_forever(&ground, 5, 3);
    assert_eq!(recover_and_check(&ground, 5), 3);
    let flips = ground.open().read(&path("flip/odd"), 100).unwrap();
    assert_eq!(flips.bytes, b"flips");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process to kill is the point of the test"
)]
fn start(ground: &Ground, files: usize) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "transaction::kill::a_process_that_commits",
            "--nocapture",
        ])
        .env(PLACE, ground.beside(""))
        .env(COUNT, files.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert!(
            output.read_line(&mut line).unwrap() > 0,
            "it never got ready"
        );
    }
    child
}

fn kill_many_times(files: usize) {
    let ground = Ground::new(&[]);
    let mut random = 0x9E37_79B9_7F4A_7C15_u64 ^ u64::try_from(files).unwrap();
    let (mut interrupted, mut past_commit) = (0, 0);
    for _ in 0..KILLS {
        let mut child = start(&ground, files);
        // xorshift64: any spread over the first few transactions will do.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // The moment of the kill is the one thing here that must be a time.
        std::thread::sleep(Duration::from_micros(random % 20_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let left = tree(&ground.state());
        interrupted += u64::from(!left.is_empty());
        past_commit += u64::from(left.keys().any(|name| name.ends_with(".pending")));
        recover_and_check(&ground, files);
    }
    println!(
        "{files} files: {interrupted} of {KILLS} kills hit a commit, {past_commit} its second half"
    );
    assert!(interrupted > 0, "no kill ever hit a commit");
}

#[test]
fn three_files_survive_kill_9() {
    kill_many_times(3);
}

#[test]
fn twenty_files_survive_kill_9() {
    kill_many_times(20);
}
