//! The `OpenAI` Responses wire format.
//!
//! After <https://platform.openai.com/docs/api-reference/responses>. The
//! server is told to keep nothing, so the whole conversation is sent each
//! time, and the model's reasoning goes back to it in encrypted form.

pub(crate) mod body;
mod calls;
mod decoder;
mod event;

pub(crate) use decoder::Decoder;

#[cfg(test)]
mod tests;
