//! The wire formats, and the one place that tells them apart.

use std::fmt;

use serde::{Deserialize, Serialize};

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
