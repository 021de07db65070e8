//! A fault at every single system call of a commit.
//!
//! A change of twenty files is made again and again, each time with a fault
//! at the next of its system calls on files: it is killed, or the call fails
//! or is refused, or the disk is full or read-only from there on. (That the
//! disk fills up before a call that can't feel it is the same as before the
//! next one that can.) What it left must be all old or all new, and say the
//! same as the database; what it said it did must be what it did; and after
//! recovery nothing staged may be left.

use std::process::{Command, Stdio};

use atelier_sandbox::transaction::Changes;
use rustix::io::Errno;

use super::ground::Ground;
use super::story::{ALL, Sides, Story, Tally, tree, twenty_files, two_hundred_files, work};
use super::trace::{Answer, Call, Ended, Watch, watched};

/// Says to a copy of this test program that it runs alone.
const ALONE: &str = "ATELIER_TEST_ALONE";

/// How often a commit of 200 files is killed.
const KILLS: u64 = 200;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// `kill -9` before the call.
    Kill,
    /// The call, whichever it is, fails once: a bad sector.
    Broken,
    /// The call, whichever it is, is refused once: a read-only file.
    Denied,
    /// From the call on, nothing that takes space succeeds.
    Full,
    /// From the call on, nothing that changes anything succeeds.
    ReadOnly,
}

/// What a call does to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It looks.
    None,
    /// It makes durable what was done.
    Sync,
    /// It changes something without taking space.
    Change,
    /// It changes something and may take space.
    Grow,
}

impl Fault {
    fn strikes(self, effect: Effect) -> bool {
        match self {
            Self::Kill | Self::Broken | Self::Denied => true,
            Self::Full => matches!(effect, Effect::Grow | Effect::Sync),
            Self::ReadOnly => matches!(effect, Effect::Grow | Effect::Change),
        }
    }

    fn answer(self) -> Answer {
        match self {
            Self::Kill => Answer::Kill,
            Self::Broken => Answer::Fail(Errno::IO),
            Self::Denied => Answer::Fail(Errno::ACCESS),
            Self::Full => Answer::Fail(Errno::NOSPC),
            Self::ReadOnly => Answer::Fail(Errno::ROFS),
        }
    }

    fn lasts(self) -> bool {
        matches!(self, Self::Full | Self::ReadOnly)
    }
}

impl Effect {
    /// Knows each call that a commit makes; a new one must be put here.
    pub(super) fn of(call: &Call) -> Self {
        match call.number {
            libc::SYS_openat => {
                let flags = i32::try_from(call.arguments[2]).unwrap();
                match flags {
                    flags if flags & libc::O_CREAT != 0 => Self::Grow,
                    flags if flags & libc::O_ACCMODE != libc::O_RDONLY => Self::Change,
                    _ => Self::None,
                }
            }
            // Only ever used to read.
            libc::SYS_openat2
            | libc::SYS_close
            | libc::SYS_faccessat
            | libc::SYS_faccessat2
            | libc::SYS_fcntl
            | libc::SYS_flock
            | libc::SYS_fstat
            | libc::SYS_getdents64
            | libc::SYS_lseek
            | libc::SYS_newfstatat
            | libc::SYS_read
            | libc::SYS_statx => Self::None,
            libc::SYS_fsync => Self::Sync,
            libc::SYS_fchmod
            | libc::SYS_fchmodat
            | libc::SYS_fchown
            | libc::SYS_unlinkat
            | libc::SYS_utimensat => Self::Change,
            libc::SYS_copy_file_range
            | libc::SYS_linkat
            | libc::SYS_mkdirat
            | libc::SYS_renameat
            | libc::SYS_renameat2
            | libc::SYS_write => Self::Grow,
            other => panic!("system call {other}: say here what it does"),
        }
    }
}

/// Lets a fault strike at the `at`th call that can feel it.
struct Injector {
    fault: Fault,
    at: usize,
    felt: usize,
}

impl Injector {
    fn new(fault: Fault, at: usize) -> Self {
        Self { fault, at, felt: 0 }
    }

    /// Whether there were so many calls that the fault came.
    fn struck(&self) -> bool {
        self.felt > self.at
    }
}

impl Watch for Injector {
    fn before(&mut self, call: &Call) -> Answer {
        if !self.fault.strikes(Effect::of(call)) {
            return Answer::Go;
        }
        self.felt += 1;
        let strikes = self.felt - 1 == self.at || (self.struck() && self.fault.lasts());
        if strikes {
            self.fault.answer()
        } else {
            Answer::Go
        }
    }
}

/// Runs the story with the fault at each call in turn.
fn at_every_call(story: Story, fault: Fault) {
    let sides = Sides::of(story);
    let mut tally = Tally::default();
    for at in 0.. {
        let (ground, changes) = story();
        let mut injector = Injector::new(fault, at);
        let ended = watched(|| work(&ground, &changes), &mut injector);
        if !injector.struck() {
            assert_eq!(ended, Ended::Exited(ALL));
            assert_eq!(injector.felt, at, "the number of calls varies");
            break;
        }
        sides.check(&ground, ended, &mut tally);
    }
    println!("{fault:?}: {tally:?}");
    assert!(tally.old > 20 && tally.new > 20, "{tally:?}");
}

/// Runs a test of this file in a process where nothing else runs, because a
/// process with other threads can't be forked safely.
#[expect(
    clippy::disallowed_methods,
    reason = "a test that forks needs a process of its own"
)]
pub(super) fn alone(test: &str, body: fn()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let begun = std::time::Instant::now();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    let told = said.lines().filter(|line| line.contains(": "));
    told.for_each(|line| println!("{line}"));
    println!("{:.1} s", begun.elapsed().as_secs_f64());
}

#[test]
fn twenty_files_killed_at_every_call() {
    alone(
        "transaction::fault::twenty_files_killed_at_every_call",
        || at_every_call(twenty_files, Fault::Kill),
    );
}

#[test]
fn twenty_files_with_every_call_failing() {
    alone(
        "transaction::fault::twenty_files_with_every_call_failing",
        || at_every_call(twenty_files, Fault::Broken),
    );
}

#[test]
fn twenty_files_with_every_call_denied() {
    alone(
        "transaction::fault::twenty_files_with_every_call_denied",
        || at_every_call(twenty_files, Fault::Denied),
    );
}

#[test]
fn twenty_files_on_a_disk_full_from_every_call_on() {
    alone(
        "transaction::fault::twenty_files_on_a_disk_full_from_every_call_on",
        || at_every_call(twenty_files, Fault::Full),
    );
}

#[test]
fn twenty_files_on_a_disk_read_only_from_every_call_on() {
    alone(
        "transaction::fault::twenty_files_on_a_disk_read_only_from_every_call_on",
        || at_every_call(twenty_files, Fault::ReadOnly),
    );
}

/// Finds a call at which a kill leaves the tree half done.
fn middle(sides: &Sides) -> usize {
    let half_done = |at: &usize| {
        let (ground, _) = killed(*at);
        let now = tree(&ground.files());
        now != sides.old && now != sides.new
    };
    (0..)
        .step_by(25)
        .skip_while(|at| !half_done(at))
        .nth(1)
        .unwrap()
}

fn killed(at: usize) -> (Ground, Changes) {
    let (ground, changes) = twenty_files();
    let mut injector = Injector::new(Fault::Kill, at);
    let ended = watched(|| work(&ground, &changes), &mut injector);
    assert_eq!(ended, Ended::Killed);
    (ground, changes)
}

#[test]
fn a_recovery_killed_at_every_call_is_recovered_from() {
    alone(
        "transaction::fault::a_recovery_killed_at_every_call_is_recovered_from",
        || {
            let sides = Sides::of(twenty_files);
            let middle = middle(&sides);
            let mut tally = Tally::default();
            for at in 0.. {
                let (ground, changes) = killed(middle);
                let mut injector = Injector::new(Fault::Kill, at);
                // The same transaction once more: what is found is finished.
                let ended = watched(|| work(&ground, &changes), &mut injector);
                if !injector.struck() {
                    break;
                }
                sides.check(&ground, ended, &mut tally);
            }
            println!("Kill: {tally:?}");
            assert!(tally.old == 0 && tally.new > 20, "{tally:?}");
        },
    );
}

#[test]
fn two_hundred_files_killed_at_200_random_calls() {
    alone(
        "transaction::fault::two_hundred_files_killed_at_200_random_calls",
        || {
            let sides = Sides::of(two_hundred_files);
            let (ground, changes) = two_hundred_files();
            let mut count = Injector::new(Fault::Kill, usize::MAX);
            watched(|| work(&ground, &changes), &mut count);
            let mut random = 0x9E37_79B9_7F4A_7C15_u64;
            let mut tally = Tally::default();
            for _ in 0..KILLS {
                // xorshift64: the same points in each run.
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let at = usize::try_from(random % count.felt as u64).unwrap();
                let (ground, changes) = two_hundred_files();
                let mut injector = Injector::new(Fault::Kill, at);
                let ended = watched(|| work(&ground, &changes), &mut injector);
                assert_eq!(ended, Ended::Killed);
                sides.check(&ground, ended, &mut tally);
            }
            println!("of {} calls: {tally:?}", count.felt);
            assert!(tally.old > 20 && tally.new > 20, "{tally:?}");
        },
    );
}
