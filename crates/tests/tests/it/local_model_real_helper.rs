//! The real local model's program, spoken with in its own words.

use atelier_sandbox::sidecar::{self, Sidecar, SidecarCommand, SidecarProcess};
use atelier_tests::{helpers, real_files};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

#[tokio::test]
async fn a_question_is_given_up_within_one_token() {
    let Some(mut helper) = Talk::begin(&[]).await else {
        return;
    };
    helper
        .ask(1, "Count from 1 to 500, one number a line.", 64)
        .await;
    let mut texts = 0;
    while texts < 3 {
        texts += usize::from(helper.heard().await["type"] == "text");
    }
    helper.say(json!({ "type": "cancel", "id": 1 })).await;
    let mut more = 0;
    let end = loop {
        let event = helper.heard().await;
        if event["type"] == "done" {
            break event;
        }
        more += 1;
    };
    // The one that is being made when the word arrives, and what was on its way
    // to us before.
    assert!(more <= 3, "{more} more");
    assert_eq!(end["reason"], "cancelled");
    println!("{more} tokens came after the question was given up");

    // One that is still being read is given up as well: it says nothing.
    helper.ask(2, &"word ".repeat(3_000), 64).await;
    helper.say(json!({ "type": "cancel", "id": 2 })).await;
    let event = helper.heard().await;
    assert_eq!(
        (&event["id"], &event["reason"]),
        (&json!(2), &json!("cancelled"))
    );
}

#[tokio::test]
async fn what_is_typed_does_not_wait_for_a_long_answer() {
    let Some(mut helper) = Talk::begin(&[]).await else {
        return;
    };
    helper
        .ask(1, "Count from 1 to 500, one number a line.", 48)
        .await;
    let mut long = 0;
    while long < 3 {
        long += usize::from(helper.heard().await["type"] == "text");
    }
    // More than may wait, were they not given up.
    for id in 2..=50 {
        helper.ask(id, "word", 4).await;
        helper.say(json!({ "type": "cancel", "id": id })).await;
    }
    let place = json!({
        "prompt": [{ "text": "x = [1, 2, " }], "maxTokens": 4, "temperature": 0.0, "topP": 1.0,
        "urgent": true,
    });
    helper
        .say(json!({ "type": "ask", "id": 51, "ask": place }))
        .await;
    let (mut given_up, mut ends) = (0, Vec::new());
    while ends.len() < 2 {
        let event = helper.heard().await;
        assert_ne!(event["type"], "failed", "{event}");
        match event["reason"].as_str() {
            Some("cancelled") => given_up += 1,
            Some(_) => ends.push(event["id"].as_u64().unwrap()),
            None => {}
        }
    }
    assert_eq!((given_up, ends), (49, vec![51, 1]));
}

#[tokio::test]
async fn an_answer_has_the_memory_that_there_is() {
    let Some(mut helper) = Talk::begin(&["--context", "512"]).await else {
        return;
    };
    helper.ask(1, &"word ".repeat(100), 8).await;
    while helper.heard().await["type"] != "done" {}
    helper.ask(2, &"word ".repeat(300), 8_192).await;
    let end = helper.heard().await;
    assert_eq!(end["code"], "tooLong", "no room for an answer: {end}");
    // More than there is, and it can't end by itself before: it gets all.
    let endless = json!({ "type": "array", "items": { "type": "integer" }, "minItems": 400 });
    let ask = json!({
        "prompt": [{ "text": "a number ".repeat(110) }], "maxTokens": 8_192,
        "temperature": 0.0, "topP": 1.0, "schema": endless.to_string(),
    });
    helper
        .say(json!({ "type": "ask", "id": 3, "ask": ask }))
        .await;
    let read = helper.heard().await;
    let end = loop {
        let event = helper.heard().await;
        if event["type"] != "text" {
            break event;
        }
    };
    assert_eq!(end["reason"], "length", "{end}");
    let all = read["tokens"].as_u64().unwrap() + end["tokens"].as_u64().unwrap();
    // The last that is written is not read.
    assert_eq!(all, 513, "{read} {end}");
}

#[tokio::test]
async fn its_memory_has_a_bound() {
    let Some(mut helper) = Talk::begin(&["--context", "1024"]).await else {
        return;
    };
    let mut after = Vec::new();
    for id in 1..=6 {
        helper
            .ask(id, &format!("{id} {}", "some word ".repeat(140)), 4)
            .await;
        while helper.heard().await["type"] != "done" {}
        after.push(resident_mib());
    }
    println!("resident after each of 6 prompts, more than it remembers: {after:?} MiB");
    assert!(after[5] < 2_600, "{after:?}");
    assert!(after[5] <= after[1] + 64, "{after:?}");
}

/// Talks with the helper itself.
struct Talk {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _process: SidecarProcess,
}

impl Talk {
    async fn begin(more: &[&str]) -> Option<Self> {
        let (program, weights) = real_files()?;
        let mut args = vec!["--weights".into(), weights.into_os_string()];
        args.extend(more.iter().map(Into::into));
        let Sidecar {
            input,
            output,
            process,
        } = sidecar::start(&SidecarCommand {
            program,
            args,
            env: vec![("GOMP_SPINCOUNT".into(), "20000".into())],
        })
        .unwrap();
        let mut talk = Self {
            input,
            output: BufReader::new(output).lines(),
            _process: process,
        };
        assert_eq!(talk.heard().await["type"], "ready");
        Some(talk)
    }

    async fn ask(&mut self, id: u64, text: &str, most: u32) {
        let ask = json!({
            "prompt": [{ "text": text }], "maxTokens": most, "temperature": 0.0, "topP": 1.0,
        });
        self.say(json!({ "type": "ask", "id": id, "ask": ask }))
            .await;
    }

    async fn say(&mut self, order: Value) {
        let line = format!("{order}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    async fn heard(&mut self) -> Value {
        let line = self.output.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

/// How much memory the one helper holds.
fn resident_mib() -> u64 {
    let (_, weights) = real_files().unwrap();
    let [helper] = helpers(weights.parent().unwrap())[..] else {
        panic!("one helper")
    };
    let status = std::fs::read_to_string(format!("/proc/{helper}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.unwrap().parse::<u64>().unwrap() / 1_024
}
