//! The settings of a request: sampling, limits, form and thinking.

use serde::Serialize;
use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::request::{Effort, Request, ResponseForm};
use crate::schema;

/// The most texts that may end an answer.
const STOPS: usize = 5;
/// The first generation that thinks, by a budget of tokens.
const BUDGETS: (u32, u32) = (2, 5);
/// The first generation that thinks by level, must have its signatures back,
/// and keeps to a form also when it has tools.
const LEVELS: (u32, u32) = (3, 0);
/// The name of every model of the family begins with this.
const FAMILY: &str = "gemini-";

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Value>,
}

impl<'a> Settings<'a> {
    pub(super) fn of(request: &'a Request, to: &Endpoint) -> Self {
        let (json, schema) = match &request.response {
            _ if !can_keep_form(request, &to.model) => (false, None),
            ResponseForm::Text => (false, None),
            ResponseForm::Json => (true, None),
            ResponseForm::Schema { schema, .. } => (true, Some(schema::for_gemini(schema))),
        };
        Self {
            temperature: request.temperature,
            top_p: request.top_p,
            frequency_penalty: request.frequency_penalty,
            presence_penalty: request.presence_penalty,
            max_output_tokens: limit(request.max_output_tokens, to),
            stop_sequences: &request.stop[..request.stop.len().min(STOPS)],
            // The format has 32 bits; a wider seed is another one each time.
            seed: request.seed.and_then(|seed| i32::try_from(seed).ok()),
            response_mime_type: json.then_some("application/json"),
            response_json_schema: schema,
            thinking_config: request
                .effort
                .and_then(|effort| thinking(effort, &to.model)),
        }
    }
}

/// Returns the limit of an answer, which is refused above the model's own.
pub(crate) fn limit(wanted: Option<u32>, to: &Endpoint) -> Option<u32> {
    wanted.map(|wanted| wanted.min(to.max_output_tokens.unwrap_or(u32::MAX)))
}

/// Returns whether a form of answer can be enforced: earlier generations
/// refuse it beside tools.
pub(super) fn can_keep_form(request: &Request, model: &str) -> bool {
    request.tools.is_empty() || generation(model).is_some_and(|made| made >= LEVELS)
}

/// Returns whether tool calls are refused without a signature. Names without
/// a number (`gemini-flash-latest`) mean the newest.
pub(crate) fn demands_signatures(model: &str) -> bool {
    model.contains(FAMILY) && generation(model).is_none_or(|made| made >= LEVELS)
}

fn thinking(effort: Effort, model: &str) -> Option<Value> {
    let made = generation(model)?;
    if made >= LEVELS {
        let level = match effort {
            // The larger models can't think that little.
            Effort::Minimal if model.contains("pro") => Effort::Low,
            effort => effort,
        };
        return Some(json!({"includeThoughts": true, "thinkingLevel": level.as_str()}));
    }
    if made < BUDGETS {
        return None;
    }
    let budget = match effort {
        Effort::Minimal if model.contains("pro") => 128,
        Effort::Minimal => 0,
        Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High => 24_576,
    };
    Some(json!({"includeThoughts": budget > 0, "thinkingBudget": budget}))
}

/// Reads the generation in a model's name, such as `gemini-2.5-flash`.
fn generation(model: &str) -> Option<(u32, u32)> {
    let (_, name) = model.split_once(FAMILY)?;
    let number = name.split('-').next()?;
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_read_from_names() {
        for (model, expected, signed) in [
            ("gemini-2.5-flash", Some((2, 5)), false),
            ("models/gemini-2.0-flash-001", Some((2, 0)), false),
            ("gemini-3-pro-preview", Some((3, 0)), true),
            ("gemini-3.1-pro", Some((3, 1)), true),
            ("gemini-flash-latest", None, true),
            ("gemma-3-27b-it", None, false),
        ] {
            assert_eq!(generation(model), expected, "{model}");
            assert_eq!(demands_signatures(model), signed, "{model}");
        }
    }

    #[test]
    fn each_generation_is_told_to_think_in_its_own_words() {
        for (model, effort, expected) in [
            ("gemini-2.0-flash", Effort::High, None),
            ("gemini-flash-latest", Effort::High, None),
            (
                "gemini-2.5-flash",
                Effort::Minimal,
                Some(json!({"includeThoughts": false, "thinkingBudget": 0})),
            ),
            (
                "gemini-2.5-pro",
                Effort::Minimal,
                Some(json!({"includeThoughts": true, "thinkingBudget": 128})),
            ),
            (
                "gemini-2.5-pro",
                Effort::High,
                Some(json!({"includeThoughts": true, "thinkingBudget": 24_576})),
            ),
            (
                "gemini-3-flash",
                Effort::Minimal,
                Some(json!({"includeThoughts": true, "thinkingLevel": "minimal"})),
            ),
            (
                "gemini-3.1-pro",
                Effort::Minimal,
                Some(json!({"includeThoughts": true, "thinkingLevel": "low"})),
            ),
        ] {
            assert_eq!(thinking(effort, model), expected, "{model} {effort:?}");
        }
    }
}
