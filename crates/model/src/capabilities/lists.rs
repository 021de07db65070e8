//! Reads the lists of models that providers publish.

use serde_json::Value;

use super::{LIST_MODELS, ModelFacts, ServerKind};
use crate::price::{LongPrices, Prices};

/// One page of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) models: Vec<ModelFacts>,
    /// What to ask the next page with; `None` on the last.
    pub(crate) next: Option<String>,
}

/// Reads `GET /models` of a compatible server, and what kind it shows itself
/// to be; `None` when it is no list.
///
/// The shapes are `{"data":[{"id":…}]}`, the bare list of Together, and the
/// `{"models":[{"name":…}]}` of others. An Ollama without models says
/// `{"data":null}`.
pub(crate) fn compatible(list: &Value) -> Option<(Vec<ModelFacts>, Option<ServerKind>)> {
    let is_list = list["object"] == "list";
    let entries = [list.get("data"), list.get("models"), Some(list)]
        .into_iter()
        .flatten()
        .find_map(Value::as_array);
    let entries = match entries {
        Some(entries) => entries.as_slice(),
        None if is_list => &[],
        None => return None,
    };
    let kind = entries
        .iter()
        .find_map(|entry| ServerKind::of_owner(entry["owned_by"].as_str()?));
    let models = entries.iter().take(LIST_MODELS);
    Some((models.filter_map(compatible_entry).collect(), kind))
}

fn compatible_entry(entry: &Value) -> Option<ModelFacts> {
    let id = entry["id"].as_str().or_else(|| entry["name"].as_str())?;
    // Mistral's own platform says what each can do.
    let can = |word: &str| entry["capabilities"][word].as_bool();
    if can("completion_chat") == Some(false) && can("completion_fim") != Some(true) {
        return None;
    }
    // llama.cpp names what can be read, `text` among it.
    let reads = entry["architecture"]["input_modalities"].as_array();
    Some(ModelFacts {
        // vLLM, Mistral, llama.cpp and Groq, in this order.
        context_tokens: tokens(&entry["max_model_len"])
            .or_else(|| tokens(&entry["max_context_length"]))
            .or_else(|| tokens(&entry["meta"]["n_ctx_train"]))
            .or_else(|| tokens(&entry["context_window"])),
        max_output_tokens: tokens(&entry["max_completion_tokens"]),
        // llama.cpp.
        parameters: entry["meta"]["n_params"].as_u64(),
        images: can("vision").or_else(|| reads.map(|list| holds(list, "image"))),
        tools: can("function_calling"),
        reasoning: can("reasoning"),
        fim: can("completion_fim"),
        ..ModelFacts::named(id)?
    })
}

/// Reads `GET /models` of `OpenRouter`, prices included.
pub(crate) fn openrouter(list: &Value) -> Option<Vec<ModelFacts>> {
    let entries = list["data"].as_array()?;
    let models = entries.iter().take(LIST_MODELS);
    Some(models.filter_map(openrouter_entry).collect())
}

fn openrouter_entry(entry: &Value) -> Option<ModelFacts> {
    let list = |value: &Value, word: &str| value.as_array().map(|list| holds(list, word));
    let writes = &entry["architecture"]["output_modalities"];
    if list(writes, "text") == Some(false) {
        return None;
    }
    let takes = &entry["supported_parameters"];
    Some(ModelFacts {
        context_tokens: tokens(&entry["context_length"]),
        max_output_tokens: tokens(&entry["top_provider"]["max_completion_tokens"]),
        images: list(&entry["architecture"]["input_modalities"], "image"),
        tools: list(takes, "tools"),
        reasoning: list(takes, "reasoning"),
        prices: openrouter_prices(&entry["pricing"]),
        ..ModelFacts::named(entry["id"].as_str()?)?
    })
}

/// Reads prices in dollars per token. A router's model has no price of its
/// own and says `-1`.
fn openrouter_prices(pricing: &Value) -> Option<Prices> {
    let price = |key: &str| pricing[key].as_str().and_then(picos_per_token);
    // A price for each request can't be told in prices of tokens.
    if price("request").is_some_and(|each| each > 0) {
        return None;
    }
    Some(Prices {
        input_picos_per_token: price("prompt")?,
        output_picos_per_token: price("completion")?,
        cached_input_picos_per_token: price("input_cache_read"),
        cache_write_picos_per_token: price("input_cache_write"),
        long: openrouter_long(pricing),
    })
}

/// Reads what changes the prices: how much is sent, and the time of day. Of
/// several such the first length and the highest prices count, so that none is
/// ever more than what is reserved for it; what a call really cost is told
/// with its answer.
fn openrouter_long(pricing: &Value) -> Option<LongPrices> {
    let changes = pricing["overrides"].as_array()?;
    let least = |change: &Value| change["min_prompt_tokens"].as_u64().unwrap_or(0);
    let first = changes.iter().map(least).min()?;
    let most = |key: &str| {
        let all = changes.iter().chain([pricing]);
        all.filter_map(|at| at[key].as_str().and_then(picos_per_token))
            .max()
    };
    Some(LongPrices {
        from_tokens: first.saturating_sub(1),
        input_picos_per_token: most("prompt")?,
        output_picos_per_token: most("completion"),
        cached_input_picos_per_token: most("input_cache_read"),
    })
}

/// Reads dollars, such as `0.0000008` or `8e-7`, as whole micro-dollars,
/// rounded up; `None` of a million or more.
pub(crate) fn micros(text: &str) -> Option<u64> {
    let micros = picos(text)?.div_ceil(1_000_000);
    u64::try_from(micros)
        .ok()
        .filter(|micros| *micros < 1_000_000_000_000)
}

/// Reads dollars per token as whole pico-dollars, rounded up.
pub(super) fn picos_per_token(text: &str) -> Option<u64> {
    // A whole dollar for a token is no price.
    u64::try_from(picos(text)?)
        .ok()
        .filter(|picos| *picos < 1_000_000_000_000)
}

fn picos(text: &str) -> Option<u128> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, fraction].concat();
    if all.is_empty() || all.len() > 30 || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u128 = all.parse().ok()?;
    let places = i32::try_from(fraction.len()).ok()?;
    let scale = exponent.checked_add(12)?.checked_sub(places)?;
    let power = 10_u128.checked_pow(scale.unsigned_abs());
    match power {
        Some(power) if scale >= 0 => number.checked_mul(power),
        Some(power) => Some(number.div_ceil(power)),
        // Less than the least of what we count, or more than there is.
        None if scale < 0 => Some(u128::from(number > 0)),
        None => None,
    }
}

/// Reads a page of Anthropic's `GET /v1/models`.
pub(crate) fn anthropic(list: &Value) -> Option<Page> {
    let entries = list["data"].as_array()?;
    let more = list["has_more"] == true;
    let last = list["last_id"].as_str().filter(|_| more);
    Some(Page {
        models: entries.iter().filter_map(anthropic_entry).collect(),
        next: last.map(str::to_owned),
    })
}

fn anthropic_entry(entry: &Value) -> Option<ModelFacts> {
    if entry["lifecycle"] == "retired" {
        return None;
    }
    let can = |word: &str| entry["capabilities"][word]["supported"].as_bool();
    Some(ModelFacts {
        context_tokens: tokens(&entry["max_input_tokens"]),
        max_output_tokens: tokens(&entry["max_tokens"]),
        images: can("image_input"),
        // Each of them does, and the list has no word for it.
        tools: Some(true),
        reasoning: can("thinking"),
        fim: Some(false),
        ..ModelFacts::named(entry["id"].as_str()?)?
    })
}

/// Reads a page of Gemini's `GET /v1beta/models`, without the models that
/// don't converse.
pub(crate) fn gemini(list: &Value) -> Option<Page> {
    let entries = list["models"].as_array()?;
    let next = list["nextPageToken"].as_str();
    Some(Page {
        models: entries.iter().filter_map(gemini_entry).collect(),
        next: next.filter(|token| !token.is_empty()).map(str::to_owned),
    })
}

fn gemini_entry(entry: &Value) -> Option<ModelFacts> {
    let methods = entry["supportedGenerationMethods"].as_array()?;
    if !holds(methods, "generateContent") {
        return None;
    }
    let name = entry["name"].as_str()?;
    Some(ModelFacts {
        context_tokens: tokens(&entry["inputTokenLimit"]),
        max_output_tokens: tokens(&entry["outputTokenLimit"]),
        reasoning: entry["thinking"].as_bool(),
        fim: Some(false),
        ..ModelFacts::named(name.strip_prefix("models/").unwrap_or(name))?
    })
}

/// Reads a count of tokens; none of zero, which some lists mean unknown by.
pub(super) fn tokens(value: &Value) -> Option<u32> {
    let count = value.as_u64().filter(|count| *count > 0)?;
    Some(u32::try_from(count).unwrap_or(u32::MAX))
}

pub(super) fn holds(list: &[Value], word: &str) -> bool {
    list.iter().any(|entry| entry == word)
}
