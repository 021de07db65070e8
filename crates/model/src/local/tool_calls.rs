//! Finds tool calls in what a small model writes: in the form that it was
//! taught, in a fence, or bare.

use serde_json::{Deserializer, Value};

use super::ask::Calls;

/// What opens a call, and what then closes it.
const FORMS: [(&str, &str); 3] = [
    ("<tool_call>", "</tool_call>"),
    ("```json", "```"),
    ("```tool_call", "```"),
];

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words.
    Text(String),
    /// A call of a tool that was offered.
    Call {
        /// The tool.
        name: String,
        /// The arguments, a JSON object.
        arguments: String,
    },
}

/// Reads an answer as it grows. The default looks for nothing.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    names: Vec<String>,
    held: String,
    /// Whether nothing but space has come so far.
    at_start: bool,
}

impl Finder {
    /// Makes a finder; without names it finds nothing.
    pub(crate) fn new(calls: Calls) -> Self {
        let begun = if calls.begun { FORMS[0].0 } else { "" };
        Self {
            names: calls.names,
            held: begun.to_owned(),
            at_start: true,
        }
    }

    /// Takes the next text.
    pub(crate) fn take(&mut self, text: &str, out: &mut Vec<Piece>) {
        self.held.push_str(text);
        if self.names.is_empty() {
            return say(&mut self.held, usize::MAX, out);
        }
        while self.step(out) {}
    }

    /// Takes the end of the answer.
    pub(crate) fn finish(mut self, out: &mut Vec<Piece>) {
        if !self.names.is_empty() {
            // What is still open was never closed; it may be whole all the same.
            if let Some((at, open, _)) = self.opening() {
                let calls = calls(&self.held[at + open.len()..], &self.names);
                if !calls.is_empty() {
                    say(&mut self.held, at, out);
                    out.extend(calls);
                    return;
                }
            }
        }
        say(&mut self.held, usize::MAX, out);
    }

    /// Moves on by one form or a stretch of words; false when more is needed.
    fn step(&mut self, out: &mut Vec<Piece>) -> bool {
        let Some((at, open, close)) = self.opening() else {
            let keep = FORMS
                .iter()
                .map(|(open, _)| partial(&self.held, open))
                .max();
            let shown = self.held.len() - keep.unwrap_or(0);
            if !(self.at_start && self.held.trim().is_empty()) {
                self.at_start &= shown == 0;
                say(&mut self.held, shown, out);
            }
            return false;
        };
        let inner = at + open.len();
        let Some(length) = length(&self.held[inner..], open, close) else {
            self.at_start &= self.held[..at].trim().is_empty();
            say(&mut self.held, at, out);
            return false;
        };
        let end = inner + length;
        let found = calls(self.held[inner..end].trim_end_matches(close), &self.names);
        if found.is_empty() {
            say(&mut self.held, end, out);
        } else {
            say(&mut self.held, at, out);
            self.held.drain(..end - at);
            out.extend(found);
        }
        self.at_start = false;
        true
    }

    /// Finds the first form: where it is, how it opens, how it closes.
    fn opening(&self) -> Option<(usize, &'static str, &'static str)> {
        let bare = self.held.len() - self.held.trim_start().len();
        if self.at_start && self.held[bare..].starts_with('{') {
            return Some((bare, "", ""));
        }
        let found = FORMS
            .iter()
            .filter_map(|(open, close)| Some((self.held.find(open)?, *open, *close)));
        found.min_by_key(|(at, ..)| *at)
    }
}

/// How long the inside of a form is with what closes it; `None` when it isn't
/// closed yet.
fn length(inner: &str, open: &str, close: &str) -> Option<usize> {
    if !open.is_empty() {
        return Some(inner.find(close)? + close.len());
    }
    let mut values = Deserializer::from_str(inner).into_iter::<Value>();
    match values.next() {
        Some(Ok(_)) => Some(values.byte_offset()),
        // Not the beginning of a document: words, after all.
        Some(Err(error)) if !error.is_eof() => Some(inner.len()),
        _ => None,
    }
}

/// The calls in the inside of a form; none unless all of it is calls.
fn calls(inner: &str, names: &[String]) -> Vec<Piece> {
    let mut found = Vec::new();
    for value in Deserializer::from_str(inner).into_iter::<Value>() {
        let values = match value {
            Ok(Value::Array(values)) => values,
            Ok(value) => vec![value],
            Err(_) => return Vec::new(),
        };
        for value in values {
            match call(value, names) {
                Some(call) => found.push(call),
                None => return Vec::new(),
            }
        }
    }
    found
}

fn call(value: Value, names: &[String]) -> Option<Piece> {
    let Value::Object(mut fields) = value else {
        return None;
    };
    // Some write the whole definition they were shown.
    if let Some(Value::Object(inner)) = fields.remove("function") {
        fields = inner;
    }
    let Some(Value::String(name)) = fields.remove("name") else {
        return None;
    };
    let arguments = fields.remove("arguments").or(fields.remove("parameters"));
    let arguments = match arguments {
        None => Value::Object(serde_json::Map::new()),
        // Some write the object as text.
        Some(Value::String(text)) => serde_json::from_str(&text).ok()?,
        Some(value) => value,
    };
    let known = names.contains(&name) && arguments.is_object();
    known.then(|| Piece::Call {
        name,
        arguments: arguments.to_string(),
    })
}

fn say(held: &mut String, bytes: usize, out: &mut Vec<Piece>) {
    let text: String = held.drain(..bytes.min(held.len())).collect();
    if text.is_empty() {
        return;
    }
    match out.last_mut() {
        Some(Piece::Text(before)) => before.push_str(&text),
        _ => out.push(Piece::Text(text)),
    }
}

/// The length of the longest end of `text` that `form` begins with.
fn partial(text: &str, form: &str) -> usize {
    (1..form.len())
        .rev()
        .find(|length| text.ends_with(&form[..*length]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str, size: usize, begun: bool) -> Vec<Piece> {
        let names = vec!["read".to_owned(), "write".to_owned()];
        let mut finder = Finder::new(Calls { names, begun });
        let mut out = Vec::new();
        let chars: Vec<char> = answer.chars().collect();
        for piece in chars.chunks(size) {
            finder.take(&piece.iter().collect::<String>(), &mut out);
        }
        finder.finish(&mut out);
        out
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn called(name: &str, arguments: &str) -> Piece {
        Piece::Call {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        }
    }

    #[test]
    fn calls_are_found_in_every_form_wherever_they_are_cut() {
        let call = r#"{"name": "read", "arguments": {"path": "a"}}"#;
        let read_a = || called("read", r#"{"path":"a"}"#);
        for (answer, expected) in [
            (format!("<tool_call>\n{call}\n</tool_call>"), vec![read_a()]),
            (format!("```json\n{call}\n```"), vec![read_a()]),
            (format!("\n{call}"), vec![text("\n"), read_a()]),
            (
                format!("I look.\n<tool_call>\n{call}\n</tool_call>\n"),
                vec![text("I look.\n"), read_a(), text("\n")],
            ),
            (
                format!("<tool_call>\n{call}\n{call}\n</tool_call>"),
                vec![read_a(), read_a()],
            ),
            (format!("<tool_call>\n{call}"), vec![read_a()]),
            (
                r#"{"function": {"name": "write", "arguments": "{\"n\":1}"}}"#.to_owned(),
                vec![called("write", r#"{"n":1}"#)],
            ),
            (
                r#"<tool_call>{"name": "write"}</tool_call>"#.to_owned(),
                vec![called("write", "{}")],
            ),
        ] {
            for size in 1..=answer.chars().count() {
                assert_eq!(read(&answer, size, false), expected, "{answer} by {size}");
            }
        }
    }

    #[test]
    fn what_is_no_call_stays_text() {
        for answer in [
            "Use `a < b` and ``` or {}",
            "```json\n{\"name\": \"other\", \"arguments\": {}}\n```\nThat is it.",
            "{not json at all",
            "{\"name\": \"read\", \"arguments\": [1]} and more",
            "<tool_call>\nnever closed",
            "```python\nprint({})\n```",
            "{\"name\": \"read\"",
            "  ",
            "",
        ] {
            for size in 1..=answer.chars().count().max(1) {
                let pieces = read(answer, size, false);
                let expected: Vec<Piece> = Some(text(answer))
                    .filter(|_| !answer.is_empty())
                    .into_iter()
                    .collect();
                assert_eq!(pieces, expected, "{answer} by {size}");
            }
        }
    }

    #[test]
    fn a_call_that_the_prompt_began_is_read_to_its_end() {
        let rest = "\n{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}";
        assert_eq!(read(rest, 3, true), [called("read", r#"{"path":"a"}"#)]);
    }

    #[test]
    fn without_tools_nothing_is_held_back() {
        let mut finder = Finder::new(Calls::default());
        let mut out = Vec::new();
        finder.take("<tool_ca", &mut out);
        assert_eq!(out, [text("<tool_ca")]);
    }
}
