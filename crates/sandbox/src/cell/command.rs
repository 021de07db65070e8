//! What is asked of a run, and what came of it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use atelier_base::WorkspacePath;

/// The most bytes that arguments and environment may take together. The kernel
/// refuses a single one above 128 KiB whatever this says.
pub const ARGUMENT_BYTES: usize = 1024 * 1024;
/// The most bytes that may be given as standard input.
pub const STDIN_BYTES: usize = 8 * 1024 * 1024;

/// How much a run may use. What exceeds a limit ends in the [`Outcome`] named
/// for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time from the start of the cell to its end.
    pub wall: Duration,
    /// Memory of all processes together, temporary files included, in bytes.
    pub memory_bytes: u64,
    /// Processor time per second of wall time, in percent of one processor.
    pub cpu_percent: u32,
    /// Processes and threads alive at one time.
    pub pids: u32,
    /// Standard output and standard error together, in bytes. Bytes up to the
    /// limit are delivered, then the run is ended.
    pub output_bytes: u64,
    /// The largest single file that may be written, in bytes.
    pub file_bytes: u64,
    /// The space that the workspace may take while the run writes to it, in
    /// bytes. It is measured about once a second, not enforced at each write.
    pub disk_bytes: u64,
    /// The size of `/tmp`, in bytes; it counts towards memory too.
    pub tmp_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_mins(1),
            memory_bytes: 1 << 30,
            cpu_percent: 200,
            pids: 256,
            output_bytes: 4 << 20,
            file_bytes: 1 << 30,
            disk_bytes: 8 << 30,
            tmp_bytes: 256 << 20,
        }
    }
}

/// One command to run in a cell.
#[derive(Clone, Debug, Default)]
pub struct RunCommand {
    /// The program and its arguments; the program is searched on the cell's
    /// `PATH` unless it has a slash in it.
    pub argv: Vec<String>,
    /// The folder to start in; the top of the workspace when `None`.
    pub cwd: Option<WorkspacePath>,
    /// Variables added to the cell's own few. Nothing of the server's
    /// environment is ever added.
    pub env: Vec<(String, String)>,
    /// Bytes for standard input, which ends after them.
    pub stdin: Vec<u8>,
    /// What the run may use.
    pub limits: Limits,
}

impl RunCommand {
    /// Makes a command with no input and the default limits.
    pub fn new<T: Into<String>>(argv: impl IntoIterator<Item = T>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// Where some output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Returns the word for it: `stdout` or `stderr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Some bytes that a run wrote, at most 64 KiB of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where they were written.
    pub stream: Stream,
    /// The bytes, which may end in the middle of a character.
    pub bytes: Vec<u8>,
}

macro_rules! outcomes {
    ($($(#[$doc:meta])* $name:ident = $word:literal),* $(,)?) => {
        /// How a run ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Outcome {
            $($(#[$doc])* $name,)*
        }

        impl Outcome {
            /// Every outcome.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the word for it, as stored and shown.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

outcomes! {
    /// The program ended with status 0.
    Ok = "ok",
    /// The program ended with another status.
    Exit = "exit",
    /// A signal ended the program.
    Signal = "signal",
    /// The wall-clock limit ended it.
    Timeout = "timeout",
    /// The memory limit ended it.
    Memory = "memory",
    /// It failed after it was refused a process.
    Pids = "pids",
    /// The output limit ended it.
    Output = "output",
    /// The limit on a file or on the workspace's size ended it.
    Disk = "disk",
    /// Somebody stopped it.
    Cancelled = "cancelled",
    /// The server stopped while it ran.
    Interrupted = "interrupted",
    /// No cell could be made for it, or the request was unacceptable.
    Refused = "refused",
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an outcome")]
pub struct OutcomeError(String);

impl FromStr for Outcome {
    type Err = OutcomeError;

    fn from_str(text: &str) -> Result<Self, OutcomeError> {
        Self::ALL
            .iter()
            .copied()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| OutcomeError(text.chars().take(40).collect()))
    }
}

/// What came of a run. When it is returned nothing of the run is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How the run ended.
    pub outcome: Outcome,
    /// The program's exit status, when it ended by itself. A program that
    /// could not be started has 127 (not found) or 126, as in a shell.
    pub exit_code: Option<i32>,
    /// The signal that ended the program.
    pub signal: Option<i32>,
    /// Time from the start of the cell to its end; not that spent waiting for
    /// other runs.
    pub wall: Duration,
    /// Processor time of all processes, when measured.
    pub cpu: Option<Duration>,
    /// The most memory used at one time, in bytes, when measured: of all
    /// processes together with a memory controller, else of the largest one.
    pub peak_memory_bytes: Option<u64>,
    /// Bytes delivered from standard output.
    pub stdout_bytes: u64,
    /// Bytes delivered from standard error.
    pub stderr_bytes: u64,
    /// What a person should know about the outcome, in a sentence.
    pub reason: Option<String>,
}

impl Report {
    /// Makes the report of a run that was not started.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::unstarted(Outcome::Refused, Some(reason.into()))
    }

    /// Makes the report of a run that ended before its program started.
    pub fn unstarted(outcome: Outcome, reason: Option<String>) -> Self {
        Self {
            outcome,
            exit_code: None,
            signal: None,
            wall: Duration::ZERO,
            cpu: None,
            peak_memory_bytes: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_the_words_of_the_design() {
        let words: Vec<_> = Outcome::ALL.iter().map(|o| o.as_str()).collect();
        assert_eq!(
            words.join(", "),
            "ok, exit, signal, timeout, memory, pids, output, disk, cancelled, interrupted, refused"
        );
        for outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(*outcome));
        }
        assert!("OK".parse::<Outcome>().is_err());
    }
}
