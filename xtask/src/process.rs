//! Starting other programs: quietly, aloud, and aloud while listening.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long the pipes of a program that has ended may stay silent but open:
/// a grandchild that it forgot may hold them for ever.
const LINGER: Duration = Duration::from_secs(2);

/// A finished program and all it said.
pub(crate) struct Finished {
    /// Whether it ended with status 0.
    pub(crate) ok: bool,
    /// Standard output and error, in the order in which the lines arrived.
    pub(crate) said: String,
}

/// `cargo ARGS`, at the top of the checkout, by the cargo that runs us.
pub(crate) fn cargo<I>(args: I) -> Command
where
    I: IntoIterator<Item: AsRef<OsStr>>,
{
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(program);
    command.args(args).current_dir(crate::project::top());
    command
}

/// `npm ARGS` in `folder`.
pub(crate) fn npm<I>(folder: &Path, args: I) -> Command
where
    I: IntoIterator<Item: AsRef<OsStr>>,
{
    let mut command = Command::new("npm");
    command.args(args).current_dir(folder);
    command
}

/// Runs a program on our terminal.
///
/// # Errors
/// It can't be started, or ends with another status than 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("could not start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a program and returns its standard output; its errors go to ours.
///
/// # Errors
/// It can't be started, ends with another status than 0, or prints something
/// that isn't UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let done = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start `{}`", line(command)))?;
    if !done.status.success() {
        bail!("`{}` ended with {}", line(command), done.status);
    }
    String::from_utf8(done.stdout)
        .with_context(|| format!("`{}` printed something that isn't text", line(command)))
}

/// Runs a program on our terminal and keeps what it says as well.
///
/// # Errors
/// It can't be started. A failing program is not an error here.
pub(crate) fn listen(command: &mut Command) -> Result<Finished> {
    let mut child = piped(command.stdin(Stdio::null()))?;
    let mut said = String::new();
    let status = follow(&mut child, |line| {
        print!("{line}");
        said.push_str(line);
    })?;
    Ok(Finished {
        ok: status.success(),
        said,
    })
}

/// Starts a program whose output and errors [`follow`] reads.
///
/// # Errors
/// It can't be started.
pub(crate) fn piped(command: &mut Command) -> Result<Child> {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{}`", line(command)))
}

/// Hands out each line that a program of [`piped`] says, until it has ended.
///
/// # Errors
/// It can't be waited for.
pub(crate) fn follow(child: &mut Child, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
    let (sender, lines) = channel();
    if let Some(pipe) = child.stdout.take() {
        forward(pipe, sender.clone());
    }
    if let Some(pipe) = child.stderr.take() {
        forward(pipe, sender);
    }
    echo(child, &lines, &mut each);
    child.wait().context("could not wait for a program")
}

/// The first program called `name` in the search path.
pub(crate) fn find(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// Whether this process may do everything on this machine.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

fn forward(pipe: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            if lines.send(text).is_err() {
                return;
            }
        }
    });
}

fn echo(child: &mut Child, lines: &Receiver<String>, each: &mut impl FnMut(&str)) {
    loop {
        match lines.recv_timeout(LINGER) {
            Ok(line) => each(&line),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if matches!(child.try_wait(), Ok(Some(_))) {
                    return;
                }
            }
        }
    }
}

fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|a| a.to_string_lossy().into_owned()));
    words.join(" ")
}
