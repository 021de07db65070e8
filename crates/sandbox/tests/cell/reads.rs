//! What the programs of a draft opened of the workspace is known.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use atelier_base::WorkspacePath;
use atelier_sandbox::cell::{Outcome, RunCommand, Site};
use atelier_sandbox::draft::{self, Draft, Observed, Reads};
use atelier_sandbox::files::Root;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lab::{Lab, as_ordinary_user, is_root, not_tested, role};
use crate::life::again;

/// The folders of the workspace below.
const FOLDERS: [&str; 4] = ["lib", "shut", "sub", "sub/deep"];

/// A workspace, and drafts over it.
struct Desk {
    lab: Lab,
    drafts: TempDir,
}

/// A draft, and where it is.
struct Made {
    draft: Draft,
    site: Site,
}

impl Desk {
    fn new(folders: &[&str]) -> Self {
        let lab = if is_root() {
            Lab::new()
        } else {
            Lab::in_own_folder()
        };
        let owner = std::fs::metadata(lab.path()).unwrap();
        for folder in folders {
            use std::os::unix::fs::MetadataExt;
            let folder = lab.path().join(folder);
            std::fs::create_dir(&folder).unwrap();
            let (uid, gid) = (Some(owner.uid()), Some(owner.gid()));
            std::os::unix::fs::chown(folder, uid, gid).unwrap();
        }
        let drafts = tempfile::Builder::new().prefix("cell-drafts-").tempdir();
        let drafts = drafts.unwrap();
        open_to_all(drafts.path(), 0o711);
        Self { lab, drafts }
    }

    fn project() -> Self {
        let desk = Self::new(&FOLDERS);
        let files = [
            ("a", "a\n"),
            ("b", "b\n"),
            ("unread", "u\n"),
            ("tool", "#!/bin/sh\necho ran\n"),
            ("lib/m.py", "VALUE = 7\n"),
            ("shut/s", "s\n"),
            ("sub/x", "x\n"),
            ("sub/y", "y\n"),
            ("sub/deep/z", "z\n"),
        ];
        for (name, text) in files {
            desk.lab.put(name, text);
        }
        open_to_all(&desk.lab.path().join("tool"), 0o755);
        open_to_all(&desk.lab.path().join("shut"), 0o311);
        std::os::unix::fs::symlink("a", desk.lab.path().join("link")).unwrap();
        std::fs::hard_link(desk.lab.path().join("b"), desk.lab.path().join("hard")).unwrap();
        desk
    }

    fn root(&self) -> Root {
        let state = self.drafts.path().join("state");
        Root::open(self.lab.path(), &state).unwrap()
    }

    fn draft(&self, name: &str, folders: &[&str]) -> Made {
        let place = self.drafts.path().join(name);
        let draft = Draft::create(&place, &self.root(), &[]).unwrap();
        let folders: Vec<_> = folders.iter().map(|name| path(name)).collect();
        draft.observe(&folders).unwrap();
        let site = Site {
            workspace: self.lab.path().to_owned(),
            draft: Some(place),
        };
        Made { draft, site }
    }

    async fn sh(&self, made: &Made, script: &str) {
        let (sender, mut receiver) = mpsc::channel(64);
        let command = RunCommand::new(["sh", "-c", script]);
        let cancel = CancellationToken::new();
        let run = self.lab.cells.run_in(&made.site, command, cancel, sender);
        let report = run.await;
        let mut text = Vec::new();
        while let Some(output) = receiver.recv().await {
            text.extend(output.bytes);
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        assert_eq!(report.outcome, Outcome::Ok, "{script}: {report:?} {text}");
    }
}

fn open_to_all(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn path(name: &str) -> WorkspacePath {
    WorkspacePath::new(name).unwrap()
}

impl Made {
    #[track_caller]
    fn observed(&self) -> Observed {
        match self.draft.reads().unwrap() {
            Reads::Observed(observed) => observed,
            Reads::All { reason } => panic!("{reason}"),
        }
    }

    #[track_caller]
    fn reason(&self) -> String {
        match self.draft.reads().unwrap() {
            Reads::Observed(observed) => panic!("{observed:?}"),
            Reads::All { reason } => reason,
        }
    }

    /// The files that were opened.
    #[track_caller]
    fn files(&self) -> BTreeSet<String> {
        let files = self.observed().files;
        files.iter().map(ToString::to_string).collect()
    }

    /// The folders that were opened; the top one is `.`.
    #[track_caller]
    fn folders(&self) -> BTreeSet<String> {
        let folders = self.observed().folders;
        let shown = folders.iter();
        shown
            .map(|folder| folder.as_ref().map_or(".".to_owned(), ToString::to_string))
            .collect()
    }
}

/// However a program comes to a file's content, in the first instant of a cell.
#[tokio::test]
async fn what_a_program_opens_is_known_and_nothing_else() {
    let cases: [(&str, &[&str], &[&str]); 17] = [
        ("true", &[], &[]),
        ("cat a", &["a"], &[]),
        ("cat < sub/deep/z", &["sub/deep/z"], &[]),
        ("cd sub && cat ../a deep/z", &["a", "sub/deep/z"], &[]),
        // By a link, the file that it leads to; by a hard link, that name.
        ("cat link", &["a"], &[]),
        ("cat hard", &["hard"], &[]),
        ("cat /proc/self/cwd/sub/x", &["sub/x"], &[]),
        ("./tool", &["tool"], &[]),
        (
            "python3 -I -c 'import mmap, os; f = os.open(\"a\", 0); m = mmap.mmap(f, 0, prot=1); os.close(f); print(m[0])'",
            &["a"],
            &[],
        ),
        ("exec 7< a; rm -f a; cat <&7", &["a"], &[]),
        (
            "(setsid cat sub/y > out &); until [ -s out ]; do :; done",
            &["out", "sub/y"],
            &[],
        ),
        ("cat shut/s", &["shut/s"], &[]),
        ("ls sub > /dev/null; ls -d sub lib", &[], &["sub"]),
        (
            "find . > /dev/null 2>&1; true",
            &[],
            &[".", "lib", "sub", "sub/deep"],
        ),
        (
            "cp -r sub new; cat new/x",
            &["sub/deep/z", "sub/x", "sub/y"],
            &["sub", "sub/deep"],
        ),
        // What lies in a folder that the draft has its own of by now.
        (
            "echo new > sub/new; echo new > sub/deep/new; cat sub/deep/z",
            &["sub/deep/new", "sub/deep/z", "sub/new"],
            &[],
        ),
        // What only asks for a name, a size or where a link leads is not told.
        (
            "test -e nothing || stat a > /dev/null; readlink link; cat nothing 2> /dev/null || true",
            &[],
            &[],
        ),
    ];
    let desk = Desk::project();
    for (number, (script, files, folders)) in cases.into_iter().enumerate() {
        let made = desk.draft(&number.to_string(), &FOLDERS);
        desk.sh(&made, script).await;
        let set = |names: &[&str]| -> BTreeSet<String> {
            names.iter().map(|&name| name.to_owned()).collect()
        };
        assert_eq!(
            (made.files(), made.folders()),
            (set(files), set(folders)),
            "{script}"
        );
        assert_eq!(made.observed().watched.len(), FOLDERS.len() + 1, "{script}");
        desk.lab.cells.stop(&made.site).await;
    }
}

/// Nobody's reading but the draft's own counts, and the record outlives cells.
#[tokio::test]
async fn a_record_is_one_drafts_and_goes_on_with_its_next_cell() {
    let desk = Desk::project();
    let (one, two) = (desk.draft("one", &FOLDERS), desk.draft("two", &FOLDERS));
    desk.sh(&one, "cat a").await;
    desk.sh(&two, "cat b").await;
    std::fs::read(desk.lab.path().join("unread")).unwrap();
    let own = Made {
        draft: Draft::open(one.site.draft.as_deref().unwrap()).unwrap(),
        site: desk.lab.site(),
    };
    desk.sh(&own, "cat unread sub/x; ls . sub").await;
    desk.lab.cells.stop(&one.site).await;
    assert_eq!(one.files(), BTreeSet::from(["a".to_owned()]));
    // A folder that is not there when the cell starts is not watched in it.
    std::fs::remove_file(desk.lab.path().join("lib/m.py")).unwrap();
    std::fs::remove_dir(desk.lab.path().join("lib")).unwrap();
    desk.sh(&one, "cat sub/x").await;
    desk.lab.cells.settle_reads(&one.site).await;
    assert_eq!(
        one.files(),
        BTreeSet::from(["a".to_owned(), "sub/x".to_owned()])
    );
    assert!(!one.observed().watched.contains(&Some(path("lib"))));
    assert_eq!(two.files(), BTreeSet::from(["b".to_owned()]));
    assert_eq!(two.folders(), BTreeSet::new());
    desk.lab.cells.close().await;
}

/// The draft's disk is measured every second, which is no reading.
#[tokio::test]
async fn a_drafts_own_layer_is_what_its_disk_limit_measures() {
    let desk = Desk::project();
    let big = vec![b'x'; 3 << 20];
    std::fs::write(desk.lab.path().join("big"), big).unwrap();
    let made = desk.draft("one", &FOLDERS);
    let ended = async |script: &str| {
        let mut command = RunCommand::new(["sh", "-c", script]);
        command.limits.disk_bytes = 2 << 20;
        command.limits.wall = std::time::Duration::from_secs(20);
        let (sender, _receiver) = mpsc::channel(64);
        let run = desk
            .lab
            .cells
            .run_in(&made.site, command, CancellationToken::new(), sender);
        run.await.outcome
    };
    assert_eq!(ended("sleep 2.5").await, Outcome::Ok);
    assert_eq!(made.folders(), BTreeSet::new());
    let flood = "head -c 4000000 /dev/zero > flood; exec sleep 30";
    assert_eq!(ended(flood).await, Outcome::Disk);
    desk.lab.cells.stop(&made.site).await;
}

/// The kernel drops what nobody fetches: then nothing is known.
#[tokio::test]
async fn more_than_the_kernel_keeps_makes_every_file_read() {
    let desk = Desk::project();
    let made = desk.draft("one", &FOLDERS);
    let most = std::fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let twice = 2 * most.trim().parse::<u64>().unwrap();
    let script = format!(
        "touch begun; for i in $(seq {twice}); do : < a; : < b; done; touch done; exec sleep 0.1"
    );
    let upper = made.site.draft.as_deref().unwrap().join("upper");
    let command = RunCommand::new(["sh", "-c", &script]);
    let (sender, _receiver) = mpsc::channel(64);
    let run = desk
        .lab
        .cells
        .run_in(&made.site, command, CancellationToken::new(), sender);
    let stall = async {
        while !upper.join("begun").exists() {
            tokio::task::yield_now().await;
        }
        // Nothing of this runtime goes on meanwhile.
        while !upper.join("done").exists() {
            std::thread::yield_now();
        }
    };
    let (report, ()) = tokio::join!(run, stall);
    assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
    assert!(
        made.reason().contains("max_queued_events"),
        "{}",
        made.reason()
    );
    desk.lab.cells.stop(&made.site).await;
    desk.sh(&made, "cat a").await;
    assert!(made.reason().contains("max_queued_events"), "for good");
}

#[tokio::test]
async fn without_watches_every_file_counts_as_read_and_the_draft_says_so() {
    let limits = [("max_inotify_instances", 0), ("max_inotify_watches", 3)];
    if let Some(role) = role().filter(|role| role.starts_with("max_inotify")) {
        let desk = Desk::project();
        let made = desk.draft("one", &FOLDERS);
        desk.sh(&made, "cat a").await;
        let reason = made.reason();
        let named = role.replace("inotify_", "user_");
        assert!(reason.contains(&named), "{named}: {reason}");
        desk.lab.cells.stop(&made.site).await;
        return;
    }
    for (name, most) in limits {
        if !PathBuf::from("/proc/sys/user").join(name).exists() {
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
        let test = "reads::without_watches_every_file_counts_as_read_and_the_draft_says_so";
        again(test, name, &wrapper);
    }
}

/// A draft whose directory names no folders tells nothing.
#[tokio::test]
async fn a_draft_that_is_not_watched_says_so() {
    let desk = Desk::project();
    let place = desk.drafts.path().join("plain");
    let draft = Draft::create(&place, &desk.root(), &[]).unwrap();
    let site = Site {
        workspace: desk.lab.path().to_owned(),
        draft: Some(place.clone()),
    };
    let made = Made { draft, site };
    desk.sh(&made, "cat a").await;
    assert!(made.reason().contains("nothing was watched"));
    desk.lab.cells.stop(&made.site).await;
    draft::remove(&place).unwrap();
}
