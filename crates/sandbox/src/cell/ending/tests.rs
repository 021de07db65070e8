use super::*;
use crate::cell::spec::Failure;

fn evidence(news: Vec<News>) -> Evidence {
    let answer = Answer {
        news,
        cpu_micros: 1_500,
        peak_bytes: 4096,
    };
    Evidence {
        flowed: Flowed {
            answer: serde_json::to_vec(&answer).unwrap(),
            complete: true,
            ..Flowed::default()
        },
        limits: Limits::default(),
        wall: Duration::from_millis(7),
        memory_kills: 0,
        refused_processes: 0,
        peak_memory: None,
    }
}

fn exit(code: i32) -> Vec<News> {
    vec![News::Ended {
        exit_code: Some(code),
        signal: None,
    }]
}

fn signal(number: i32) -> Vec<News> {
    vec![News::Ended {
        exit_code: None,
        signal: Some(number),
    }]
}

fn over(measure: Measure) -> News {
    News::Over { measure, bytes: 1 }
}

#[test]
fn what_was_counted_decides_only_when_the_program_failed() {
    for (news, memory_kills, refused_processes, outcome) in [
        (exit(0), 0, 0, Outcome::Ok),
        (exit(0), 1, 5, Outcome::Ok),
        (exit(3), 0, 0, Outcome::Exit),
        (exit(137), 1, 0, Outcome::Memory),
        (signal(9), 0, 0, Outcome::Signal),
        (signal(9), 1, 9, Outcome::Memory),
        (exit(1), 0, 2, Outcome::Pids),
        (signal(25), 0, 0, Outcome::Disk),
        (vec![over(Measure::Disk)], 0, 0, Outcome::Disk),
        (vec![over(Measure::Memory)], 0, 0, Outcome::Memory),
        (Vec::new(), 1, 0, Outcome::Memory),
        (Vec::new(), 0, 0, Outcome::Interrupted),
    ] {
        let text = format!("{news:?}");
        let ending = conclude(Evidence {
            memory_kills,
            refused_processes,
            ..evidence(news)
        });
        assert_eq!(ending.report.outcome, outcome, "{text}");
    }
}

#[test]
fn a_program_that_is_not_there_ends_as_in_a_shell() {
    for (errno, code) in [(libc::ENOENT, 127), (libc::EACCES, 126)] {
        let mut news = vec![News::NotStarted { errno }];
        news.extend(exit(127));
        let report = conclude(evidence(news)).report;
        assert_eq!(report.outcome, Outcome::Exit);
        assert!(report.reason.unwrap().contains("could not be started"));
        // The status that the forked process left with comes after and is ours.
        assert_eq!(report.exit_code, Some(code));
    }
}

#[test]
fn what_the_server_decided_stands_over_how_the_program_died() {
    let mut evidence = evidence(signal(9));
    evidence.flowed.verdict = Some(Outcome::Timeout);
    let report = conclude(evidence).report;
    assert_eq!(report.outcome, Outcome::Timeout);
    assert_eq!(report.reason.as_deref(), Some("It ran longer than 60s"));
    assert_eq!(report.cpu, Some(Duration::from_micros(1_500)));
}

#[test]
fn no_answer_is_an_interruption() {
    for answer in ["", "hello?"] {
        let mut evidence = evidence(Vec::new());
        evidence.flowed.answer = answer.into();
        assert_eq!(conclude(evidence).report.outcome, Outcome::Interrupted);
    }
}

#[test]
fn a_wall_that_can_not_be_built_is_a_refusal_with_its_cause() {
    let failure = Failure {
        step: "make the cell's namespaces".to_owned(),
        errno: libc::ENOSPC,
    };
    let ending = conclude(evidence(vec![News::Failed(failure)]));
    assert_eq!(ending.report.outcome, Outcome::Refused);
    let refusal = ending.refusal.unwrap();
    assert!(refusal.fix.unwrap().contains("user.max_user_namespaces"));
    assert_eq!(ending.report.exit_code, None);
}
