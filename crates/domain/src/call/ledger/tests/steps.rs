//! What may happen, in any order.

use proptest::collection::vec;
use proptest::prelude::*;

/// How many agents ask.
pub(super) const AGENTS: usize = 50;
/// How many places there are to ask in; see [`Book`](super::book::Book).
pub(super) const PLACES: usize = 7;
/// How many budgets there are.
pub(super) const BUDGETS: usize = 6;

/// The limits of the budgets, in micro-dollars and tokens.
pub(super) type Limits = [(Option<i64>, Option<u64>); BUDGETS];

#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) limits: Limits,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Agents do something at the same moment.
    Together(Vec<(usize, Deed)>),
    /// The server is killed, and another one starts.
    Crash,
    /// So many hours pass.
    Wait(u16),
    /// A budget gets a limit of so many hundredths of its first one.
    Limit(usize, i64),
    /// A budget is taken back, and set anew.
    Anew(usize),
}

/// What an agent does. One whose call runs ends it before it begins another.
/// One that has none, but lost one when the server was killed, ends that one
/// late: its server was another, and lived.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Ask {
        place: usize,
        /// The most it can cost; `None` for a model without a price.
        micros: Option<i64>,
        tokens: u64,
    },
    End(How, u8),
    /// Ends a call for the second time.
    EndAgain(u8),
}

/// How a call ends, after so many hundredths of the most that it can use.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    Done,
    Failed,
    Cancelled,
    /// Nothing of it was sent.
    Released,
}

fn deed() -> impl Strategy<Value = (usize, Deed)> {
    let micros =
        prop_oneof![1 => Just(None), 1 => Just(Some(0)), 18 => (1_i64..40_000).prop_map(Some)];
    let how = prop_oneof![
        4 => Just(How::Done),
        1 => Just(How::Failed),
        1 => Just(How::Cancelled),
        1 => Just(How::Released),
    ];
    let deed = prop_oneof![
        6 => (0..PLACES, micros, 1_u64..4_000)
            .prop_map(|(place, micros, tokens)| Deed::Ask { place, micros, tokens }),
        3 => (how, 0_u8..=100).prop_map(|(how, part)| Deed::End(how, part)),
        1 => (0_u8..=100).prop_map(Deed::EndAgain),
    ];
    (0..AGENTS, deed)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => vec(deed(), 1..5).prop_map(Step::Together),
        4 => vec(deed(), 1..=AGENTS).prop_map(Step::Together),
        2 => Just(Step::Crash),
        2 => (1_u16..500).prop_map(Step::Wait),
        2 => (0..BUDGETS, 0_i64..200).prop_map(|(budget, part)| Step::Limit(budget, part)),
        1 => (0..BUDGETS).prop_map(Step::Anew),
    ]
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let limits = (
        50_000_i64..400_000,
        5_000_u64..60_000,
        30_000_i64..200_000,
        3_000_u64..20_000,
        (30_000_i64..300_000, 5_000_u64..60_000),
        40_000_i64..300_000,
    );
    (limits, vec(step(), 1..40)).prop_map(|(limits, steps)| Case {
        limits: [
            (Some(limits.0), None),
            (None, Some(limits.1)),
            (Some(limits.2), None),
            (None, Some(limits.3)),
            (Some(limits.4.0), Some(limits.4.1)),
            (Some(limits.5), None),
        ],
        steps,
    })
}
