//! Goes over the texts of one request with a gate, and judges what it finds. It
//! knows nothing of persons, workspaces or where the known values come from.

use std::borrow::Cow;
use std::collections::BTreeSet;

use atelier_model::gate::{Finding, Gate, is_secret_name};
use atelier_model::{Completion, ImageSource, Message, Request, ResponseForm};
use serde_json::Value;

use super::EgressMode;
use crate::error::{Error, Result};

/// The gate of one request, and what it does.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    pub(super) gate: Gate,
    pub(super) mode: EgressMode,
}

impl Guarded {
    /// Replaces the secrets in a request, or refuses it, and returns what they
    /// are called.
    ///
    /// # Errors
    /// [`Error::SecretFound`] names the secrets of a request that is refused.
    pub(crate) fn request(&self, request: &mut Request) -> Result<BTreeSet<String>> {
        let mut cleaning = Cleaning::of(&self.gate);
        for message in &mut request.messages {
            cleaning.message(message)?;
        }
        for tool in &mut request.tools {
            cleaning.text(&mut tool.description);
            cleaning.value(&mut tool.parameters);
        }
        if let ResponseForm::Schema { schema, .. } = &mut request.response {
            cleaning.value(schema);
        }
        for stop in &mut request.stop {
            cleaning.text(stop);
        }
        self.judge(cleaning.found)
    }

    /// Replaces the secrets around a gap, or refuses it.
    ///
    /// # Errors
    /// As [`Guarded::request`].
    pub(crate) fn completion(&self, gap: &mut Completion) -> Result<BTreeSet<String>> {
        let mut cleaning = Cleaning::of(&self.gate);
        cleaning.text(&mut gap.prefix);
        cleaning.text(&mut gap.suffix);
        for stop in &mut gap.stop {
            cleaning.text(stop);
        }
        self.judge(cleaning.found)
    }

    /// Looks at the very bytes that are about to leave: what is found here got
    /// past the texts they were made of, and is refused.
    ///
    /// # Errors
    /// [`Error::SecretFound`].
    pub(crate) fn body(&self, body: &[u8]) -> Result<()> {
        let body = String::from_utf8_lossy(body);
        let found = self.gate.scan_json(&body);
        if found.is_empty() {
            return Ok(());
        }
        Err(Error::SecretFound {
            names: names(&found).collect(),
        })
    }

    fn judge(&self, found: BTreeSet<String>) -> Result<BTreeSet<String>> {
        match self.mode {
            EgressMode::Refuse if !found.is_empty() => Err(Error::SecretFound {
                names: found.into_iter().collect(),
            }),
            EgressMode::Replace | EgressMode::Refuse => Ok(found),
        }
    }
}

fn names(found: &[Finding]) -> impl Iterator<Item = String> {
    let names: BTreeSet<String> = found.iter().map(|found| found.name.to_string()).collect();
    names.into_iter()
}

/// Goes over the texts of a request.
struct Cleaning<'g> {
    gate: &'g Gate,
    found: BTreeSet<String>,
}

impl<'g> Cleaning<'g> {
    fn of(gate: &'g Gate) -> Self {
        Self {
            gate,
            found: BTreeSet::new(),
        }
    }

    fn text(&mut self, text: &mut String) {
        let (clean, found) = self.gate.clean(text);
        if let Cow::Owned(clean) = clean {
            *text = clean;
        }
        self.found.extend(names(&found));
    }

    fn message(&mut self, message: &mut Message) -> Result<()> {
        self.text(&mut message.content);
        for call in &mut message.tool_calls {
            self.text(&mut call.arguments);
            self.text(&mut call.name);
            self.text(&mut call.id);
        }
        if let Some(id) = &mut message.tool_call_id {
            self.text(id);
        }
        // Signed or encrypted by the provider, so it can't be changed; and it
        // goes back to where it came from.
        message.carried.retain(|carried| {
            let found = self.gate.scan(&carried.value.to_string());
            self.found.extend(names(&found));
            found.is_empty()
        });
        for image in &message.images {
            let (ImageSource::Base64(text) | ImageSource::Url(text)) = &image.source;
            let found = self.gate.scan(text);
            if !found.is_empty() {
                return Err(Error::SecretFound {
                    names: names(&found).collect(),
                });
            }
        }
        Ok(())
    }

    /// Goes over a text together with its name, which may say that it is
    /// secret: so they stand in the body.
    fn named(&mut self, name: &str, text: &mut String) {
        let head = format!("\"{name}\":\"");
        let mut together = format!("{head}{text}");
        self.text(&mut together);
        if let Some(clean) = together.strip_prefix(&head) {
            clean.clone_into(text);
        }
    }

    /// Goes over the texts in a JSON document. A key that holds a secret makes
    /// way for the document as a text, cleaned.
    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                let keys: Vec<String> = fields.keys().cloned().collect();
                for mut key in keys {
                    let Some(mut value) = fields.remove(&key) else {
                        continue;
                    };
                    self.text(&mut key);
                    self.value(&mut value);
                    if let Value::String(text) = &mut value
                        && is_secret_name(&key)
                    {
                        self.named(&key, text);
                    }
                    fields.insert(key, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
