//! `cargo xtask run`: from a fresh checkout to a running server.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::web::{self, Work};
use crate::{local_model, process, project, tools};

const LISTEN: &str = "127.0.0.1:7340";

/// How the binary is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; reads the pages from `web/dist`.
    Debug,
    /// What users run; carries the pages inside.
    Release,
}

/// Builds what changed, then becomes `atelier serve`, so that Ctrl-C and the
/// exit status are the server's own.
///
/// # Errors
/// A tool is missing, or a build fails; returns only then.
pub(crate) fn run(with_local_model: bool, serve_args: &[String]) -> Result<()> {
    let progress = Progress::start();
    tools::check()?;
    progress.say("tools", "all there");
    let web = project::web();
    progress.work("npm packages", web::install(&web)?);
    progress.work("front end", web::build()?);
    let binary = build_atelier(Profile::Release)?;
    progress.say("server", "built");

    let mut serve = Command::new(&binary);
    serve.arg("serve").current_dir(project::top());
    for (flag, variable, value) in [
        ("--listen", "ATELIER_LISTEN", LISTEN),
        ("--data", "ATELIER_DATA", "./.atelier"),
    ] {
        // Ours are defaults: what the person says on the line or in the
        // environment stands.
        if !names(serve_args, flag) && std::env::var_os(variable).is_none() {
            serve.args([flag, value]);
        }
    }
    serve.args(serve_args);
    // The server asks it when the button is pressed, or at once; nobody waits
    // for it to sign in. The server's standard input is the socket to it.
    serve.stdin(Stdio::from(local_model::begin(with_local_model)?));
    serve.env("ATELIER_LOCAL_MODEL_BUILDER", "stdin");
    if with_local_model {
        progress.say("local model", "being built and fetched");
    }
    progress.say("server", "starting");
    let error = serve.exec();
    Err(error).with_context(|| format!("could not start {}", binary.display()))
}

/// Builds the `atelier` binary and returns where it is.
///
/// # Errors
/// The build fails, or cargo names no binary.
pub(crate) fn build_atelier(profile: Profile) -> Result<PathBuf> {
    let mut build = process::cargo(["build", FORMAT, "--package", "atelier"]);
    if profile == Profile::Release {
        build.arg("--release");
        build.env("ATELIER_LAUNCHER", build_launcher()?);
    }
    built(build, "atelier")
}

/// Builds the small program that starts cells, which the binary carries. It is
/// static and loads at a fixed address, because that starts faster; what it is
/// made of is built for the binary anyway.
///
/// # Errors
/// The build fails.
pub(crate) fn build_launcher() -> Result<PathBuf> {
    let mut build = process::cargo(["rustc", FORMAT, "--release"]);
    build.args(["--package", "atelier-sandbox", "--bin", LAUNCHER, "--"]);
    build.args([
        "-C",
        "target-feature=+crt-static",
        "-C",
        "relocation-model=static",
    ]);
    built(build, LAUNCHER)
}

const LAUNCHER: &str = "atelier-cell";
const FORMAT: &str = "--message-format=json-render-diagnostics";

/// Runs a build that tells in JSON and returns where the binary `name` is.
fn built(mut build: Command, name: &str) -> Result<PathBuf> {
    let messages = process::output(build.stdin(Stdio::null()))?;
    messages
        .lines()
        .rev()
        .find_map(|message| binary_named_in(message, name))
        .with_context(|| format!("cargo built no `{name}` binary"))
}

#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
}

fn binary_named_in(message: &str, name: &str) -> Option<PathBuf> {
    let message: Message = serde_json::from_str(message).ok()?;
    message
        .executable
        .filter(|path| path.file_name() == Some(Path::new(name).as_os_str()))
}

fn names(args: &[String], flag: &str) -> bool {
    args.iter().any(|arg| {
        arg.strip_prefix(flag)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

struct Progress(Instant);

impl Progress {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn say(&self, what: &str, state: &str) {
        println!("[{:6.2} s] {what}: {state}", self.0.elapsed().as_secs_f64());
    }

    fn work(&self, what: &str, work: Work) {
        let state = match work {
            Work::Done => "ready",
            Work::Unchanged => "unchanged",
        };
        self.say(what, state);
    }
}

#[cfg(test)]
mod tests {
    use super::{binary_named_in, names};

    #[test]
    fn a_flag_is_found_in_both_spellings_and_no_other() {
        let args = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(names(&args("--listen 0.0.0.0:80"), "--listen"));
        assert!(names(&args("--config a --listen=[::]:80"), "--listen"));
        assert!(!names(&args("--listening yes"), "--listen"));
        assert!(!names(&args("--data x"), "--listen"));
    }

    #[test]
    fn cargos_messages_name_the_binary() {
        let artifact = r#"{"reason":"compiler-artifact","executable":"/t/release/atelier"}"#;
        assert_eq!(
            binary_named_in(artifact, "atelier"),
            Some("/t/release/atelier".into())
        );
        for other in [
            r#"{"reason":"compiler-artifact","executable":null}"#,
            r#"{"reason":"compiler-artifact","executable":"/t/release/other"}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "not json",
        ] {
            assert_eq!(binary_named_in(other, "atelier"), None, "{other}");
        }
    }
}
