//! The gateway: the only way to a model.
//!
//! [`Gateway::prepare`] turns a [`Request`] into the exact bytes that will
//! leave, [`Gateway::stream`] sends them and hands back a [`Call`], which
//! yields [`Delta`]s as they arrive. Every provider's dialect, fault and
//! half-kept promise ends here: callers see one event stream and one typed
//! [`Error`].
//!
//! This crate knows nothing of workspaces, turns or the database, and keeps
//! nothing: who may call, what it may cost and what is stored is decided by
//! its caller. [`fake`] is the other end of the wire, for tests and for
//! developing without a key.
#![forbid(unsafe_code)]

mod anthropic;
mod bound;
mod call;
mod capabilities;
mod completion;
#[cfg(test)]
mod contract;
mod conversation;
mod delta;
mod draft;
mod endpoint;
mod error;
mod failure;
pub mod fake;
pub mod gate;
mod gateway;
mod gemini;
mod http;
pub mod local;
mod message;
mod openai;
mod price;
mod reader;
mod replay;
mod request;
mod responses;
mod schema;
pub mod serve;
mod sse;
mod tokens;
mod wire;

pub use bound::AtMost;
pub use call::{Answer, Call};
pub use capabilities::{Capabilities, ModelFacts, ServerKind};
pub use completion::{Completion, CompletionForm, Marks};
pub use delta::{Delta, FinishReason, ToolCallPart, Usage};
pub use endpoint::{BASE_URL_BYTES, Endpoint};
pub use error::{Error, Result};
pub use gateway::{Gateway, GatewayOptions, Prepared};
pub use message::{
    Carried, IMAGE_BASE64_BYTES, IMAGE_TYPES, Image, ImageSource, Message, REQUEST_IMAGES, Role,
    ToolCall,
};
pub use price::{LongPrices, Prices, Published, cost, published, published_date};
pub use replay::{Ending, Replayed, replay};
pub use request::{Effort, Request, ResponseForm, Tool, ToolChoice};
pub use tokens::{Tokeniser, Vocabulary};
pub use wire::Wire;
