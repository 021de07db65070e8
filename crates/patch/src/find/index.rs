//! Lines by hash.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use super::{Form, fold::fold};
use crate::line::make_room;
use crate::sheet::{LineId, Sheet};

const NONE: LineId = LineId::MAX;

/// The lines of a sheet by the hash of one of their forms.
///
/// Equal hashes count as equal lines: they are 64 bits under a random key, so
/// nobody can make two lines collide on purpose, and by chance none do.
#[derive(Debug)]
pub(super) struct Index {
    form: Form,
    hasher: RandomState,
    /// By line: its hash.
    keys: Vec<u64>,
    /// By line: the line with the same hash before it.
    before: Vec<LineId>,
    /// The last line with each hash and how many there are, in a table that is
    /// probed line by line. It has no keys, for the lines have them.
    heads: Vec<(LineId, u32)>,
    distinct: usize,
}

impl Index {
    pub(super) fn new(form: Form) -> Self {
        Self {
            form,
            hasher: RandomState::default(),
            keys: Vec::new(),
            before: Vec::new(),
            heads: Vec::new(),
            distinct: 0,
        }
    }

    /// Takes in the lines that came since the last time.
    pub(super) fn sync(&mut self, sheet: &Sheet) {
        let known = self.keys.len();
        if known == 0 {
            self.heads = vec![(NONE, 0); 16];
            self.keys.reserve_exact(sheet.ids() as usize);
            self.before.reserve_exact(sheet.ids() as usize);
        }
        for id in super::count(known)..sheet.ids() {
            let key = self.key(sheet.text(id));
            make_room(&mut self.keys);
            self.keys.push(key);
            if self.distinct * 4 >= self.heads.len() * 3 {
                self.grow();
            }
            let slot = self.slot(key);
            let head = &mut self.heads[slot];
            make_room(&mut self.before);
            self.before.push(head.0);
            self.distinct += usize::from(head.0 == NONE);
            *head = (id, head.1 + 1);
        }
    }

    /// Returns where a hash is in the table, or would be.
    fn slot(&self, key: u64) -> usize {
        let mask = self.heads.len() - 1;
        let mut slot = usize::try_from(key & mask as u64).unwrap_or(0);
        loop {
            let (line, _) = self.heads[slot];
            if line == NONE || self.keys[line as usize] == key {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let wider = vec![(NONE, 0); self.heads.len() * 2];
        let heads = std::mem::replace(&mut self.heads, wider);
        for head in heads.into_iter().filter(|head| head.0 != NONE) {
            let slot = self.slot(self.keys[head.0 as usize]);
            self.heads[slot] = head;
        }
    }

    /// Returns the hash of a line's text in this index's form.
    pub(super) fn key(&self, text: &str) -> u64 {
        match self.form {
            Form::Exact | Form::Trim => self.hasher.hash_one(text.trim()),
            Form::Fold => self.hasher.hash_one(fold(text).trim()),
        }
    }

    /// Returns the hash of a line of the sheet.
    pub(super) fn key_of(&self, id: LineId) -> u64 {
        self.keys[id as usize]
    }

    /// Returns how many lines ever had this hash.
    pub(super) fn occurrences(&self, key: u64) -> u32 {
        self.heads[self.slot(key)].1
    }

    /// Returns the lines that ever had this hash, last one first.
    pub(super) fn lines(&self, key: u64) -> impl Iterator<Item = LineId> {
        let (last, _) = self.heads[self.slot(key)];
        let known = |id: &LineId| *id != NONE;
        std::iter::successors(Some(last).filter(known), move |&id| {
            Some(self.before[id as usize]).filter(known)
        })
    }
}
