//! Every limit ends a run in its own outcome, and nothing outlives it.

use std::time::{Duration, Instant};

use atelier_sandbox::cell::{Limits, Outcome, RunCommand};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lab::{Lab, is_root, mark, not_tested, processes_with};

#[tokio::test]
async fn a_fork_bomb_meets_the_process_limit() {
    let lab = Lab::new();
    let mark = mark(987_660, std::process::id());
    let script = format!(
        "
import os, sys, time
# {mark}
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
        made += 1
except OSError as e:
    print(e.strerror, made)
    sys.exit(1)
"
    );
    let mut command = RunCommand::new(["/usr/bin/python3", "-c", &script]);
    command.limits = Limits {
        pids: 32,
        ..Limits::default()
    };
    let ran = lab.run(command).await;
    assert_eq!(ran.stdout(), "Resource temporarily unavailable 31\n");
    let kept = lab.cells.probe().await.layers;
    let counted = kept
        .iter()
        .any(|l| l.name == "process limit" && l.detail.contains("control"));
    if counted {
        assert_eq!(ran.outcome(), Outcome::Pids, "{:?}", ran.report);
    } else {
        not_tested("the outcome `pids`, which needs a control group to count");
        assert_eq!(ran.outcome(), Outcome::Exit);
    }
    assert_eq!(processes_with(&mark), [] as [i32; 0]);
}

#[tokio::test]
async fn a_program_that_copes_with_the_process_limit_is_well() {
    let lab = Lab::new();
    let limits = Limits {
        pids: 8,
        ..Limits::default()
    };
    let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.2 & done 2>/dev/null; exit 0";
    let ran = lab.limited(&format!("({script}); true"), limits).await;
    assert_eq!(ran.outcome(), Outcome::Ok, "{:?}", ran.report);
}

#[tokio::test]
async fn a_memory_bomb_meets_the_memory_limit() {
    let lab = Lab::new();
    for script in [
        "b = bytearray(600 << 20); print(len(b))",
        "import time\nb = []\nwhile True: b.append(bytearray(8 << 20)); time.sleep(0.01)",
        "import os\nif os.fork(): os.wait(); raise SystemExit(1)\nb = bytearray(600 << 20)",
    ] {
        let mut command = RunCommand::new(["/usr/bin/python3", "-c", script]);
        command.limits = Limits {
            memory_bytes: 96 << 20,
            wall: Duration::from_secs(20),
            ..Limits::default()
        };
        let ran = lab.run(command).await;
        assert_eq!(ran.outcome(), Outcome::Memory, "{:?} {script}", ran.report);
        let peak = ran.report.peak_memory_bytes.unwrap();
        assert!(peak > 20 << 20, "{peak}");
    }
}

/// Groups are lent again: nothing of one run may be counted for the next.
#[tokio::test]
async fn what_one_run_used_is_not_counted_for_the_next() {
    let lab = Lab::new();
    let limits = || Limits {
        memory_bytes: 96 << 20,
        pids: 20,
        ..Limits::default()
    };
    let hungry = "/usr/bin/python3 -c 'b = bytearray(60 << 20)'";
    let bomb = "/usr/bin/python3 -c 'b = bytearray(600 << 20)'";
    let fork = "for i in $(seq 40); do sleep 1 & done; wait; exit 1";
    let page_cache = "head -c 40000000 /dev/zero > kept";
    for script in [hungry, page_cache, bomb, fork] {
        lab.limited(script, limits()).await;
        for _ in 0..3 {
            let ran = lab.limited("exit 3", limits()).await;
            assert_eq!(ran.outcome(), Outcome::Exit, "{script}: {:?}", ran.report);
            let peak = ran.report.peak_memory_bytes.unwrap();
            assert!(peak < 20 << 20, "{script}: {peak}");
        }
    }
}

#[tokio::test]
async fn temporary_files_count_as_memory() {
    let lab = Lab::new();
    let limits = Limits {
        memory_bytes: 64 << 20,
        ..Limits::default()
    };
    let ran = lab
        .limited(
            "head -c 200000000 /dev/zero > /tmp/x; sleep 5; exit 1",
            limits,
        )
        .await;
    assert_eq!(ran.outcome(), Outcome::Memory, "{:?}", ran.report);
}

#[tokio::test]
async fn a_flood_is_cut_at_exactly_the_limit() {
    let lab = Lab::new();
    for limit in [0, 1, 4096, 1_000_003] {
        let limits = Limits {
            output_bytes: limit,
            ..Limits::default()
        };
        let start = Instant::now();
        let ran = lab.limited("yes 0123456", limits).await;
        assert_eq!(ran.outcome(), Outcome::Output);
        let bytes: Vec<u8> = ran
            .output
            .iter()
            .flat_map(|output| output.bytes.clone())
            .collect();
        let expected: Vec<u8> = b"0123456\n"
            .iter()
            .copied()
            .cycle()
            .take(bytes.len())
            .collect();
        assert_eq!(bytes.len() as u64, limit);
        assert!(bytes == expected);
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    let limits = Limits {
        output_bytes: 6,
        ..Limits::default()
    };
    assert_eq!(lab.limited("echo 12345", limits).await.ok(), "12345\n");
}

#[tokio::test]
async fn time_ends_a_run_and_all_it_started() {
    let lab = Lab::new();
    let limits = Limits {
        wall: Duration::from_millis(600),
        ..Limits::default()
    };
    let mark = mark(987_651, std::process::id());
    let script = format!(
        "setsid sh -c 'trap \"\" TERM HUP INT; sleep {mark}' & (sleep {mark} &) ; echo up; wait"
    );
    let ran = lab.limited(&script, limits.clone()).await;
    assert_eq!(ran.outcome(), Outcome::Timeout);
    assert_eq!(ran.stdout(), "up\n");
    assert!(ran.report.wall >= limits.wall);
    assert_eq!(processes_with(&mark), [] as [i32; 0]);
}

#[tokio::test]
async fn cancelling_ends_also_what_has_left_the_program() {
    let lab = Lab::new();
    let cancel = CancellationToken::new();
    let (sender, mut receiver) = mpsc::channel(16);
    // A daemon: forked twice, in its own session, no longer the program's child.
    let mark = mark(987_652, std::process::id());
    let daemon = format!("sh -c 'echo up; exec sleep {mark}'");
    let script = format!("setsid sh -c \"{daemon} & wait\" & sleep {mark}");
    let command = RunCommand::new(["sh", "-c", &script]);
    let run = lab.cells.run(lab.path(), command, cancel.clone(), sender);
    let watch = async {
        let mut text = String::new();
        while !text.contains("up") {
            let output = receiver.recv().await.unwrap();
            text.push_str(&String::from_utf8(output.bytes).unwrap());
        }
        assert!(processes_with(&mark).len() >= 3, "{text}");
        cancel.cancel();
    };
    let (report, ()) = tokio::join!(run, watch);
    assert_eq!(report.outcome, Outcome::Cancelled);
    assert_eq!(processes_with(&mark), [] as [i32; 0]);
}

#[tokio::test]
async fn the_programs_end_is_the_end_of_what_it_left_behind() {
    let lab = Lab::new();
    let mark = mark(987_653, std::process::id());
    let ran = lab.sh(&format!("setsid sleep {mark} & echo done")).await;
    assert_eq!(ran.ok(), "done\n");
    assert_eq!(processes_with(&mark), [] as [i32; 0]);
}

#[tokio::test]
async fn a_file_or_a_workspace_that_grows_too_large_ends_the_run() {
    let lab = Lab::new();
    let limits = Limits {
        file_bytes: 1 << 20,
        ..Limits::default()
    };
    let ran = lab
        .limited("exec head -c 3000000 /dev/zero > big", limits)
        .await;
    assert_eq!(ran.outcome(), Outcome::Disk, "{:?}", ran.report);
    assert_eq!(
        std::fs::metadata(lab.path().join("big")).unwrap().len(),
        1 << 20
    );

    let limits = Limits {
        disk_bytes: 20 << 20,
        ..Limits::default()
    };
    // Closed folders are measured too.
    let script = "mkdir d; i=0; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero > d/$i; \
                  i=$((i+1)); done; chmod 0 d; sleep 30";
    let ran = lab.limited(script, limits).await;
    assert_eq!(ran.outcome(), Outcome::Disk, "{:?}", ran.report);
}

#[tokio::test]
async fn the_processor_is_shared_as_told() {
    let lab = Lab::new();
    if !is_root() {
        not_tested("the processor limit, which needs control groups");
        return;
    }
    let limits = Limits {
        cpu_percent: 25,
        wall: Duration::from_secs(2),
        ..Limits::default()
    };
    let ran = lab.limited("while :; do :; done", limits).await;
    assert_eq!(ran.outcome(), Outcome::Timeout);
    let cpu = ran.report.cpu.unwrap();
    assert!(cpu < Duration::from_millis(900), "{cpu:?}");
    assert!(cpu > Duration::from_millis(200), "{cpu:?}");
}

#[tokio::test]
async fn a_receiver_that_is_gone_or_slow_harms_nobody() {
    let lab = Lab::new();
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let command = || RunCommand::new(["sh", "-c", "yes | head -c 3000000"]);
    let report = lab
        .cells
        .run(lab.path(), command(), CancellationToken::new(), sender)
        .await;
    assert_eq!(report.outcome, Outcome::Ok);
    assert_eq!(report.stdout_bytes, 3_000_000);

    // Nobody receives: the run stands still until its time is over.
    let (sender, receiver) = mpsc::channel(1);
    let mut stuck = command();
    stuck.limits.wall = Duration::from_millis(300);
    let report = lab
        .cells
        .run(lab.path(), stuck, CancellationToken::new(), sender)
        .await;
    assert_eq!(report.outcome, Outcome::Timeout);
    drop(receiver);
}

#[tokio::test]
async fn a_run_that_waits_for_its_turn_can_be_cancelled() {
    let lab = Lab::new();
    let busy = CancellationToken::new();
    let sleep = || RunCommand::new(["sleep", "100"]);
    let runs = (0..8).map(|_| lab.run_until(sleep(), busy.clone()));
    let mut runs: Vec<_> = runs.map(Box::pin).collect();
    let waiting = CancellationToken::new();
    waiting.cancel();
    let ((), report) = {
        let all = async {
            for run in &mut runs {
                run.as_mut().await;
            }
        };
        let one = async {
            let ran = lab.run_until(RunCommand::new(["true"]), waiting).await;
            busy.cancel();
            ran.report
        };
        tokio::join!(all, one)
    };
    assert_eq!(report.outcome, Outcome::Cancelled);
    assert_eq!(report.wall, Duration::ZERO);
}
