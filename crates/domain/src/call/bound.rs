//! The most that a request can use, before it is sent.

use atelier_model::{Endpoint, Request};

/// What providers add for tools beside their descriptions, in tokens. The
/// largest that is documented is below 700.
const TOOLS: u64 = 1_024;
/// The most that an image counts for. A provider that tiles images charges for
/// the largest ones this much.
const IMAGE: u64 = 50_000;
/// What is reserved for an answer when neither the request nor the model has a
/// limit, and no budget needs one.
const ANSWER: u64 = 32_768;

/// The most tokens that a request can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

impl Bound {
    /// Bounds a request by the bytes that will leave.
    ///
    /// No token is shorter than a byte, for the tokenisers that are public as
    /// for those that aren't, and the JSON around a message is longer than the
    /// marks a provider puts between messages.
    pub(super) fn of(request: &Request, endpoint: &Endpoint, body_bytes: usize) -> Self {
        let images: usize = request.messages.iter().map(|said| said.images.len()).sum();
        let tools = if request.tools.is_empty() { 0 } else { TOOLS };
        let output = request.max_output_tokens.or(endpoint.max_output_tokens);
        Self {
            input_tokens: body_bytes as u64 + tools + IMAGE * images as u64,
            output_tokens: output.map_or(ANSWER, u64::from),
        }
    }

    pub(super) const fn tokens(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// Returns the most it can cost in micro-dollars; `None` when the model
    /// has no known price.
    pub(super) fn micros(self, endpoint: &Endpoint) -> Option<i64> {
        let prices = endpoint.prices.as_ref()?;
        let most = prices.at_most(self.input_tokens, self.output_tokens);
        Some(i64::try_from(most).unwrap_or(i64::MAX))
    }
}
