//! What a server is, and what its models can do.

use serde::{Deserialize, Serialize};

use crate::price::Prices;

mod lists;
mod servers;

pub(crate) use lists::{Page, anthropic, compatible, gemini, micros, openrouter};
pub(crate) use servers::{lm_studio, ollama_loaded, ollama_model, ollama_names, props};

/// The most models taken of a server.
pub(crate) const LIST_MODELS: usize = 5_000;
/// The longest model name taken, in bytes.
const MODEL_BYTES: usize = 256;

/// What [`Gateway::probe`](crate::Gateway::probe) found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// What the server is.
    pub kind: ServerKind,
    /// Its models, sorted by id; empty when it has no list.
    pub models: Vec<ModelFacts>,
}

/// What a server is, as far as its answers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerKind {
    /// `OpenAI` itself.
    #[serde(rename = "openai")]
    OpenAi,
    /// Anthropic itself.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// `OpenRouter`.
    #[serde(rename = "openrouter")]
    OpenRouter,
    /// Mistral's own platform.
    Mistral,
    /// `DeepSeek`'s own platform.
    #[serde(rename = "deepseek")]
    DeepSeek,
    /// Ollama.
    Ollama,
    /// vLLM.
    Vllm,
    /// LM Studio.
    LmStudio,
    /// The server of llama.cpp.
    #[serde(rename = "llamacpp")]
    LlamaCpp,
    /// `trtllm-serve` of TensorRT-LLM.
    #[serde(rename = "tensorrt_llm")]
    TensorRtLlm,
    /// Another server that is compatible with `OpenAI`'s.
    Other,
}

/// What is known of a model. What a server doesn't tell is `None`, never a
/// guess.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFacts {
    /// Its name, as requests name it.
    pub id: String,
    /// How many tokens question and answer may have together, or the question
    /// alone where the provider counts them apart.
    pub context_tokens: Option<u32>,
    /// True when the server doesn't tell `context_tokens`, and they are the
    /// least that it may use.
    pub context_assumed: bool,
    /// How many tokens an answer may have.
    pub max_output_tokens: Option<u32>,
    /// How many parameters it has: how large it is.
    pub parameters: Option<u64>,
    /// Whether it sees images.
    pub images: Option<bool>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it can think before it answers.
    pub reasoning: Option<bool>,
    /// Whether it fills in between a prefix and a suffix.
    pub fim: Option<bool>,
    /// What it costs, where the list says so.
    pub prices: Option<Prices>,
}

impl ServerKind {
    /// Returns the stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::OpenRouter => "openrouter",
            Self::Mistral => "mistral",
            Self::DeepSeek => "deepseek",
            Self::Ollama => "ollama",
            Self::Vllm => "vllm",
            Self::LmStudio => "lm_studio",
            Self::LlamaCpp => "llamacpp",
            Self::TensorRtLlm => "tensorrt_llm",
            Self::Other => "other",
        }
    }

    /// Tells a provider by the host that it documents.
    pub(crate) fn of_host(host: &str) -> Option<Self> {
        let within = |domain: &str| {
            let rest = host.strip_suffix(domain);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        [
            ("openai.com", Self::OpenAi),
            ("anthropic.com", Self::Anthropic),
            ("googleapis.com", Self::Gemini),
            ("openrouter.ai", Self::OpenRouter),
            ("mistral.ai", Self::Mistral),
            ("deepseek.com", Self::DeepSeek),
        ]
        .into_iter()
        .find_map(|(domain, kind)| within(domain).then_some(kind))
    }

    /// Tells a server by the owner that it gives its models.
    pub(crate) fn of_owner(owner: &str) -> Option<Self> {
        match owner {
            "vllm" => Some(Self::Vllm),
            "llamacpp" => Some(Self::LlamaCpp),
            "tensorrt_llm" => Some(Self::TensorRtLlm),
            "library" => Some(Self::Ollama),
            "organization_owner" => Some(Self::LmStudio),
            "mistralai" => Some(Self::Mistral),
            "deepseek" => Some(Self::DeepSeek),
            _ => None,
        }
    }
}

impl ModelFacts {
    /// Returns a model of which nothing is known; `None` when the name can't
    /// be one.
    fn named(id: &str) -> Option<Self> {
        let fits = !id.is_empty() && id.len() <= MODEL_BYTES;
        fits.then(|| Self {
            id: id.to_owned(),
            ..Self::default()
        })
    }
}

impl Capabilities {
    /// Sorts the models by name and takes out those named twice.
    pub(crate) fn new(kind: ServerKind, mut models: Vec<ModelFacts>) -> Self {
        models.sort_by(|a, b| a.id.cmp(&b.id));
        models.dedup_by(|a, b| a.id == b.id);
        models.truncate(LIST_MODELS);
        Self { kind, models }
    }
}

#[cfg(test)]
mod tests;
