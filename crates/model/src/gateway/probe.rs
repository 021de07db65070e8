//! What is at an address, and what can its models do?

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Gateway;
use super::transport::{Refusal, read_body};
use crate::call::Wait;
use crate::capabilities::{self, Capabilities, LIST_MODELS, ModelFacts, Page, ServerKind};
use crate::endpoint::{Endpoint, MODELS, is_private};
use crate::error::{Error, Result};
use crate::wire::Wire;

/// How long all questions together may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The largest document taken, in bytes. OpenRouter's list is about one
/// megabyte.
const DOCUMENT_BYTES: usize = 8 * 1024 * 1024;
/// The most pages of a list that are asked for.
const PAGES: usize = 20;
/// How many models a page is asked to have; the most that Anthropic and
/// Gemini give.
const PAGE_MODELS: usize = 1_000;
/// The most of Ollama's models that are asked about one by one.
const SHOWN_MODELS: usize = 200;

impl Gateway {
    /// Finds out what kind of server an endpoint is, its models and what they
    /// can do. The endpoint's own model doesn't matter and no model is asked
    /// anything, so that it costs nothing.
    ///
    /// All of it together may take twenty seconds. What a server doesn't tell
    /// stays unknown; a compatible server without a list has no models.
    ///
    /// # Errors
    /// What the server reports, or why it can't be reached.
    pub async fn probe(&self, endpoint: &Endpoint) -> Result<Capabilities> {
        if endpoint.wire == Wire::Local {
            let facts = self.require_local()?.facts();
            return Ok(Capabilities::new(ServerKind::Other, vec![facts]));
        }
        let probe = Probe::new(self, endpoint);
        let list = probe.list().await?;
        match endpoint.wire {
            Wire::OpenAiChat | Wire::OpenAiResponses => {
                probe.compatible(list.unwrap_or_default()).await
            }
            wire => {
                let kind = match wire {
                    Wire::Anthropic => ServerKind::Anthropic,
                    Wire::Gemini => ServerKind::Gemini,
                    _ => ServerKind::OpenRouter,
                };
                Ok(Capabilities::new(kind, list.unwrap_or_default().models))
            }
        }
    }
}

/// One look at a server.
pub(super) struct Probe<'a> {
    gateway: &'a Gateway,
    endpoint: &'a Endpoint,
    cancel: CancellationToken,
    wait: Wait,
}

/// What a server's list says.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) models: Vec<ModelFacts>,
    /// What kind of server it shows itself to be.
    kind: Option<ServerKind>,
}

impl<'a> Probe<'a> {
    /// Begins a look at an endpoint.
    pub(super) fn new(gateway: &'a Gateway, endpoint: &'a Endpoint) -> Self {
        Self {
            gateway,
            endpoint,
            cancel: CancellationToken::new(),
            wait: Wait::from_now(TIMEOUT),
        }
    }

    /// Asks for the list of models; `None` when the server has none.
    pub(super) async fn list(&self) -> Result<Option<Listed>> {
        let host = self.endpoint.base_url.host_str().unwrap_or_default();
        let of_host = ServerKind::of_host(host);
        let wire = self.endpoint.wire;
        if wire == Wire::Anthropic {
            return self
                .pages("limit", "after_id", capabilities::anthropic)
                .await;
        }
        if wire == Wire::Gemini {
            return self
                .pages("pageSize", "pageToken", capabilities::gemini)
                .await;
        }
        let Some(list) = self.ask(MODELS, |_| {}, None).await? else {
            return Ok(None);
        };
        if wire == Wire::OpenRouter || of_host == Some(ServerKind::OpenRouter) {
            let kind = Some(ServerKind::OpenRouter);
            let models = capabilities::openrouter(&list);
            return Ok(models.map(|models| Listed { models, kind }));
        }
        let read = capabilities::compatible(&list);
        Ok(read.map(|(models, told)| Listed {
            models,
            kind: of_host.or(told),
        }))
    }

    /// Reads a list that comes in pages.
    async fn pages(
        &self,
        size: &str,
        cursor: &str,
        read: fn(&Value) -> Option<Page>,
    ) -> Result<Option<Listed>> {
        let mut listed: Option<Listed> = None;
        let mut next: Option<String> = None;
        for _ in 0..PAGES {
            let query = |url: &mut Url| {
                let mut pairs = url.query_pairs_mut();
                pairs.append_pair(size, &PAGE_MODELS.to_string());
                if let Some(token) = &next {
                    pairs.append_pair(cursor, token);
                }
            };
            let list = self.ask(MODELS, query, None).await?;
            let Some(page) = list.as_ref().and_then(read) else {
                break;
            };
            let models = &mut listed.get_or_insert_default().models;
            models.extend(page.models);
            next = page.next;
            if next.is_none() || models.len() >= LIST_MODELS {
                break;
            }
        }
        Ok(listed)
    }

    /// Tells compatible servers apart: by the host that a provider documents,
    /// by the owner that a server gives its models, and on private networks by
    /// the routes that only it has.
    async fn compatible(&self, listed: Listed) -> Result<Capabilities> {
        let kind = match listed.kind {
            Some(kind) => kind,
            None => self.unlisted().await?,
        };
        let models = self.facts(kind, listed.models).await?;
        Ok(Capabilities::new(kind, models))
    }

    /// Tells a server that doesn't name itself in its list.
    async fn unlisted(&self) -> Result<ServerKind> {
        let host = self.endpoint.base_url.host();
        if !host.is_some_and(|host| is_private(&host)) {
            return Ok(ServerKind::Other);
        }
        if let Some(version) = self.beside("/api/version", None).await?
            && version["version"].is_string()
        {
            return Ok(ServerKind::Ollama);
        }
        if let Some(props) = self.beside("/props", None).await?
            && capabilities::props(&props, &mut [])
        {
            return Ok(ServerKind::LlamaCpp);
        }
        if let Some(list) = self.beside("/api/v0/models", None).await?
            && capabilities::lm_studio(&list).is_some()
        {
            return Ok(ServerKind::LmStudio);
        }
        Ok(ServerKind::Other)
    }

    /// Adds what a kind of server says in its own routes.
    async fn facts(
        &self,
        kind: ServerKind,
        mut models: Vec<ModelFacts>,
    ) -> Result<Vec<ModelFacts>> {
        match kind {
            ServerKind::Ollama => {
                let tags = self.beside("/api/tags", None).await?;
                let names = tags.as_ref().and_then(capabilities::ollama_names);
                models = self.shown(names.unwrap_or(models)).await?;
            }
            ServerKind::LlamaCpp => {
                if let Some(props) = self.beside("/props", None).await? {
                    capabilities::props(&props, &mut models);
                }
            }
            ServerKind::LmStudio => {
                let list = self.beside("/api/v0/models", None).await?;
                models = list
                    .as_ref()
                    .and_then(capabilities::lm_studio)
                    .unwrap_or(models);
            }
            ServerKind::OpenAi
            | ServerKind::Anthropic
            | ServerKind::Gemini
            | ServerKind::OpenRouter
            | ServerKind::Mistral
            | ServerKind::DeepSeek
            | ServerKind::Vllm
            | ServerKind::TensorRtLlm
            | ServerKind::Other => {}
        }
        Ok(models)
    }

    /// Asks Ollama about its models one by one.
    async fn shown(&self, models: Vec<ModelFacts>) -> Result<Vec<ModelFacts>> {
        let mut known = Vec::new();
        let running = self.beside("/api/ps", None).await?;
        let loaded = running.as_ref().map(capabilities::ollama_loaded);
        let loaded = loaded.unwrap_or_default();
        for (index, model) in models.into_iter().enumerate() {
            let body = json!({"model": model.id});
            let shown = match index {
                0..SHOWN_MODELS => self.beside("/api/show", Some(&body)).await?,
                _ => None,
            };
            match shown {
                Some(shown) => {
                    let loaded = loaded.get(&model.id).copied();
                    known.extend(capabilities::ollama_model(&model.id, &shown, loaded));
                }
                None => known.push(model),
            }
        }
        Ok(known)
    }

    /// Asks for a route that lies beside the `/v1` of the base URL.
    async fn beside(&self, route: &str, body: Option<&Value>) -> Result<Option<Value>> {
        let rebase = |url: &mut Url| {
            let base = self.endpoint.base_url.path().trim_end_matches('/');
            let root = base.strip_suffix("/v1").unwrap_or(base);
            url.set_path(&format!("{root}{route}"));
        };
        self.ask(route, rebase, body).await
    }

    /// Asks for a JSON document; `None` when there is none at that place.
    async fn ask(
        &self,
        route: &str,
        change: impl FnOnce(&mut Url),
        body: Option<&Value>,
    ) -> Result<Option<Value>> {
        let (mut url, headers, mut peer) = self.gateway.address(self.endpoint, route)?;
        change(&mut url);
        url.path().clone_into(&mut peer.path);
        let (cancel, wait) = (&self.cancel, self.wait);
        let response = match body {
            None => self.gateway.get(url, headers, &peer, cancel, wait).await?,
            Some(body) => {
                let body = body.to_string();
                self.gateway
                    .post_json(url, headers, body, &peer, cancel, wait)
                    .await?
            }
        };
        if !response.status().is_success() {
            let refusal = Refusal::read(response, &peer, cancel, wait).await?;
            return match refusal.into_error(&peer) {
                Error::WrongPath { .. }
                | Error::ModelNotFound { .. }
                | Error::BadRequest { .. } => Ok(None),
                error => Err(error),
            };
        }
        let (body, complete) = read_body(response, DOCUMENT_BYTES, &peer, cancel, wait).await?;
        if !complete {
            return Err(Error::TooLarge {
                endpoint: peer.endpoint,
                limit_bytes: DOCUMENT_BYTES,
            });
        }
        Ok(serde_json::from_slice(&body).ok())
    }
}

#[cfg(test)]
mod tests;
