//! Ordinary programs do in a cell what they do outside.

use atelier_base::WorkspacePath;
use atelier_sandbox::cell::{Limits, Outcome, RunCommand, Stream};
use atelier_sandbox::host::{Host as _, LocalHost};
use atelier_sandbox::runtime::{Language, Mark, Plan};

use crate::lab::{Lab, has, stays};

/// A program in each language that says `hi`, repeats its input and ends with
/// status 3.
const PROGRAMS: [(Language, &str, &str, &str); 12] = [
    (
        Language::Python,
        "python3",
        "a.py",
        "import sys; print('hi'); print(input()); sys.exit(3)",
    ),
    (
        Language::JavaScript,
        "node",
        "a.js",
        "console.log('hi'); process.stdout.write(require('fs').readFileSync(0)); process.exitCode = 3",
    ),
    (
        Language::TypeScript,
        "tsx",
        "a.ts",
        "const hi: string = 'hi'; console.log(hi); process.stdout.write(require('fs').readFileSync(0)); process.exitCode = 3",
    ),
    (Language::Shell, "sh", "-a.sh", "echo hi; cat; exit 3"),
    (
        Language::C,
        "gcc",
        "-a.c",
        "#include <stdio.h>\nint main(void) { int c; puts(\"hi\"); while ((c = getchar()) != EOF) putchar(c); return 3; }",
    ),
    (
        Language::Cpp,
        "g++",
        "b c.cpp",
        "#include <iostream>\nint main() { std::cout << \"hi\\n\" << std::cin.rdbuf(); return 3; }",
    ),
    (
        Language::Rust,
        "rustc",
        "a.rs",
        "fn main() { println!(\"hi\"); let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()); std::process::exit(3) }",
    ),
    (
        Language::Go,
        "go",
        "a.go",
        "package main\nimport (\"fmt\"; \"io\"; \"os\")\nfunc main() { fmt.Println(\"hi\"); io.Copy(os.Stdout, os.Stdin); os.Exit(3) }",
    ),
    (
        Language::Java,
        "javac",
        "Main.java",
        "public class Main { public static void main(String[] a) throws Exception { System.out.println(\"hi\"); System.in.transferTo(System.out); System.exit(3); } }",
    ),
    (
        Language::Ruby,
        "ruby",
        "a.rb",
        "puts 'hi'; print STDIN.read; exit 3",
    ),
    (
        Language::Php,
        "php",
        "a.php",
        "<?php echo \"hi\\n\", stream_get_contents(STDIN); exit(3);",
    ),
    (
        Language::Perl,
        "perl",
        "a.pl",
        "print \"hi\\n\"; print while <STDIN>; exit 3",
    ),
];

#[tokio::test]
async fn each_language_that_is_there_runs_files_and_code() {
    let lab = Lab::new();
    let host = LocalHost::new(lab.cells.clone());
    let runtimes = host.runtimes().await;
    for (language, program, name, code) in PROGRAMS {
        let Some(runtime) = runtimes.iter().find(|runtime| runtime.language == language) else {
            assert!(!has(program), "{program} was not found: {runtimes:?}");
            println!("not run: {program} is not here");
            continue;
        };
        if language != Language::Shell {
            assert!(
                runtime.version.as_ref().is_some_and(|v| v.contains('.')),
                "{runtime:?}"
            );
        }
        lab.put(name, code);
        let file = WorkspacePath::new(name).unwrap();
        let build = "/tmp/atelier-build-1";
        for plan in [
            runtime.code_plan(code, build),
            runtime.file_plan(&[file], build),
        ] {
            let mark = Mark::new(*b"0123456789abcdef");
            let compiled = plan.compile.is_some();
            let mut command = RunCommand::new(plan.into_argv(build));
            let mark = if compiled { mark.line() } else { String::new() };
            command.stdin = format!("{mark}one\n").into_bytes();
            let ran = lab.run(command).await;
            assert_eq!(ran.stdout(), "hi\none\n", "{ran:?}");
            assert_eq!(ran.outcome(), Outcome::Exit);
            assert_eq!(ran.report.exit_code, Some(3));
            assert!(ran.report.peak_memory_bytes.unwrap() > 100_000);
            assert_eq!(ran.text(Stream::Stderr), mark, "{ran:?}");
        }
    }
}

#[tokio::test]
async fn a_failed_compiler_ends_a_run_with_its_status_and_no_mark() {
    let lab = Lab::new();
    let build = "/tmp/atelier-build-1";
    let plan = |compile: &[&str], run: &[&str]| {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let (source, compile) = (None, Some(words(compile)));
        let run = words(run);
        Plan {
            source,
            compile,
            run,
        }
        .into_argv(build)
    };
    let line = Mark::new(*b"0123456789abcdef").line();
    for (compile, run, code, stdout, stderr) in [
        (
            ["sh", "-c", "echo a b; echo oops >&2; exit 4"],
            ["echo", "ran"],
            4,
            "",
            "a b\noops\n".to_owned(),
        ),
        // The compiler has no input, and the mark is nowhere to be read.
        (
            [
                "sh",
                "-c",
                "cat; tr '\\0' ' ' </proc/$PPID/cmdline | grep -c 3031323[3]; tr '\\0' ' ' </proc/$PPID/environ | grep -c 3031323[3]; true",
            ],
            ["echo", "ran"],
            0,
            "ran\n",
            format!("0\n0\n{line}"),
        ),
        (
            ["printf", "%s", "$HOME\"'`x`"],
            ["cat", "-"],
            0,
            "input",
            format!("$HOME\"'`x`{line}"),
        ),
        (
            ["true", "", ""],
            ["no-such-program", ""],
            127,
            "",
            line.clone(),
        ),
    ] {
        let mut command = RunCommand::new(plan(&compile, &run));
        command.stdin = format!("{line}input").into_bytes();
        let ran = lab.run(command).await;
        assert_eq!(ran.report.exit_code, Some(code), "{ran:?}");
        assert_eq!(ran.stdout(), stdout, "{ran:?}");
        assert!(ran.text(Stream::Stderr).starts_with(&stderr), "{ran:?}");
    }
    let left = std::fs::read_dir(lab.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is built in the workspace");
}

#[tokio::test]
async fn output_comes_in_order_and_by_stream() {
    let lab = Lab::new();
    let script = "for i in $(seq 2000); do echo out $i; echo err $i >&2; done";
    let ran = lab.sh(script).await;
    ran.ok();
    for (stream, word) in [(Stream::Stdout, "out"), (Stream::Stderr, "err")] {
        let text = ran.text(stream);
        let expected = (1..=2000).map(|i| format!("{word} {i}"));
        assert!(text.lines().eq(expected), "{text}");
    }
    let bytes = ran.output.iter().map(|output| output.bytes.len() as u64);
    assert_eq!(
        ran.report.stdout_bytes + ran.report.stderr_bytes,
        bytes.sum::<u64>()
    );
}

#[tokio::test]
async fn input_of_any_length_is_fed_while_output_flows() {
    let lab = Lab::new();
    for length in [0, 1, 65_536, 3_000_000] {
        let mut command = RunCommand::new(["cat"]);
        command.stdin = (0..length)
            .map(|i| b'a' + u8::try_from(i % 26).unwrap())
            .collect();
        let expected = command.stdin.clone();
        let ran = lab.run(command).await;
        assert!(ran.ok().into_bytes() == expected, "{length} bytes");
    }
    let mut unread = RunCommand::new(["true"]);
    unread.stdin = vec![b'x'; 1_000_000];
    lab.run(unread).await.ok();
}

#[tokio::test]
async fn the_environment_is_made_from_nothing() {
    let lab = Lab::new();
    let mut command = RunCommand::new(["env"]);
    command
        .env
        .push(("GREETING".to_owned(), "hello world".to_owned()));
    command
        .env
        .push(("LANG".to_owned(), "de_DE.UTF-8".to_owned()));
    let ran = lab.run(command).await;
    let text = ran.ok();
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    if stays() {
        let (way_out, others): (Vec<_>, _) = lines
            .into_iter()
            .partition(|line| line.to_uppercase().contains("PROXY"));
        assert_eq!(way_out.len(), 7, "{way_out:?}");
        lines = others;
    }
    // A Java of the system's may stand before the usual folders.
    let path = lines.remove(3);
    assert!(path.starts_with("PATH=/usr/"), "{path}");
    assert!(path.ends_with("/usr/local/bin:/usr/bin:/bin"), "{path}");
    let expected = [
        "GREETING=hello world",
        "HOME=/tmp/home",
        "LANG=de_DE.UTF-8",
        "TERM=xterm-256color",
        "USER=user",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_program_starts_where_it_is_told() {
    let lab = Lab::new();
    lab.sh("mkdir -p a/b").await.ok();
    let mut command = RunCommand::new(["pwd"]);
    command.cwd = Some(WorkspacePath::new("a/b").unwrap());
    assert_eq!(lab.run(command).await.ok(), "/workspace/a/b\n");

    let mut nowhere = RunCommand::new(["pwd"]);
    nowhere.cwd = Some(WorkspacePath::new("nowhere").unwrap());
    let ran = lab.run(nowhere).await;
    assert_eq!(ran.outcome(), Outcome::Refused);
    assert!(
        ran.report
            .reason
            .unwrap()
            .contains("enter /workspace/nowhere")
    );
}

#[tokio::test]
async fn what_can_not_be_started_is_told_as_in_a_shell() {
    let lab = Lab::new();
    lab.put("plain.txt", "no program");
    for (argv, code) in [
        (vec!["no-such-program"], 127),
        (vec!["/workspace/none"], 127),
        (vec!["/workspace/plain.txt"], 126),
        (vec!["/workspace"], 126),
    ] {
        let ran = lab.run(RunCommand::new(argv.clone())).await;
        assert_eq!(ran.outcome(), Outcome::Exit, "{argv:?}");
        assert_eq!(ran.report.exit_code, Some(code), "{argv:?}");
    }
}

#[tokio::test]
async fn a_program_that_a_signal_ends_is_told_by_the_signal() {
    let lab = Lab::new();
    for (name, number) in [("TERM", 15), ("KILL", 9), ("SEGV", 11)] {
        let ran = lab.sh(&format!("kill -{name} $$")).await;
        assert_eq!(ran.outcome(), Outcome::Signal);
        assert_eq!(ran.report.signal, Some(number));
    }
}

#[tokio::test]
async fn a_broken_request_is_refused_before_anything_starts() {
    let lab = Lab::new();
    let with = |change: fn(&mut RunCommand)| {
        let mut command = RunCommand::new(["true"]);
        change(&mut command);
        command
    };
    for command in [
        with(|c| c.argv.clear()),
        with(|c| c.argv[0].clear()),
        with(|c| c.argv.push("a\0b".to_owned())),
        with(|c| c.argv.push("x".repeat(2 << 20))),
        with(|c| c.stdin = vec![0; 9 << 20]),
        with(|c| c.env.push(("A=B".to_owned(), String::new()))),
        with(|c| c.env.push((String::new(), String::new()))),
    ] {
        let ran = lab.run(command).await;
        assert_eq!(ran.outcome(), Outcome::Refused);
        assert!(ran.report.reason.is_some());
    }
    // Taken by us but not by the kernel, whose limit is 128 KiB for one.
    let long = lab
        .run(RunCommand::new(["true", &"x".repeat(200_000)]))
        .await;
    assert_eq!(long.outcome(), Outcome::Exit, "{long:?}");
    assert_eq!(long.report.exit_code, Some(126));
}

#[tokio::test]
async fn everyday_work_passes_the_filter() {
    let lab = Lab::new();
    for (program, script, expected) in [
        (
            "python3",
            "python3 -m venv --without-pip .venv && .venv/bin/python -m unittest -q 2>&1 | grep -c Ran",
            "1\n",
        ),
        (
            "python3",
            "python3 -c 'import multiprocessing as m
print(sum(m.Pool(2).map(abs, range(5))))'",
            "10\n",
        ),
        (
            "node",
            "cat > a.test.js <<'E'
require('node:test')('adds', () => require('assert').equal(1 + 1, 2))
E
node --test a.test.js | grep -E '^. pass 1' | wc -l",
            "1\n",
        ),
        (
            "git",
            "git init -q r && cd r && git config user.email a@b && git config user.name A && \
             echo x > f && git add f && git commit -qm first && git log --oneline | wc -l",
            "1\n",
        ),
        (
            "gcc",
            "printf '#include <stdio.h>\\nint main(){puts(\"built\");}' > a.c && gcc a.c -o a && ./a",
            "built\n",
        ),
        (
            "bash",
            "bash -c 'diff <(echo 1) <(echo 1) && echo same > /dev/stdout'",
            "same\n",
        ),
        ("perl", "perl -e 'print \"perl\\n\"'", "perl\n"),
        (
            "npm",
            "mkdir -p p && cd p && npm init -y >/dev/null && grep -c '\"name\": \"p\"' package.json",
            "1\n",
        ),
        (
            "go",
            "printf 'package main\\nfunc main() { println(\"go\") }\\n' > m.go && go run m.go 2>&1",
            "go\n",
        ),
        (
            "pyright",
            "echo 'x: int = \"\"' > t.py; pyright t.py | grep -c '1 error'",
            "1\n",
        ),
        (
            "script",
            "script -qec 'tty' /dev/null | tr -d '\\r'",
            "/dev/pts/0\n",
        ),
    ] {
        if !has(program) {
            continue;
        }
        let mut command = RunCommand::new(["sh", "-c", script]);
        command.limits = Limits {
            memory_bytes: 2 << 30,
            ..Limits::default()
        };
        let ran = lab.run(command).await;
        assert_eq!(ran.ok(), expected, "{script}\n{}", ran.text(Stream::Stderr));
    }
}

/// Tools that a person installed for themselves are mounted where they are.
#[tokio::test]
async fn a_crate_is_built_by_a_toolchain_outside_the_system() {
    let lab = Lab::with_tools();
    if !lab.ran_well("cargo --version").await {
        crate::lab::not_tested("cargo, which is not on the path or not this user's to read");
        return;
    }
    let script =
        "cargo init -q --name small --vcs none . && cargo build -q --offline && target/debug/small";
    let mut command = RunCommand::new(["sh", "-c", script]);
    command.limits = Limits {
        memory_bytes: 2 << 30,
        ..Limits::default()
    };
    assert_eq!(lab.run(command).await.ok(), "Hello, world!\n");
}

#[tokio::test]
async fn signals_reach_a_program_as_outside() {
    let lab = Lab::new();
    let line = lab
        .run(RunCommand::new(["grep", "SigBlk", "/proc/self/status"]))
        .await;
    assert_eq!(line.ok(), "SigBlk:\t0000000000000000\n");
    // Children are noticed, and a closed pipe ends a writer.
    let ran = lab
        .sh("true & wait; yes | head -1; (sleep 0.01; kill $$) & wait")
        .await;
    assert_eq!(ran.stdout(), "y\n");
    assert_eq!(ran.report.signal, Some(libc::SIGTERM));
}
