//! A local model's helper for tests: it speaks the protocol and has no model.
//! It answers with how long the question is; asked to crash, it does, and
//! asked to die it is killed in the middle of its answer. Beside its weights it
//! notes each start in `starts`, and ends at once while there is a file `fall`.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    clippy::disallowed_methods,
    reason = "a program for tests: it fails by panicking, and talks over its output"
)]

use std::fs::OpenOptions;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

fn main() {
    let weights = PathBuf::from(std::env::args_os().nth(2).unwrap());
    let folder = weights.parent().unwrap();
    let starts = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("starts"));
    starts.unwrap().write_all(b"!").unwrap();
    if folder.join("fall").exists() {
        eprintln!("there is too little memory");
        std::process::exit(9);
    }
    println!(r#"{{"type":"ready","version":2,"contextTokens":8192}}"#);
    for line in std::io::stdin().lock().lines() {
        let order: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if order["type"] == "ask" {
            answer(&order["id"], &order["ask"]);
        }
    }
}

fn answer(id: &Value, ask: &Value) {
    let parts = ask["prompt"].as_array().unwrap();
    let prompt: String = parts
        .iter()
        .map(|part| part["text"].as_str().unwrap())
        .collect();
    if prompt.contains("please crash") {
        eprintln!("it was asked to");
        std::process::exit(7);
    }
    println!(
        "{}",
        json!({ "type": "read", "id": id, "tokens": prompt.len(), "cachedTokens": 3 })
    );
    println!("{}", json!({ "type": "text", "id": id, "text": "I read " }));
    if prompt.contains("please die") {
        // As a machine without memory would.
        let kill = ["-c", "kill -9 $PPID"];
        Command::new("/bin/sh").args(kill).status().unwrap();
    }
    println!(
        "{}",
        json!({ "type": "text", "id": id, "text": format!("{} bytes.", prompt.len()) })
    );
    println!(
        "{}",
        json!({ "type": "done", "id": id, "reason": "stop", "tokens": 4 })
    );
}
