//! The interface of Piston: the request and reply that its clients know.

use atelier_api::Code;
use atelier_tests::{Caller, Reply, on_both_engines};
use serde_json::{Value, json};

const EXECUTE: &str = "/api/v2/piston/execute";

async fn execute(caller: &Caller, body: Value) -> Value {
    caller.post(EXECUTE, body).await.ok()
}

fn message(reply: &Reply) -> String {
    assert_eq!(reply.status, 400, "{reply}");
    reply.refused(Code::Invalid).detail
}

async fn has(caller: &Caller, language: &str) -> bool {
    let runtimes: Value = caller.get("/api/v2/piston/runtimes").await.ok();
    let runtimes = runtimes.as_array().unwrap();
    let found = runtimes.iter().any(|item| item["language"] == language);
    if !found {
        println!("not run: {language} is not on this machine");
    }
    found
}

on_both_engines! {
    async fn a_program_runs_with_its_files_arguments_and_input(app) {
        let owner = app.owner();
        let program = "import sys, helper\nfrom pathlib import Path\nprint(helper.WORD, sys.argv[1:], input(), Path('data/raw').read_bytes())\nprint('oops', file=sys.stderr)\nsys.exit(3)\n";
        let body = json!({
            "language": "py", "version": "3.x", "stdin": "in\n", "args": ["a b", "-c"],
            "files": [
                { "name": "main.py", "content": program },
                { "name": "helper.py", "content": "WORD = 'hé'" },
                { "name": "data/raw", "content": "AP8=", "encoding": "base64" },
                { "name": "more", "content": "00ff", "encoding": "hex" },
            ],
            "run_timeout": 9_000, "compile_timeout": 9_000, "run_memory_limit": -1, "run_cpu_time": 5_000,
        });
        for path in [EXECUTE, "/api/v2/execute"] {
            let done: Value = owner.post(path, &body).await.ok();
            let run = &done["run"];
            assert_eq!(done["language"], "python", "{done}");
            assert!(done["version"].as_str().unwrap().starts_with("3."), "{done}");
            assert_eq!(run["stdout"], "hé ['a b', '-c'] in b'\\x00\\xff'\n", "{done}");
            assert_eq!(run["stderr"], "oops\n");
            assert_eq!((run["code"].as_i64(), run["signal"].is_null()), (Some(3), true));
            assert_eq!((run["status"].as_str(), run["message"].as_str()), (Some("RE"), Some("Exited with error status 3")));
            let output = run["output"].as_str().unwrap();
            assert_eq!(output.len(), "hé ['a b', '-c'] in b'\\x00\\xff'\noops\n".len());
            assert!(run["wall_time"].as_u64().is_some() && run["memory"].as_u64().unwrap() > 1_000);
            assert!(done.get("compile").is_none());
        }
        app.assert_nothing_staged();
    }

    async fn a_compiled_program_has_its_compilers_result_beside_it(app) {
        let owner = app.owner();
        if !has(&owner, "c").await { return; }
        let main = "#include \"twice.h\"\n#include <stdio.h>\nint main(int n, char **args) { printf(\"%d %s\\n\", twice(21), args[1]); return 0; }\n";
        let files = json!([
            { "content": main },
            { "name": "twice.h", "content": "int twice(int n);\n" },
            { "name": "twice.c", "content": "int twice(int n) { return 2 * n; }\n" },
        ]);
        let done = execute(&owner, json!({ "language": "c", "version": "*", "files": files, "args": ["x"] })).await;
        assert_eq!((done["compile"]["code"].as_i64(), done["compile"]["stdout"].as_str()), (Some(0), Some("")), "{done}");
        assert_eq!((done["run"]["stdout"].as_str(), done["run"]["code"].as_i64()), (Some("42 x\n"), Some(0)), "{done}");
        let broken = json!([{ "name": "a.c", "content": "int main(void) { return nothing; }" }]);
        let done = execute(&owner, json!({ "language": "gcc", "version": "*", "files": broken })).await;
        assert_eq!(done["compile"]["code"], 1, "{done}");
        assert!(done["compile"]["stderr"].as_str().unwrap().contains("nothing"));
        // The program was not started; what its compiler said stands in its place.
        assert_eq!(done["run"], done["compile"]);
        app.assert_nothing_staged();
    }

    async fn what_a_limit_ends_is_told_as_killed(app) {
        let owner = app.owner();
        for (program, limits, status, signal) in [
            ("sleep 1000", json!({ "run_timeout": 300 }), "TO", "SIGKILL"),
            ("yes", json!({}), "OL", "SIGKILL"),
            ("kill -SEGV $$", json!({}), "SG", "SIGSEGV"),
            ("while :; do :; done", json!({ "run_cpu_time": 1_000 }), "SG", "SIGKILL"),
        ] {
            let mut body = json!({ "language": "bash", "version": "*", "files": [{ "content": program }] });
            body.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
            let done = execute(&owner, body).await;
            let run = &done["run"];
            assert_eq!((run["status"].as_str(), run["code"].is_null()), (Some(status), true), "{program}: {done}");
            assert_eq!(run["signal"], signal, "{program}: {done}");
        }
        app.assert_nothing_staged();
    }

    async fn what_is_wrong_is_said_in_pistons_form(app) {
        let owner = app.owner();
        let body = |change: Value| {
            let mut body = json!({ "language": "python", "version": "*", "files": [{ "content": "1" }] });
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            body
        };
        for (change, said) in [
            (json!({ "language": null }), "language is required as a string"),
            (json!({ "version": 3 }), "version is required as a string"),
            (json!({ "files": "x" }), "files is required as an array"),
            (json!({ "files": [{ "content": "1" }, { "name": "a" }] }), "files[1].content is required as a string"),
            (json!({ "version": "2.7" }), "python-2.7 runtime is unknown"),
            (json!({ "language": "cobol" }), "cobol-* runtime is unknown"),
            (json!({ "files": [{ "content": "MQ==", "encoding": "base64" }] }), "files must include at least one utf8 encoded file"),
            (json!({ "files": [{ "content": "%", "encoding": "base64" }] }), "files[0].content is not base64"),
            (json!({ "run_timeout": "1" }), "If specified, run_timeout must be a number"),
            (json!({ "run_timeout": -5 }), "run_timeout must be non-negative"),
            (json!({ "run_timeout": 3_600_000 }), "run_timeout cannot exceed the configured limit of 20000"),
            (json!({ "compile_memory_limit": 1_u64 << 40 }), "compile_memory_limit cannot exceed the configured limit of 536870912"),
        ] {
            assert_eq!(message(&owner.post(EXECUTE, body(change)).await), said);
        }
        for name in ["../up", "/etc/passwd", "a/../../b"] {
            let said = message(&owner.post(EXECUTE, body(json!({ "files": [{ "name": name, "content": "1" }] }))).await);
            assert!(said.starts_with("files[0].name can't be used"), "{said}");
        }
        let text = owner.request(reqwest::Method::POST, EXECUTE).header("content-type", "text/plain").body("x");
        owner.send(text).await.refused(Code::UnsupportedMediaType);
        let torn = owner.request(reqwest::Method::POST, EXECUTE).header("content-type", "application/json").body("{");
        message(&owner.send(torn).await);
        app.nobody().post(EXECUTE, body(json!({}))).await.refused(Code::NotSignedIn);
        app.assert_nothing_staged();
    }

    async fn the_runtimes_are_listed_as_piston_lists_them(app) {
        let listed: Value = app.owner().get("/api/v2/piston/runtimes").await.ok();
        let again: Value = app.owner().get("/api/v2/runtimes").await.ok();
        assert_eq!(listed, again);
        let python = listed.as_array().unwrap().iter().find(|item| item["language"] == "python").unwrap();
        assert_eq!((&python["runtime"], python["aliases"][0].as_str()), (&json!("python3"), Some("python3")));
        assert_eq!(python["version"].as_str().unwrap().split('.').count(), 3);
    }

    async fn a_program_has_no_workspace_and_leaves_nothing(app) {
        let owner = app.owner();
        owner.workspace_with("a", &[("secret", "s")]).await;
        let files = json!([{ "content": "ls /workspace; ls; echo left > left; ln -s / root; mkdir -p deep/er; chmod 0 deep" }]);
        let done = execute(&owner, json!({ "language": "sh", "version": "*", "files": files })).await;
        assert_eq!(done["run"]["stdout"], "build\njob\nfile0.code\n", "{done}");
        app.assert_nothing_staged();
    }
}
