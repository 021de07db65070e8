//! Anthropic's Messages wire format.
//!
//! After <https://platform.claude.com/docs/en/api/messages>,
//! <https://platform.claude.com/docs/en/build-with-claude/streaming>,
//! <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>,
//! <https://platform.claude.com/docs/en/build-with-claude/preserved-thinking>
//! and the types of <https://github.com/anthropics/anthropic-sdk-python>.

pub(crate) mod body;
mod decoder;
mod event;
pub(crate) mod mend;
mod thinking;

pub(crate) use decoder::Decoder;

/// The route of an answer beneath a base URL.
pub(crate) const ROUTE: &str = "/messages";
/// The header that holds the key.
pub(crate) const KEY_HEADER: &str = "x-api-key";
/// The header that names the version of the format, and the version.
pub(crate) const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
