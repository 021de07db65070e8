//! Puts tool calls together from their parts.

use serde_json::Value;

use super::chunk::ToolCallChunk;
use crate::delta::ToolCallPart;
use crate::message::ToolCall;

/// The most tool calls taken in one answer.
const TOOL_CALLS: usize = 128;

/// The calls of one answer, in order of appearance.
#[derive(Debug, Default)]
pub(super) struct ToolCalls(Vec<OpenCall>);

#[derive(Debug)]
struct OpenCall {
    /// The server's index, which several calls may share.
    wire_index: Option<u64>,
    call: ToolCall,
}

/// More calls than an answer may have.
#[derive(Debug)]
pub(super) struct TooMany;

impl ToolCalls {
    /// Takes a part and returns it as callers see it.
    pub(super) fn add(&mut self, chunk: ToolCallChunk) -> Result<ToolCallPart, TooMany> {
        let function = chunk.function.unwrap_or_default();
        let id = chunk.id.filter(|id| !id.is_empty());
        let name = function.name.filter(|name| !name.is_empty());
        let arguments = arguments(function.arguments);
        if let Some(index) = self.find(chunk.index, id.as_deref(), name.as_deref()) {
            let call = &mut self.0[index].call;
            call.arguments.push_str(&arguments);
            // Some servers send the name or id late.
            let late_name = name.filter(|_| call.name.is_empty());
            if let Some(late) = &late_name {
                call.name.clone_from(late);
            }
            return Ok(ToolCallPart {
                index,
                id: None,
                name: late_name,
                arguments,
            });
        }
        self.begin(chunk.index, id, name.unwrap_or_default(), arguments)
    }

    /// Returns whether there are any calls.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives out the whole calls. Empty arguments become an empty object.
    pub(super) fn take(&mut self) -> impl Iterator<Item = ToolCall> + use<> {
        std::mem::take(&mut self.0).into_iter().map(|open| {
            let mut call = open.call;
            if call.arguments.trim().is_empty() {
                "{}".clone_into(&mut call.arguments);
            }
            call
        })
    }

    /// Finds the call that a part continues.
    ///
    /// The index decides, except that Ollama and Gemini's compatible endpoint
    /// give every whole call the same index, or none: there, a part with
    /// another id begins a new call, and so does a name where no index is.
    /// With an index, a name without an id may be a mere repetition.
    fn find(&self, wire: Option<u64>, id: Option<&str>, name: Option<&str>) -> Option<usize> {
        let last = self.0.iter().rposition(|open| open.wire_index == wire)?;
        let call = &self.0[last].call;
        let begins = match id {
            Some(id) => id != call.id && name.is_some(),
            None => wire.is_none() && name.is_some() && !call.name.is_empty(),
        };
        (!begins).then_some(last)
    }

    fn begin(
        &mut self,
        wire_index: Option<u64>,
        id: Option<String>,
        name: String,
        arguments: String,
    ) -> Result<ToolCallPart, TooMany> {
        let index = self.0.len();
        if index == TOOL_CALLS {
            return Err(TooMany);
        }
        let id = id.unwrap_or_else(|| format!("call_{index}"));
        self.0.push(OpenCall {
            wire_index,
            call: ToolCall {
                id: id.clone(),
                name: name.clone(),
                arguments: arguments.clone(),
            },
        });
        Ok(ToolCallPart {
            index,
            id: Some(id),
            name: Some(name).filter(|name| !name.is_empty()),
            arguments,
        })
    }
}

fn arguments(value: Option<Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(object) => object.to_string(),
    }
}
