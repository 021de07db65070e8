//! Programs of our own that the server starts beside itself, for what is too
//! large or too brittle to be part of it.
//!
//! A sidecar runs outside of any cell: it is our code over files of ours. It
//! gets nothing of the server's environment, talks over its standard input and
//! output, and is to end when its input ends, so that it never outlives the
//! server.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// How much of what a sidecar complains about is kept, in bytes.
const COMPLAINT_BYTES: usize = 4 * 1024;

/// What a sidecar is started with.
#[derive(Clone, Debug)]
pub struct SidecarCommand {
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
}

/// A sidecar that has been started. Dropping its process kills it.
#[derive(Debug)]
pub struct Sidecar {
    /// Its standard input.
    pub input: ChildStdin,
    /// Its standard output.
    pub output: ChildStdout,
    /// The rest of it.
    pub process: SidecarProcess,
}

/// The process of a sidecar. Dropping it kills the process.
#[derive(Debug)]
pub struct SidecarProcess {
    child: Child,
    errors: tokio::process::ChildStderr,
}

/// Starts a sidecar.
///
/// # Errors
/// The program is not there, or may not be started.
#[expect(
    clippy::disallowed_methods,
    reason = "this crate is where processes are started"
)]
pub fn start(command: &SidecarCommand) -> io::Result<Sidecar> {
    let mut child = Command::new(&command.program)
        .args(&command.args)
        .env_clear()
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        // An interrupt typed at the server's terminal is the server's.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let missing = || io::Error::other("a pipe is missing");
    Ok(Sidecar {
        input: child.stdin.take().ok_or_else(missing)?,
        output: child.stdout.take().ok_or_else(missing)?,
        process: SidecarProcess {
            errors: child.stderr.take().ok_or_else(missing)?,
            child,
        },
    })
}

impl SidecarProcess {
    /// Waits until the process has ended and says how, with the last line it
    /// complained with.
    pub async fn ended(mut self) -> String {
        let complaint = last_line(&mut self.errors).await;
        let how = match self.child.wait().await {
            Ok(status) => told(status),
            Err(error) => format!("it could not be waited for: {error}"),
        };
        if complaint.is_empty() {
            how
        } else {
            format!("{how} ({complaint})")
        }
    }
}

/// Takes the socket that this process was given as its standard input by
/// whoever started it; no program that is started later inherits it.
///
/// # Errors
/// Standard input is no socket.
pub fn take_socket() -> io::Result<UnixStream> {
    let input = io::stdin();
    let socket = UnixStream::from(input.as_fd().try_clone_to_owned()?);
    // Anything but a socket has no such address.
    socket.local_addr()?;
    rustix::io::fcntl_setfd(input.as_fd(), rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

/// Returns how many bytes a folder's disk has free for the server; `None` when
/// it can't be asked.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Reads to the end and returns the last line that says something.
async fn last_line(errors: &mut (impl AsyncRead + Unpin)) -> String {
    let mut kept: Vec<u8> = Vec::new();
    let mut chunk = [0; COMPLAINT_BYTES];
    while let Ok(read @ 1..) = errors.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..read]);
        let beyond = kept.len().saturating_sub(COMPLAINT_BYTES);
        kept.drain(..beyond);
    }
    let text = String::from_utf8_lossy(&kept);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().trim().chars().take(300).collect()
}

fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with status {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    fn shell(script: &str) -> SidecarCommand {
        SidecarCommand {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            env: vec![("ONLY".into(), "this".into())],
        }
    }

    #[tokio::test]
    async fn a_helper_is_talked_to_and_has_no_other_environment() {
        let script = r#"read line; echo "$line $ONLY ${HOME:-none}"; echo why >&2; exit 3"#;
        let Sidecar {
            mut input,
            mut output,
            process,
        } = start(&shell(script)).unwrap();
        input.write_all(b"hello\n").await.unwrap();
        let mut said = String::new();
        output.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "hello this none\n");
        assert_eq!(process.ended().await, "it ended with status 3 (why)");
    }

    #[tokio::test]
    async fn a_helper_that_is_killed_is_told_so() {
        let sidecar = start(&shell("kill -9 $$")).unwrap();
        assert_eq!(sidecar.process.ended().await, "it was ended by signal 9");
        assert!(free_bytes(Path::new("/")).is_some());
        assert!(free_bytes(Path::new("/nonexistent")).is_none());
        let none = SidecarCommand {
            program: "/nonexistent".into(),
            ..shell("")
        };
        assert!(start(&none).is_err());
    }
}
