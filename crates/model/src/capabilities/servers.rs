//! Reads what servers on one's own machine say of their models, beyond the
//! list that they share with `OpenAI`.

use std::collections::HashMap;

use serde_json::Value;

use super::lists::{holds, tokens};
use super::{LIST_MODELS, ModelFacts};

/// The context that Ollama gives a model when nobody sets one and there is
/// little memory.
const OLLAMA_TOKENS: u32 = 4_096;

/// Reads the names in Ollama's `GET /api/tags`.
pub(crate) fn ollama_names(tags: &Value) -> Option<Vec<ModelFacts>> {
    let entries = tags["models"].as_array()?;
    let named = |entry: &Value| {
        let name = entry["model"].as_str().or_else(|| entry["name"].as_str());
        ModelFacts::named(name?)
    };
    Some(entries.iter().take(LIST_MODELS).filter_map(named).collect())
}

/// Reads the contexts of the models that Ollama has loaded, from
/// `GET /api/ps`.
pub(crate) fn ollama_loaded(running: &Value) -> HashMap<String, u32> {
    let entries = running["models"].as_array().into_iter().flatten();
    let loaded = |entry: &Value| {
        let name = entry["model"].as_str().or_else(|| entry["name"].as_str())?;
        Some((name.to_owned(), tokens(&entry["context_length"])?))
    };
    entries.take(LIST_MODELS).filter_map(loaded).collect()
}

/// Reads Ollama's `POST /api/show` of one model; `None` for one that doesn't
/// converse.
///
/// The context is the one it is `loaded` with, else what its Modelfile sets.
/// Without either the server decides by its memory, and cuts off what doesn't
/// fit without a word: the least that it may choose is assumed.
pub(crate) fn ollama_model(id: &str, shown: &Value, loaded: Option<u32>) -> Option<ModelFacts> {
    let can = shown["capabilities"].as_array();
    let does = |word: &str| can.map(|list| holds(list, word));
    if does("completion") == Some(false) {
        return None;
    }
    let info = shown["model_info"].as_object();
    let trained = info.and_then(|info| {
        let mut lengths = info
            .iter()
            .filter(|(key, _)| key.ends_with(".context_length"));
        lengths.find_map(|(_, value)| tokens(value))
    });
    let modelfile = shown["parameters"].as_str().unwrap_or_default();
    let set = modelfile.lines().find_map(|line| {
        let value = line.trim().strip_prefix("num_ctx")?;
        value.trim().parse().ok()
    });
    // Those in Ollama's cloud have all that they were trained for.
    let remote = shown["remote_host"].is_string();
    let told = loaded.or(set).or(trained.filter(|_| remote));
    Some(ModelFacts {
        context_tokens: told.or(trained.map(|most| most.min(OLLAMA_TOKENS))),
        context_assumed: told.is_none() && trained.is_some(),
        parameters: info.and_then(|info| info.get("general.parameter_count")?.as_u64()),
        images: does("vision"),
        tools: does("tools"),
        reasoning: does("thinking"),
        fim: does("insert"),
        ..ModelFacts::named(id)?
    })
}

/// Reads LM Studio's `GET /api/v0/models`, without the models that don't
/// converse.
pub(crate) fn lm_studio(list: &Value) -> Option<Vec<ModelFacts>> {
    let entries = list["data"].as_array()?;
    let models = entries.iter().take(LIST_MODELS);
    Some(models.filter_map(lm_studio_entry).collect())
}

fn lm_studio_entry(entry: &Value) -> Option<ModelFacts> {
    let kind = entry["type"].as_str()?;
    if !matches!(kind, "llm" | "vlm") {
        return None;
    }
    let can = entry["capabilities"].as_array();
    Some(ModelFacts {
        // A loaded model has the context that it was loaded with.
        context_tokens: tokens(&entry["loaded_context_length"])
            .or_else(|| tokens(&entry["max_context_length"])),
        images: Some(kind == "vlm"),
        tools: can.map(|list| holds(list, "tool_use")),
        ..ModelFacts::named(entry["id"].as_str()?)?
    })
}

/// Adds what llama.cpp's `GET /props` says of the model that it serves; false
/// when this is no such document.
pub(crate) fn props(props: &Value, models: &mut [ModelFacts]) -> bool {
    let settings = &props["default_generation_settings"];
    if !settings.is_object() {
        return false;
    }
    let caps = &props["chat_template_caps"];
    for model in models {
        // What one conversation may have, which is less than it was trained
        // for when several share the memory.
        model.context_tokens = tokens(&settings["n_ctx"]).or(model.context_tokens);
        model.images = props["modalities"]["vision"].as_bool().or(model.images);
        model.tools = caps["supports_tools"].as_bool().or(model.tools);
    }
    true
}
