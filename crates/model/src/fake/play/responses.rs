//! Plays a turn on the `OpenAI` Responses wire.

use serde_json::{Value, json};

use super::{Action, CREATED, Captured, Speech, Step, Tally, ToolCallStep, arguments, pieces};

/// Writes the events of one answer, and the whole of it.
pub(super) struct Player<'a> {
    request: &'a Captured,
    number: usize,
    sequence: u64,
    /// The items that are done.
    items: Vec<Value>,
    /// The text of the message that is being said.
    message: Option<String>,
    tally: Tally,
    no_usage: bool,
    /// How it ends: the event's last word, and why it is incomplete.
    ending: (&'static str, Value),
    actions: Vec<Action>,
}

impl<'a> Player<'a> {
    pub(super) fn new(request: &'a Captured, number: usize) -> Self {
        Self {
            request,
            number,
            sequence: 0,
            items: Vec::new(),
            message: None,
            tally: Tally::new(&request.body),
            no_usage: false,
            ending: ("completed", Value::Null),
            actions: Vec::new(),
        }
    }

    /// Plays the steps as a stream.
    pub(super) fn stream(mut self, steps: &[Step]) -> Vec<Action> {
        let response = self.response("in_progress");
        self.event("response.created", json!({ "response": response }));
        for step in steps {
            if let Step::Error(error) = step {
                self.event(
                    "error",
                    json!({"code": error.code, "message": error.message, "param": null}),
                );
            }
            match step {
                Step::Cut => self.actions.push(Action::Abort),
                Step::Stall(ms) => self.wait(*ms),
                Step::Raw(text) => self.actions.push(Action::Send(text.clone().into())),
                _ => self.step(step),
            }
            if matches!(step, Step::Error(_) | Step::Cut | Step::End) {
                return self.actions;
            }
        }
        self.close_message();
        let (word, _) = self.ending;
        let response = self.response(word);
        self.event(&format!("response.{word}"), json!({ "response": response }));
        self.actions
    }

    /// Plays the steps as one document; what a document can't show is left
    /// out.
    pub(super) fn whole(mut self, steps: &[Step]) -> Value {
        for step in steps {
            self.step(step);
        }
        self.close_message();
        let (word, _) = self.ending;
        self.response(word)
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Text(speech) => self.speak(speech),
            Step::Reasoning(speech) => self.reason(speech),
            Step::ToolCall(call) => self.call(call),
            Step::Usage(usage) => self.tally.report(*usage),
            Step::NoUsage => self.no_usage = true,
            Step::Finish(word) => self.finish(word),
            Step::Error(_) | Step::Cut | Step::End | Step::Stall(_) | Step::Raw(_) => {}
        }
    }

    fn finish(&mut self, word: &str) {
        self.ending = match word {
            "length" => ("incomplete", json!({"reason": "max_output_tokens"})),
            "content_filter" => ("incomplete", json!({"reason": "content_filter"})),
            _ => ("completed", Value::Null),
        };
    }

    fn speak(&mut self, speech: &Speech) {
        self.tally.output(&speech.text);
        let index = self.items.len();
        let id = self.item_id("msg");
        if self.message.is_none() {
            self.message = Some(String::new());
            let item = json!({"id": id, "type": "message", "status": "in_progress",
                "role": "assistant", "content": []});
            self.event(
                "response.output_item.added",
                json!({"output_index": index, "item": item}),
            );
            let part = json!({"type": "output_text", "text": "", "annotations": []});
            self.part("response.content_part.added", &id, json!({"part": part}));
        }
        for piece in pieces(&speech.text, speech.chunk) {
            self.wait(speech.delay_ms);
            self.part(
                "response.output_text.delta",
                &id,
                json!({"delta": piece, "logprobs": []}),
            );
        }
        if let Some(said) = &mut self.message {
            said.push_str(&speech.text);
        }
    }

    fn close_message(&mut self) {
        let Some(text) = self.message.take() else {
            return;
        };
        let id = self.item_id("msg");
        self.part(
            "response.output_text.done",
            &id,
            json!({"text": text, "logprobs": []}),
        );
        let part = json!({"type": "output_text", "text": text, "annotations": []});
        self.part("response.content_part.done", &id, json!({"part": part}));
        self.done(json!({"id": id, "type": "message", "status": "completed",
            "role": "assistant", "content": [part]}));
    }

    fn reason(&mut self, speech: &Speech) {
        self.close_message();
        self.tally.output(&speech.text);
        let id = self.item_id("rs");
        let index = self.items.len();
        let mut item = json!({"id": id, "type": "reasoning", "summary": []});
        self.event(
            "response.output_item.added",
            json!({"output_index": index, "item": item}),
        );
        let place = json!({"item_id": id, "output_index": index, "summary_index": 0});
        let summary = |text: &str| json!({"type": "summary_text", "text": text});
        self.event(
            "response.reasoning_summary_part.added",
            with(&place, json!({"part": summary("")})),
        );
        for piece in pieces(&speech.text, speech.chunk) {
            self.wait(speech.delay_ms);
            self.event(
                "response.reasoning_summary_text.delta",
                with(&place, json!({"delta": piece})),
            );
        }
        self.event(
            "response.reasoning_summary_text.done",
            with(&place, json!({"text": speech.text})),
        );
        self.event(
            "response.reasoning_summary_part.done",
            with(&place, json!({"part": summary(&speech.text)})),
        );
        item["summary"] = json!([summary(&speech.text)]);
        if self.includes("reasoning.encrypted_content") {
            item["encrypted_content"] = json!(format!("encrypted-{}-{index}", self.number));
        }
        self.done(item);
    }

    fn call(&mut self, step: &ToolCallStep) {
        self.close_message();
        let arguments = arguments(step);
        self.tally.output(&arguments);
        let index = self.items.len();
        let id = self.item_id("fc");
        let calls = self.items.iter().filter(|i| i["type"] == "function_call");
        let made_up = format!("call_{}_{}", self.number, calls.count());
        let mut item = json!({"id": id, "type": "function_call", "status": "in_progress",
            "call_id": step.id.clone().unwrap_or(made_up), "name": step.name, "arguments": ""});
        self.event(
            "response.output_item.added",
            json!({"output_index": index, "item": item}),
        );
        let place = json!({"item_id": id, "output_index": index});
        for piece in pieces(&arguments, step.chunk) {
            self.event(
                "response.function_call_arguments.delta",
                with(&place, json!({"delta": piece})),
            );
        }
        self.event(
            "response.function_call_arguments.done",
            with(&place, json!({"name": step.name, "arguments": arguments})),
        );
        item["status"] = json!("completed");
        item["arguments"] = json!(arguments);
        self.done(item);
    }

    fn done(&mut self, item: Value) {
        let index = self.items.len();
        self.event(
            "response.output_item.done",
            json!({"output_index": index, "item": item}),
        );
        self.items.push(item);
    }

    /// Sends an event about the only part of the message.
    fn part(&mut self, kind: &str, id: &str, fields: Value) {
        let place = json!({"item_id": id, "output_index": self.items.len(), "content_index": 0});
        self.event(kind, with(&place, fields));
    }

    fn event(&mut self, kind: &str, fields: Value) {
        let head = json!({"type": kind, "sequence_number": self.sequence});
        self.sequence += 1;
        let data = with(&head, fields);
        let event = format!("event: {kind}\ndata: {data}\n\n");
        self.actions.push(Action::Send(event.into()));
    }

    fn response(&self, status: &str) -> Value {
        let over = status != "in_progress";
        let usage = over && !self.no_usage;
        let asked = &self.request.body;
        let details = if over { &self.ending.1 } else { &Value::Null };
        json!({
            "id": format!("resp_fake_{}", self.number), "object": "response",
            "created_at": CREATED, "status": status, "error": null,
            "incomplete_details": details, "instructions": asked["instructions"],
            "model": asked["model"], "output": self.items, "parallel_tool_calls": true,
            "tool_choice": "auto", "tools": asked["tools"].as_array().cloned().unwrap_or_default(),
            "usage": usage.then(|| self.tally.to_responses())})
    }

    fn item_id(&self, prefix: &str) -> String {
        format!("{prefix}_{}_{}", self.number, self.items.len())
    }

    fn includes(&self, what: &str) -> bool {
        let include = self.request.body["include"].as_array();
        include.is_some_and(|list| list.iter().any(|entry| entry == what))
    }

    fn wait(&mut self, ms: u64) {
        if ms > 0 {
            let pause = std::time::Duration::from_millis(ms);
            self.actions.push(Action::Wait(pause));
        }
    }
}

/// Adds the fields of one object to another.
fn with(base: &Value, more: Value) -> Value {
    let mut all = base.clone();
    if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
        all.extend(more);
    }
    all
}
