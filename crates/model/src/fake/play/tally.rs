//! Counts the tokens of an answer.

use serde_json::Value;

use crate::fake::script::UsageStep;

/// How many characters make a token.
const CHARS_PER_TOKEN: u64 = 4;

/// Counts tokens, or repeats what the script says.
pub(super) struct Tally {
    input_chars: u64,
    output_chars: u64,
    said: Option<UsageStep>,
}

impl Tally {
    pub(super) fn new(body: &Value) -> Self {
        let told = [
            "messages",
            "system",
            "contents",
            "systemInstruction",
            "input",
        ];
        let plain = [
            "instructions",
            "prompt",
            "suffix",
            "input_prefix",
            "input_suffix",
            "input",
        ];
        let texts = plain.iter().filter_map(|key| body[*key].as_str());
        let texts: u64 = texts.map(chars).sum();
        Self {
            input_chars: told.iter().map(|key| text_chars(&body[*key])).sum::<u64>() + texts,
            output_chars: 0,
            said: None,
        }
    }

    pub(super) fn output(&mut self, text: &str) {
        self.output_chars += chars(text);
    }

    pub(super) const fn report(&mut self, usage: UsageStep) {
        self.said = Some(usage);
    }

    pub(super) fn counts(&self) -> UsageStep {
        self.said.unwrap_or(UsageStep {
            input: self.input_chars.div_ceil(CHARS_PER_TOKEN),
            output: self.output_chars.div_ceil(CHARS_PER_TOKEN),
            ..UsageStep::default()
        })
    }
}

/// Counts the characters of the texts in a part of a request.
fn text_chars(value: &Value) -> u64 {
    match value {
        Value::Array(list) => list.iter().map(text_chars).sum(),
        Value::Object(map) => ["text", "content", "parts"]
            .iter()
            .filter_map(|key| map.get(*key))
            .map(|value| match value {
                Value::String(text) => chars(text),
                other => text_chars(other),
            })
            .sum(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn chars(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}
