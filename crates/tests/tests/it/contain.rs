//! Paths that lead where a patch has no business: out of the directory, into
//! what git and we keep there, through links, and to what is no file.
//!
//! Every way in which a patch, or a record that somebody forged, can name a
//! path is tried with every such path. All are refused with a reason, and not
//! a byte or a name changes inside or outside.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use atelier_base::ContentHash;
use atelier_tests::{Ended, run_program};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::edits::{add, delete, envelope};

/// How many processes run at a time.
const AT_ONCE: usize = 8;

/// A project, and things outside of it that must not be reached.
struct Ground(TempDir);

impl Ground {
    fn new() -> Self {
        let ground = Self(tempfile::tempdir().unwrap());
        let (project, outside) = (ground.project(), ground.0.path().join("outside"));
        for folder in ["dir", "Dir2", ".git", "empty"] {
            fs::create_dir_all(project.join(folder)).unwrap();
        }
        fs::create_dir_all(outside.join("sub")).unwrap();
        for (folder, names) in [
            (
                &project,
                &["a.txt", "Case.txt", "dir/f", "Dir2/x", ".git/config"][..],
            ),
            (&outside, &["secret", "sub/f"]),
        ] {
            for name in names {
                fs::write(folder.join(name), "secret\n").unwrap();
            }
        }
        for (name, target) in [
            ("link-in", "a.txt"),
            ("link-dir", "dir"),
            ("link-out", "../outside/secret"),
            ("link-out-dir", "../outside"),
            ("link-chain", "link-out-dir"),
            ("link-loop", "link-loop"),
            ("link-dangling", "../outside/made"),
            ("link-git", ".git"),
            ("link-etc", "/etc"),
            ("link-proc", "/proc/self/root"),
            ("dir/link-up", "../.."),
        ] {
            symlink(target, project.join(name)).unwrap();
        }
        symlink(outside.join("secret"), project.join("link-absolute")).unwrap();
        UnixListener::bind(project.join("socket")).unwrap();
        make_node(&project, &["fifo", "p"]);
        // Only root may make one; elsewhere the name is missing, and what is
        // done to it is refused for that.
        make_node(&project, &["device", "c", "1", "3"]);
        ground
    }

    fn project(&self) -> std::path::PathBuf {
        self.0.path().join("project")
    }

    /// What every name is, its mode, and the hash of its content, inside and
    /// outside of the project.
    fn hashes(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        look(&mut found, self.0.path());
        found
    }
}

#[expect(clippy::disallowed_methods, reason = "no library here makes a FIFO")]
fn make_node(folder: &Path, arguments: &[&str]) {
    let mut command = std::process::Command::new("mknod");
    command.args(arguments).current_dir(folder);
    command.output().unwrap();
}

fn look(found: &mut BTreeMap<String, String>, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let kind = metadata.file_type();
        let content = if kind.is_dir() {
            look(found, &path);
            "folder".to_owned()
        } else if kind.is_symlink() {
            fs::read_link(&path).unwrap().display().to_string()
        } else if kind.is_file() {
            ContentHash::of(&fs::read(&path).unwrap()).to_string()
        } else {
            format!("{} {}", kind.is_fifo(), kind.is_socket())
        };
        let what = format!("{:o} {} {content}", metadata.mode(), metadata.ino());
        found.insert(path.display().to_string(), what);
    }
}

/// Texts that are no path of a project at all.
fn no_paths() -> Vec<String> {
    let mut paths: Vec<String> = [
        "/",
        "/etc/atelier-test",
        "//etc/atelier-test",
        "/../etc/atelier-test",
        "..",
        "../made",
        "../outside/secret",
        "../project/a.txt",
        "../../made",
        "dir/..",
        "dir/../../outside/secret",
        "dir/../a.txt",
        "dir/../../made",
        "empty/../../made",
        "none/../a.txt",
        "..\\made",
        "..\\outside\\secret",
        "dir\\..\\..\\made",
        "dir\\f",
        "\\made",
        "\\\\server\\share\\made",
        "\\\\?\\C:\\made",
        "C:\\made",
        "c:/made",
        "Z:/../made",
        ".git",
        ".git/config",
        ".git/hooks/post-checkout",
        ".GIT/config",
        ".Git/config",
        ".gIt",
        "dir/.git/config",
        "dir/.GIT/hooks/x",
        ".git./config",
        ".git /config",
        ".git. ./config",
        ".git:config",
        ".git::$INDEX_ALLOCATION/config",
        "git~1/config",
        "GIT~1/config",
        ".g\u{200c}it/config",
        ".gi\u{200d}t/config",
        ".\u{200e}git/config",
        ".\u{202e}git/config",
        ".git\u{feff}/config",
        ".\u{206a}git/config",
        ".atelier",
        ".atelier/x",
        ".ATELIER/x",
        ".Atelier/made",
        "dir/.atelier/x",
        ".atelier./x",
        ".atelier::$DATA",
        ".ate\u{200c}lier/x",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.extend([
        "n".repeat(256),
        format!("dir/{}", "n".repeat(300)),
        "deep/".repeat(64) + "made",
        format!("{}made", "folder/".repeat(150)),
        "ü".repeat(128),
    ]);
    paths
}

/// Texts that only JSON can say.
const CONTROL: [&str; 9] = [
    "",
    "a\0b",
    "a.txt\0",
    "\0",
    "a\nb",
    "a\rb",
    "\u{1b}[31mred",
    "a\u{7f}b",
    "a\u{85}b",
];

/// Paths that look well and lead elsewhere, or to no file.
const TRAPS: [&str; 27] = [
    "link-in",
    "link-dir",
    "link-dir/f",
    "link-dir/made",
    "link-out",
    "link-out/made",
    "link-out-dir",
    "link-out-dir/secret",
    "link-out-dir/made",
    "link-out-dir/sub/f",
    "link-out-dir/made/deep",
    "link-chain/secret",
    "link-loop",
    "link-loop/made",
    "link-dangling",
    "link-git/config",
    "link-etc/passwd",
    "link-etc/atelier-test",
    "link-proc/etc/passwd",
    "link-absolute",
    "dir/link-up/outside/secret",
    "fifo",
    "fifo/made",
    "socket",
    "device",
    "Case.txt/made",
    "dir",
];

/// New names that differ from others only by case.
const LIKE_OTHERS: [&str; 6] = [
    "A.TXT",
    "case.txt",
    "CASE.TXT",
    "DIR/made",
    "dir2/made",
    "dir/F",
];

/// A way in which a path is named: the arguments, and the input.
type Way = fn(&Path, &str) -> Command;

fn patch(text: String) -> Command {
    (Vec::new(), text)
}

fn create(_: &Path, path: &str) -> Command {
    patch(json!([{ "path": path, "old": "", "new": "made\n" }]).to_string())
}

fn change(_: &Path, path: &str) -> Command {
    patch(json!([{ "path": path, "old": "secret", "new": "changed" }]).to_string())
}

fn add_to(_: &Path, path: &str) -> Command {
    patch(envelope(&[add("harmless", "made"), add(path, "made")]))
}

fn remove(_: &Path, path: &str) -> Command {
    patch(envelope(&[delete(path)]))
}

fn move_there(_: &Path, path: &str) -> Command {
    let update = "*** Update File: a.txt\n*** Move to: ";
    patch(envelope(&[format!(
        "{update}{path}\n@@\n-secret\n+moved\n"
    )]))
}

fn move_from(_: &Path, path: &str) -> Command {
    let moved = format!("*** Update File: {path}\n*** Move to: stolen\n@@\n-secret\n+moved\n");
    patch(envelope(&[moved]))
}

fn copy_from(_: &Path, path: &str) -> Command {
    patch(format!(
        "diff --git a/{path} b/stolen\nsimilarity index 100%\ncopy from {path}\ncopy to stolen\n"
    ))
}

fn diff_to(_: &Path, path: &str) -> Command {
    patch(format!(
        "--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+made\n"
    ))
}

/// A record that says the path was made, so that undoing removes it.
fn forged_made(folder: &Path, path: &str) -> Command {
    forged(folder, path, "create", &Value::Null)
}

/// A record that says the path was changed, so that undoing writes it.
fn forged_changed(folder: &Path, path: &str) -> Command {
    forged(folder, path, "modify", &json!({ "text": "changed" }))
}

fn forged(folder: &Path, path: &str, change: &str, before: &Value) -> Command {
    let record = json!({
        "version": 1,
        "transaction": "019a0000-0000-7000-8000-000000000000",
        "folders": [],
        "files": [{
            "path": path, "change": change, "from": null,
            "before": before, "after": { "text": "secret\n" },
            "executableBefore": false, "executable": false, "encoding": "utf-8",
        }],
    });
    let name = ContentHash::of(format!("{change} {path}").as_bytes()).to_string();
    let file = folder.join(name);
    fs::write(&file, record.to_string()).unwrap();
    (
        vec!["--undo".to_owned(), file.display().to_string()],
        String::new(),
    )
}

/// Arguments and input.
type Command = (Vec<String>, String);

/// What is tried: the way's name, the path, and the command.
fn cases(records: &Path) -> Vec<(&'static str, String, Command)> {
    let anywhere: [(&str, Way); 5] = [
        ("create", create),
        ("move there", move_there),
        ("copy from", copy_from),
        ("diff", diff_to),
        ("forged record", forged_changed),
    ];
    let at_traps: [(&str, Way); 8] = [
        ("create", create),
        ("change", change),
        ("add", add_to),
        ("delete", remove),
        ("move there", move_there),
        ("move from", move_from),
        ("copy from", copy_from),
        ("forged record", forged_made),
    ];
    let mut cases = Vec::new();
    let mut put = |name: &'static str, way: Way, path: &str| {
        cases.push((name, path.to_owned(), way(records, path)));
    };
    for path in &no_paths() {
        for (name, way) in anywhere {
            put(name, way, path);
        }
    }
    for path in CONTROL {
        put("create", create, path);
        put("forged record", forged_changed, path);
    }
    for path in TRAPS {
        for (name, way) in at_traps {
            put(name, way, path);
        }
    }
    for path in LIKE_OTHERS {
        put("create", create, path);
        // Renamed to this, it would not be like another any more.
        if path != "A.TXT" {
            put("move there", move_there, path);
        }
    }
    cases
}

#[tokio::test]
async fn no_path_leads_where_a_patch_has_no_business() {
    let ground = Ground::new();
    let records = tempfile::tempdir().unwrap();
    let cases = cases(records.path());
    let before = ground.hashes();
    let project = ground.project();
    for some in cases.chunks(AT_ONCE) {
        let runs = some.iter().map(|(_, _, (flags, input))| {
            let mut arguments = vec!["apply", "--dir", "."];
            arguments.extend(flags.iter().map(String::as_str));
            let project = &project;
            async move { run_program(project, &arguments, input).await }
        });
        for ((way, path, _), ended) in some.iter().zip(join_all(runs).await) {
            must_be_refused(way, path, &ended);
        }
        let now = ground.hashes();
        let tried: Vec<_> = some.iter().map(|(way, path, _)| (way, path)).collect();
        assert_eq!(now, before, "one of {tried:?}");
    }
    println!("hostile paths tried: {}", cases.len());
    assert!(cases.len() > 400);
}

fn must_be_refused(way: &str, path: &str, ended: &Ended) {
    // A forged record is not even read, which is wrong usage; or what it says
    // was made is not there to be removed.
    let forged = way == "forged record";
    let nothing = ended.stdout.starts_with("nothing to change");
    let refused = match ended.code {
        Some(1) => true,
        Some(2) => forged,
        Some(0) if forged && nothing => return,
        _ => false,
    };
    assert!(refused, "{way} {path:?}: {ended:?}");
    assert!(!ended.stderr.is_empty(), "{way} {path:?}: no reason");
    assert!(
        !ended.stderr.contains('\u{1b}'),
        "{way} {path:?}: {ended:?}"
    );
}

#[tokio::test]
async fn what_other_names_of_a_file_hold_stays() {
    let ground = Ground::new();
    let (project, secret) = (ground.project(), ground.0.path().join("outside/secret"));
    fs::hard_link(&secret, project.join("hard")).unwrap();
    let (_, input) = change(&project, "hard");
    let ended = run_program(&project, &["apply", "--dir", "."], &input).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        fs::read_to_string(project.join("hard")).unwrap(),
        "changed\n"
    );
    assert_eq!(fs::read_to_string(secret).unwrap(), "secret\n");
}
