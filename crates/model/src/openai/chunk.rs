//! Reads one chunk of a stream, or one whole answer: the same shape but for
//! `delta` and `message`.
//!
//! Servers differ in what they leave out, send as `null` or add, so every
//! field is optional and unknown ones are ignored.

use serde::Deserialize;
use serde_json::Value;

use crate::capabilities::micros;
use crate::delta::Usage;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) usage: Option<Value>,
    /// What an event of llama.cpp's `/infill` has instead of choices: text,
    /// and in the last one why it stops, and counts.
    pub(super) content: Value,
    pub(super) stop: Value,
    pub(super) stop_type: Value,
    tokens_evaluated: Option<u64>,
    tokens_predicted: Option<u64>,
    timings: Option<Timings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Timings {
    /// Tokens of the prompt that were in the cache.
    cache_n: Option<u64>,
}

impl Chunk {
    /// Reads a chunk; fails on what is not a JSON object of this shape.
    pub(super) fn read(data: &str) -> serde_json::Result<Self> {
        serde_json::from_str(data)
    }

    /// Returns the counts; `None` when it has none.
    pub(super) fn usage(&self) -> Option<Usage> {
        if let Some(usage) = self.usage.as_ref().and_then(usage) {
            return Some(usage);
        }
        let input = self.tokens_evaluated?;
        let cached = self.timings.as_ref().and_then(|timings| timings.cache_n);
        Some(Usage {
            input_tokens: input,
            cached_input_tokens: cached.unwrap_or(0),
            output_tokens: self.tokens_predicted?,
            ..Usage::default()
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) index: Option<u64>,
    pub(super) delta: Option<Part>,
    pub(super) message: Option<Part>,
    /// In answers of `/completions`.
    pub(super) text: Option<String>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    /// Text, or a list of typed parts (Mistral's reasoning models).
    pub(super) content: Option<Value>,
    /// OpenAI: the model's words when it declines.
    pub(super) refusal: Option<String>,
    /// DeepSeek, vLLM, llama.cpp.
    pub(super) reasoning_content: Option<String>,
    /// OpenRouter, Ollama, newer vLLM.
    pub(super) reasoning: Option<Value>,
    /// OpenRouter: the same in a form that can go back.
    pub(super) reasoning_details: Option<Vec<Value>>,
    pub(super) tool_calls: Option<Vec<ToolCallChunk>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ToolCallChunk {
    pub(super) index: Option<u64>,
    pub(super) id: Option<String>,
    pub(super) function: Option<FunctionChunk>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionChunk {
    pub(super) name: Option<String>,
    /// JSON text; some servers send the object itself.
    pub(super) arguments: Option<Value>,
}

impl Part {
    /// Returns the visible text and the reasoning in this part.
    pub(super) fn texts(&mut self) -> (String, String) {
        let mut text = String::new();
        let mut thought = match (self.reasoning_content.take(), self.reasoning.take()) {
            // A server that sends both sends the same words twice.
            (Some(words), _) if !words.is_empty() => words,
            (_, Some(Value::String(words))) => words,
            _ => String::new(),
        };
        match self.content.take() {
            Some(Value::String(words)) => text = words,
            Some(Value::Array(parts)) => {
                for part in &parts {
                    read_part(part, &mut text, &mut thought);
                }
            }
            _ => {}
        }
        if let Some(refusal) = self.refusal.take() {
            text.push_str(&refusal);
        }
        (text, thought)
    }
}

fn read_part(part: &Value, text: &mut String, thought: &mut String) {
    if let Some(words) = part["text"].as_str() {
        text.push_str(words);
    }
    for inner in part["thinking"].as_array().into_iter().flatten() {
        thought.push_str(inner["text"].as_str().unwrap_or_default());
    }
}

/// Reads the usage object; `None` when it holds no counts.
fn usage(value: &Value) -> Option<Usage> {
    let count = |pointer: &str| value.pointer(pointer).and_then(Value::as_u64);
    let input = count("/prompt_tokens");
    let output = count("/completion_tokens");
    if input.is_none() && output.is_none() {
        return None;
    }
    let cached = count("/prompt_tokens_details/cached_tokens")
        // DeepSeek.
        .or_else(|| count("/prompt_cache_hit_tokens"));
    let written = count("/prompt_tokens_details/cache_write_tokens").unwrap_or(0);
    let reasoning = count("/completion_tokens_details/reasoning_tokens");
    // xAI and Gemini's compatible endpoint count reasoning in the total only.
    let all = count("/total_tokens").zip(input);
    let beside_input = all.map_or(0, |(total, input)| total.saturating_sub(input));
    Some(Usage {
        input_tokens: input.unwrap_or(0),
        cached_input_tokens: cached.unwrap_or(0),
        cache_write_tokens: written,
        output_tokens: output.unwrap_or(0).max(beside_input),
        reasoning_tokens: reasoning.unwrap_or(0),
        charged_micros: charged(value),
        estimated: false,
    })
}

/// Reads what `OpenRouter` charges. With a key of one's own for the service
/// behind it, that is its fee alone, and the service charges too.
fn charged(usage: &Value) -> Option<u64> {
    let dollars = |value: &Value| value.as_number().and_then(|cost| micros(&cost.to_string()));
    let behind = if usage["is_byok"] == true {
        dollars(&usage["cost_details"]["upstream_inference_cost"])?
    } else {
        0
    };
    dollars(&usage["cost"])?.checked_add(behind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reasoning_that_only_the_total_counts_is_output() {
        for (completion, reasoning, total, output) in [
            // xAI and Gemini's compatible endpoint.
            (10, 300, 410, 310),
            // Everybody else.
            (310, 300, 410, 310),
            // A total that is left out, or wrong.
            (310, 300, 0, 310),
            (310, 300, 90, 310),
        ] {
            let counts = json!({"prompt_tokens": 100, "completion_tokens": completion,
                "total_tokens": total,
                "completion_tokens_details": {"reasoning_tokens": reasoning}});
            let usage = usage(&counts).unwrap();
            assert_eq!(
                (usage.output_tokens, usage.reasoning_tokens),
                (output, reasoning)
            );
        }
    }

    #[test]
    fn what_is_charged_is_read_to_the_micro_dollar() {
        for (said, micros) in [
            (json!({}), None),
            (json!({"cost": null}), None),
            (json!({"cost": "free"}), None),
            (json!({"cost": -1}), None),
            (json!({"cost": 0}), Some(0)),
            (json!({"cost": 0.000_014}), Some(14)),
            (json!({"cost": 1.4e-7}), Some(1)),
            (json!({"cost": 2.5}), Some(2_500_000)),
            (
                json!({"cost": 0.5, "is_byok": false, "cost_details": {"upstream_inference_cost": 9}}),
                Some(500_000),
            ),
            (
                json!({"cost": 0.01, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.2}}),
                Some(210_000),
            ),
            (json!({"cost": 0.01, "is_byok": true}), None),
        ] {
            assert_eq!(charged(&said), micros, "{said}");
        }
    }
}
