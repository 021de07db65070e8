//! Reading what `git clone --progress` says.

/// What a clone is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitPhase {
    /// The server counts what it will send.
    Counting,
    /// The server compresses it.
    Compressing,
    /// The objects are on their way.
    Receiving,
    /// The received deltas are being resolved.
    Resolving,
    /// The files are being written.
    CheckingOut,
}

/// How far a clone has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GitProgress {
    /// What it is doing.
    pub phase: GitPhase,
    /// How much of that is done, in percent.
    pub percent: u8,
    /// How many objects or files are done.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

/// The longest line kept, in bytes.
const LINE_BYTES: usize = 4_096;
/// How many of the last lines that are no progress are kept for the error.
const LINES: usize = 20;

/// Splits what git writes into progress and everything else.
#[derive(Debug, Default)]
pub(super) struct Reader {
    line: Vec<u8>,
    said: std::collections::VecDeque<String>,
    last: Option<GitProgress>,
}

impl Reader {
    /// Takes more of git's output; calls `report` for each new progress.
    pub(super) fn feed(&mut self, bytes: &[u8], report: &mut dyn FnMut(GitProgress)) {
        for byte in bytes {
            // Progress lines overwrite each other with a carriage return.
            if matches!(byte, b'\r' | b'\n') {
                self.end_line(report);
            } else if self.line.len() < LINE_BYTES {
                self.line.push(*byte);
            }
        }
    }

    /// Returns the last lines that were no progress.
    pub(super) fn said(mut self) -> Vec<String> {
        self.end_line(&mut |_| {});
        self.said.into()
    }

    fn end_line(&mut self, report: &mut dyn FnMut(GitProgress)) {
        let line = String::from_utf8_lossy(&self.line).trim().to_owned();
        self.line.clear();
        if let Some(progress) = parse(&line) {
            if self.last != Some(progress) {
                self.last = Some(progress);
                report(progress);
            }
        } else if !line.is_empty() {
            if self.said.len() == LINES {
                self.said.pop_front();
            }
            self.said.push_back(line);
        }
    }
}

/// Reads a line such as `Receiving objects:  45% (9/20), 1.2 MiB | 1 MiB/s`.
fn parse(line: &str) -> Option<GitProgress> {
    let line = line.strip_prefix("remote: ").unwrap_or(line);
    let (what, rest) = line.split_once(':')?;
    let phase = match what {
        "Counting objects" => GitPhase::Counting,
        "Compressing objects" => GitPhase::Compressing,
        "Receiving objects" => GitPhase::Receiving,
        "Resolving deltas" => GitPhase::Resolving,
        "Updating files" => GitPhase::CheckingOut,
        _ => return None,
    };
    let (percent, rest) = rest.trim_start().split_once("% (")?;
    let (done, rest) = rest.split_once('/')?;
    let (total, _) = rest.split_once(')')?;
    Some(GitProgress {
        phase,
        percent: percent.parse().ok().filter(|percent| *percent <= 100)?,
        done: done.parse().ok()?,
        total: total.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_from_speech_at_every_cut() {
        let text = "Cloning into '.'...\nremote: Counting objects:  50% (1/2)\rremote: Counting objects: 100% (2/2), done.        \n\
            Receiving objects:  45% (9/20), 1.2 MiB | 1 MiB/s\rReceiving objects:  45% (9/20), 1.3 MiB | 1 MiB/s\r\
            Updating files: 100% (7/7), done.\nReceiving objects: 900% (1/1)\nfatal: it broke\n";
        let whole = read(&[text.as_bytes()]);
        let phases: Vec<_> = whole
            .0
            .iter()
            .map(|p| (p.phase, p.percent, p.done, p.total))
            .collect();
        assert_eq!(
            phases,
            [
                (GitPhase::Counting, 50, 1, 2),
                (GitPhase::Counting, 100, 2, 2),
                (GitPhase::Receiving, 45, 9, 20),
                (GitPhase::CheckingOut, 100, 7, 7),
            ]
        );
        assert_eq!(
            whole.1,
            [
                "Cloning into '.'...",
                "Receiving objects: 900% (1/1)",
                "fatal: it broke"
            ]
        );
        for cut in 0..text.len() {
            let (a, b) = text.as_bytes().split_at(cut);
            assert_eq!(read(&[a, b]), whole);
        }
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let long = "x".repeat(100_000) + "\n";
        let (_, said) = read(&[long.repeat(30).as_bytes()]);
        assert_eq!(said.len(), LINES);
        assert!(said.iter().all(|line| line.len() == LINE_BYTES));
    }

    fn read(parts: &[&[u8]]) -> (Vec<GitProgress>, Vec<String>) {
        let mut reader = Reader::default();
        let mut seen = Vec::new();
        for part in parts {
            reader.feed(part, &mut |p| seen.push(p));
        }
        (seen, reader.said())
    }
}
