//! Runs in warm and cold cells against a bare spawn and bubblewrap.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::samples::{Case, interleave, time};
use super::server::Server;
use crate::process;
use crate::scratch::Scratch;

const TRUE: &str = "/bin/true";
const PRINT: &str = "print(1)";

/// Measures and prints the table.
///
/// # Errors
/// A run fails, or this machine has no Python.
pub(super) fn measure(binary: &Path, server: &Server, samples: usize) -> Result<()> {
    let folder = Scratch::new()?;
    let workspace = workspace(server)?;
    // The same program for both sides, not a version manager's wrapper of it.
    let python = [PathBuf::from("/usr/bin/python3")]
        .into_iter()
        .find(|python| python.is_file())
        .or_else(|| process::find("python3"))
        .context("there is no python3")?;
    let python = python.to_string_lossy().into_owned();
    let in_python = [python.as_str(), "-c", PRINT];

    let mut cases = vec![
        Case::peer("bare `true`", || time(&mut Command::new(TRUE))),
        Case::against("bare `true`", "`true` by `POST /api/execute`", || {
            execute(server, &workspace, &[TRUE])
        }),
        Case::peer("bare `python3 -c`", || {
            time(Command::new(&python).args(["-c", PRINT]))
        }),
        Case::against(
            "bare `python3 -c`",
            "`python3 -c` by `POST /api/execute`",
            || execute(server, &workspace, &in_python),
        ),
    ];
    let cold = || {
        let mut run = Command::new(binary);
        time(run.args(["run", "--", TRUE]).current_dir(folder.path()))
    };
    if process::find("bwrap").is_some() {
        let peer = "`true` by bwrap, no seccomp filter";
        cases.push(Case::peer(peer, || time(&mut bwrap(folder.path()))));
        cases.push(Case::against(peer, "`true` by `atelier run`, cold", cold));
    } else {
        println!("bwrap is not installed; the cold cell is compared with a bare spawn.\n");
        cases.push(Case::against(
            "bare `true`",
            "`true` by `atelier run`, cold",
            cold,
        ));
    }
    interleave(cases, samples)
}

/// Floods the server with the output of runs that write 50 MB a second until
/// they are stopped, and prints what became of it.
///
/// # Errors
/// A run does not end as it should.
pub(super) fn flood(server: &Server) -> Result<()> {
    let workspace = workspace(server)?;
    let most = server.client().get("/api/system")?["limits"]["outputBytes"]
        .as_u64()
        .context("the server names no limit for output")?;
    let script = "while :; do head -c 5000000 /dev/zero | tr '\\0' y; sleep 0.1; done";
    let before = server.resident_kib()?;
    server.forget_peak()?;
    for _ in 0..5 {
        let body = json!({"workspaceId": workspace, "argv": ["sh", "-c", script]});
        server.client().post("/api/execute", &body)?;
        // Asked without its output, which whoever wants it whole pays for.
        let job = loop {
            let path = format!("/api/workspaces/{workspace}/runs?limit=1");
            let job = server.client().get(&path)?["items"][0].take();
            if text(&job, "status")? == "finished" {
                break job;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        ensure!(job["outcome"] == "output", "the run ended badly: {job}");
        let stored = job["stdoutBytes"].as_u64();
        ensure!(
            stored == Some(most),
            "{stored:?} bytes were stored of {most}"
        );
    }
    let grown = server.peak_kib()?.saturating_sub(before);
    println!(
        "Five runs that write 50 MB/s: {most} bytes stored of each, then outcome `output`; \
         the server's memory peaked {:.1} MiB above idle.\n",
        super::mib(grown)
    );
    Ok(())
}

fn workspace(server: &Server) -> Result<String> {
    let body = json!({"name": "bench", "source": {"type": "empty"}});
    let workspace = server.client().post("/api/workspaces", &body)?;
    Ok(text(&workspace, "id")?.to_owned())
}

/// From the request to the final status of the run.
fn execute(server: &Server, workspace: &str, argv: &[&str]) -> Result<Duration> {
    let started = Instant::now();
    let job = to_the_end(server, workspace, argv)?;
    let took = started.elapsed();
    ensure!(job["outcome"] == "ok", "the run ended badly: {job}");
    Ok(took)
}

fn to_the_end(server: &Server, workspace: &str, argv: &[&str]) -> Result<Value> {
    let body = json!({"workspaceId": workspace, "argv": argv});
    let mut job = server.client().post("/api/execute", &body)?;
    while matches!(text(&job, "status")?, "queued" | "running") {
        let id = text(&job, "id")?;
        job = server
            .client()
            .get(&format!("/api/execute/{id}?wait=5000"))?;
    }
    Ok(job)
}

fn text<'v>(value: &'v Value, field: &str) -> Result<&'v str> {
    value[field]
        .as_str()
        .with_context(|| format!("the answer has no text `{field}`: {value}"))
}

/// `true` with the mounts that a cell has.
fn bwrap(folder: &Path) -> Command {
    let mut bwrap = Command::new("bwrap");
    bwrap
        .args(["--unshare-all", "--die-with-parent", "--new-session"])
        .args(["--clearenv", "--ro-bind", "/usr", "/usr"])
        .args([
            "--symlink",
            "usr/bin",
            "/bin",
            "--symlink",
            "usr/lib",
            "/lib",
        ])
        .args(["--symlink", "usr/lib64", "/lib64", "--proc", "/proc"])
        .args(["--dev", "/dev", "--tmpfs", "/tmp", "--bind"])
        .arg(folder)
        .args(["/workspace", "--chdir", "/workspace", "--", TRUE]);
    bwrap
}
