//! How a run ended, from all that is known of it.

use std::time::Duration;

use super::command::{Limits, Outcome, Report};
use super::flow::Flowed;
use super::refusal::{self, Refusal};
use super::spec::{Answer, Facts, Measure, News};

/// What is known when nothing of a run is alive.
#[derive(Debug)]
pub(super) struct Evidence {
    pub flowed: Flowed,
    pub limits: Limits,
    pub wall: Duration,
    /// Processes that the control group ended for want of memory.
    pub memory_kills: u64,
    /// Processes that the control group refused.
    pub refused_processes: u64,
    pub peak_memory: Option<u64>,
}

/// What came of a cell.
#[derive(Debug)]
pub(super) struct Ending {
    pub report: Report,
    /// What a probe saw.
    pub facts: Option<Facts>,
    /// Why the cell was refused.
    pub refusal: Option<Refusal>,
}

impl Ending {
    /// Makes the ending of a cell that was never started.
    pub(super) fn refused(cause: String) -> Self {
        Self {
            report: Report::refused(cause.clone()),
            facts: None,
            refusal: Some(Refusal { cause, fix: None }),
        }
    }

    /// Makes the ending of a cell that was told to end before it was started.
    pub(super) fn unstarted(outcome: Outcome) -> Self {
        Self {
            report: Report::unstarted(outcome, None),
            facts: None,
            refusal: None,
        }
    }
}

/// Draws the conclusion.
pub(super) fn conclude(evidence: Evidence) -> Ending {
    let answer: Option<Answer> = serde_json::from_slice(&evidence.flowed.answer).ok();
    let mut ending = Ending {
        report: measured(&evidence, answer.as_ref()),
        facts: None,
        refusal: None,
    };
    let (outcome, reason) = match (evidence.flowed.verdict, answer) {
        (Some(verdict), _) => (verdict, told(verdict, &evidence.limits)),
        (None, Some(answer)) => from_news(answer.news, &evidence, &mut ending),
        (None, None) => (Outcome::Interrupted, Some(FROM_OUTSIDE.to_owned())),
    };
    ending.report.outcome = outcome;
    ending.report.reason = reason;
    ending
}

const FROM_OUTSIDE: &str = "The cell was ended from outside";

type Conclusion = (Outcome, Option<String>);

fn measured(evidence: &Evidence, answer: Option<&Answer>) -> Report {
    let mut report = Report::unstarted(Outcome::Interrupted, None);
    report.wall = evidence.wall;
    report.cpu = answer.map(|answer| Duration::from_micros(answer.cpu_micros));
    report.peak_memory_bytes = evidence
        .peak_memory
        .or(answer.map(|answer| answer.peak_bytes));
    report.stdout_bytes = evidence.flowed.stdout_bytes;
    report.stderr_bytes = evidence.flowed.stderr_bytes;
    report
}

fn from_news(news: Vec<News>, evidence: &Evidence, ending: &mut Ending) -> Conclusion {
    // What comes first is the cause of what follows.
    let Some(first) = news.into_iter().next() else {
        return match evidence.memory_kills {
            0 => (Outcome::Interrupted, Some(FROM_OUTSIDE.to_owned())),
            _ => from(Outcome::Memory, &evidence.limits),
        };
    };
    match first {
        News::Failed(failure) => {
            let refusal = refusal::explain(&failure);
            let text = refusal.text();
            ending.refusal = Some(refusal);
            (Outcome::Refused, Some(text))
        }
        News::NotStarted { errno } => {
            let code = if errno == libc::ENOENT { 127 } else { 126 };
            ending.report.exit_code = Some(code);
            let error = std::io::Error::from_raw_os_error(errno);
            (
                Outcome::Exit,
                Some(format!("The program could not be started: {error}")),
            )
        }
        News::Ended { exit_code, signal } => {
            ending.report.exit_code = exit_code;
            ending.report.signal = signal;
            ended(exit_code, signal, evidence)
        }
        News::Over {
            measure: Measure::Disk,
            ..
        } => from(Outcome::Disk, &evidence.limits),
        News::Over {
            measure: Measure::Memory,
            bytes,
        } => {
            ending.report.peak_memory_bytes = Some(bytes);
            from(Outcome::Memory, &evidence.limits)
        }
        News::Facts(facts) => {
            ending.facts = Some(facts);
            (Outcome::Ok, None)
        }
    }
}

/// A limit that was met counts only when the program failed: one that copes
/// with being refused memory or a process has done nothing wrong.
fn ended(exit_code: Option<i32>, signal: Option<i32>, evidence: &Evidence) -> Conclusion {
    match (exit_code, signal) {
        (Some(0), _) => (Outcome::Ok, None),
        _ if evidence.memory_kills > 0 => from(Outcome::Memory, &evidence.limits),
        _ if evidence.refused_processes > 0 => from(Outcome::Pids, &evidence.limits),
        (_, Some(libc::SIGXFSZ)) => (
            Outcome::Disk,
            Some(format!(
                "It wrote a file larger than {}",
                size(evidence.limits.file_bytes)
            )),
        ),
        (_, Some(_)) => (Outcome::Signal, None),
        _ => (Outcome::Exit, None),
    }
}

fn from(outcome: Outcome, limits: &Limits) -> Conclusion {
    (outcome, told(outcome, limits))
}

fn told(outcome: Outcome, limits: &Limits) -> Option<String> {
    Some(match outcome {
        Outcome::Timeout => format!("It ran longer than {:?}", limits.wall),
        Outcome::Memory => format!("It used more than {} of memory", size(limits.memory_bytes)),
        Outcome::Pids => format!(
            "It failed after it asked for more than {} processes",
            limits.pids
        ),
        Outcome::Output => format!("It wrote more than {}", size(limits.output_bytes)),
        Outcome::Disk => format!("The workspace grew past {}", size(limits.disk_bytes)),
        Outcome::Interrupted => "The server stopped".to_owned(),
        _ => return None,
    })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..0x2800 => format!("{bytes} bytes"),
        0x2800..0xA0_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests;
