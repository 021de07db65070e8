//! How many tokens a request is at most, where the tokeniser is public.
//!
//! No token is shorter than a byte, so a request's bytes bound its tokens
//! whatever the model. That is three or four times too much for most texts;
//! OpenAI's vocabularies are public, and allow a count. It is no faster than
//! ten megabytes a second, after a fifth of a second to load a vocabulary of
//! some 45 MiB: it is for requests that a budget would refuse by their bytes.

use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;
use tiktoken_rs::CoreBPE;

use crate::endpoint::Endpoint;
use crate::request::{Request, ResponseForm};
use crate::wire::Wire;

/// The only host whose models are what their names say.
const HOST: &str = "api.openai.com";
/// The families of models that each tokeniser is of.
const O200K: [&str; 8] = [
    "gpt-4o",
    "gpt-4.1",
    "gpt-4.5",
    "gpt-5",
    "chatgpt-4o",
    "o1",
    "o3",
    "o4-mini",
];
const CL100K: [&str; 2] = ["gpt-4", "gpt-3.5-turbo"];
/// Those of whose images it is published how they are counted: by tiles, at
/// most eight of 170 tokens and 85 more, or by patches, at most 1,536 of 2.46
/// tokens.
const IMAGES: [&str; 8] = [
    "gpt-4o",
    "gpt-4.1",
    "gpt-4.5",
    "gpt-4-turbo",
    "chatgpt-4o",
    "o1",
    "o3",
    "o4-mini",
];
/// A third above the most of these.
const IMAGE: u64 = 5_000;
/// One that counts its images twenty times over: more than a dozen times what
/// the others do.
const DEAR_IMAGES: &str = "gpt-4o-mini";
/// Every message is framed by three tokens, a role and sometimes a name; what
/// a call of a tool is framed by is not public.
const FRAME: u64 = 8;
const CALL_FRAME: u64 = 16;
/// What a request is framed by: three tokens that begin the answer, and what
/// providers say of tools beside their descriptions, below 700 tokens where
/// it is known.
const REQUEST_FRAME: u64 = 64;
const TOOLS_FRAME: u64 = 1_024;
/// A sixteenth more than what was counted, for what is not public.
const MARGIN: u64 = 16;
/// The longest text that is counted in one piece. The time that a text takes
/// grows faster than its length where it is one long word, and the expression
/// that finds words fails on a megabyte of blanks.
const PIECE_BYTES: usize = 16 * 1024;
/// What cutting a text in two may save at most.
const CUT: u64 = 16;

/// A public tokeniser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokeniser {
    /// Of GPT-4o, GPT-4.1, GPT-5 and the o models.
    O200k,
    /// Of GPT-4 and GPT-3.5.
    Cl100k,
}

/// A tokeniser, loaded. All that are held at the same time share one.
#[derive(Clone)]
pub struct Vocabulary(Arc<CoreBPE>);

impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vocabulary").finish_non_exhaustive()
    }
}

impl Tokeniser {
    /// Returns the tokeniser of a model, as OpenAI publishes it; `None` for
    /// every other provider's models, and for those that nobody knows.
    pub fn of(endpoint: &Endpoint) -> Option<Self> {
        let model = own_model(endpoint)?;
        let of = |families: &[&str]| families.iter().any(|family| is_of(model, family));
        if of(&O200K) {
            Some(Self::O200k)
        } else if of(&CL100K) && !model.starts_with("gpt-4.") {
            Some(Self::Cl100k)
        } else {
            None
        }
    }

    /// Loads it, unless somebody holds it. That takes up to half a second.
    pub fn load(self) -> Option<Vocabulary> {
        static HELD: LazyLock<[Mutex<Weak<CoreBPE>>; 2]> = LazyLock::new(Default::default);
        let [o200k, cl100k] = &*HELD;
        let (held, read): (_, fn() -> _) = match self {
            Self::O200k => (o200k, tiktoken_rs::o200k_base),
            Self::Cl100k => (cl100k, tiktoken_rs::cl100k_base),
        };
        let mut held = held.lock();
        if let Some(loaded) = held.upgrade() {
            return Some(Vocabulary(loaded));
        }
        // The vocabularies are part of the crate, and whole.
        let loaded = Arc::new(read().ok()?);
        *held = Arc::downgrade(&loaded);
        Some(Vocabulary(loaded))
    }
}

impl Vocabulary {
    /// Counts the tokens of a text; of a long one, a few more than there are.
    pub fn count(&self, text: &str) -> u64 {
        let mut rest = text;
        let mut tokens = 0;
        while rest.len() > PIECE_BYTES {
            let (piece, tail) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
            let (piece, tail) = match piece.rfind('\n') {
                Some(at) if at > 0 => rest.split_at(at),
                _ => (piece, tail),
            };
            tokens += self.0.count_ordinary(piece) as u64 + CUT;
            rest = tail;
        }
        tokens + self.0.count_ordinary(rest) as u64
    }

    /// Returns the most tokens that OpenAI counts for a request's input,
    /// images apart; `None` where what it counts is not public.
    ///
    /// Texts are counted as they are before JSON escapes them, in the frames
    /// that OpenAI documents. How it writes tools down for the model is not
    /// public; what is known is shorter than their JSON, which is counted.
    pub fn input_at_most(&self, request: &Request) -> Option<u64> {
        let mut tokens = REQUEST_FRAME;
        for message in &request.messages {
            // Thoughts go back sealed; what they count for is not in them.
            if !message.carried.is_empty() {
                return None;
            }
            tokens += FRAME + self.count(&message.content);
            for call in &message.tool_calls {
                tokens += CALL_FRAME + self.count(&call.name) + self.count(&call.arguments);
            }
        }
        if !request.tools.is_empty() {
            tokens += TOOLS_FRAME;
        }
        for tool in &request.tools {
            tokens += CALL_FRAME
                + self.count(&tool.name)
                + self.count(&tool.description)
                + self.count(&tool.parameters.to_string());
        }
        tokens += match &request.response {
            ResponseForm::Text => 0,
            ResponseForm::Json => FRAME,
            ResponseForm::Schema { name, schema } => {
                CALL_FRAME + self.count(name) + self.count(&schema.to_string())
            }
        };
        Some(tokens + tokens / MARGIN)
    }
}

/// Returns the most tokens that an image counts for, by OpenAI's published
/// rules; `None` where they are not known.
pub(crate) fn image_at_most(endpoint: &Endpoint) -> Option<u64> {
    let model = own_model(endpoint)?;
    let known = IMAGES.iter().any(|family| is_of(model, family));
    (known && !is_of(model, DEAR_IMAGES)).then_some(IMAGE)
}

/// Returns the model's name where it is OpenAI's own, without what marks it as
/// tuned.
fn own_model(endpoint: &Endpoint) -> Option<&str> {
    let own = matches!(endpoint.wire, Wire::OpenAiChat | Wire::OpenAiResponses)
        && endpoint.base_url.host_str() == Some(HOST);
    let model = endpoint.model.strip_prefix("ft:");
    own.then_some(model.unwrap_or(&endpoint.model))
}

/// Says whether a model is of a family, by its name.
fn is_of(model: &str, family: &str) -> bool {
    let rest = model.strip_prefix(family);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', ':']))
}

#[cfg(test)]
mod tests;
