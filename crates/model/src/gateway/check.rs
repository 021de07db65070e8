//! "Test connection": does the address answer, and is the key right?

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Gateway;
use super::transport::{Refusal, read_body};
use crate::call::Wait;
use crate::endpoint::{Endpoint, MODELS};
use crate::error::{Error, Result};
use crate::message::Message;
use crate::request::Request;

/// How long the list of models may take.
const LIST_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest list taken, in bytes. OpenRouter's is about one megabyte.
const LIST_BYTES: usize = 8 * 1024 * 1024;
/// The most models taken of a list.
const LIST_MODELS: usize = 5_000;
/// The longest model name taken, in bytes.
const MODEL_BYTES: usize = 256;
/// Hosts that list their models to anybody, so that the list says nothing of
/// the key.
const PUBLIC_LISTS: &[&str] = &["openrouter.ai"];

impl Gateway {
    /// Checks that an endpoint answers and takes its key, and returns the
    /// names of its models, sorted.
    ///
    /// A server without a list, or one that shows it to anybody, is asked for
    /// one token instead, which may cost that token; without a list the
    /// result is then empty. Whether the endpoint's own model is in the list
    /// is for the caller to see.
    ///
    /// # Errors
    /// What the server reports, or why it can't be reached.
    pub async fn check(&self, endpoint: &Endpoint) -> Result<Vec<String>> {
        let list = self.list(endpoint).await?;
        let host = endpoint.base_url.host_str().unwrap_or_default();
        if list.is_none() || PUBLIC_LISTS.contains(&host) {
            self.ask_for_a_token(endpoint).await?;
        }
        Ok(list.unwrap_or_default())
    }

    /// Returns the models; `None` when the server has no list.
    async fn list(&self, endpoint: &Endpoint) -> Result<Option<Vec<String>>> {
        let (url, headers, peer) = self.address(endpoint, MODELS)?;
        let wait = Wait::from_now(LIST_TIMEOUT);
        let cancel = CancellationToken::new();
        let response = self.get(url, headers, &peer, &cancel, wait).await?;
        if !response.status().is_success() {
            let refusal = Refusal::read(response, &peer, &cancel, wait).await?;
            return match refusal.into_error(&peer) {
                Error::WrongPath { .. }
                | Error::ModelNotFound { .. }
                | Error::BadRequest { .. } => Ok(None),
                error => Err(error),
            };
        }
        let (body, complete) = read_body(response, LIST_BYTES, &peer, &cancel, wait).await?;
        if !complete {
            return Err(Error::TooLarge {
                endpoint: peer.endpoint,
                limit_bytes: LIST_BYTES,
            });
        }
        Ok(serde_json::from_slice(&body).ok().as_ref().and_then(names))
    }

    async fn ask_for_a_token(&self, endpoint: &Endpoint) -> Result<()> {
        let request = Request {
            messages: vec![Message::user("Say ok.")],
            max_output_tokens: Some(1),
            ..Request::default()
        };
        let prepared = self.prepare(endpoint, &request)?;
        let call = self.stream(prepared, CancellationToken::new()).await?;
        call.collect().await.map(drop)
    }
}

/// Reads `{"data":[{"id":…}]}`, the bare list of Together, or the
/// `{"models":[{"name":…}]}` of others.
fn names(value: &Value) -> Option<Vec<String>> {
    let list = [value.get("data"), value.get("models"), Some(value)]
        .into_iter()
        .flatten()
        .find_map(Value::as_array)?;
    let mut names: Vec<String> = list
        .iter()
        .filter_map(|model| model["id"].as_str().or_else(|| model["name"].as_str()))
        .filter(|name| !name.is_empty() && name.len() <= MODEL_BYTES)
        .take(LIST_MODELS)
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    Some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_every_shape_are_read() {
        for (list, expected) in [
            (
                json!({"object": "list", "data": [{"id": "b"}, {"id": "a"}, {"id": "a"}]}),
                Some(vec!["a", "b"]),
            ),
            (json!([{"id": "a"}]), Some(vec!["a"])),
            (
                json!({"models": [{"name": "a", "model": "a"}]}),
                Some(vec!["a"]),
            ),
            (
                json!({"data": [{"id": ""}, {"id": 3}, "x", {"id": "x".repeat(257)}]}),
                Some(vec![]),
            ),
            (json!({"data": []}), Some(vec![])),
            (json!({"hello": "world"}), None),
            (json!("hello"), None),
        ] {
            let expected: Option<Vec<String>> =
                expected.map(|names| names.into_iter().map(str::to_owned).collect());
            assert_eq!(names(&list), expected, "{list}");
        }
    }
}
