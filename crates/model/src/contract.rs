//! What every wire must do: the same scripts, played by the fake in each
//! provider's format, must read the same, however the bytes come. A new wire
//! adds one row to [`WIRES`].

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use url::Url;

use crate::delta::{Delta, FinishReason, Usage};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::fake::FakeModel;
use crate::gateway::{Gateway, GatewayOptions};
use crate::message::{Carried, Message, ToolCall};
use crate::request::Request;
use crate::wire::Wire;

mod answer;
mod cache;
mod count;
mod mend;
mod refusal;
mod switch;

/// Each wire, with a model whose name has what the provider's rules look at.
const WIRES: &[(Wire, &str)] = &[
    (Wire::OpenAiChat, "gpt-fake"),
    (Wire::OpenAiResponses, "o-fake"),
    (Wire::OpenRouter, "anthropic/claude-fake"),
    (Wire::Anthropic, "claude-fake-4-6"),
    (Wire::Gemini, "gemini-3-fake"),
];

fn gateway() -> Gateway {
    Gateway::new(GatewayOptions {
        idle_timeout: Duration::from_secs(30),
        ..GatewayOptions::default()
    })
    .unwrap()
}

fn endpoint(fake: &FakeModel, wire: Wire, model: &str) -> Endpoint {
    Endpoint {
        name: wire.as_str().into(),
        base_url: Url::parse(&fake.url()).unwrap(),
        wire,
        key: None,
        model: model.into(),
        max_output_tokens: Some(32_000),
        prices: None,
    }
}

/// What callers see of an answer, pieces put together.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    text: String,
    reasoning: String,
    /// The calls, and what their parts add up to.
    calls: Vec<ToolCall>,
    grown: Vec<String>,
    carried: Vec<Carried>,
    reason: Option<FinishReason>,
    usage: Option<Usage>,
    /// The code of the error that ended it.
    error: Option<&'static str>,
}

impl Seen {
    fn add(&mut self, delta: Delta) {
        assert!(self.usage.is_none(), "{delta:?} came after the usage");
        match delta {
            Delta::Text(text) => self.text.push_str(&text),
            Delta::Reasoning(text) => self.reasoning.push_str(&text),
            Delta::ToolCallPart(part) => {
                self.grown
                    .resize(self.grown.len().max(part.index + 1), String::new());
                self.grown[part.index].push_str(&part.arguments);
            }
            Delta::ToolCall(call) => self.calls.push(call),
            Delta::Carried(carried) => self.carried.push(carried),
            Delta::Finish { reason } => self.reason = Some(reason),
            Delta::Usage(usage) => self.usage = Some(usage),
        }
    }

    /// Returns the message that a conversation keeps of it.
    fn message(&self) -> Message {
        Message::assistant(self.text.clone(), self.calls.clone()).with_carried(self.carried.clone())
    }
}

/// Asks and returns all that comes.
async fn ask(gateway: &Gateway, to: &Endpoint, request: &Request) -> Seen {
    let mut seen = Seen::default();
    let failed = |error: Error| Some(error.code());
    let prepared = gateway.prepare(to, request).unwrap();
    let mut call = match gateway.stream(prepared, CancellationToken::new()).await {
        Ok(call) => call,
        Err(error) => {
            seen.error = failed(error);
            return seen;
        }
    };
    while let Some(delta) = call.next().await {
        match delta {
            Ok(delta) => seen.add(delta),
            Err(error) => seen.error = failed(error),
        }
    }
    seen
}
