//! Finds which function call an event is about.

use serde_json::Value;

use super::event::Event;
use crate::draft::{Draft, Fault};

/// The calls of one answer, in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Open>);

#[derive(Debug)]
struct Open {
    /// Its place in the output.
    output_index: Option<u64>,
    /// The item's own id, which is not the call's.
    item_id: String,
}

impl Calls {
    /// Begins a call with the item that was added.
    pub(super) fn begin(
        &mut self,
        output_index: Option<u64>,
        item: &Value,
        draft: &mut Draft,
    ) -> Result<(), Fault> {
        let text = |key: &str| item[key].as_str().map(str::to_owned);
        let id = text("call_id").or_else(|| text("id"));
        let arguments = text("arguments").unwrap_or_default();
        draft.begin_call(id, text("name"), arguments)?;
        self.0.push(Open {
            output_index,
            item_id: text("id").unwrap_or_default(),
        });
        Ok(())
    }

    /// Adds a piece to the arguments; at their end the whole, if no piece
    /// came. Nothing for a call that never began: its item will tell.
    pub(super) fn grow(
        &self,
        event: &Event,
        piece: String,
        draft: &mut Draft,
    ) -> Result<(), Fault> {
        let Some(index) = self.find(event.output_index, event.item_id.as_deref()) else {
            return Ok(());
        };
        let bare = is_bare(draft, index);
        let piece = match &event.arguments {
            Some(whole) if bare => whole.clone(),
            _ => piece,
        };
        if piece.is_empty() {
            return Ok(());
        }
        draft.extend_call(index, None, piece)
    }

    /// Takes the whole item of a call, known or not.
    pub(super) fn whole(
        &mut self,
        output_index: Option<u64>,
        item: &Value,
        draft: &mut Draft,
    ) -> Result<(), Fault> {
        let call_id = item["call_id"].as_str();
        let known = self.find(output_index, item["id"].as_str());
        let known = known.filter(|index| {
            let call = draft.calls().get(*index);
            call_id.is_none_or(|id| call.is_some_and(|call| call.id == id))
        });
        let Some(index) = known else {
            return self.begin(output_index, item, draft);
        };
        let named = draft.calls().get(index).is_some_and(|c| !c.name.is_empty());
        let name = item["name"].as_str().filter(|_| !named);
        let whole = item["arguments"].as_str().unwrap_or_default();
        let whole = if is_bare(draft, index) { whole } else { "" };
        if name.is_none() && whole.is_empty() {
            return Ok(());
        }
        draft.extend_call(index, name.map(str::to_owned), whole.to_owned())
    }

    /// Finds a call by its place, or where no places are told by its item.
    fn find(&self, output_index: Option<u64>, item_id: Option<&str>) -> Option<usize> {
        let fits = |open: &Open| match (output_index, item_id) {
            (Some(place), _) => open.output_index == Some(place),
            (None, Some(id)) => open.item_id == id,
            (None, None) => true,
        };
        self.0.iter().rposition(fits)
    }
}

/// Returns whether nothing of a call's arguments has come.
fn is_bare(draft: &Draft, index: usize) -> bool {
    let call = draft.calls().get(index);
    call.is_some_and(|call| call.arguments.is_empty())
}
