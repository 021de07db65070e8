//! A local model's helper for tests: it speaks the protocol and has no model.
//! It answers with how long the question is; asked to crash, it does.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    reason = "a program for tests: it fails by panicking, and talks over its output"
)]

use std::io::BufRead as _;

use serde_json::{Value, json};

fn main() {
    println!(r#"{{"type":"ready","version":1,"contextTokens":8192}}"#);
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
    println!(
        "{}",
        json!({ "type": "text", "id": id, "text": format!("{} bytes.", prompt.len()) })
    );
    println!(
        "{}",
        json!({ "type": "done", "id": id, "reason": "stop", "tokens": 4 })
    );
}
