//! Reads a request for a completion.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Asked, Refusal, Served, Stop, StreamOptions, model, no_bias, only_one, penalty, refuse, stops,
    tokens, within,
};
use crate::completion::Completion;

/// The most tokens when a client names no limit, as the reference has it.
const TOKENS: u32 = 16;

#[derive(Deserialize)]
pub(super) struct Body {
    model: String,
    prompt: Value,
    suffix: Option<String>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    logit_bias: Option<Value>,
    max_tokens: Option<i64>,
    stop: Option<Stop>,
    seed: Option<i64>,
    n: Option<i64>,
    best_of: Option<i64>,
    echo: Option<bool>,
    logprobs: Option<Value>,
}

pub(super) fn read(body: Body) -> Result<Served, Refusal> {
    only_one("n", body.n)?;
    only_one("best_of", body.best_of)?;
    if body.echo == Some(true) {
        return refuse("echo", "The prompt is not said again.");
    }
    if !matches!(body.logprobs, None | Some(Value::Null | Value::Bool(false))) {
        return refuse("logprobs", "Log probabilities can't be had.");
    }
    no_bias(body.logit_bias.as_ref())?;
    // Few of the ways of filling in have a word for them.
    for (param, value) in [
        ("frequency_penalty", body.frequency_penalty),
        ("presence_penalty", body.presence_penalty),
    ] {
        if penalty(param, value)?.is_some() {
            return refuse(param, format!("A completion takes no `{param}`."));
        }
    }
    let one = match body.prompt {
        Value::Array(mut prompts) if prompts.len() == 1 => prompts.remove(0),
        other => other,
    };
    let Value::String(prefix) = one else {
        return refuse("prompt", "A request has one prompt, and it is text.");
    };
    let suffix = body.suffix.unwrap_or_default();
    if prefix.is_empty() && suffix.is_empty() {
        return refuse("prompt", "A request has a prompt or a suffix.");
    }
    let gap = Completion {
        prefix,
        suffix,
        form: None,
        max_output_tokens: Some(tokens("max_tokens", body.max_tokens)?.unwrap_or(TOKENS)),
        temperature: within("temperature", body.temperature, 2.0)?,
        top_p: within("top_p", body.top_p, 1.0)?,
        stop: stops(body.stop)?,
        seed: body.seed,
    };
    Ok(Served {
        model: model(body.model)?,
        request: Asked::Completion(gap),
        stream: body.stream.unwrap_or(false),
        include_usage: body
            .stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or(false),
    })
}
