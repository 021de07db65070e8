//! The other side of the OpenAI wire: reads what its clients send and writes
//! what they expect.
//!
//! What is asked for in fields that we don't know is left out, as other
//! servers do; what would change the answer and can't be had is refused, for a
//! client would take the answer for something else.

use std::fmt;

use serde_json::Value;

use crate::completion::Completion;
use crate::message::IMAGE_BASE64_BYTES;
use crate::request::Request;

mod answer;
mod chat;
mod completion;
#[cfg(test)]
mod tests;

pub use answer::{Answering, Keepsake, Kind};

/// The most messages of a request.
const MESSAGES: usize = 10_000;
/// The most tools of a request.
const TOOLS: usize = 256;
/// The most texts that end an answer, and bytes of one.
const STOPS: usize = 16;
const STOP_BYTES: usize = 1_024;
/// The most characters of a model's name, and of a tool's.
const MODEL_CHARS: usize = 300;
const TOOL_CHARS: usize = 64;
/// The longest URL of an image.
const URL_BYTES: usize = 2_048;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The model, as the client names it.
    pub model: String,
    /// The request.
    pub request: Asked,
    /// Whether the answer is to come as it is made.
    pub stream: bool,
    /// Whether a stream is to end with what was used.
    pub include_usage: bool,
}

/// A request for an answer or for a completion.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// An answer in a conversation.
    Chat(Request),
    /// What comes between a prefix and a suffix.
    Completion(Completion),
}

/// Why a request can't be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, as a sentence.
    pub message: String,
    /// The field, such as `messages[2].content`.
    pub param: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Reads the body of `POST /v1/chat/completions`.
///
/// # Errors
/// A [`Refusal`] says what is wrong with which field.
pub fn read_chat(body: &[u8]) -> Result<Served, Refusal> {
    chat::read(parse(body)?)
}

/// Reads the body of `POST /v1/completions`.
///
/// # Errors
/// As [`read_chat`].
pub fn read_completion(body: &[u8]) -> Result<Served, Refusal> {
    completion::read(parse(body)?)
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let field = text.split('`').nth(1).filter(|_| text.contains("field"));
        Refusal {
            param: field.map(str::to_owned),
            message: format!("The body can't be read: {text}."),
        }
    })
}

fn refuse<T>(param: impl Into<String>, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        message: message.into(),
        param: Some(param.into()),
    })
}

fn model(name: String) -> Result<String, Refusal> {
    if name.is_empty() || name.chars().count() > MODEL_CHARS {
        return refuse("model", "Name a model, as `GET /v1/models` does.");
    }
    Ok(name)
}

/// Reads `n`, `best_of` and their like, of which there is one.
fn only_one(param: &str, value: Option<i64>) -> Result<(), Refusal> {
    match value {
        None | Some(1) => Ok(()),
        Some(_) => refuse(param, format!("`{param}` can only be 1.")),
    }
}

fn within(param: &str, value: Option<f64>, most: f64) -> Result<Option<f32>, Refusal> {
    match value {
        Some(value) if !(0.0..=most).contains(&value) => {
            refuse(param, format!("`{param}` is from 0 to {most}."))
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "between 0 and 2 only digits are lost"
        )]
        value => Ok(value.map(|value| value as f32)),
    }
}

/// Reads a penalty; one of nothing is none.
fn penalty(param: &str, value: Option<f64>) -> Result<Option<f32>, Refusal> {
    match value {
        Some(value) if !(-2.0..=2.0).contains(&value) => {
            refuse(param, format!("`{param}` is from -2 to 2."))
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "between -2 and 2 only digits are lost"
        )]
        value => Ok(value
            .filter(|value| *value != 0.0)
            .map(|value| value as f32)),
    }
}

/// Refuses to make tokens more or less likely by their ids, which mean others
/// with each model.
fn no_bias(value: Option<&Value>) -> Result<(), Refusal> {
    match value {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(ids)) if ids.is_empty() => Ok(()),
        Some(_) => refuse("logit_bias", "Single tokens can't be made likelier."),
    }
}

fn tokens(param: &str, value: Option<i64>) -> Result<Option<u32>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    match u32::try_from(value) {
        Ok(value @ 1..) => Ok(Some(value)),
        _ => refuse(
            param,
            format!("`{param}` is a number of tokens, at least 1."),
        ),
    }
}

fn stops(value: Option<Stop>) -> Result<Vec<String>, Refusal> {
    let stops = match value {
        None => Vec::new(),
        Some(Stop::One(stop)) => vec![stop],
        Some(Stop::Many(stops)) => stops,
    };
    if stops.len() > STOPS || stops.iter().any(|stop| stop.len() > STOP_BYTES) {
        return refuse(
            "stop",
            format!("at most {STOPS} texts of {STOP_BYTES} bytes end an answer."),
        );
    }
    Ok(stops.into_iter().filter(|stop| !stop.is_empty()).collect())
}

/// One text or several.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Stop {
    One(String),
    Many(Vec<String>),
}

#[derive(serde::Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}
