//! The script: its JSON form and its builder.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// How many characters a piece has when the script doesn't say.
const CHUNK_CHARS: usize = 16;

/// What the fake model will say; see the [module](super) for the JSON form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// The key that requests must carry; `None` takes any or none.
    pub key: Option<String>,
    /// What `GET /models` lists: `fake-model` when `None`; with an empty list
    /// the server doesn't have the route.
    pub models: Option<Vec<String>>,
    /// What other routes answer, by their path, whatever is asked of them: for
    /// being one kind of server or another.
    pub documents: BTreeMap<String, Value>,
    /// The answers.
    pub turns: Vec<Turn>,
}

impl Script {
    /// Reads a script from JSON.
    ///
    /// # Errors
    /// [`Error::InvalidScript`] with line and column.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|source| Error::InvalidScript { source })
    }

    /// Makes a script of turns that are used in order.
    pub fn of(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self {
            turns: turns.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Sets the list of models; an empty one takes the route away.
    #[must_use]
    pub fn with_models<'a>(self, models: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            models: Some(models.into_iter().map(str::to_owned).collect()),
            ..self
        }
    }

    /// Answers a route with a document.
    #[must_use]
    pub fn with_document(mut self, path: &str, document: Value) -> Self {
        self.documents.insert(path.to_owned(), document);
        self
    }

    /// Asks for a key.
    #[must_use]
    pub fn with_key(self, key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..self
        }
    }
}

/// One answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Turn {
    /// A part of the last user message's text; `None` fits any request.
    #[serde(rename = "match")]
    pub matching: Option<String>,
    /// Whether the turn may be used again.
    pub repeat: bool,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// How the stream is written.
    pub form: Form,
}

/// How a stream is written; clients must not care.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Form {
    /// Whether lines end in CR and LF.
    pub crlf: bool,
    /// Whether a sign of life comes before each event.
    pub keep_alive: bool,
    /// How many bytes are sent at once; whole events when `None`.
    pub cut_bytes: Option<usize>,
}

impl Turn {
    /// Makes a turn that fits any request, once.
    pub fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Makes a turn that says one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of([Step::text(text)])
    }

    /// Makes a turn that refuses with an HTTP status.
    pub fn error(status: u16, message: impl Into<String>) -> Self {
        Self::of([Step::Error(ErrorStep {
            status,
            message: message.into(),
            ..ErrorStep::default()
        })])
    }

    /// Restricts the turn to requests whose last user message has this part.
    #[must_use]
    pub fn matching(self, part: impl Into<String>) -> Self {
        Self {
            matching: Some(part.into()),
            ..self
        }
    }

    /// Sets how the stream is written.
    #[must_use]
    pub fn written(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// Lets the turn be used any number of times, including none.
    #[must_use]
    pub fn repeat(self) -> Self {
        Self {
            repeat: true,
            ..self
        }
    }
}

/// One thing that happens in an answer.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "RawStep")]
pub enum Step {
    /// Says something.
    Text(Speech),
    /// Declines to answer.
    Refusal(Speech),
    /// Thinks something.
    Reasoning(Speech),
    /// Calls a tool.
    ToolCall(ToolCallStep),
    /// Sets the usage that will be reported at the end.
    Usage(UsageStep),
    /// Reports no usage at the end.
    NoUsage,
    /// Fails.
    Error(ErrorStep),
    /// Breaks the connection.
    Cut,
    /// Ends the response in an orderly way, without the end of the answer.
    End,
    /// Waits, in milliseconds.
    Stall(u64),
    /// Sends text as it is.
    Raw(String),
    /// Stops for this reason.
    Finish(String),
}

impl Step {
    /// Says a text in pieces of 16 characters.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Speech::new(text.into()))
    }

    /// Declines with a text in pieces of 16 characters.
    pub fn refusal(text: impl Into<String>) -> Self {
        Self::Refusal(Speech::new(text.into()))
    }

    /// Thinks a text in pieces of 16 characters.
    pub fn reasoning(text: impl Into<String>) -> Self {
        Self::Reasoning(Speech::new(text.into()))
    }

    /// Calls a tool; a string among `arguments` is sent as it is.
    pub fn tool_call(name: impl Into<String>, arguments: Value) -> Self {
        Self::ToolCall(ToolCallStep {
            name: name.into(),
            arguments,
            id: None,
            chunk: CHUNK_CHARS,
        })
    }
}

/// Words, and the pace they come at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// The words.
    pub text: String,
    /// How many characters a piece has; at least one.
    pub chunk: usize,
    /// How long to wait before each piece, in milliseconds.
    pub delay_ms: u64,
}

impl Speech {
    fn new(text: String) -> Self {
        Self {
            text,
            chunk: CHUNK_CHARS,
            delay_ms: 0,
        }
    }
}

/// A call of a tool.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ToolCallStep {
    /// The tool.
    pub name: String,
    /// Its arguments; a string is sent as it is, valid or not.
    #[serde(default)]
    pub arguments: Value,
    /// The call's id; made up when `None`.
    #[serde(default)]
    pub id: Option<String>,
    /// How many characters of the arguments a piece has.
    #[serde(default = "chunk_chars")]
    pub chunk: usize,
}

/// Usage to report, in tokens.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UsageStep {
    /// Tokens read.
    pub input: u64,
    /// Those of them that were cached.
    pub cached: u64,
    /// Those of them that were written to the cache.
    pub cache_write: u64,
    /// Tokens written.
    pub output: u64,
    /// Those of them that were reasoning.
    pub reasoning: u64,
    /// What `OpenRouter` says that it charges, in micro-dollars.
    pub charged_micros: Option<u64>,
}

/// A failure.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ErrorStep {
    /// The HTTP status, before the first byte.
    pub status: u16,
    /// The message.
    pub message: String,
    /// The `code` of the error object.
    pub code: Option<String>,
    /// The `Retry-After` header, in seconds.
    pub retry_after: Option<u64>,
    /// A body to send in place of the JSON.
    pub body: Option<String>,
}

impl Default for ErrorStep {
    fn default() -> Self {
        Self {
            status: 500,
            message: "scripted error".to_owned(),
            code: None,
            retry_after: None,
            body: None,
        }
    }
}

/// A step as JSON has it: one word that says what it is, and its settings.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawStep {
    text: Option<String>,
    refusal: Option<String>,
    reasoning: Option<String>,
    tool_call: Option<ToolCallStep>,
    usage: Option<UsageStep>,
    no_usage: Option<bool>,
    error: Option<ErrorStep>,
    cut: Option<bool>,
    end: Option<bool>,
    stall: Option<u64>,
    raw: Option<String>,
    finish: Option<String>,
    chunk: Option<usize>,
    delay_ms: Option<u64>,
}

impl TryFrom<RawStep> for Step {
    type Error = &'static str;

    fn try_from(raw: RawStep) -> Result<Self, &'static str> {
        let paced = raw.chunk.is_some() || raw.delay_ms.is_some();
        let chunk = raw.chunk.unwrap_or(CHUNK_CHARS).max(1);
        let delay_ms = raw.delay_ms.unwrap_or(0);
        let speech = |text| Speech {
            text,
            chunk,
            delay_ms,
        };
        let on = |flag: Option<bool>, step| flag.filter(|on| *on).map(|_| step);
        let words = raw.text.is_some() || raw.refusal.is_some() || raw.reasoning.is_some();
        let mut named = [
            raw.text.map(|text| Self::Text(speech(text))),
            raw.refusal.map(|text| Self::Refusal(speech(text))),
            raw.reasoning.map(|text| Self::Reasoning(speech(text))),
            raw.tool_call.map(Self::ToolCall),
            raw.usage.map(Self::Usage),
            on(raw.no_usage, Self::NoUsage),
            raw.error.map(Self::Error),
            on(raw.cut, Self::Cut),
            on(raw.end, Self::End),
            raw.stall.map(Self::Stall),
            raw.raw.map(Self::Raw),
            raw.finish.map(Self::Finish),
        ]
        .into_iter()
        .flatten();
        let step = named.next().ok_or("a step must say what happens")?;
        if named.next().is_some() {
            return Err("a step must say one thing only");
        }
        if paced && !words {
            return Err("`chunk` and `delayMs` belong to `text`, `refusal` and `reasoning`");
        }
        Ok(step)
    }
}

const fn chunk_chars() -> usize {
    CHUNK_CHARS
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_documented_example_is_a_script() {
        let doc = include_str!("../fake.rs");
        let begin = doc.find("//! ```json\n").unwrap() + "//! ```json\n".len();
        let end = begin + doc[begin..].find("//! ```").unwrap();
        let json = doc[begin..end].replace("//!", "");
        let script = Script::from_json(&json).unwrap();
        assert_eq!(script.key.as_deref(), Some("sk-fake"));
        assert_eq!(script.turns.len(), 5);
        assert_eq!(script.turns[0].matching.as_deref(), Some("rename"));
        assert_eq!(
            script.turns[0].steps[1],
            Step::Text(Speech {
                text: "I read the file first.".into(),
                chunk: 8,
                delay_ms: 20,
            })
        );
        assert_eq!(
            script.turns[0].steps[2],
            Step::tool_call("read", json!({"path": "main.py"}))
        );
        assert!(script.turns[1].repeat);
    }

    #[test]
    fn a_wrong_script_says_where() {
        for (step, reason) in [
            ("{}", "must say what happens"),
            (r#"{"text":"a","cut":true}"#, "one thing only"),
            (r#"{"cut":false}"#, "must say what happens"),
            (r#"{"cut":true,"chunk":3}"#, "belong to"),
            (r#"{"says":"a"}"#, "unknown field `says`"),
            (r#"{"error":{"staus":3}}"#, "unknown field `staus`"),
        ] {
            let text = format!("{{\"turns\":[{{\"steps\":[\n{step}]}}]}}");
            let Err(Error::InvalidScript { source }) = Script::from_json(&text) else {
                panic!("{step} was taken");
            };
            assert!(source.to_string().contains(reason), "{source}");
            assert_eq!(source.line(), 2, "{source}");
        }
    }
}
