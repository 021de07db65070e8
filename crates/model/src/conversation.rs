//! Makes a conversation legal for the model it goes to, wherever its messages
//! came from.
//!
//! A conversation may switch models in the middle, be cut short or break off.
//! Providers refuse what such a history leaves behind, each in its own words:
//! a call without an output, an output without a call, ids of a foreign form
//! or used twice, empty messages, two of one side in a row, a conversation
//! that begins with the model or ends with it. [`Conversation::of`] mends all
//! of that the same way each time, so that the beginning of a growing
//! conversation stays the same bytes, which providers cache.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Value, json};

use crate::message::{Image, Message, Role, ToolCall};
use crate::wire::Wire;

/// The longest tool call id that every provider takes, in characters.
const ID_CHARS: usize = 40;
/// The most levels that a call's arguments may have: JSON readers stop at
/// some, and a request puts its own around them.
const ARGUMENTS_DEPTH: usize = 100;
/// Stands where a conversation begins with the model.
const EARLIER: &str = "(The conversation began earlier.)";
/// Stands where a conversation asks for nothing.
const GO_ON: &str = "Continue.";
/// Stands for the output of a call that has none.
const NOT_RUN: &str = "The tool was not run.";
/// Stands for the empty output of a tool.
const NOTHING: &str = "(no output)";

/// A legal conversation: it begins and ends with the person or with outputs,
/// the sides take turns, and every call is answered at once.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Conversation<'a> {
    /// The rules; empty when there are none.
    pub(crate) system: Cow<'a, str>,
    /// The rest; never empty.
    pub(crate) entries: Vec<Entry<'a>>,
}

/// One side's turn.
#[derive(Debug, PartialEq)]
pub(crate) enum Entry<'a> {
    /// The person's; it has text or images.
    User {
        text: Cow<'a, str>,
        images: Vec<&'a Image>,
    },
    /// The model's; it has text or calls.
    Assistant(Said<'a>),
    /// The outputs of all calls of the entry before, in their order.
    Outputs(Vec<Output<'a>>),
}

/// What a model said.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) calls: Vec<Called<'a>>,
    /// What goes back unchanged, in order of place.
    pub(crate) carried: Vec<Kept<'a>>,
}

/// A call of a tool, with an id that is legal and unlike every other.
#[derive(Debug, PartialEq)]
pub(crate) struct Called<'a> {
    pub(crate) id: Cow<'a, str>,
    pub(crate) name: &'a str,
    /// The text of a JSON object.
    pub(crate) arguments: Cow<'a, str>,
}

/// The output of a call.
#[derive(Debug, PartialEq)]
pub(crate) struct Output<'a> {
    pub(crate) id: Cow<'a, str>,
    pub(crate) name: &'a str,
    /// Never empty.
    pub(crate) text: Cow<'a, str>,
    pub(crate) images: Vec<&'a Image>,
    pub(crate) failed: bool,
}

/// Something that goes back unchanged, and how much of the message stands
/// before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kept<'a> {
    pub(crate) text_bytes: usize,
    pub(crate) calls: usize,
    pub(crate) value: &'a Value,
}

/// The form of tool call ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// 1 to 40 letters, digits, `_` and `-`: legal with every provider but
    /// those below.
    Common,
    /// Exactly nine letters and digits (Mistral).
    Nine,
}

impl<'a> Conversation<'a> {
    /// Makes the conversation that `model` gets on a wire.
    pub(crate) fn of(messages: &'a [Message], wire: Wire, model: &str, ids: Ids) -> Self {
        let mut builder = Builder {
            ids,
            taken: HashSet::new(),
            calls: 0,
            open: Vec::new(),
            made: Conversation::default(),
        };
        for message in messages {
            builder.add(message, wire, model);
        }
        builder.end();
        builder.made
    }
}

impl Said<'_> {
    /// Returns the place in the text that something carried names, or the
    /// nearest one before it where the text can be cut.
    pub(crate) fn cut_at(&self, text_bytes: usize) -> usize {
        let mut at = text_bytes.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

struct Builder<'a> {
    ids: Ids,
    taken: HashSet<Cow<'a, str>>,
    /// How many calls there were.
    calls: usize,
    /// The calls of the last entry: the id they came with, and their output.
    open: Vec<(&'a str, Option<Output<'a>>)>,
    made: Conversation<'a>,
}

impl<'a> Builder<'a> {
    fn add(&mut self, message: &'a Message, wire: Wire, model: &str) {
        match message.role {
            Role::System => join(&mut self.made.system, &message.content),
            Role::User => self.user(message),
            Role::Assistant => self.assistant(message, wire, model),
            Role::Tool => self.output(message),
        }
    }

    fn user(&mut self, message: &'a Message) {
        if is_blank(&message.content) && message.images.is_empty() {
            return;
        }
        self.close();
        let seen = message.images.iter();
        if let Some(Entry::User { text, images }) = self.made.entries.last_mut() {
            join(text, &message.content);
            images.extend(seen);
        } else {
            self.made.entries.push(Entry::User {
                text: spoken(&message.content),
                images: seen.collect(),
            });
        }
    }

    fn assistant(&mut self, message: &'a Message, wire: Wire, model: &str) {
        let text = spoken(&message.content);
        if text.is_empty() && message.tool_calls.is_empty() {
            return;
        }
        self.close();
        if self.made.entries.is_empty() {
            self.made.entries.push(person(EARLIER));
        }
        let calls = message.tool_calls.iter();
        let calls: Vec<Called<'a>> = calls.map(|call| self.call(call)).collect();
        let kept = message
            .carried
            .iter()
            .filter(|c| c.wire == wire && wire.carries(&c.model, model));
        let carried = kept.map(|c| Kept {
            text_bytes: c.text_bytes,
            calls: c.calls,
            value: &c.value,
        });
        let said = Said {
            text,
            calls,
            carried: carried.collect(),
        };
        match self.made.entries.last_mut() {
            Some(Entry::Assistant(last)) => last.extend(said),
            _ => self.made.entries.push(Entry::Assistant(said)),
        }
    }

    fn call(&mut self, call: &'a ToolCall) -> Called<'a> {
        let given = Cow::Borrowed(call.id.as_str());
        let id = if self.ids.allow(&call.id) && !self.taken.contains(&given) {
            given
        } else {
            self.new_id()
        };
        self.calls += 1;
        self.taken.insert(id.clone());
        self.open.push((&call.id, None));
        Called {
            id,
            name: &call.name,
            arguments: object(&call.arguments),
        }
    }

    /// Makes up an id from the number of the call, so that it is the same
    /// each time.
    fn new_id(&self) -> Cow<'a, str> {
        let mut number = self.calls;
        loop {
            let id = Cow::Owned(format!("c{number:08}"));
            if !self.taken.contains(&id) {
                return id;
            }
            number += 10_000_000;
        }
    }

    /// Takes an output; one that answers no call of the last entry is nothing
    /// a model could make sense of and is left out.
    fn output(&mut self, message: &'a Message) {
        let asked = message.tool_call_id.as_deref().unwrap_or_default();
        let Some(Entry::Assistant(said)) = self.made.entries.last() else {
            return;
        };
        let mut open = self.open.iter_mut().zip(&said.calls);
        let Some(((_, output), call)) =
            open.find(|((id, output), _)| *id == asked && output.is_none())
        else {
            return;
        };
        let silent = message.content.is_empty();
        *output = Some(Output {
            id: call.id.clone(),
            name: call.name,
            text: Cow::Borrowed(if silent { NOTHING } else { &message.content }),
            images: message.images.iter().collect(),
            failed: message.tool_failed,
        });
    }

    /// Ends the calls of the last entry: those without an output get one.
    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        let Some(Entry::Assistant(said)) = self.made.entries.last() else {
            return;
        };
        if open.is_empty() {
            return;
        }
        let outputs = open.into_iter().zip(&said.calls);
        let outputs = outputs.map(|((_, output), call)| {
            output.unwrap_or_else(|| Output {
                id: call.id.clone(),
                name: call.name,
                text: Cow::Borrowed(NOT_RUN),
                images: Vec::new(),
                failed: true,
            })
        });
        let outputs = Entry::Outputs(outputs.collect());
        self.made.entries.push(outputs);
    }

    fn end(&mut self) {
        self.close();
        if matches!(self.made.entries.last(), None | Some(Entry::Assistant(_))) {
            self.made.entries.push(person(GO_ON));
        }
    }
}

impl Said<'_> {
    /// Adds what the model said in another message right behind.
    fn extend(&mut self, next: Self) {
        let (calls, length) = (self.calls.len(), next.text.len());
        join_owned(&mut self.text, next.text);
        let before = self.text.len() - length;
        self.carried.extend(next.carried.iter().map(|kept| Kept {
            text_bytes: before.saturating_add(kept.text_bytes),
            calls: calls.saturating_add(kept.calls),
            ..*kept
        }));
        self.calls.extend(next.calls);
    }
}

impl Ids {
    fn allow(self, id: &str) -> bool {
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        match self {
            Self::Common => (1..=ID_CHARS).contains(&id.len()) && id.bytes().all(word),
            Self::Nine => id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()),
        }
    }
}

fn person(text: &'static str) -> Entry<'static> {
    Entry::User {
        text: Cow::Borrowed(text),
        images: Vec::new(),
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// Takes a text as it is, or as nothing when it is blank, which providers
/// refuse.
fn spoken(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(if is_blank(text) { "" } else { text })
}

fn join<'a>(to: &mut Cow<'a, str>, text: &'a str) {
    join_owned(to, spoken(text));
}

fn join_owned<'a>(to: &mut Cow<'a, str>, text: Cow<'a, str>) {
    if text.is_empty() {
        return;
    }
    if to.is_empty() {
        *to = text;
        return;
    }
    let to = to.to_mut();
    to.push_str("\n\n");
    to.push_str(&text);
}

/// Returns arguments that are a JSON object: what a model wrote instead is
/// shown to it within one.
fn object(arguments: &str) -> Cow<'_, str> {
    let text = arguments.trim();
    if text.is_empty() {
        return Cow::Borrowed("{}");
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() && is_shallow(&value, ARGUMENTS_DEPTH) => {
            Cow::Borrowed(text)
        }
        _ => Cow::Owned(json!({"INVALID_JSON": text}).to_string()),
    }
}

/// Returns whether a value has at most so many levels.
fn is_shallow(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return false;
    };
    match value {
        Value::Array(list) => list.iter().all(|value| is_shallow(value, below)),
        Value::Object(map) => map.values().all(|value| is_shallow(value, below)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests;
