//! The wire formats, and the one place that tells them apart.

use std::fmt;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::anthropic;
use crate::draft::{Draft, Fault};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::failure::Reported;
use crate::gemini;
use crate::local;
use crate::openai;
use crate::request::Request;
use crate::responses;

/// The format that an endpoint speaks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// OpenAI's Chat Completions, and every server that is compatible with it.
    #[default]
    #[serde(rename = "openai_chat")]
    OpenAiChat,
    /// OpenAI's Responses.
    #[serde(rename = "openai_responses")]
    OpenAiResponses,
    /// Anthropic's Messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Chat Completions with what `OpenRouter` adds to them.
    #[serde(rename = "openrouter")]
    OpenRouter,
    /// The model that runs in our own helper process.
    Local,
}

impl Wire {
    /// Every wire, in the order in which people are shown them.
    pub const ALL: [Self; 6] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::Anthropic,
        Self::Gemini,
        Self::OpenRouter,
        Self::Local,
    ];

    /// Returns the stable word for it, as stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai_chat",
            Self::OpenAiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::OpenRouter => "openrouter",
            Self::Local => "local",
        }
    }

    /// Reads the stable word; `None` when it is no wire's.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wire| wire.as_str() == word)
    }

    /// Returns the base URL that its provider documents; `None` where every
    /// server has its own.
    pub const fn default_base_url(self) -> Option<&'static str> {
        match self {
            Self::OpenAiChat | Self::Local => None,
            Self::OpenAiResponses => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com/v1"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com/v1beta"),
            Self::OpenRouter => Some("https://openrouter.ai/api/v1"),
        }
    }
}

/// The dispatch: each wire is a folder of its own, and this is the only place
/// that knows which.
impl Wire {
    /// Returns the path beneath the base URL that answers, and the query.
    pub(crate) fn answer_route(self, model: &str) -> (String, Option<&'static str>) {
        match self {
            Self::OpenAiChat | Self::OpenRouter => ("/chat/completions".to_owned(), None),
            Self::Local => ("/local".to_owned(), None),
            Self::OpenAiResponses => ("/responses".to_owned(), None),
            Self::Anthropic => (anthropic::ROUTE.to_owned(), None),
            Self::Gemini => (gemini::route(model), Some(gemini::QUERY)),
        }
    }

    /// Returns the header that says who we are, and its value.
    pub(crate) fn key_header(self, key: &str) -> (HeaderName, String) {
        match self {
            Self::OpenAiChat | Self::OpenAiResponses | Self::OpenRouter | Self::Local => {
                (AUTHORIZATION, format!("Bearer {key}"))
            }
            Self::Gemini => (HeaderName::from_static(gemini::KEY_HEADER), key.to_owned()),
            Self::Anthropic => (
                HeaderName::from_static(anthropic::KEY_HEADER),
                key.to_owned(),
            ),
        }
    }

    /// Adds the headers that every request on the wire has.
    pub(crate) fn introduce(self, headers: &mut HeaderMap) {
        if self == Self::Anthropic {
            let (name, version) = anthropic::VERSION;
            headers.insert(name, HeaderValue::from_static(version));
        }
        if self == Self::OpenRouter {
            for (name, value) in openai::ATTRIBUTION {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }

    /// Writes the body of a streaming request.
    pub(crate) fn encode(self, request: &Request, to: &Endpoint) -> Result<Bytes> {
        let encoded = match self {
            Self::OpenAiChat | Self::OpenRouter => openai::body::encode(request, to),
            Self::Local => local::encode(request),
            Self::Anthropic => anthropic::body::encode(request, to),
            Self::Gemini => gemini::body::encode(request, to),
            Self::OpenAiResponses => responses::body::encode(request, to),
        };
        encoded.map_err(|_| Error::InvalidRequest {
            reason: "it can't be written as JSON",
        })
    }

    /// Returns the limit of the answer that a body states, of the one that is
    /// wanted.
    pub(crate) fn limit(self, wanted: Option<u32>, to: &Endpoint) -> Option<u32> {
        match self {
            Self::OpenAiChat | Self::OpenRouter | Self::Local => wanted,
            Self::Anthropic => Some(anthropic::body::limit(wanted, to)),
            Self::Gemini => gemini::limit(wanted, to),
            Self::OpenAiResponses => responses::body::limit(wanted),
        }
    }

    /// Returns a body without what the server refused it for; `None` when
    /// that can't be left out, or isn't there.
    pub(crate) fn mend(self, body: &[u8], refusal: &Reported) -> Option<Bytes> {
        match self {
            Self::OpenAiChat | Self::OpenRouter => openai::mend::mend(body, refusal),
            Self::Local => None,
            Self::Anthropic => anthropic::mend::mend(body, refusal),
            Self::Gemini => gemini::body::mend(body, refusal),
            Self::OpenAiResponses => responses::body::mend(body, refusal),
        }
    }

    /// Returns whether a model takes back what another model (or it itself)
    /// sent to be carried on this wire.
    ///
    /// Signatures and encrypted thinking are bound to the model that made
    /// them, and a provider refuses the request for a wrong one, so only the
    /// very same model gets them back.
    pub(crate) fn carries(self, made_by: &str, asked: &str) -> bool {
        match self {
            Self::OpenAiChat
            | Self::OpenAiResponses
            | Self::Anthropic
            | Self::Gemini
            | Self::OpenRouter
            | Self::Local => made_by == asked,
        }
    }
}

/// What reads the events of a wire.
#[derive(Debug)]
pub(crate) enum Decoder {
    Chat(openai::Decoder),
    Anthropic(anthropic::Decoder),
    Gemini(gemini::Decoder),
    Responses(responses::Decoder),
    Local(local::Decoder),
}

impl Decoder {
    /// Makes the decoder of a wire.
    pub(crate) fn of(wire: Wire) -> Self {
        match wire {
            Wire::OpenAiChat => Self::Chat(openai::Decoder::default()),
            Wire::OpenRouter => Self::Chat(openai::Decoder::of_openrouter()),
            Wire::OpenAiResponses => Self::Responses(responses::Decoder::default()),
            Wire::Gemini => Self::Gemini(gemini::Decoder),
            Wire::Local => Self::Local(local::Decoder::default()),
            Wire::Anthropic => Self::Anthropic(anthropic::Decoder::default()),
        }
    }

    /// Takes the data of one event, or a whole answer in one document. What
    /// comes after the end is passed over.
    pub(crate) fn event(&mut self, data: &str, draft: &mut Draft) -> Result<(), Fault> {
        if draft.is_done() {
            return Ok(());
        }
        let read = match self {
            Self::Chat(decoder) => decoder.event(data, draft),
            Self::Anthropic(decoder) => decoder.event(data, draft),
            Self::Gemini(decoder) => decoder.event(data, draft),
            Self::Responses(decoder) => decoder.event(data, draft),
            Self::Local(decoder) => decoder.event(data, draft),
        };
        draft.end_event();
        read
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wire_has_one_stable_word() {
        for wire in Wire::ALL {
            assert_eq!(Wire::parse(wire.as_str()), Some(wire));
            let json = serde_json::to_string(&wire).unwrap();
            assert_eq!(json, format!("\"{wire}\""));
            assert_eq!(serde_json::from_str::<Wire>(&json).unwrap(), wire);
        }
        assert_eq!(Wire::parse("openai"), None);
    }
}
