//! Filling in between a prefix and a suffix.

use tokio_util::sync::CancellationToken;

use super::{Gateway, Prepared};
use crate::bound::AtMost;
use crate::call::Call;
use crate::completion::{Completion, CompletionForm, body};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::local;
use crate::wire::Wire;

impl Gateway {
    /// Serialises a request to fill in, once, as [`Gateway::prepare`] does for
    /// a conversation.
    ///
    /// # Errors
    /// As [`Gateway::prepare`].
    pub fn prepare_completion(&self, endpoint: &Endpoint, asked: &Completion) -> Result<Prepared> {
        if endpoint.wire == Wire::Local {
            return self.prepare_local_completion(endpoint, asked);
        }
        let form = asked.form.unwrap_or_else(|| CompletionForm::of(endpoint));
        let Some(url) = body::url(form, &endpoint.base_url) else {
            return self.prepare(endpoint, &body::conversation(asked));
        };
        if endpoint.model.trim().is_empty() {
            let reason = "it names no model";
            return Err(Error::InvalidRequest { reason });
        }
        if asked.prefix.is_empty() && asked.suffix.is_empty() {
            let reason = "it has neither a prefix nor a suffix";
            return Err(Error::InvalidRequest { reason });
        }
        // The answer has the form of Chat Completions, whatever conversations
        // with this endpoint have.
        let endpoint = Endpoint {
            wire: Wire::OpenAiChat,
            ..endpoint.clone()
        };
        let (_, headers, mut peer) = self.address(&endpoint, "")?;
        url.path().clone_into(&mut peer.path);
        let body = body::encode(asked, form, &endpoint.model);
        let body = body.map_err(|_| Error::InvalidRequest {
            reason: "it can't be written as JSON",
        })?;
        let body = self.0.mends.apply(url.as_str(), &peer, body);
        Ok(Prepared {
            url,
            headers,
            at_most: AtMost::of_completion(asked.max_output_tokens, &endpoint, body.len()),
            body,
            peer,
        })
    }

    fn prepare_local_completion(&self, to: &Endpoint, asked: &Completion) -> Result<Prepared> {
        let (route, _) = to.wire.answer_route(&to.model);
        let (url, headers, peer) = self.address(to, &route)?;
        let body = local::encode_completion(asked).map_err(|_| Error::InvalidRequest {
            reason: "it can't be written as JSON",
        })?;
        Ok(Prepared {
            url,
            headers,
            at_most: AtMost::of_completion(asked.max_output_tokens, to, body.len()),
            body,
            peer,
        })
    }

    /// Asks to fill in, and returns once the server has begun to answer.
    ///
    /// # Errors
    /// As [`Gateway::prepare`] and [`Gateway::stream`].
    pub async fn complete(
        &self,
        endpoint: &Endpoint,
        asked: &Completion,
        cancel: CancellationToken,
    ) -> Result<Call> {
        let prepared = self.prepare_completion(endpoint, asked)?;
        self.stream(prepared, cancel).await
    }
}

#[cfg(test)]
mod tests;
