//! What providers publish of their models: prices, sizes, abilities.

use std::collections::HashMap;
use std::sync::OnceLock;

use url::Url;

use super::{LongPrices, Prices};
use crate::wire::Wire;

/// Made by `cargo xtask prices`.
static TABLE: &str = include_str!("published.tsv");

/// What a provider publishes of a model. `None` is: not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// How many tokens it reads.
    pub context_tokens: Option<u64>,
    /// How many tokens it writes.
    pub max_output_tokens: Option<u64>,
    /// Whether it sees images.
    pub images: bool,
    /// Whether it calls tools.
    pub tools: bool,
    /// Whether it can think before it answers.
    pub reasoning: bool,
    /// What it costs.
    pub prices: Prices,
}

/// Returns the day on which the table was read, as `2026-01-31`.
pub fn published_date() -> &'static str {
    TABLE.lines().nth(1).unwrap_or_default()
}

/// Finds what is published of a model at an address. A model behind an address
/// that is not its provider's own is not looked up by its name alone: whoever
/// resells it sets the price.
pub fn published(wire: Wire, base_url: &Url, model: &str) -> Option<Published> {
    static MODELS: OnceLock<HashMap<(&'static str, &'static str), Published>> = OnceLock::new();
    let provider = provider(wire, base_url)?;
    let models = MODELS.get_or_init(|| TABLE.lines().skip(4).filter_map(line).collect());
    let model = model.strip_prefix("models/").unwrap_or(model);
    models.get(&(provider, model)).copied()
}

/// Returns the table's name of the provider at an address.
fn provider(wire: Wire, base_url: &Url) -> Option<&'static str> {
    let host = base_url.host_str()?;
    let provider = [
        ("api.openai.com", "openai"),
        ("api.anthropic.com", "anthropic"),
        ("generativelanguage.googleapis.com", "gemini"),
        ("api.deepseek.com", "deepseek"),
        ("api.mistral.ai", "mistral"),
        ("codestral.mistral.ai", "mistral"),
        ("api.x.ai", "xai"),
        ("api.groq.com", "groq"),
    ]
    .into_iter()
    .find(|(known, _)| *known == host)?
    .1;
    (wire != Wire::Local).then_some(provider)
}

fn line(text: &'static str) -> Option<((&'static str, &'static str), Published)> {
    let cells: Vec<&'static str> = text.split('\t').collect();
    let number = |at: usize| cells.get(at)?.parse::<u64>().ok();
    let can = |letter| cells.get(12).is_some_and(|can| can.contains(letter));
    let prices = Prices {
        input_picos_per_token: number(4)?,
        output_picos_per_token: number(5)?,
        cached_input_picos_per_token: number(6),
        // Where putting into the cache is said to be free, it costs as input.
        cache_write_picos_per_token: number(7).filter(|price| *price > 0),
        long: number(8)
            .zip(number(9))
            .map(|(from_tokens, input)| LongPrices {
                from_tokens,
                input_picos_per_token: input,
                output_picos_per_token: number(10),
                cached_input_picos_per_token: number(11),
            }),
    };
    let published = Published {
        context_tokens: number(2),
        max_output_tokens: number(3),
        images: can('v'),
        tools: can('t'),
        reasoning: can('r'),
        prices,
    };
    Some(((*cells.first()?, *cells.get(1)?), published))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(url: &str, model: &str) -> Option<Published> {
        published(Wire::OpenAiChat, &Url::parse(url).unwrap(), model)
    }

    #[test]
    fn every_line_is_read_and_a_model_is_found_at_its_own_provider_only() {
        assert_eq!(
            TABLE.lines().skip(4).count(),
            TABLE.lines().skip(4).filter_map(line).count()
        );
        assert!(TABLE.lines().count() > 200);
        let sonnet = find("https://api.anthropic.com/v1", "claude-sonnet-4-5").unwrap();
        let prices = Prices::per_million("3", "15").unwrap();
        let prices = prices
            .with_cached_input("0.3")
            .unwrap()
            .with_cache_write("3.75")
            .unwrap();
        assert_eq!(sonnet.prices, prices);
        assert_eq!(
            (sonnet.context_tokens, sonnet.max_output_tokens),
            (Some(200_000), Some(64_000))
        );
        assert!(sonnet.images && sonnet.tools && sonnet.reasoning);
        for (url, model) in [
            ("https://proxy.example/v1", "claude-sonnet-4-5"),
            ("https://api.anthropic.com/v1", "claude-unheard-of"),
            ("http://127.0.0.1:9/v1", "gpt-4o"),
        ] {
            assert_eq!(find(url, model), None, "{url} {model}");
        }
    }

    #[test]
    fn long_conversations_cost_what_the_table_says() {
        let url = "https://generativelanguage.googleapis.com/v1beta";
        let pro = find(url, "models/gemini-2.5-pro").unwrap().prices;
        let usage = |input_tokens| crate::Usage {
            input_tokens,
            output_tokens: 1_000,
            ..Default::default()
        };
        assert_eq!(crate::cost(&usage(200_000), &pro), 250_000 + 10_000);
        assert_eq!(crate::cost(&usage(200_001), &pro), 500_003 + 15_000);
        assert!(pro.at_most(200_001, 1_000) >= 515_003);
    }

    #[test]
    fn the_table_says_when_it_was_read() {
        let date = published_date();
        assert!(date.len() == 10 && date.starts_with("20"), "{date}");
    }
}
