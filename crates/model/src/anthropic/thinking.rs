//! How hard the model is to think, in the words its version has.

use serde::Serialize;
use serde_json::{Value, json};

use crate::conversation::{Conversation, Entry, Kept};
use crate::request::{Effort, Request, ToolChoice};

/// The least budget the provider takes, in tokens.
const LEAST_BUDGET: u32 = 1_024;
/// The first version that thinks as it sees fit, and refuses a budget sooner
/// or later.
const ADAPTIVE: (u32, u32) = (4, 6);
/// The first version that thinks unasked, and then shows none of it.
const UNASKED: (u32, u32) = (5, 0);

/// What a request says about thinking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Thinking {
    /// The tokens that may be thought, for versions that take a budget.
    pub(super) budget: Option<u32>,
    /// Whether the model thinks as it sees fit.
    pub(super) adaptive: bool,
    /// The effort, for versions that know the word.
    pub(super) effort: Option<&'static str>,
}

impl Thinking {
    /// Chooses what to say to `model` for an answer of at most `max_tokens`.
    ///
    /// A forced tool call excludes thinking. With a budget, a turn that called
    /// tools without thinking (another model's, say) can't go on thinking.
    /// Models that think unasked are asked to show it, since what they say
    /// between tool calls is part of it.
    pub(super) fn of(
        request: &Request,
        said: &Conversation<'_>,
        model: &str,
        max_tokens: u32,
    ) -> Self {
        let forced = !request.tools.is_empty()
            && matches!(
                request.tool_choice,
                ToolChoice::Required | ToolChoice::Tool(_)
            );
        let unasked = !forced && thinks_unasked(model);
        let Some(effort) = request.effort else {
            return Self {
                adaptive: unasked,
                ..Self::default()
            };
        };
        let thinks = !forced && effort != Effort::Minimal;
        if version(model).is_some_and(|version| version >= ADAPTIVE) {
            return Self {
                budget: None,
                adaptive: thinks || unasked,
                effort: Some(match effort {
                    Effort::Minimal | Effort::Low => "low",
                    Effort::Medium => "medium",
                    Effort::High => "high",
                }),
            };
        }
        let wanted = match effort {
            Effort::Minimal | Effort::Low => 2_048,
            Effort::Medium => 8_192,
            Effort::High => 24_576,
        };
        // The budget is part of the answer's limit, and some must be left.
        let budget = wanted.min(max_tokens / 2);
        let possible = thinks && budget >= LEAST_BUDGET && !began_without_thinking(said);
        Self {
            budget: possible.then_some(budget),
            ..Self::default()
        }
    }

    /// Returns whether the model thinks, which excludes other settings.
    pub(super) const fn is_on(self) -> bool {
        self.budget.is_some() || self.adaptive
    }

    /// Returns the `thinking` of a request.
    pub(super) fn to_json(self) -> Option<Value> {
        match self.budget {
            Some(budget) => Some(json!({"type": "enabled", "budget_tokens": budget})),
            None if self.adaptive => Some(adaptive()),
            None => None,
        }
    }
}

/// Returns the `thinking` that leaves it to the model how much, and shows it.
pub(super) fn adaptive() -> Value {
    json!({"type": "adaptive", "display": "summarized"})
}

/// Returns whether a model thinks when nothing is said about it.
pub(super) fn thinks_unasked(model: &str) -> bool {
    version(model).is_some_and(|version| version >= UNASKED)
}

/// Returns whether the turn that goes on now began with a tool call that no
/// thinking stands before. Only its first message tells: without interleaving,
/// none of the later ones thinks. Words behind outputs are one message with
/// them and begin no turn.
fn began_without_thinking(said: &Conversation<'_>) -> bool {
    let entries = &said.entries;
    let asks = |index: &usize| {
        let answers = index.checked_sub(1).and_then(|before| entries.get(before));
        matches!(entries[*index], Entry::User { .. }) && !matches!(answers, Some(Entry::Outputs(_)))
    };
    let turn = (0..entries.len()).rev().find(asks).unwrap_or(0);
    let first = entries[turn..].iter().find_map(|entry| match entry {
        Entry::Assistant(said) => Some(said),
        Entry::User { .. } | Entry::Outputs(_) => None,
    });
    let thought = |kept: &Kept<'_>| kept.text_bytes == 0 && kept.calls == 0;
    first.is_some_and(|said| !said.carried.iter().any(thought))
}

/// Reads the version in a model's name, such as `claude-opus-4-6`,
/// `claude-3-7-sonnet-20250219` or `claude-sonnet-4-20250514`; `None` for
/// other makers' models.
pub(super) fn version(model: &str) -> Option<(u32, u32)> {
    let at = model.find("claude-")?;
    let mut numbers = model[at..]
        .split(['-', '.', '@', ':'])
        .skip(1)
        .map(|part| part.parse::<u32>().ok().filter(|_| part.len() <= 2))
        .skip_while(Option::is_none);
    let major = numbers.next().flatten()?;
    Some((major, numbers.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_names() {
        for (model, expected) in [
            ("claude-opus-4-6", Some((4, 6))),
            ("claude-sonnet-4-20250514", Some((4, 0))),
            ("claude-3-7-sonnet-20250219", Some((3, 7))),
            ("claude-3-opus-latest", Some((3, 0))),
            ("claude-haiku-5.5", Some((5, 5))),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", Some((4, 5))),
            ("claude-opus-4-1@20250805", Some((4, 1))),
            ("claude-next", None),
            ("deepseek-chat", None),
        ] {
            assert_eq!(version(model), expected, "{model}");
        }
    }
}
