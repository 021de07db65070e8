//! The order in which a commit changes, syncs and renames, read off its
//! system calls: what makes it survive a power cut.
//!
//! A power cut may forget any change of a file that was not followed by a
//! sync of that file, and any change of names that was not followed by a sync
//! of their folder, in any combination. So, where "before" means that one
//! call had returned when the other was made:
//!
//! 1. A state directory that is made is synced in its folder before the
//!    commit point: else the journal is forgotten with it.
//! 2. Each staged file, and the journal, is synced after its last change and
//!    before the commit point: its content is there when its name is.
//! 3. Their names are synced in the state directory before the commit point.
//! 4. Nothing in the tree changes before the commit point, the rename of the
//!    journal, is itself synced.
//! 5. Where a file moves away, its old folder is synced before any staged
//!    name is taken: without both names recovery could not know it.
//! 6. Each folder of the tree is synced after its last change of names and
//!    before the journal is marked as applied.
//! 7. The journal is marked as applied before it is deleted, and deleted
//!    before anything that is still staged.
//!
//! Rule 7 needs no sync: a forgotten mark, or a forgotten deletion, has the
//! steps done once more, which is harmless until the next commit begins; that
//! one syncs the state directory before its own commit point (rule 3).

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use atelier_base::TransactionId;

use super::fault::{Effect, alone};
use super::ground::Ground;
use super::story::{twenty_files, work};
use super::trace::{Answer, Call, Ended, Watch, watched};

/// A call that changed the disk or made a change durable.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    /// A file was made.
    Make(PathBuf),
    /// A file's content, owner, mode or time was changed.
    Change(PathBuf),
    /// A file got a second name.
    Link(PathBuf),
    /// A folder was made.
    MakeFolder(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    Sync(PathBuf),
}

/// An act with the times, in stops of the process, of its begin and its end.
#[derive(Clone, Debug)]
struct Done {
    began: usize,
    ended: usize,
    act: Act,
}

/// Records acts.
#[derive(Default)]
struct Recorder {
    stops: usize,
    under_way: HashMap<i32, (usize, Act)>,
    done: Vec<Done>,
}

impl Watch for Recorder {
    const SEES_ENDS: bool = true;

    fn before(&mut self, call: &Call) -> Answer {
        self.stops += 1;
        if let Some(act) = act_of(call) {
            self.under_way.insert(call.thread, (self.stops, act));
        }
        Answer::Go
    }

    fn after(&mut self, thread: i32, result: i64) {
        self.stops += 1;
        if let Some((began, act)) = self.under_way.remove(&thread)
            && result >= 0
        {
            let ended = self.stops;
            self.done.push(Done { began, ended, act });
        }
    }
}

fn act_of(call: &Call) -> Option<Act> {
    let [a, b, c, d, ..] = call.arguments;
    let name = |folder, name| at(call.thread, folder, name);
    let file = |handle| behind(call.thread, handle);
    Some(match call.number {
        libc::SYS_openat if Effect::of(call) == Effect::Grow => Act::Make(name(a, b)),
        libc::SYS_write | libc::SYS_fchmod | libc::SYS_fchown => Act::Change(file(a)),
        libc::SYS_utimensat if b == 0 => Act::Change(file(a)),
        libc::SYS_fsync => Act::Sync(file(a)),
        libc::SYS_linkat => Act::Link(name(c, d)),
        libc::SYS_mkdirat => Act::MakeFolder(name(a, b)),
        libc::SYS_renameat => Act::Rename(name(a, b), name(c, d)),
        libc::SYS_unlinkat => Act::Remove(name(a, b)),
        _ => {
            let effect = Effect::of(call);
            assert_eq!(effect, Effect::None, "say which act this is: {call:?}");
            return None;
        }
    })
}

/// Returns the path of a name in a folder that a process holds open.
fn at(thread: i32, folder: u64, name: u64) -> PathBuf {
    let mut bytes = vec![0; 4096];
    let memory = fs::File::open(format!("/proc/{thread}/mem")).unwrap();
    let read = memory.read_at(&mut bytes, name).unwrap();
    let end = bytes[..read].iter().position(|byte| *byte == 0).unwrap();
    let name = PathBuf::from(std::str::from_utf8(&bytes[..end]).unwrap());
    if name.is_absolute() {
        return name;
    }
    behind(thread, folder).join(name)
}

/// Returns the path of what a process holds open. Handles are ints, and the
/// upper half of the register is not theirs.
fn behind(thread: i32, handle: u64) -> PathBuf {
    let handle = handle & u64::from(u32::MAX);
    fs::read_link(format!("/proc/{thread}/fd/{handle}")).unwrap()
}

/// A recorded commit.
struct Trace {
    files: PathBuf,
    state: PathBuf,
    id: TransactionId,
    done: Vec<Done>,
}

impl Trace {
    fn record() -> Self {
        let (ground, changes) = twenty_files();
        let mut recorder = Recorder::default();
        let ended = watched(|| work(&ground, &changes), &mut recorder);
        assert_eq!(ended, Ended::Exited(0));
        Self {
            files: ground.files(),
            state: ground.state(),
            id: changes.id,
            done: Self::of_the_commit(&ground, recorder.done),
        }
    }

    /// Leaves out what the "database" does.
    fn of_the_commit(ground: &Ground, done: Vec<Done>) -> Vec<Done> {
        let rows = [ground.beside("database"), ground.beside("database.new")];
        let is_rows = |act: &Act| match act {
            Act::Make(path) | Act::Change(path) | Act::Sync(path) | Act::Rename(path, _) => {
                rows.contains(path)
            }
            _ => false,
        };
        done.into_iter().filter(|d| !is_rows(&d.act)).collect()
    }

    /// Finds the rename of the journal from one name to another.
    fn journal(&self, from: &str, to: &str) -> &Done {
        let name = |suffix: &str| self.state.join(format!("{}.{suffix}", self.id));
        let act = Act::Rename(name(from), name(to));
        self.done.iter().find(|d| d.act == act).unwrap()
    }

    /// Whether `path` was synced between the end of one act and the begin of
    /// another.
    fn synced(&self, path: &Path, after: &Done, before: &Done) -> bool {
        self.done.iter().any(|d| {
            d.act == Act::Sync(path.to_owned()) && d.began > after.ended && d.ended < before.began
        })
    }

    /// The acts that change names or files below a folder.
    fn changes_below<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a Done> {
        self.done.iter().filter(move |d| {
            let mut paths = d.act.changed();
            paths.any(|path| path.starts_with(folder))
        })
    }

    /// Returns which rules are broken, and by what.
    fn complaints(&self) -> BTreeSet<String> {
        let commit = self.journal("new", "pending");
        let applied = self.journal("pending", "applied");
        let mut complaints = BTreeSet::new();
        complaints.extend(self.staged_too_late(commit));
        complaints.extend(self.tree_too_early(commit));
        complaints.extend(self.moved_too_early());
        complaints.extend(self.tree_too_late(applied));
        complaints.extend(self.dropped_too_early(applied));
        complaints
    }

    /// Rules 1, 2 and 3.
    fn staged_too_late(&self, commit: &Done) -> Vec<String> {
        let earlier = self.done.iter().filter(|d| d.ended < commit.began);
        let complaint = |rule, path: &Path, done: &Done| {
            let missing = !self.synced(path, done, commit);
            missing.then(|| format!("{rule}: {:?}", done.act))
        };
        let check = |done: &Done| match &done.act {
            Act::MakeFolder(path) if *path == self.state => {
                complaint("1", path.parent().unwrap(), done)
            }
            Act::Change(path) if path.starts_with(&self.state) => complaint("2", path, done),
            Act::Make(path) => complaint("2", path, done).or(complaint("3", &self.state, done)),
            Act::Link(_) => complaint("3", &self.state, done),
            _ => None,
        };
        earlier.filter_map(check).collect()
    }

    /// Rule 4.
    fn tree_too_early(&self, commit: &Done) -> Vec<String> {
        let early = |d: &&Done| d.began < commit.ended || !self.synced(&self.state, commit, d);
        let changes = self.changes_below(&self.files).filter(early);
        changes.map(|d| format!("4: {:?}", d.act)).collect()
    }

    /// Rule 5: names that leave for good, before the first staged one comes.
    fn moved_too_early(&self) -> Vec<String> {
        let comes = |act: &Act| matches!(act, Act::Rename(from, to) if from.starts_with(&self.state) && to.starts_with(&self.files));
        let first = self.done.iter().find(|d| comes(&d.act)).unwrap();
        let left = ["src/d", "docs/g"].map(|name| self.files.join(name));
        let early = left.iter().filter(|path| {
            let gone = Act::Remove(PathBuf::clone(path));
            let gone = self.done.iter().find(|d| d.act == gone).unwrap();
            !self.synced(path.parent().unwrap(), gone, first)
        });
        early.map(|path| format!("5: {}", path.display())).collect()
    }

    /// Rule 6.
    fn tree_too_late(&self, applied: &Done) -> Vec<String> {
        let mut complaints = Vec::new();
        for done in self.changes_below(&self.files) {
            let paths = done.act.changed().filter(|p| p.starts_with(&self.files));
            for folder in paths.filter_map(Path::parent) {
                // A folder that is gone has no names.
                if !self.is_gone(folder) && !self.synced(folder, done, applied) {
                    complaints.push(format!("6: {} of {:?}", folder.display(), done.act));
                }
            }
        }
        complaints
    }

    /// Rule 7.
    fn dropped_too_early(&self, applied: &Done) -> Vec<String> {
        let removed = |act: &Act| matches!(act, Act::Remove(path) if path.starts_with(&self.state));
        let dropped: Vec<&Done> = self.done.iter().filter(|d| removed(&d.act)).collect();
        let journal = self.state.join(format!("{}.applied", self.id));
        let mut complaints = Vec::new();
        if dropped[0].act != Act::Remove(journal) {
            complaints.push(format!("7: {:?}", dropped[0].act));
        }
        let early = dropped.iter().filter(|d| d.began < applied.ended);
        complaints.extend(early.map(|d| format!("7: {:?}", d.act)));
        complaints
    }

    fn is_gone(&self, folder: &Path) -> bool {
        self.done.iter().any(|d| match &d.act {
            Act::Remove(path) | Act::Rename(path, _) => path == folder,
            _ => false,
        })
    }
}

impl Act {
    /// The names that it changes, or whose file it does.
    fn changed(&self) -> impl Iterator<Item = &Path> {
        let (one, two) = match self {
            Self::Make(path)
            | Self::Change(path)
            | Self::Link(path)
            | Self::MakeFolder(path)
            | Self::Remove(path) => (Some(path), None),
            Self::Rename(from, to) => (Some(from), Some(to)),
            Self::Sync(_) => (None, None),
        };
        one.into_iter().chain(two).map(PathBuf::as_path)
    }
}

#[test]
fn the_order_of_syncs_and_renames_survives_a_power_cut() {
    alone(
        "transaction::order::the_order_of_syncs_and_renames_survives_a_power_cut",
        || {
            let trace = Trace::record();
            assert_eq!(trace.complaints(), BTreeSet::new());
            let count = |is: fn(&Act) -> bool| trace.done.iter().filter(|d| is(&d.act)).count();
            let syncs = count(|act| matches!(act, Act::Sync(_)));
            let renames = count(|act| matches!(act, Act::Rename(..)));
            println!(
                "acts: {}, syncs: {syncs}, renames: {renames}",
                trace.done.len()
            );
        },
    );
}

/// The rules are worth something: each sync is there for one of them.
#[test]
fn without_any_one_sync_a_rule_is_broken() {
    alone(
        "transaction::order::without_any_one_sync_a_rule_is_broken",
        || {
            let mut trace = Trace::record();
            let whole = trace.done.clone();
            let mut broken = BTreeSet::new();
            for (n, done) in whole.iter().enumerate() {
                if matches!(done.act, Act::Sync(_)) {
                    trace.done = whole.clone();
                    trace.done.remove(n);
                    let complaints = trace.complaints();
                    assert!(!complaints.is_empty(), "not needed: {:?}", done.act);
                    broken.extend(complaints.into_iter().map(|c| c[..1].to_owned()));
                }
            }
            println!("rules: {broken:?}");
            assert_eq!(broken.len(), 6, "{broken:?}");
        },
    );
}
