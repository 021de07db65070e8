//! The most that a request can use, known before it is sent.

use crate::conversation::{Conversation, Entry, Ids};
use crate::endpoint::Endpoint;
use crate::message::{Image, ImageSource, Message};
use crate::request::Request;
use crate::tokens::image_at_most;
use crate::wire::Wire;

/// What providers add for tools beside their descriptions, in tokens. The
/// largest that is documented is below 700.
const TOOLS: u64 = 1_024;
/// The most that an image counts for. A provider that tiles images charges for
/// the largest ones this much.
const IMAGE: u64 = 50_000;

/// The most that a request can use, by the bytes that leave.
///
/// No token is shorter than a byte, for the tokenisers that are public as for
/// those that aren't, and the JSON around a message is longer than the marks a
/// provider puts between messages. An image is not read as text: it counts for
/// itself, and not for its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtMost {
    /// The tokens of the input, cached or not.
    pub input_tokens: u64,
    /// Those of them that the images can count for.
    pub image_tokens: u64,
    /// The tokens of the answer: the limit that the bytes state, else the
    /// model's own; `None` when neither is known.
    pub output_tokens: Option<u32>,
}

impl AtMost {
    /// Bounds a request by the bytes that were made of it.
    pub(crate) fn of(request: &Request, to: &Endpoint, body_bytes: usize) -> Self {
        // Some wires define tools again that were called before.
        let called = |said: &Message| !said.tool_calls.is_empty();
        let any = !request.tools.is_empty() || request.messages.iter().any(called);
        let tools = if any { TOOLS } else { 0 };
        let (images, base64) = images(request, to);
        let image_tokens = image_at_most(to).unwrap_or(IMAGE) * images;
        let text = (body_bytes as u64).saturating_sub(base64);
        Self {
            input_tokens: text + tools + image_tokens,
            image_tokens,
            output_tokens: to
                .wire
                .limit(request.max_output_tokens, to)
                .or(to.max_output_tokens),
        }
    }

    /// Bounds a request to fill in.
    pub(crate) fn of_completion(limit: Option<u32>, to: &Endpoint, body_bytes: usize) -> Self {
        Self {
            input_tokens: body_bytes as u64,
            image_tokens: 0,
            output_tokens: limit.or(to.max_output_tokens),
        }
    }
}

/// Returns how many images leave with a request, and how many bytes of its
/// body they are. What the conversation leaves out takes no bytes away.
fn images(request: &Request, to: &Endpoint) -> (u64, u64) {
    let any = request.messages.iter().any(|said| !said.images.is_empty());
    if !any || to.wire == Wire::Local {
        return (0, 0);
    }
    let said = Conversation::of(&request.messages, to.wire, &to.model, Ids::Common);
    let mut sums = (0, 0);
    let mut add = |images: &[&Image]| {
        for image in images {
            sums.0 += 1;
            if let ImageSource::Base64(data) = &image.source {
                sums.1 += data.len() as u64;
            }
        }
    };
    for entry in &said.entries {
        match entry {
            Entry::User { images, .. } => add(images),
            Entry::Outputs(outputs) => outputs.iter().for_each(|output| add(&output.images)),
            Entry::Assistant(_) => {}
        }
    }
    sums
}

#[cfg(test)]
mod tests;
