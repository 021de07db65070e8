//! What a call costs, in exact integer money.

mod published;

pub use published::{Published, published, published_date};

use crate::delta::Usage;
use crate::error::{Error, Result};

/// The digits after the point that a price per million tokens may have: a
/// micro-dollar per million tokens is a pico-dollar per token.
const PRICE_DECIMALS: usize = 6;
/// The highest price taken, in dollars per million tokens; above it is a typo.
const PRICE_MAX_USD: u64 = 1_000_000;
/// The most that one call is believed to cost, in micro-dollars: a million
/// dollars. Sums of millions of such calls don't overflow.
const COST_MAX: u64 = 1_000_000_000_000;
/// Pico-dollars in a micro-dollar.
const PICOS_PER_MICRO: u128 = 1_000_000;

/// A model's prices in pico-dollars (10⁻¹² USD) per token.
///
/// Not nano-dollars: published prices such as $0.0375 per million tokens are
/// 37.5 nano-dollars per token. `$1 per million tokens` is 1,000,000 here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// For each input token that was not cached.
    pub input_picos_per_token: u64,
    /// For each output token, reasoning included.
    pub output_picos_per_token: u64,
    /// For each input token from the provider's cache; the input price when
    /// `None`.
    pub cached_input_picos_per_token: Option<u64>,
    /// For each input token put into the provider's cache; the input price
    /// when `None`.
    pub cache_write_picos_per_token: Option<u64>,
    /// What a long conversation costs, where that is more.
    pub long: Option<LongPrices>,
}

/// The prices of all tokens of a call that sends more than so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongPrices {
    /// How many tokens are sent at the usual prices at most.
    pub from_tokens: u64,
    /// For each input token that was not cached.
    pub input_picos_per_token: u64,
    /// For each output token; the usual price when `None`.
    pub output_picos_per_token: Option<u64>,
    /// For each input token from the provider's cache; the input price here
    /// when `None`.
    pub cached_input_picos_per_token: Option<u64>,
}

impl Prices {
    /// What costs nothing.
    pub const FREE: Self = Self {
        input_picos_per_token: 0,
        output_picos_per_token: 0,
        cached_input_picos_per_token: None,
        cache_write_picos_per_token: None,
        long: None,
    };

    /// Reads prices as providers print them: US dollars per million tokens,
    /// as decimals such as `"0.15"`, with at most six digits after the point.
    ///
    /// # Errors
    /// [`Error::InvalidPrice`] when a text is no such decimal.
    pub fn per_million(input: &str, output: &str) -> Result<Self> {
        Ok(Self {
            input_picos_per_token: parse(input)?,
            output_picos_per_token: parse(output)?,
            cached_input_picos_per_token: None,
            cache_write_picos_per_token: None,
            long: None,
        })
    }

    /// Sets the price of cached input, in US dollars per million tokens.
    ///
    /// # Errors
    /// [`Error::InvalidPrice`] when the text is no such decimal.
    pub fn with_cached_input(self, cached: &str) -> Result<Self> {
        Ok(Self {
            cached_input_picos_per_token: Some(parse(cached)?),
            ..self
        })
    }

    /// Sets the price of input put into the cache, in US dollars per million
    /// tokens.
    ///
    /// # Errors
    /// [`Error::InvalidPrice`] when the text is no such decimal.
    pub fn with_cache_write(self, written: &str) -> Result<Self> {
        Ok(Self {
            cache_write_picos_per_token: Some(parse(written)?),
            ..self
        })
    }

    /// Returns the most that this many tokens can cost in micro-dollars,
    /// however many of them are cached.
    pub fn at_most(&self, input_tokens: u64, output_tokens: u64) -> u64 {
        let prices = self.of_length(input_tokens);
        // What is sent may be shorter than that, and no long conversation.
        let input = prices.dearest_input().max(self.dearest_input());
        let output = self
            .output_picos_per_token
            .max(prices.output_picos_per_token);
        micros(product(input_tokens, input).saturating_add(product(output_tokens, output)))
    }

    fn dearest_input(&self) -> u64 {
        self.input_picos_per_token
            .max(self.cached_input_picos_per_token.unwrap_or(0))
            .max(self.cache_write_picos_per_token.unwrap_or(0))
    }

    /// Returns the most that an output token can cost, in pico-dollars.
    pub fn at_most_picos_of_output(&self) -> u64 {
        let long = self.long.and_then(|long| long.output_picos_per_token);
        self.output_picos_per_token.max(long.unwrap_or(0))
    }

    /// Returns the prices of a call that sends so many tokens.
    fn of_length(&self, input_tokens: u64) -> Self {
        let Some(long) = self.long.filter(|long| input_tokens > long.from_tokens) else {
            return *self;
        };
        // What is published of writing to the cache is a factor of the input.
        let written = self.cache_write_picos_per_token.map(|price| {
            let factor = u128::from(price) * u128::from(long.input_picos_per_token);
            let scaled = factor.div_ceil(u128::from(self.input_picos_per_token.max(1)));
            u64::try_from(scaled).unwrap_or(u64::MAX)
        });
        Self {
            input_picos_per_token: long.input_picos_per_token,
            output_picos_per_token: long
                .output_picos_per_token
                .unwrap_or(self.output_picos_per_token),
            cached_input_picos_per_token: long.cached_input_picos_per_token,
            cache_write_picos_per_token: written,
            long: None,
        }
    }
}

/// Returns what a call cost in micro-dollars (10⁻⁶ USD), rounded up once.
///
/// Reasoning tokens are part of the output and not charged again. No call costs
/// more than a million dollars, whatever its provider counts.
pub fn cost(usage: &Usage, prices: &Prices) -> u64 {
    let prices = prices.of_length(usage.input_tokens);
    let input = prices.input_picos_per_token;
    let cached = usage.cached_input_tokens.min(usage.input_tokens);
    let written = usage.cache_write_tokens.min(usage.input_tokens - cached);
    let picos = [
        product(usage.input_tokens - cached - written, input),
        product(cached, prices.cached_input_picos_per_token.unwrap_or(input)),
        product(written, prices.cache_write_picos_per_token.unwrap_or(input)),
        product(usage.output_tokens, prices.output_picos_per_token),
    ];
    micros(picos.into_iter().fold(0, u128::saturating_add)).min(COST_MAX)
}

fn micros(picos: u128) -> u64 {
    u64::try_from(picos.div_ceil(PICOS_PER_MICRO)).unwrap_or(u64::MAX)
}

fn product(tokens: u64, price: u64) -> u128 {
    u128::from(tokens) * u128::from(price)
}

fn parse(text: &str) -> Result<u64> {
    parse_decimal(text.trim()).ok_or_else(|| Error::InvalidPrice {
        text: text.chars().take(40).collect(),
    })
}

fn parse_decimal(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.len() <= 18 && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > PRICE_DECIMALS {
        return None;
    }
    let whole: u64 = whole.parse().ok().filter(|usd| *usd <= PRICE_MAX_USD)?;
    let micros: u64 = format!("{fraction:0<PRICE_DECIMALS$}").parse().ok()?;
    Some(whole * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_exactly() {
        for (text, picos) in [
            ("0.15", 150_000),
            ("0.0375", 37_500),
            ("2.50", 2_500_000),
            ("15", 15_000_000),
            ("0", 0),
            ("0.000001", 1),
            ("0.1000000", 100_000),
            (" 3.0 ", 3_000_000),
        ] {
            let prices = Prices::per_million(text, "0").unwrap();
            assert_eq!(prices.input_picos_per_token, picos, "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "0,15",
            "$1",
            "0.0000001",
            "1000001",
            "∞",
            "99999999999999999999",
        ] {
            let err = Prices::per_million("1", text).unwrap_err();
            assert!(matches!(err, Error::InvalidPrice { .. }), "{text}");
        }
    }

    #[test]
    fn costs_are_exact_and_rounded_up_once() {
        let mini = Prices::per_million("0.15", "0.60").unwrap();
        let cached = mini.with_cached_input("0.075").unwrap();
        let fine = Prices::per_million("0.0375", "0.15").unwrap();
        let dear = Prices::per_million("15", "60").unwrap();
        let written = cached.with_cache_write("0.1875").unwrap();
        let usage = |input, cached, written, output| Usage {
            input_tokens: input,
            cached_input_tokens: cached,
            cache_write_tokens: written,
            output_tokens: output,
            ..Usage::default()
        };
        for (usage, prices, micros) in [
            (usage(1_000_000, 0, 0, 1_000_000), mini, 750_000),
            (usage(1_000_000, 0, 0, 0), fine, 37_500),
            // 185.1 + 340.2 = 525.3
            (usage(1_234, 0, 0, 567), mini, 526),
            // 90 + 30 + 6
            (usage(1_000, 400, 0, 10), cached, 126),
            (usage(1_000, 400, 0, 10), mini, 156),
            // 75 + 30 + 18.75
            (usage(1_000, 400, 100, 0), written, 124),
            (usage(1, 0, 0, 0), fine, 1),
            (usage(0, 0, 0, 0), mini, 0),
            (usage(9, 9, 0, 9), Prices::FREE, 0),
            // A server that claims more cached than read is not paid for it.
            (usage(100, 500, 500, 0), written, 8),
            (usage(u64::MAX, 0, 0, u64::MAX), dear, COST_MAX),
        ] {
            assert_eq!(cost(&usage, &prices), micros, "{usage:?} {prices:?}");
            let most = prices.at_most(usage.input_tokens, usage.output_tokens);
            assert!(most >= micros, "{most} bounds {usage:?} {prices:?}");
        }
    }
}
