//! Writes the body of a request to fill in, and tells where it goes.

use bytes::Bytes;
use serde::Serialize;
use url::Url;

use super::{Completion, CompletionForm};
use crate::capabilities::ServerKind;
use crate::message::Message;
use crate::request::Request;

/// The rules of a conversation that stands in for filling in.
const RULES: &str = "You complete text in an editor. Answer with exactly the text that belongs \
    where <CURSOR/> stands: no explanation, no code fence, nothing of what stands before or \
    after it.";
/// The most texts that may end an answer; more are refused by providers.
const STOPS: usize = 4;

/// Returns where a form's requests go; `None` for a conversation.
pub(crate) fn url(form: CompletionForm, base: &Url) -> Option<Url> {
    let host = base.host_str().unwrap_or_default();
    let path = base.path().trim_end_matches('/');
    let root = path.strip_suffix("/v1").unwrap_or(path);
    let path = match form {
        CompletionForm::Chat => return None,
        CompletionForm::Infill => format!("{root}/infill"),
        CompletionForm::Mistral => format!("{path}/fim/completions"),
        // It has the route in its beta only.
        CompletionForm::Suffix if ServerKind::of_host(host) == Some(ServerKind::DeepSeek) => {
            "/beta/completions".to_owned()
        }
        CompletionForm::Suffix | CompletionForm::Marks(_) => format!("{path}/completions"),
    };
    let mut url = base.clone();
    url.set_path(&path);
    Some(url)
}

/// Serialises a streaming request.
pub(crate) fn encode(
    asked: &Completion,
    form: CompletionForm,
    model: &str,
) -> serde_json::Result<Bytes> {
    let stop = asked.stop.iter().map(String::as_str);
    let body = match form {
        CompletionForm::Infill => serde_json::to_vec(&Infill {
            input_prefix: &asked.prefix,
            input_suffix: &asked.suffix,
            n_predict: asked.max_output_tokens,
            temperature: asked.temperature,
            top_p: asked.top_p,
            stop: stop.collect(),
            seed: asked.seed,
            cache_prompt: true,
            stream: true,
        }),
        CompletionForm::Marks(marks) => serde_json::to_vec(&Body {
            prompt: &marks.prompt(&asked.prefix, &asked.suffix),
            stop: stop
                .chain(marks.stops().iter().copied())
                .take(STOPS)
                .collect(),
            ..Body::new(asked, model)
        }),
        // Mistral calls the seed otherwise and streams usage unasked.
        CompletionForm::Mistral => serde_json::to_vec(&Body {
            suffix: Some(&asked.suffix),
            stop: stop.take(STOPS).collect(),
            seed: None,
            random_seed: asked.seed,
            stream_options: None,
            ..Body::new(asked, model)
        }),
        CompletionForm::Suffix | CompletionForm::Chat => serde_json::to_vec(&Body {
            suffix: Some(&*asked.suffix).filter(|suffix| !suffix.is_empty()),
            stop: stop.take(STOPS).collect(),
            ..Body::new(asked, model)
        }),
    };
    body.map(Bytes::from)
}

/// Writes a conversation that asks for it in words.
pub(crate) fn conversation(asked: &Completion) -> Request {
    let gap = format!("{}<CURSOR/>{}", asked.prefix, asked.suffix);
    Request {
        messages: vec![Message::system(RULES), Message::user(gap)],
        max_output_tokens: asked.max_output_tokens,
        temperature: asked.temperature,
        top_p: asked.top_p,
        stop: asked.stop.clone(),
        seed: asked.seed,
        ..Request::default()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suffix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    random_seed: Option<i64>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Infill<'a> {
    input_prefix: &'a str,
    input_suffix: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    n_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    cache_prompt: bool,
    stream: bool,
}

impl<'a> Body<'a> {
    fn new(asked: &'a Completion, model: &'a str) -> Self {
        Self {
            model,
            prompt: &asked.prefix,
            suffix: None,
            max_tokens: asked.max_output_tokens,
            temperature: asked.temperature,
            top_p: asked.top_p,
            stop: Vec::new(),
            seed: asked.seed,
            random_seed: None,
            stream: true,
            stream_options: Some(StreamOptions {
                include_usage: true,
            }),
        }
    }
}
