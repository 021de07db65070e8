//! What the model has read before: which tokens lie in which sequence of its
//! memory, and which of them a new prompt can use.

/// How many prompts are remembered: a conversation, the place that is being
/// completed, and two more.
pub(crate) const SLOTS: usize = 4;

/// So many tokens are soon read again. At each key, what follows the place and
/// what was filled in are lost, which are fewer.
const LITTLE: usize = 160;

/// The sequences of the model's memory.
#[derive(Debug)]
pub(crate) struct Slots {
    slots: [Slot; SLOTS],
    capacity: usize,
    uses: u64,
    /// The sequence of an answer that is interrupted, and how many tokens it
    /// needs to go on.
    interrupted: Option<(usize, usize)>,
}

#[derive(Debug, Default)]
struct Slot {
    tokens: Vec<i32>,
    used: u64,
}

/// Where a prompt is read, and what has to go before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The sequence.
    pub(crate) slot: usize,
    /// How many of the prompt's first tokens it holds already.
    pub(crate) known: usize,
    /// The sequence that these are to be copied from, after the chosen one was
    /// emptied; `None` when they are where they should be.
    pub(crate) lender: Option<usize>,
    /// The sequences that then have to be emptied to make room.
    pub(crate) emptied: Vec<usize>,
}

impl Slots {
    /// Makes the sequences of a memory for `capacity` tokens.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            slots: Default::default(),
            capacity,
            uses: 0,
            interrupted: None,
        }
    }

    /// Chooses where `prompt` is read so that `room` more tokens fit after it.
    /// What the chosen sequence holds beyond `known` is to be removed.
    ///
    /// Returns `None` when they don't fit.
    pub(crate) fn place(&mut self, prompt: &[i32], room: usize) -> Option<Place> {
        let needed = prompt.len() + room;
        if prompt.is_empty() || !self.fits(needed) {
            return None;
        }
        // The last token is always read, because what comes next follows from
        // reading it.
        let most = prompt.len() - 1;
        let shared = |at: usize| common(&self.slots[at].tokens, prompt).min(most);
        // What serves best; among equals, what was used least recently.
        let best = (0..SLOTS)
            .max_by_key(|at| {
                let used = self.slots[*at].used;
                (useful(shared(*at)), std::cmp::Reverse(used))
            })
            .unwrap_or(0);
        let known = shared(best);
        let slot = self.target(best, known);
        let lender = Some(best).filter(|best| *best != slot && useful(known) > 0);
        let known = if lender.is_some() || slot == best {
            known
        } else {
            0
        };
        self.slots[slot].tokens = prompt[..known].to_vec();
        let emptied = self.empty_others(slot, needed);
        self.uses += 1;
        self.slots[slot].used = self.uses;
        Some(Place {
            slot,
            known,
            lender,
            emptied,
        })
    }

    /// Returns whether so many tokens fit, beside what an interrupted answer
    /// needs.
    pub(crate) fn fits(&self, needed: usize) -> bool {
        let taken = self.interrupted.map_or(0, |(_, taken)| taken);
        needed + taken <= self.capacity
    }

    /// Makes room for one more token in a sequence; returns the sequences that
    /// have to be emptied for it, or `None` when it has the whole memory.
    pub(crate) fn grow(&mut self, slot: usize) -> Option<Vec<usize>> {
        let needed = self.held(slot) + 1;
        self.fits(needed).then(|| self.empty_others(slot, needed))
    }

    /// Returns how many tokens a sequence holds.
    pub(crate) fn held(&self, slot: usize) -> usize {
        self.slots[slot].tokens.len()
    }

    /// Notes that a sequence holds more tokens.
    pub(crate) fn extend(&mut self, slot: usize, tokens: &[i32]) {
        self.slots[slot].tokens.extend_from_slice(tokens);
    }

    /// Notes that a sequence holds nothing any more.
    pub(crate) fn empty(&mut self, slot: usize) {
        self.slots[slot].tokens.clear();
    }

    /// Leaves a sequence alone until [`Slots::resume`], with room for `needed`
    /// tokens in all.
    pub(crate) fn interrupt(&mut self, slot: usize, needed: usize) {
        self.interrupted = Some((slot, needed));
    }

    /// Ends what [`Slots::interrupt`] began.
    pub(crate) fn resume(&mut self) {
        self.interrupted = None;
    }

    /// Chooses the sequence for a prompt of which `best` holds `known` tokens:
    /// that one, unless much of what it holds would be lost and another is
    /// free, or was not used for longer.
    fn target(&self, best: usize, known: usize) -> usize {
        let lost = self.held(best) - known;
        let little = lost <= LITTLE || lost * 4 <= self.held(best);
        if little && !self.is_interrupted(best) {
            return best;
        }
        (0..SLOTS)
            .filter(|at| !self.is_interrupted(*at))
            .min_by_key(|at| (self.held(*at) > 0, self.slots[*at].used))
            .unwrap_or(best)
    }

    fn is_interrupted(&self, slot: usize) -> bool {
        self.interrupted.is_some_and(|(at, _)| at == slot)
    }

    /// Empties other sequences, least recently used first, until `needed`
    /// tokens fit into `keep`. What sequences share is counted for each: that
    /// is more than they take, never less.
    fn empty_others(&mut self, keep: usize, needed: usize) -> Vec<usize> {
        let mut emptied = Vec::new();
        loop {
            let others = (0..SLOTS).filter(|at| *at != keep);
            let taken = |at: usize| match self.interrupted {
                Some((slot, needed)) if slot == at => needed,
                _ => self.held(at),
            };
            let held: usize = others.clone().map(taken).sum();
            let oldest = others
                .filter(|at| self.held(*at) > 0 && !self.is_interrupted(*at))
                .min_by_key(|at| self.slots[*at].used);
            match oldest {
                Some(oldest) if held + needed > self.capacity => {
                    self.empty(oldest);
                    emptied.push(oldest);
                }
                _ => return emptied,
            }
        }
    }
}

/// A few common tokens, such as how every conversation begins, are no reason
/// to give up what else a sequence holds.
const fn useful(known: usize) -> usize {
    if known < 16 { 0 } else { known }
}

fn common(held: &[i32], prompt: &[i32]) -> usize {
    held.iter().zip(prompt).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(slots: &mut Slots, prompt: &[i32], room: usize) -> Place {
        let place = slots.place(prompt, room).unwrap();
        slots.extend(place.slot, &prompt[place.known..]);
        place
    }

    fn numbers(from: i32, count: i32) -> Vec<i32> {
        (from..from + count).collect()
    }

    #[test]
    fn a_longer_prompt_uses_what_was_read() {
        let mut slots = Slots::new(1_000);
        let first = read(&mut slots, &numbers(0, 100), 10);
        assert_eq!(first.known, 0);
        let mut prompt = numbers(0, 80);
        prompt.extend(numbers(500, 30));
        let second = read(&mut slots, &prompt, 10);
        assert_eq!((second.slot, second.known), (first.slot, 80));
        let same = read(&mut slots, &prompt, 10);
        assert_eq!(same.known, prompt.len() - 1, "the last token is read again");
    }

    #[test]
    fn prompts_that_share_little_lie_apart() {
        let mut slots = Slots::new(1_000);
        let places: Vec<usize> = (0..4)
            .map(|at| read(&mut slots, &numbers(at * 1_000, 50), 10).slot)
            .collect();
        let mut apart = places.clone();
        apart.sort_unstable();
        assert_eq!(apart, [0, 1, 2, 3]);
        assert_eq!(
            read(&mut slots, &numbers(9_000, 50), 10).slot,
            places[0],
            "the one used least recently gives way"
        );
        let again = read(&mut slots, &numbers(2_000, 60), 10);
        assert_eq!((again.slot, again.known), (places[2], 50));
    }

    #[test]
    fn old_prompts_give_way_to_one_that_needs_the_room() {
        let mut slots = Slots::new(200);
        let first = read(&mut slots, &numbers(0, 90), 10);
        let second = read(&mut slots, &numbers(1_000, 80), 10);
        let third = read(&mut slots, &numbers(2_000, 90), 20);
        assert_eq!(third.emptied, [first.slot]);
        assert_ne!(third.slot, second.slot);
        assert_eq!(slots.place(&numbers(0, 200), 1), None, "more than there is");
    }

    #[test]
    fn two_conversations_with_the_same_rules_keep_what_each_was_told() {
        let mut slots = Slots::new(2_000);
        let rules = numbers(0, 100);
        let told = |from: i32| [rules.clone(), numbers(from, 200)].concat();
        let first = read(&mut slots, &told(1_000), 10);
        let second = read(&mut slots, &told(2_000), 10);
        assert_ne!(second.slot, first.slot);
        assert_eq!((second.lender, second.known), (Some(first.slot), 100));
        for (from, place) in [(1_000, &first), (2_000, &second)] {
            let again = read(&mut slots, &[told(from), numbers(9_000, 5)].concat(), 10);
            assert_eq!((again.slot, again.known), (place.slot, 300));
            assert_eq!(again.lender, None);
        }
    }

    #[test]
    fn the_oldest_gives_way_to_a_copy_and_a_lender_that_is_the_oldest_itself() {
        let mut slots = Slots::new(4_000);
        let lender = read(&mut slots, &numbers(0, 400), 10).slot;
        let oldest = read(&mut slots, &numbers(1_000, 50), 10).slot;
        for at in 2..4 {
            read(&mut slots, &numbers(at * 1_000, 50), 10);
        }
        read(&mut slots, &numbers(0, 401), 10);
        let prompt = [numbers(0, 100), numbers(5_000, 50)].concat();
        let copy = read(&mut slots, &prompt, 10);
        assert_eq!((copy.slot, copy.lender), (oldest, Some(lender)));
        for at in 2..4 {
            read(&mut slots, &numbers(at * 1_000, 51), 10);
        }
        read(&mut slots, &[&prompt[..], &[1]].concat(), 10);
        let other = [numbers(0, 150), numbers(6_000, 50)].concat();
        let inside = read(&mut slots, &other, 10);
        assert_eq!((inside.slot, inside.lender), (lender, None));
        assert_eq!(inside.known, 150);
    }

    #[test]
    fn an_answer_grows_into_what_others_hold_and_then_ends() {
        let mut slots = Slots::new(100);
        let old = read(&mut slots, &numbers(0, 40), 10).slot;
        let slot = read(&mut slots, &numbers(1_000, 50), 10).slot;
        for token in 0..10 {
            assert_eq!(slots.grow(slot), Some(vec![]));
            slots.extend(slot, &[token]);
        }
        assert_eq!(slots.grow(slot), Some(vec![old]));
        slots.extend(slot, &numbers(0, 40));
        assert_eq!(slots.grow(slot), None, "it has all there is");
    }

    #[test]
    fn an_interrupted_answer_loses_nothing_to_the_one_between() {
        let mut slots = Slots::new(200);
        let long = read(&mut slots, &numbers(0, 60), 10).slot;
        slots.interrupt(long, 120);
        assert!(slots.fits(80) && !slots.fits(81));
        assert_eq!(slots.place(&numbers(1_000, 80), 1), None);
        let prompt = [numbers(0, 59), numbers(1_000, 10)].concat();
        let between = read(&mut slots, &prompt, 10);
        assert_ne!(between.slot, long, "though it holds most of the prompt");
        assert_eq!((between.lender, between.known), (Some(long), 59));
        let other = read(&mut slots, &numbers(2_000, 60), 10);
        assert_eq!(other.emptied, [between.slot]);
        slots.resume();
        assert_eq!(slots.held(long), 60);
    }
}
