//! "Test connection": does the address answer, and is the key right?

use tokio_util::sync::CancellationToken;

use super::Gateway;
use super::probe::Probe;
use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::message::Message;
use crate::request::Request;
use crate::wire::Wire;

/// Hosts that list their models to anybody, so that the list says nothing of
/// the key.
const PUBLIC_LISTS: &[&str] = &["openrouter.ai"];
/// The least limit of an answer that OpenAI's models take behind `OpenRouter`.
const TOKENS: u32 = 16;

impl Gateway {
    /// Checks that an endpoint answers and takes its key, and returns the
    /// names of its models, sorted.
    ///
    /// A server without a list, or one that shows it to anybody, is asked for
    /// a word instead, which may cost its tokens; without a list the result is
    /// then empty. Whether the endpoint's own model is in the list
    /// is for the caller to see.
    ///
    /// # Errors
    /// What the server reports, or why it can't be reached.
    pub async fn check(&self, endpoint: &Endpoint) -> Result<Vec<String>> {
        if endpoint.wire == Wire::Local {
            let local = self.require_local()?;
            local.require_usable()?;
            return Ok(vec![local.pin().model.clone()]);
        }
        let list = Probe::new(self, endpoint).list().await?;
        let host = endpoint.base_url.host_str().unwrap_or_default();
        if list.is_none() || PUBLIC_LISTS.contains(&host) {
            self.ask_for_a_word(endpoint).await?;
        }
        let models = list.map(|list| list.models).unwrap_or_default();
        let mut names: Vec<String> = models.into_iter().map(|model| model.id).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    async fn ask_for_a_word(&self, endpoint: &Endpoint) -> Result<()> {
        let request = Request {
            messages: vec![Message::user("Say ok.")],
            max_output_tokens: Some(TOKENS),
            ..Request::default()
        };
        let prepared = self.prepare(endpoint, &request)?;
        let call = self.stream(prepared, CancellationToken::new()).await?;
        call.collect().await.map(drop)
    }
}
