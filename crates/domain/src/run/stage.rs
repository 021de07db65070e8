//! The stages of a run: a compilation and the program, or the program alone.

use std::time::Duration;

use atelier_sandbox::cell::{Outcome, Output, Report, Stream};
use atelier_sandbox::runtime::{Mark, Piece, Splitter};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::event::{RunEvent, RunStage};

/// A stage that ended, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage {
    pub(crate) name: RunStage,
    /// How it ended, in the words of the outcome.
    pub(crate) outcome: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) wall_ms: u64,
}

impl Stage {
    fn new(name: RunStage, report: &Report, wall: Duration) -> Self {
        Self {
            name,
            outcome: report.outcome.as_str().to_owned(),
            exit_code: report.exit_code,
            wall_ms: millis(wall),
        }
    }

    fn event(&self) -> RunEvent {
        RunEvent::Stage {
            name: self.name,
            outcome: Some(self.outcome.clone()),
            exit_code: self.exit_code,
            wall_ms: Some(i64::try_from(self.wall_ms).unwrap_or(i64::MAX)),
        }
    }
}

/// Follows a run through its stages.
#[derive(Debug)]
pub(super) struct Stages {
    splitter: Option<Splitter>,
    /// When the stage that goes on began.
    start: Instant,
    ended: Vec<Stage>,
    /// How many bytes may still be kept; the cell lets through a few more for
    /// the mark.
    room: u64,
    /// How many bytes were kept of standard output and of standard error.
    kept: [u64; 2],
}

impl Stages {
    /// Begins to follow a run, which is compiled first if it has a mark.
    /// At most `room` bytes of output are kept.
    pub(super) fn begin(mark: Option<&Mark>, room: u64) -> Self {
        Self {
            splitter: mark.map(Splitter::new),
            start: Instant::now(),
            ended: Vec::new(),
            room,
            kept: [0; 2],
        }
    }

    /// Returns the events of the beginning; a run of one stage has none.
    pub(super) fn beginning(mark: Option<&Mark>) -> Option<RunEvent> {
        mark.map(|_| begun(RunStage::Compile))
    }

    /// Tells the stages apart in what the run wrote.
    pub(super) fn take(&mut self, output: Output) -> Vec<Piece> {
        let pieces = match &mut self.splitter {
            None => vec![Piece::Output(output)],
            Some(splitter) => splitter.take(output),
        };
        self.within_room(pieces)
    }

    /// Returns what was held back, at the end of all output.
    pub(super) fn rest(&mut self) -> Vec<Piece> {
        let rest = self.splitter.as_mut().map(Splitter::end);
        self.within_room(rest.unwrap_or_default())
    }

    fn within_room(&mut self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        for piece in &mut pieces {
            if let Piece::Output(output) = piece {
                let room = usize::try_from(self.room).unwrap_or(usize::MAX);
                output.bytes.truncate(room);
                let kept = output.bytes.len() as u64;
                self.room -= kept;
                self.kept[usize::from(output.stream == Stream::Stderr)] += kept;
            }
        }
        pieces
    }

    /// Notes that the compiler ended well, and returns the events of that.
    pub(super) fn compiled(&mut self) -> [RunEvent; 2] {
        let stage = Stage {
            name: RunStage::Compile,
            outcome: Outcome::Ok.as_str().to_owned(),
            exit_code: Some(0),
            wall_ms: millis(self.start.elapsed()),
        };
        self.start = Instant::now();
        let events = [stage.event(), begun(RunStage::Run)];
        self.ended.push(stage);
        events
    }

    /// Returns the stages that ended so far.
    pub(super) fn ended(&self) -> &[Stage] {
        &self.ended
    }

    /// Ends the stage that goes on as the run did. Returns all stages, the
    /// events of the end, and the report without what was ours.
    pub(super) fn end(mut self, mut report: Report) -> (Vec<Stage>, Option<RunEvent>, Report) {
        [report.stdout_bytes, report.stderr_bytes] = self.kept;
        if self.splitter.is_none() {
            let stage = Stage::new(RunStage::Run, &report, report.wall);
            let stages = if report.outcome == Outcome::Refused {
                Vec::new()
            } else {
                vec![stage]
            };
            return (stages, None, report);
        }
        let (name, wall) = match self.ended.first() {
            None => (RunStage::Compile, report.wall),
            // The cell knows the time of both together.
            Some(_) => (RunStage::Run, self.start.elapsed().min(report.wall)),
        };
        let stage = Stage::new(name, &report, wall);
        let event = stage.event();
        self.ended.push(stage);
        (self.ended, Some(event), report)
    }
}

fn begun(name: RunStage) -> RunEvent {
    RunEvent::Stage {
        name,
        outcome: None,
        exit_code: None,
        wall_ms: None,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Outcome, exit_code: Option<i32>) -> Report {
        Report {
            exit_code,
            wall: Duration::from_secs(5),
            stderr_bytes: 40,
            ..Report::unstarted(outcome, None)
        }
    }

    #[test]
    fn a_compilation_that_fails_is_the_only_stage() {
        let mark = Mark::new([7; 16]);
        let stages = Stages::begin(Some(&mark), 100);
        let (stages, event, report) = stages.end(report(Outcome::Exit, Some(4)));
        let seen: Vec<_> = stages
            .iter()
            .map(|s| (s.name, &*s.outcome, s.exit_code))
            .collect();
        assert_eq!(seen, [(RunStage::Compile, "exit", Some(4))]);
        assert!(event.is_some());
        assert_eq!(report.stderr_bytes, 0);
    }

    #[test]
    fn a_program_that_was_compiled_is_the_second_stage() {
        let mark = Mark::new([7; 16]);
        let mut stages = Stages::begin(Some(&mark), 5);
        let output = |text: &str| Output {
            stream: Stream::Stderr,
            bytes: text.as_bytes().to_vec(),
        };
        assert_eq!(stages.take(output(&mark.line())), [Piece::Compiled]);
        stages.compiled();
        // The mark takes nothing of the room for output.
        assert_eq!(
            stages.take(output("abcdefg")),
            [Piece::Output(output("abcde"))]
        );
        let (stages, _, report) = stages.end(report(Outcome::Timeout, None));
        let seen: Vec<_> = stages
            .iter()
            .map(|s| (s.name, &*s.outcome, s.exit_code))
            .collect();
        assert_eq!(
            seen,
            [
                (RunStage::Compile, "ok", Some(0)),
                (RunStage::Run, "timeout", None)
            ]
        );
        assert!(
            stages.iter().all(|stage| stage.wall_ms < 5_000),
            "{stages:?}"
        );
        assert_eq!(report.stderr_bytes, 5);
    }
}
