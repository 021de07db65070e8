//! The scripted provider: a real HTTP server that speaks the providers' wire
//! formats from one script. Tests, the end-to-end stories and
//! `atelier fake-model --script FILE --listen ADDR` use it.
//!
//! It serves, streaming or not and under any prefix, `POST …/chat/completions`
//! and `…/responses` (OpenAI's formats), `…/messages` (Anthropic's),
//! `…/models/NAME:streamGenerateContent` and `:generateContent` (Gemini's),
//! `…/completions`, `…/fim/completions` and `/infill` (what fills in), and
//! `GET …/models`. A script is a list of turns; each completion uses up the
//! first turn that fits:
//!
//! ```json
//! {
//!   "key": "sk-fake",
//!   "models": ["fake-small"],
//!   "turns": [
//!     {
//!       "match": "rename",
//!       "steps": [
//!         {"reasoning": "Let me look."},
//!         {"text": "I read the file first.", "chunk": 8, "delayMs": 20},
//!         {"toolCall": {"name": "read", "arguments": {"path": "main.py"}}}
//!       ]
//!     },
//!     {
//!       "match": "slow",
//!       "repeat": true,
//!       "steps": [{"text": "a"}, {"stall": 60000}, {"text": "b"}]
//!     },
//!     {"steps": [{"error": {"status": 429, "message": "slow down", "retryAfter": 2}}]},
//!     {"steps": [{"text": "half an ans"}, {"cut": true}]},
//!     {"steps": [{"text": "the last"}, {"usage": {"input": 10, "output": 2}}, {"finish": "length"}]}
//!   ]
//! }
//! ```
//!
//! - A turn **fits** when it has no `match`, or `match` is a part of the text
//!   of the last user message. Turns are tried in order; a used one is gone
//!   unless it has `"repeat": true`. A request that no turn fits gets status
//!   400 and counts as unexpected. So turns with `match` make a story that
//!   doesn't depend on the order of requests, and turns without make a list.
//! - **`text`**, **`reasoning`** and **`toolCall`** (`name`, `arguments`: an
//!   object, or a string to send as it is; `id`) stream in pieces of `chunk`
//!   characters (16) with `delayMs` milliseconds (0) before each.
//! - **`refusal`** is text by which the model declines.
//! - **`usage`**: `input`, `output`, `cached`, `cacheWrite`, `reasoning`.
//!   Without it, a token per four characters each way. `{"noUsage": true}` sends none.
//! - **`error`**: before the first byte an HTTP status (`status`, 500;
//!   `message`, `code`, `retryAfter` in seconds, `body` to send instead of
//!   JSON), after it an error event.
//! - **`cut`** breaks the connection; **`end`** ends the response in an
//!   orderly way, but without its end. **`stall`** waits so many milliseconds;
//!   as the first step it holds back the whole response. **`raw`** sends its
//!   text as it is.
//! - **`finish`**: the reason; without it `tool_calls` after a tool call, else
//!   `stop`. What ends a turn (`error`, `cut`, `end`) must be its last step.
//! - A turn's **`form`** says how its stream is written: `crlf`, `keepAlive`
//!   (a sign of life before each event), `cutBytes` (so many bytes at once).
//! - What a provider's own models refuse by its documentation is refused in its
//!   words, whatever the script says, and uses up no turn.
//! - With `key`, requests need it, in the header that the format has for it. `models` is the list
//!   (`["fake-model"]`); an empty one takes the route away. `documents` has the
//!   answers of other routes, by path.

/// Signs what a model thought, as its answers are signed.
#[cfg(test)]
pub(crate) fn sign(model: &str, thought: &str) -> String {
    play::sign(model, thought)
}

mod captured;
mod play;
mod protocol;
mod refusal;
mod script;
mod server;

pub use captured::Captured;
pub use script::{ErrorStep, Form, Script, Speech, Step, ToolCallStep, Turn, UsageStep};
pub use server::FakeModel;

#[cfg(test)]
mod tests;
