//! Filling in: what comes between a prefix and a suffix.

use crate::capabilities::ServerKind;
use crate::endpoint::Endpoint;
use crate::wire::Wire;

pub(crate) mod body;

/// One request to fill in between a prefix and a suffix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// The file up to the gap. It may begin with other files' parts.
    pub prefix: String,
    /// The file after the gap; may be empty.
    pub suffix: String,
    /// How to ask for it; by what the endpoint's address and model tell when
    /// `None`, see [`CompletionForm::of`].
    pub form: Option<CompletionForm>,
    /// The most tokens the answer may have; the provider's default when
    /// `None`, which is 16 with many.
    pub max_output_tokens: Option<u32>,
    /// Sampling temperature; the provider's default when `None`.
    pub temperature: Option<f32>,
    /// Nucleus sampling, from 0 to 1; the provider's default when `None`.
    pub top_p: Option<f32>,
    /// Texts that end the answer, which is then without them.
    pub stop: Vec<String>,
    /// The seed of the sampling, where the form has a field for it.
    pub seed: Option<i64>,
}

/// How a server is asked to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionForm {
    /// `POST /completions` with `suffix`: `OpenAI`'s older models, `DeepSeek`,
    /// Ollama.
    Suffix,
    /// `POST /infill` of llama.cpp, beside its `/v1`.
    Infill,
    /// `POST /fim/completions` of Mistral.
    Mistral,
    /// `POST /completions` with the model's own marks in the prompt, for
    /// servers that refuse or ignore `suffix`: vLLM, TensorRT-LLM, LM Studio.
    Marks(Marks),
    /// A conversation that asks for it in words; any model can.
    Chat,
}

/// The marks that a family of models was trained to fill in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// Qwen Coder and `CodeGemma`.
    Qwen,
    /// `StarCoder`, Granite and their kin.
    StarCoder,
    /// Code Llama.
    CodeLlama,
    /// `DeepSeek` Coder.
    DeepSeek,
    /// Codestral.
    Codestral,
}

impl CompletionForm {
    /// Chooses the form for an endpoint that wasn't probed: by the host that a
    /// provider documents, Ollama's own port, or the model's family.
    pub fn of(endpoint: &Endpoint) -> Self {
        let host = endpoint.base_url.host_str().unwrap_or_default();
        let kind = match ServerKind::of_host(host) {
            Some(kind) => kind,
            None if endpoint.base_url.port() == Some(OLLAMA_PORT) => ServerKind::Ollama,
            None => ServerKind::Other,
        };
        match endpoint.wire {
            Wire::OpenAiChat | Wire::OpenAiResponses => Self::at(kind, &endpoint.model),
            Wire::Anthropic | Wire::Gemini | Wire::OpenRouter | Wire::Local => Self::Chat,
        }
    }

    /// Chooses the form for a model of a server whose kind is known.
    pub fn at(kind: ServerKind, model: &str) -> Self {
        let marks = Marks::of_model(model);
        match kind {
            ServerKind::OpenAi if model.starts_with("gpt-3.5-turbo-instruct") => Self::Suffix,
            ServerKind::Mistral if marks == Some(Marks::Codestral) => Self::Mistral,
            ServerKind::DeepSeek | ServerKind::Ollama => Self::Suffix,
            ServerKind::LlamaCpp if marks.is_some() => Self::Infill,
            ServerKind::Vllm
            | ServerKind::TensorRtLlm
            | ServerKind::LmStudio
            | ServerKind::Other => marks.map_or(Self::Chat, Self::Marks),
            ServerKind::OpenAi
            | ServerKind::Anthropic
            | ServerKind::Gemini
            | ServerKind::OpenRouter
            | ServerKind::Mistral
            | ServerKind::LlamaCpp => Self::Chat,
        }
    }
}

/// Where Ollama listens when it isn't told otherwise.
const OLLAMA_PORT: u16 = 11_434;

impl Marks {
    /// Tells a model's family by its name; `None` when it has no marks that
    /// we know.
    pub fn of_model(model: &str) -> Option<Self> {
        let name = model.to_lowercase().replace(['_', ' '], "-");
        let all = |words: &[&str]| words.iter().all(|word| name.contains(word));
        [
            (&["qwen", "coder"][..], Self::Qwen),
            (&["codeqwen"], Self::Qwen),
            (&["codegemma"], Self::Qwen),
            (&["starcoder"], Self::StarCoder),
            (&["granite", "code"], Self::StarCoder),
            (&["codellama"], Self::CodeLlama),
            (&["code-llama"], Self::CodeLlama),
            (&["deepseek", "coder"], Self::DeepSeek),
            (&["codestral"], Self::Codestral),
        ]
        .into_iter()
        .find_map(|(words, marks)| all(words).then_some(marks))
    }

    /// Writes the prompt.
    pub(crate) fn prompt(self, prefix: &str, suffix: &str) -> String {
        match self {
            Self::Qwen => format!("<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"),
            Self::StarCoder => format!("<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>"),
            Self::CodeLlama => format!("<PRE> {prefix} <SUF>{suffix} <MID>"),
            Self::DeepSeek => {
                format!("<｜fim▁begin｜>{prefix}<｜fim▁hole｜>{suffix}<｜fim▁end｜>")
            }
            Self::Codestral => format!("[SUFFIX]{suffix}[PREFIX]{prefix}"),
        }
    }

    /// Returns what ends an answer that goes on into marks.
    pub(crate) const fn stops(self) -> &'static [&'static str] {
        match self {
            Self::Qwen => &[
                "<|fim_prefix|>",
                "<|endoftext|>",
                "<|file_sep|>",
                "<|im_end|>",
            ],
            Self::StarCoder => &["<fim_prefix>", "<|endoftext|>", "<file_sep>"],
            Self::CodeLlama => &["<EOT>", " <PRE>"],
            Self::DeepSeek => &["<｜fim▁begin｜>", "<|EOT|>"],
            Self::Codestral => &["[SUFFIX]", "[PREFIX]"],
        }
    }
}

#[cfg(test)]
mod tests;
