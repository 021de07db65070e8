//! Runs in languages, compiled ones in two stages; limits of workspaces.

use std::time::Duration;

use atelier_api::Code;
use atelier_api::event::{Numbered, RunEvent};
use atelier_api::run::{Execute, Outcome, Run, RunLimits, Runtimes, Stage, StageName};
use atelier_api::system::System;
use atelier_api::workspace::Workspace;
use atelier_tests::{Caller, on_both_engines};
use serde_json::json;
use uuid::Uuid;

fn code(workspace: Uuid, language: &str, code: &str) -> Execute {
    Execute {
        workspace_id: workspace,
        code: Some(code.to_owned()),
        language: Some(language.to_owned()),
        ..Execute::default()
    }
}

fn file(workspace: Uuid, path: &str) -> Execute {
    Execute {
        workspace_id: workspace,
        path: Some(path.to_owned()),
        ..Execute::default()
    }
}

fn command(workspace: Uuid, line: &str) -> Execute {
    Execute {
        workspace_id: workspace,
        command: Some(line.to_owned()),
        ..Execute::default()
    }
}

/// What the stages of a run were, without their times.
fn stages(run: &Run) -> Vec<(StageName, Outcome, Option<i32>)> {
    let stages = run.stages.iter();
    let told = |stage: &Stage| (stage.name, stage.outcome, stage.exit_code);
    stages.map(told).collect()
}

/// The stage events of a run, and `out` or `err` for what it wrote between.
async fn told_of(caller: &Caller, run: Uuid) -> Vec<String> {
    let path = format!("/api/execute/{run}/events");
    let events: Vec<Numbered<RunEvent>> = caller.watch(&path).await.all().await;
    let told = events.into_iter().filter_map(|event| match event.event {
        RunEvent::Stage { name, outcome, .. } => Some(format!("{name:?} {outcome:?}")),
        RunEvent::Output { text, stream, .. } => Some(format!("{stream:?} {}", text?.trim())),
        RunEvent::Started { .. } | RunEvent::Finished { .. } => None,
    });
    told.collect()
}

async fn has(caller: &Caller, language: &str) -> bool {
    let runtimes: Runtimes = caller.get("/api/runtimes").await.ok();
    let found = runtimes.items.iter().any(|item| item.language == language);
    if !found {
        println!("not run: {language} is not on this machine");
    }
    found
}

const HELLO: &str = "#include <stdio.h>\nint main(void) { char name[20]; scanf(\"%19s\", name); printf(\"hi %s\\n\", name); return 7; }\n";

/// Reads one of this process's memory figures, in bytes.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

/// The cap of the run that floods, and what this process may grow by meanwhile:
/// far less, also with this test's own client and without optimisation.
const FLOOD: u64 = 40 << 20;
const GROWTH: u64 = 20 << 20;

/// Returns the byte at a place of the flood: lines of 16 bytes, numbered, so
/// that every byte has its place.
fn flooded(at: u64) -> u8 {
    let digit = 10_u64.checked_pow(14_u32.wrapping_sub(u32::try_from(at % 16).unwrap()));
    match digit {
        Some(place) if at % 16 < 15 => b'0' + u8::try_from(at / 16 / place % 10).unwrap(),
        _ => b'\n',
    }
}

on_both_engines! {
    async fn a_flood_of_output_is_stored_to_the_cap_in_bounded_memory(app, |setup| setup.settings(|s| s.run.output_bytes = FLOOD)) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let flood = "import os\nn = 0\nwhile True:\n  os.write(1, b''.join(b'%015d\\n' % i for i in range(n, n + 4096)))\n  n += 4096\n";
        let small = RunLimits { output_bytes: Some(1 << 20), ..RunLimits::default() };
        let warm = Execute { limits: Some(small), ..code(workspace, "python", flood) };
        owner.run(&warm).await;
        // Makes the highest figure begin anew.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = memory("VmRSS");
        let run = owner.start_run(&code(workspace, "python", flood)).await.id;
        let mut events = owner.watch::<RunEvent>(&format!("/api/execute/{run}/events")).await;
        let mut at = 0_u64;
        while let Some(event) = events.next().await {
            let RunEvent::Output { text, .. } = event.event else { continue };
            for byte in text.unwrap().bytes() {
                assert_eq!(byte, flooded(at), "byte {at}");
                at += 1;
            }
        }
        let growth = memory("VmHWM") - before;
        assert_eq!(at, FLOOD);
        let ended: Run = owner.list::<Run>(&format!("/api/workspaces/{workspace}/runs"), 1).await.remove(0);
        assert_eq!((ended.outcome, ended.stdout_bytes), (Some(Outcome::Output), i64::try_from(FLOOD).unwrap()), "{ended:?}");
        assert!(growth <= GROWTH, "grew by {growth} bytes");
    }

    async fn a_compiled_program_has_two_stages(app) {
        let owner = app.owner();
        if !has(&owner, "c").await { return; }
        let workspace = owner.workspace_with("a", &[("src/hello.c", HELLO), ("bad.c", "int main(void) { return nothing; }\n")]).await.id;
        for run in [code(workspace, "c", HELLO), file(workspace, "src/hello.c")] {
            let run = Execute { stdin: Some("ana".to_owned()), ..run };
            let ended = owner.run(&run).await;
            assert_eq!(stages(&ended), [(StageName::Compile, Outcome::Ok, Some(0)), (StageName::Run, Outcome::Exit, Some(7))], "{ended:?}");
            assert_eq!((ended.outcome, ended.exit_code), (Some(Outcome::Exit), Some(7)));
            assert_eq!((ended.stdout.as_deref(), ended.stderr.as_deref()), (Some("hi ana\n"), Some("")));
            assert_eq!((ended.stdout_bytes, ended.stderr_bytes), (7, 0));
            let told = ["Compile None", "Compile Some(Ok)", "Run None", "Stdout hi ana", "Run Some(Exit)"];
            assert_eq!(told_of(&owner, ended.id).await, told);
            assert!(ended.stages.iter().all(|stage| stage.wall_ms >= 0));
        }
        let failed = owner.run(&file(workspace, "bad.c")).await;
        assert_eq!(stages(&failed), [(StageName::Compile, Outcome::Exit, Some(1))], "{failed:?}");
        assert_eq!((failed.outcome, failed.exit_code), (Some(Outcome::Exit), Some(1)));
        assert!(failed.stderr.as_deref().unwrap().contains("nothing"), "{failed:?}");
        let told = told_of(&owner, failed.id).await;
        assert_eq!((told[0].as_str(), told.last().unwrap().as_str()), ("Compile None", "Compile Some(Exit)"));
        // Nothing that was built is in the workspace, and so nothing is versioned.
        assert_eq!(owner.paths(workspace).await, ["bad.c", "src", "src/hello.c"]);
    }

    async fn a_program_of_one_stage_has_it_and_no_stage_events(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let ended = owner.sh(workspace, "echo one; exit 3").await;
        assert_eq!(stages(&ended), [(StageName::Run, Outcome::Exit, Some(3))]);
        assert_eq!(ended.stages[0].wall_ms, ended.wall_ms.unwrap());
        assert_eq!(told_of(&owner, ended.id).await, ["Stdout one"]);
    }

    async fn what_a_source_prints_while_it_is_compiled_is_not_taken_for_the_program(app) {
        let owner = app.owner();
        if !has(&owner, "c").await { return; }
        let workspace = owner.workspace("a").await.id;
        // It prints what the source wants, and looks where the word might be.
        let hostile = "#pragma message \"0123456789abcdef0123456789abcdef\"\n#include \"/proc/self/environ\"\n#include \"/proc/2/cmdline\"\n#include \"/proc/2/environ\"\nint main(void) { return 0; }\n";
        let ended = owner.run(&code(workspace, "c", hostile)).await;
        assert_eq!(stages(&ended), [(StageName::Compile, Outcome::Ok, Some(0)), (StageName::Run, Outcome::Ok, Some(0))], "{ended:?}");
        assert!(ended.stderr.as_deref().unwrap().contains("message: 0123456789abcdef"), "{ended:?}");
        // A program that repeats what it finds of its beginning has no word to forge either.
        let forging = "#include <stdio.h>\nint main(void) { char line[4096]; FILE *f = fopen(\"/proc/self/cmdline\", \"r\"); size_t n = fread(line, 1, sizeof line, f); fwrite(line, 1, n, stderr); while (fgets(line, sizeof line, stdin)) fputs(line, stderr); return 0; }\n";
        let run = Execute { stdin: Some("mine\n".to_owned()), ..code(workspace, "c", forging) };
        let ended = owner.run(&run).await;
        let stderr = ended.stderr.clone().unwrap();
        assert!(stderr.ends_with("/program\0mine\n"), "{stderr:?}");
        assert_eq!(stages(&ended)[1], (StageName::Run, Outcome::Ok, Some(0)));
    }

    async fn a_limit_ends_the_stage_that_meets_it(app) {
        let owner = app.owner();
        if !has(&owner, "c").await { return; }
        let workspace = owner.workspace("a").await.id;
        let limited = |text: &str, limits: RunLimits| Execute { limits: Some(limits), ..code(workspace, "c", text) };
        let endless = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n";
        let ended = owner.run(&limited(endless, RunLimits { timeout_ms: Some(2_000), ..RunLimits::default() })).await;
        assert_eq!(stages(&ended), [(StageName::Compile, Outcome::Ok, Some(0)), (StageName::Run, Outcome::Timeout, None)], "{ended:?}");
        let loud = "#include <stdio.h>\nint main(void) { for (;;) puts(\"0123456789\"); }\n";
        let ended = owner.run(&limited(loud, RunLimits { output_bytes: Some(5_000), ..RunLimits::default() })).await;
        assert_eq!(stages(&ended), [(StageName::Compile, Outcome::Ok, Some(0)), (StageName::Run, Outcome::Output, None)], "{ended:?}");
        assert_eq!(ended.stdout.unwrap().len(), 5_000);
        // The compiler includes itself until it may not any more.
        let nested = "#include __FILE__\n";
        let ended = owner.run(&limited(nested, RunLimits { output_bytes: Some(100), ..RunLimits::default() })).await;
        assert_eq!(stages(&ended).len(), 1, "{ended:?}");
        assert_eq!(ended.stages[0].name, StageName::Compile);
    }

    async fn every_language_that_is_listed_runs(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let runtimes: Runtimes = owner.get("/api/runtimes").await.ok();
        for item in &runtimes.items {
            let program = match item.language.as_str() {
                "python" => "print('hi')",
                "javascript" => "console.log('hi')",
                "typescript" => "const hi: string = 'hi'; console.log(hi)",
                "shell" => "echo hi",
                "c" => "#include <stdio.h>\nint main(void) { puts(\"hi\"); }",
                "cpp" => "#include <iostream>\nint main() { std::cout << \"hi\\n\"; }",
                "rust" => "fn main() { println!(\"hi\") }",
                "go" => "package main\nimport \"fmt\"\nfunc main() { fmt.Println(\"hi\") }",
                "java" => "public class Main { public static void main(String[] a) { System.out.println(\"hi\"); } }",
                "ruby" => "puts 'hi'",
                "php" => "<?php echo \"hi\\n\";",
                "perl" => "print \"hi\\n\"",
                other => panic!("{other} is new: say hi in it"),
            };
            assert!(item.version.is_some() || item.language == "shell", "{item:?}");
            let ended = owner.run(&code(workspace, &item.language, program)).await;
            assert_eq!((ended.outcome, ended.stdout.as_deref()), (Some(Outcome::Ok), Some("hi\n")), "{ended:?}");
            assert_eq!(ended.stages.len(), if item.compiled { 2 } else { 1 }, "{ended:?}");
            for alias in &item.aliases {
                let body = Execute { limits: Some(RunLimits { pids: Some(0), ..RunLimits::default() }), ..code(workspace, alias, "x") };
                owner.post("/api/execute", body).await.refused_field(Code::Invalid, "limits.pids");
            }
        }
        let listed: Vec<&str> = runtimes.items.iter().map(|item| item.language.as_str()).collect();
        assert!(listed.contains(&"python") && listed.contains(&"shell"), "{listed:?}");
        let problem = owner.post("/api/execute", code(workspace, "cobol", "x")).await.refused_field(Code::Invalid, "language");
        assert!(problem.detail.contains("typescript") && problem.detail.contains("perl"), "{problem:?}");
        assert!(owner.paths(workspace).await.is_empty());
    }

    async fn code_too_long_for_an_argument_runs_as_a_file(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let long = format!("# {}\nprint('ünd', len(open(__file__).read()))\n", "ü".repeat(200_000));
        let ended = owner.run(&code(workspace, "python", &long)).await;
        assert_eq!(ended.stdout, Some(format!("ünd {}\n", long.chars().count())), "{:?}", ended.stderr);
        assert_eq!(ended.stages.len(), 1);
        let body = code(workspace, "python", &"#".repeat(1_000_000));
        owner.post("/api/execute", body).await.refused_field(Code::Invalid, "code");
    }

    async fn a_workspaces_limits_hold_for_its_runs(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let path = format!("/api/workspaces/{workspace}");
        let before: Workspace = owner.get(&path).await.ok();
        assert_eq!(before.settings.limits, RunLimits::default());
        let limits = RunLimits { timeout_ms: Some(500), output_bytes: Some(3), ..RunLimits::default() };
        let after: Workspace = owner.patch(&path, json!({ "settings": { "limits": limits } })).await.ok();
        assert_eq!((&after.settings.limits, &after.name), (&limits, &before.name));
        let listed: Vec<Workspace> = owner.list("/api/workspaces", 5).await;
        assert_eq!(listed[0].settings.limits, limits);
        assert_eq!(owner.sh(workspace, "sleep 1000").await.outcome, Some(Outcome::Timeout));
        let ended = owner.sh(workspace, "echo four").await;
        assert_eq!((ended.outcome, ended.stdout.as_deref()), (Some(Outcome::Output), Some("fou")));
        // A request may ask for more time, and for less of all else.
        let asks = |limits: RunLimits| Execute { limits: Some(limits), ..command(workspace, "sleep 0.7; echo x") };
        let ended = owner.run(&asks(RunLimits { timeout_ms: Some(10_000), ..RunLimits::default() })).await;
        assert_eq!(ended.outcome, Some(Outcome::Ok), "{ended:?}");
        owner.post("/api/execute", asks(RunLimits { output_bytes: Some(4), ..RunLimits::default() })).await
            .refused_field(Code::Invalid, "limits.outputBytes");
        // Another change leaves them; empty limits take them away.
        for other in [json!({ "name": "b" }), json!({ "settings": {} }), json!({ "settings": { "lockedPaths": ["x/**"] } })] {
            let changed: Workspace = owner.patch(&path, other).await.ok();
            assert_eq!(changed.settings.limits, limits);
        }
        let cleared: Workspace = owner.patch(&path, json!({ "settings": { "limits": {} } })).await.ok();
        assert_eq!(cleared.settings.limits, RunLimits::default());
        assert_eq!(owner.sh(workspace, "echo four").await.outcome, Some(Outcome::Ok));
    }

    async fn limits_above_the_servers_are_refused_by_name(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let path = format!("/api/workspaces/{workspace}");
        let system: System = owner.get("/api/system").await.ok();
        let most = system.limits;
        for (field, value) in [
            ("timeoutMs", system.longest_timeout_ms + 1),
            ("memoryBytes", most.memory_bytes.unwrap() + 1),
            ("cpuPercent", u64::from(most.cpu_percent.unwrap()) + 1),
            ("pids", u64::from(most.pids.unwrap()) + 1),
            ("outputBytes", most.output_bytes.unwrap() + 1),
            ("diskBytes", most.disk_bytes.unwrap() + 1),
            ("diskBytes", 0),
        ] {
            let problem = owner.patch(&path, json!({ "settings": { "limits": { field: value } } })).await
                .refused_field(Code::Invalid, &format!("settings.limits.{field}"));
            assert!(problem.detail.contains("from 1 to"), "{problem:?}");
        }
        owner.patch(&path, json!({ "settings": { "limits": { "speed": 1 } } })).await.refused_field(Code::Invalid, "speed");
        let unchanged: Workspace = owner.get(&path).await.ok();
        assert_eq!(unchanged.settings.limits, RunLimits::default());
    }

    async fn a_server_runs_beside_the_usual_runs(app, |setup| setup.settings(|s| {
        s.run.wall = Duration::from_secs(10);
        s.concurrent_runs = 1;
        s.concurrent_servers = 1;
    })) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let hour = |ms| Execute {
            limits: Some(RunLimits { timeout_ms: Some(ms), ..RunLimits::default() }),
            ..command(workspace, "echo serving; sleep 1000")
        };
        owner.post("/api/execute", hour(3_600_001)).await.refused_field(Code::Invalid, "limits.timeoutMs");
        let server = owner.start_run(&hour(3_600_000)).await.id;
        let mut events = owner.watch::<RunEvent>(&format!("/api/execute/{server}/events")).await;
        events.until(|event| matches!(event.event, RunEvent::Output { .. })).await;
        let second = owner.start_run(&hour(3_600_000)).await;
        assert_eq!(owner.sh(workspace, "echo meanwhile").await.stdout.as_deref(), Some("meanwhile\n"));
        let second: Run = owner.get(&format!("/api/execute/{}", second.id)).await.ok();
        assert_eq!(second.queue_position, Some(1), "{second:?}");
        for run in [second.id, server] {
            owner.poke(&format!("/api/execute/{run}/cancel")).await.ok::<Run>();
            assert_eq!(owner.await_run(run).await.outcome, Some(Outcome::Cancelled));
        }
    }

    async fn a_run_that_waits_knows_its_place(app, |setup| setup.settings(|s| { s.concurrent_runs = 1; s.queued_runs_by_user = 2; })) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let going = owner.start_run(&command(workspace, "echo on; sleep 1000")).await.id;
        let mut events = owner.watch::<RunEvent>(&format!("/api/execute/{going}/events")).await;
        events.until(|event| matches!(event.event, RunEvent::Output { .. })).await;
        let mut waiting = Vec::new();
        for place in 1..=2 {
            let run = owner.start_run(&command(workspace, "echo done")).await;
            assert_eq!(run.queue_position, Some(place), "{run:?}");
            waiting.push(run.id);
        }
        let reply = owner.post("/api/execute", command(workspace, "echo no")).await;
        let problem = reply.refused(Code::TooMany);
        assert!(problem.detail.contains("your runs"), "{problem:?}");
        assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
        owner.poke(&format!("/api/execute/{}/cancel", waiting[0])).await.ok::<Run>();
        owner.await_run(waiting[0]).await;
        let second: Run = owner.get(&format!("/api/execute/{}", waiting[1])).await.ok();
        assert_eq!(second.queue_position, Some(1), "{second:?}");
        let going: Run = owner.poke(&format!("/api/execute/{going}/cancel")).await.ok();
        assert_eq!(going.queue_position, None);
        assert_eq!(owner.await_run(waiting[1]).await.stdout.as_deref(), Some("done\n"));
    }
}
