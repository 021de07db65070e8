//! What the model has read before: which tokens lie in which sequence of its
//! memory, and which of them a new prompt can use.

/// How many prompts are remembered: a conversation, the place that is being
/// completed, and two more.
pub(crate) const SLOTS: usize = 4;

/// The sequences of the model's memory.
#[derive(Debug)]
pub(crate) struct Slots {
    slots: [Slot; SLOTS],
    capacity: usize,
    uses: u64,
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
    /// The sequences that have to be emptied to make room.
    pub(crate) emptied: Vec<usize>,
}

impl Slots {
    /// Makes the sequences of a memory for `capacity` tokens.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            slots: Default::default(),
            capacity,
            uses: 0,
        }
    }

    /// Chooses where `prompt` is read so that `room` more tokens fit after it.
    /// What the chosen sequence holds beyond `known` is to be removed.
    ///
    /// Returns `None` when they don't fit into the whole memory.
    pub(crate) fn place(&mut self, prompt: &[i32], room: usize) -> Option<Place> {
        let needed = prompt.len() + room;
        if needed > self.capacity || prompt.is_empty() {
            return None;
        }
        // The last token is always read, because what comes next follows from
        // reading it.
        let most = prompt.len() - 1;
        let known = |slot: &Slot| common(&slot.tokens, prompt).min(most);
        // What serves best; among equals, what was used least recently.
        let slot = (0..SLOTS)
            .max_by_key(|at| {
                let slot = &self.slots[*at];
                (useful(known(slot)), std::cmp::Reverse(slot.used))
            })
            .unwrap_or(0);
        let known = known(&self.slots[slot]);
        let emptied = self.make_room(slot, needed);
        self.uses += 1;
        self.slots[slot].used = self.uses;
        self.slots[slot].tokens.truncate(known);
        Some(Place {
            slot,
            known,
            emptied,
        })
    }

    /// Notes that a sequence holds more tokens.
    pub(crate) fn extend(&mut self, slot: usize, tokens: &[i32]) {
        self.slots[slot].tokens.extend_from_slice(tokens);
    }

    /// Notes that a sequence holds nothing any more.
    pub(crate) fn empty(&mut self, slot: usize) {
        self.slots[slot].tokens.clear();
    }

    /// Empties other sequences, least recently used first, until `needed`
    /// tokens fit into `keep`.
    fn make_room(&mut self, keep: usize, needed: usize) -> Vec<usize> {
        let mut emptied = Vec::new();
        loop {
            let others = (0..SLOTS).filter(|at| *at != keep);
            let held: usize = others.clone().map(|at| self.slots[at].tokens.len()).sum();
            let oldest = others
                .filter(|at| !self.slots[*at].tokens.is_empty())
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
}
