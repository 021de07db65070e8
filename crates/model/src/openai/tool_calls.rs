//! Finds which tool call a part continues.

use serde_json::Value;

use super::chunk::ToolCallChunk;
use crate::draft::{Draft, Fault};

/// The server's index of each call of one answer, in order of appearance;
/// several calls may share one.
#[derive(Debug, Default)]
pub(super) struct ToolCalls(Vec<Option<u64>>);

impl ToolCalls {
    /// Takes a part.
    pub(super) fn add(&mut self, chunk: ToolCallChunk, draft: &mut Draft) -> Result<(), Fault> {
        let function = chunk.function.unwrap_or_default();
        let id = chunk.id.filter(|id| !id.is_empty());
        let name = function.name.filter(|name| !name.is_empty());
        let arguments = arguments(function.arguments);
        if let Some(index) = self.find(chunk.index, id.as_deref(), name.as_deref(), draft) {
            // Some servers send the name late.
            return draft.extend_call(index, name, arguments);
        }
        draft.begin_call(id, name, arguments)?;
        self.0.push(chunk.index);
        Ok(())
    }

    /// Finds the call that a part continues.
    ///
    /// The index decides, except that Ollama and Gemini's compatible endpoint
    /// give every whole call the same index, or none: there, a part with
    /// another id begins a new call, and so does a name where no index is.
    /// With an index, a name without an id may be a mere repetition.
    fn find(
        &self,
        wire: Option<u64>,
        id: Option<&str>,
        name: Option<&str>,
        draft: &Draft,
    ) -> Option<usize> {
        let last = self.0.iter().rposition(|index| *index == wire)?;
        let call = draft.calls().get(last)?;
        let begins = match id {
            Some(id) => id != call.id && name.is_some(),
            None => wire.is_none() && name.is_some() && !call.name.is_empty(),
        };
        (!begins).then_some(last)
    }
}

fn arguments(value: Option<Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(object) => object.to_string(),
    }
}
