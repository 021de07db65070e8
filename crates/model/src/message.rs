//! The messages of a conversation, the same for every provider.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::Wire;

/// The largest image taken, in bytes of its base64 text: 5 MiB of image.
pub const IMAGE_BASE64_BYTES: usize = 7 * 1024 * 1024;
/// The most images in one request.
pub const REQUEST_IMAGES: usize = 20;
/// The longest URL of an image, in bytes.
const IMAGE_URL_BYTES: usize = 4_096;
/// The media types of images that every provider reads.
pub const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// Who a message is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The rules of the conversation; first if present.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The output of a tool call.
    Tool,
}

impl Role {
    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// One message of a conversation. Built with [`Message::system`],
/// [`Message::user`], [`Message::assistant`] and [`Message::tool`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who it is from.
    pub role: Role,
    /// Its text; may be empty in an assistant message that calls tools.
    pub content: String,
    /// The images a user message or a tool's output shows, after the text.
    pub images: Vec<Image>,
    /// The calls an assistant message makes; empty for every other role.
    pub tool_calls: Vec<ToolCall>,
    /// The call a tool message answers; `None` for every other role.
    pub tool_call_id: Option<String>,
    /// Whether the tool failed, so that a tool message holds its error.
    pub tool_failed: bool,
    /// What an assistant message's provider wants back as it sent it.
    pub carried: Vec<Carried>,
}

impl Message {
    /// Makes a system message.
    pub fn system(content: impl Into<String>) -> Self {
        Self::plain(Role::System, content.into())
    }

    /// Makes a user message.
    pub fn user(content: impl Into<String>) -> Self {
        Self::plain(Role::User, content.into())
    }

    /// Makes an assistant message with the calls it made, if any.
    pub fn assistant(content: impl Into<String>, tool_calls: Vec<ToolCall>) -> Self {
        Self {
            tool_calls,
            ..Self::plain(Role::Assistant, content.into())
        }
    }

    /// Makes the output of the tool call `id`.
    pub fn tool(id: impl Into<String>, output: impl Into<String>) -> Self {
        Self {
            tool_call_id: Some(id.into()),
            ..Self::plain(Role::Tool, output.into())
        }
    }

    /// Adds images.
    #[must_use]
    pub fn with_images(self, images: Vec<Image>) -> Self {
        Self { images, ..self }
    }

    /// Adds what the provider sent to be carried back.
    #[must_use]
    pub fn with_carried(self, carried: Vec<Carried>) -> Self {
        Self { carried, ..self }
    }

    /// Says that the tool failed.
    #[must_use]
    pub fn failed(self) -> Self {
        Self {
            tool_failed: true,
            ..self
        }
    }

    fn plain(role: Role, content: String) -> Self {
        Self {
            role,
            content,
            images: Vec::new(),
            tool_calls: Vec::new(),
            tool_call_id: None,
            tool_failed: false,
            carried: Vec::new(),
        }
    }
}

/// A model's wish to call a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// The id its output must name. Made up (`call_0`, `call_1` …) when the
    /// server sent none.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments as the model wrote them. Meant to be a JSON object, but
    /// model output: parse it as untrusted text.
    pub arguments: String,
}

/// An image in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its media type, one of [`IMAGE_TYPES`].
    pub media_type: String,
    /// Where it is.
    pub source: ImageSource,
}

impl Image {
    /// Finds what no provider takes.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if !IMAGE_TYPES.contains(&self.media_type.as_str()) {
            return Err("an image is neither PNG, JPEG, WebP nor GIF");
        }
        let digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        match &self.source {
            ImageSource::Base64(data) if data.len() > IMAGE_BASE64_BYTES => {
                Err("an image is too large")
            }
            ImageSource::Base64(data) if data.is_empty() || !data.bytes().all(digit) => {
                Err("an image is not in base64")
            }
            ImageSource::Url(url)
                if !url.starts_with("https://") || url.len() > IMAGE_URL_BYTES =>
            {
                Err("an image is not at an https address")
            }
            ImageSource::Base64(_) | ImageSource::Url(_) => Ok(()),
        }
    }
}

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// Here: its bytes in standard base64, at most [`IMAGE_BASE64_BYTES`].
    Base64(String),
    /// At an `https` URL, which the provider fetches.
    Url(String),
}

/// Something in an answer that only its provider understands and wants back
/// unchanged: signed or encrypted thinking.
///
/// It is kept with the assistant message it came in and sent again only on
/// the wire it came from, and only to a model that takes it; everybody else
/// gets the message without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// The wire it came on.
    pub wire: Wire,
    /// The model that made it.
    pub model: String,
    /// How many bytes of the message's text came before it.
    pub text_bytes: usize,
    /// How many of the message's tool calls came before it.
    pub calls: usize,
    /// What is to be sent back; its form is the wire's own.
    pub value: Value,
}
