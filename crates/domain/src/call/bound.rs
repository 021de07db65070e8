//! The most that a request can use, before it is sent.

use std::time::Duration;

use atelier_model::{AtMost, Endpoint, Tokeniser, Usage, Vocabulary};

use super::Wish;
use crate::domain::Domain;
use crate::route::Left;

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
/// How many tokens a model writes in a second at most where it shows none of
/// them: what is sold that thinks unseen writes some three hundred.
const UNSEEN_PER_SECOND: u128 = 500;

/// The most tokens of a request's input, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted(u64);

impl Domain {
    /// Counts a request's input where its model's tokeniser is public. It is
    /// only for what a budget would refuse, or cut short, by the bytes: it
    /// takes up to half a second.
    pub(super) async fn count_input(
        &self,
        wish: &Wish,
        endpoint: &Endpoint,
        most: AtMost,
    ) -> Option<Counted> {
        let Wish::Answer(request) = wish else {
            return None;
        };
        let tokeniser = Tokeniser::of(endpoint)?;
        let request = request.clone();
        let counted = tokio::task::spawn_blocking(move || {
            let vocabulary = tokeniser.load()?;
            let tokens = vocabulary.input_at_most(&request)?;
            Some((vocabulary, Counted(tokens + most.image_tokens)))
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
    pub(super) fn of(most: AtMost, counted: Option<Counted>) -> Self {
        let bytes = most.input_tokens;
        Self {
            input_tokens: counted.map_or(bytes, |counted| counted.0.min(bytes)),
            output_tokens: most.output_tokens.map_or(ANSWER, u64::from),
        }
    }

    /// Returns what counts of a call that ended so long after it was sent: what
    /// its provider counted, and else the most that it can have used until
    /// then, which is never more than was reserved.
    ///
    /// Of the answer that is a token for each byte that came, or what a model
    /// can have thought in that time without showing it, whichever is more.
    pub(super) fn settle(self, usage: Usage, after: Duration) -> Usage {
        if !usage.estimated {
            return usage;
        }
        let unseen = (after.as_millis() * UNSEEN_PER_SECOND).div_ceil(1_000);
        let unseen = u64::try_from(unseen).unwrap_or(u64::MAX);
        let output = usage.output_tokens.max(unseen).min(self.output_tokens);
        Usage {
            input_tokens: usage.input_tokens.min(self.input_tokens),
            output_tokens: output,
            reasoning_tokens: usage.reasoning_tokens.min(output),
            ..usage
        }
    }

    /// Returns what a request can have used by now that was sent and not
    /// answered.
    pub(super) fn unanswered(self, after: Duration) -> Usage {
        let sent = Usage {
            input_tokens: self.input_tokens,
            estimated: true,
            ..Usage::default()
        };
        self.settle(sent, after)
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

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Bound = Bound {
        input_tokens: 1_000,
        output_tokens: 4_000,
    };

    fn usage(input_tokens: u64, output_tokens: u64, estimated: bool) -> Usage {
        Usage {
            input_tokens,
            output_tokens,
            estimated,
            ..Usage::default()
        }
    }

    #[test]
    fn an_end_that_nobody_counted_is_the_most_it_can_have_used() {
        for (known, seconds, expected) in [
            // What the provider counted stands, also above the bound.
            (usage(1_200, 9_000, false), 60, (1_200, 9_000)),
            // The input that it counted before, and a token for each byte.
            (usage(300, 900, true), 1, (300, 900)),
            // Without any, what was reserved, which may have been counted.
            (usage(3_600, 900, true), 1, (1_000, 900)),
            // What was thought and not shown.
            (usage(300, 10, true), 5, (300, 2_500)),
            // No more than it was allowed to write.
            (usage(300, 10, true), 600, (300, 4_000)),
            (usage(300, 90_000, true), 1, (300, 4_000)),
        ] {
            let settled = BOUND.settle(known, Duration::from_secs(seconds));
            let tokens = (settled.input_tokens, settled.output_tokens);
            assert_eq!(tokens, expected, "{known:?} after {seconds} s");
            assert_eq!(settled.estimated, known.estimated);
        }
        let silent = BOUND.unanswered(Duration::from_millis(1_500));
        assert_eq!(silent, usage(1_000, 750, true));
    }
}
