//! The most that a request can use, before it is sent.

use std::time::Duration;

use atelier_model::{Endpoint, Tokeniser, Vocabulary, image_at_most};

use super::Wish;
use crate::domain::Domain;
use crate::route::Left;

/// What providers add for tools beside their descriptions, in tokens. The
/// largest that is documented is below 700.
const TOOLS: u64 = 1_024;
/// The most that an image counts for. A provider that tiles images charges for
/// the largest ones this much.
const IMAGE: u64 = 50_000;
/// What is reserved for an answer when neither the request nor the model has a
/// limit, and no budget needs one.
const ANSWER: u64 = 32_768;
/// The limit of an answer of a model whose own nobody knows: more is refused
/// by some.
const UNKNOWN: u32 = 8_192;
/// How long a vocabulary is held after it was used.
const HELD: Duration = Duration::from_mins(1);
/// How many bytes writing the limit down takes at most.
const LIMIT_BYTES: u64 = 64;

/// The most tokens of a request's input, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted(u64);

impl Domain {
    /// Counts a request's input where its model's tokeniser is public. It is
    /// only for what a budget would refuse, or cut short, by the bytes: it
    /// takes up to half a second.
    pub(super) async fn count_input(&self, wish: &Wish, endpoint: &Endpoint) -> Option<Counted> {
        let Wish::Answer(request) = wish else {
            return None;
        };
        let tokeniser = Tokeniser::of(endpoint)?;
        let images = image_at_most(endpoint).unwrap_or(IMAGE) * wish.images() as u64;
        let request = request.clone();
        let counted = tokio::task::spawn_blocking(move || {
            let vocabulary = tokeniser.load()?;
            let tokens = vocabulary.input_at_most(&request)?;
            Some((vocabulary, Counted(tokens + images)))
        });
        // What can't be counted keeps the bound by its bytes.
        let (vocabulary, counted) = counted.await.ok()??;
        self.hold(vocabulary);
        Some(counted)
    }

    /// Holds a vocabulary for the requests that follow, for a while: it takes
    /// much memory.
    fn hold(&self, vocabulary: Vocabulary) {
        let stopping = self.stopping().clone();
        self.accompany(async move {
            tokio::select! {
                () = tokio::time::sleep(HELD) => {}
                () = stopping.cancelled() => {}
            }
            drop(vocabulary);
        });
    }
}

/// The most tokens that a request can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

impl Bound {
    /// Bounds a request by the bytes that will leave, and by its tokens where
    /// these were counted.
    ///
    /// No token is shorter than a byte, for the tokenisers that are public as
    /// for those that aren't, and the JSON around a message is longer than the
    /// marks a provider puts between messages.
    pub(super) fn of(
        wish: &Wish,
        endpoint: &Endpoint,
        body_bytes: usize,
        counted: Option<Counted>,
    ) -> Self {
        let tools = if wish.has_tools() { TOOLS } else { 0 };
        let output = wish.max_output_tokens().or(endpoint.max_output_tokens);
        let bytes = body_bytes as u64 + tools + IMAGE * wish.images() as u64;
        Self {
            input_tokens: counted.map_or(bytes, |counted| counted.0.min(bytes)),
            output_tokens: output.map_or(ANSWER, u64::from),
        }
    }

    /// Says whether an answer of so many tokens is shorter than it would be
    /// without a budget.
    pub(super) fn cuts_short(most: u32, endpoint: &Endpoint) -> bool {
        most < endpoint.max_output_tokens.unwrap_or(UNKNOWN).max(1)
    }

    /// Returns the limit to set for an answer that has none, so that budgets
    /// last; `None` when none counts it. A model that costs nothing is not
    /// limited by money.
    pub(super) fn answer_within(self, left: Left, endpoint: &Endpoint) -> Option<u32> {
        let free = |price: u64| price == 0;
        let by_money = match (left.micros, &endpoint.prices) {
            (Some(micros), Some(prices)) if !free(prices.output_picos_per_token) => {
                let input = prices.at_most(self.input_tokens + LIMIT_BYTES, 0);
                let picos = u128::from(micros.saturating_sub(input)) * 1_000_000;
                let price = prices.at_most_picos_of_output();
                Some(u64::try_from(picos / u128::from(price)).unwrap_or(u64::MAX))
            }
            _ => None,
        };
        let by_tokens = left
            .tokens
            .map(|tokens| tokens.saturating_sub(self.input_tokens + LIMIT_BYTES));
        let allowed = match (by_money, by_tokens) {
            (Some(money), Some(tokens)) => money.min(tokens),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => return None,
        };
        let most = endpoint.max_output_tokens.unwrap_or(UNKNOWN);
        // One token at least: a budget with less left refuses it, and says so.
        Some(
            u32::try_from(allowed)
                .unwrap_or(u32::MAX)
                .clamp(1, most.max(1)),
        )
    }

    pub(super) const fn tokens(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// Returns the most it can cost in micro-dollars; `None` when the model
    /// has no known price.
    pub(super) fn micros(self, endpoint: &Endpoint) -> Option<i64> {
        let prices = endpoint.prices.as_ref()?;
        let most = prices.at_most(self.input_tokens, self.output_tokens);
        Some(i64::try_from(most).unwrap_or(i64::MAX))
    }
}
