//! What is asked of a model, the same for every provider.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::Reported;
use crate::message::{Image, Message, REQUEST_IMAGES};
use crate::wire::Wire;

/// The longest name of a tool, in characters.
const NAME_CHARS: usize = 64;

/// One request for an answer.
///
/// What a provider or model has no word for is left out, never an error:
/// `seed` and `parallel_tool_calls`, say, are wishes. Only `response` is
/// enforced by the provider where it can be and else asked for in words, and
/// penalties are had or refused, for nobody would see that they are missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The conversation so far, oldest first. Must not be empty.
    pub messages: Vec<Message>,
    /// The tools the model may call.
    pub tools: Vec<Tool>,
    /// Whether it may, must or must not call one.
    pub tool_choice: ToolChoice,
    /// Whether it may call several at once; the provider's default when
    /// `None`.
    pub parallel_tool_calls: Option<bool>,
    /// Sampling temperature; the provider's default when `None`.
    pub temperature: Option<f32>,
    /// Nucleus sampling, from 0 to 1; the provider's default when `None`.
    pub top_p: Option<f32>,
    /// How much less likely a token gets with each time it has been written,
    /// from -2 to 2. A wire without it refuses the request.
    pub frequency_penalty: Option<f32>,
    /// How much less likely a token gets once it has been written, from -2 to
    /// 2. A wire without it refuses the request.
    pub presence_penalty: Option<f32>,
    /// The most tokens the answer may have, reasoning included; the
    /// provider's default when `None`.
    pub max_output_tokens: Option<u32>,
    /// Texts that end the answer, which is then without them.
    pub stop: Vec<String>,
    /// The seed of the sampling.
    pub seed: Option<i64>,
    /// The form of the answer.
    pub response: ResponseForm,
    /// How hard to think; the provider's default when `None`.
    pub effort: Option<Effort>,
    /// Whether to mark what the provider should cache (the rules, the tools
    /// and the conversation so far), where it doesn't cache by itself.
    pub cache: bool,
}

impl Request {
    /// Returns the parameter that a wire has no word for and that can't be
    /// left out.
    pub(crate) fn lacking(&self, wire: Wire) -> Option<&'static str> {
        match wire {
            Wire::OpenAiChat | Wire::OpenRouter | Wire::Gemini => None,
            Wire::OpenAiResponses | Wire::Anthropic | Wire::Local => [
                ("frequency_penalty", self.frequency_penalty),
                ("presence_penalty", self.presence_penalty),
            ]
            .into_iter()
            .find_map(|(name, value)| value.map(|_| name)),
        }
    }

    /// Finds what no provider takes.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.messages.is_empty() {
            return Err("it has no messages");
        }
        let mut images = self.messages.iter().flat_map(|message| &message.images);
        if images.clone().count() > REQUEST_IMAGES {
            return Err("it has too many images");
        }
        images.try_for_each(Image::check)?;
        let named = |name: &str| {
            let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
            (1..=NAME_CHARS).contains(&name.len()) && name.bytes().all(word)
        };
        if !self.tools.iter().all(|tool| named(&tool.name)) {
            return Err("a tool's name is not of letters, digits, `_` and `-`");
        }
        let known = |name: &str| self.tools.iter().any(|tool| tool.name == name);
        match &self.tool_choice {
            ToolChoice::Tool(name) if !self.tools.is_empty() && !known(name) => {
                Err("the tool to call is not among the tools")
            }
            _ => Ok(()),
        }
    }
}

/// A tool a model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// Whether a model may, must or must not call a tool. Without tools it means
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    #[default]
    Auto,
    /// None.
    None,
    /// At least one, whichever.
    Required,
    /// The one with this name.
    Tool(String),
}

impl ToolChoice {
    /// Asks for a call in words, for models that can't be made to call: of the
    /// tool with this name, or of any.
    pub(crate) fn in_words(name: Option<&str>) -> String {
        match name {
            Some(name) => format!("Answer by calling the tool `{name}`."),
            None => "Answer by calling one of the tools.".to_owned(),
        }
    }
}

/// The form of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ResponseForm {
    /// Text.
    #[default]
    Text,
    /// One JSON object, of any shape.
    Json,
    /// One JSON document after a schema.
    Schema {
        /// A name for it: letters, digits, `_` and `-`, at most 64.
        name: String,
        /// The JSON Schema, of an object.
        schema: Value,
    },
}

impl ResponseForm {
    /// Asks for the form in words, for models that can't be held to it.
    pub(crate) fn in_words(&self) -> Option<String> {
        match self {
            Self::Text => None,
            Self::Json => Some("Answer with one JSON object and nothing else.".to_owned()),
            Self::Schema { schema, .. } => Some(format!(
                "Answer with one JSON document after this JSON Schema and nothing else: {schema}"
            )),
        }
    }
}

/// How hard a model is to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// As little as it can.
    Minimal,
    /// A little.
    Low,
    /// As most questions need.
    Medium,
    /// As long as it takes.
    High,
}

impl Effort {
    /// Returns the word that takes the place of [`Effort::Minimal`]'s for a
    /// model that refused it: the least of those that it names.
    pub(crate) fn instead_of_minimal(refusal: &Reported) -> &'static str {
        if refusal.names("'none'") {
            "none"
        } else {
            Self::Low.as_str()
        }
    }

    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::{IMAGE_BASE64_BYTES, ImageSource};

    fn with_images(images: Vec<Image>) -> Request {
        Request {
            messages: vec![Message::user("hi").with_images(images)],
            ..Request::default()
        }
    }

    fn image(media_type: &str, source: ImageSource) -> Image {
        Image {
            media_type: media_type.into(),
            source,
        }
    }

    #[test]
    fn a_penalty_is_refused_where_it_would_be_lost() {
        for (frequency, presence, lacking) in [
            (None, None, None),
            (Some(0.5), None, Some("frequency_penalty")),
            (None, Some(-1.0), Some("presence_penalty")),
        ] {
            let request = Request {
                frequency_penalty: frequency,
                presence_penalty: presence,
                ..Request::default()
            };
            for wire in [Wire::OpenAiChat, Wire::OpenRouter, Wire::Gemini] {
                assert_eq!(request.lacking(wire), None);
            }
            for wire in [Wire::OpenAiResponses, Wire::Anthropic, Wire::Local] {
                assert_eq!(request.lacking(wire), lacking);
            }
        }
    }

    #[test]
    fn what_no_provider_takes_is_found_before_it_is_sent() {
        let base64 = |text: &str| ImageSource::Base64(text.to_owned());
        let url = |text: &str| ImageSource::Url(text.to_owned());
        let small = image("image/png", base64("AAA="));
        let tool = |name: &str| Request {
            tools: vec![Tool {
                name: name.into(),
                description: String::new(),
                parameters: json!({}),
            }],
            ..with_images(vec![])
        };
        let choosy = |name: &str| Request {
            tool_choice: ToolChoice::Tool(name.into()),
            ..tool("read_file-2")
        };
        let large = "A".repeat(IMAGE_BASE64_BYTES + 4);
        for (request, fault) in [
            (with_images(vec![small.clone(); REQUEST_IMAGES]), None),
            (
                with_images(vec![image("image/jpeg", url("https://host/a.jpg"))]),
                None,
            ),
            (choosy("read_file-2"), None),
            (Request::default(), Some("no messages")),
            (
                with_images(vec![small; REQUEST_IMAGES + 1]),
                Some("too many images"),
            ),
            (
                with_images(vec![image("image/svg+xml", base64("AAA="))]),
                Some("PNG"),
            ),
            (
                with_images(vec![image("image/png", base64(&large))]),
                Some("too large"),
            ),
            (
                with_images(vec![image("image/png", base64("A\"A"))]),
                Some("base64"),
            ),
            (
                with_images(vec![image("image/png", base64(""))]),
                Some("base64"),
            ),
            (
                with_images(vec![image("image/png", url("http://host/a.png"))]),
                Some("https"),
            ),
            (tool(""), Some("name")),
            (tool("a.b"), Some("name")),
            (tool(&"a".repeat(65)), Some("name")),
            (choosy("write"), Some("not among")),
        ] {
            match (request.check(), fault) {
                (Ok(()), None) => {}
                (Err(found), Some(part)) => assert!(found.contains(part), "{found}"),
                (found, _) => panic!("{found:?} is not {fault:?}"),
            }
        }
    }
}
