//! Lines by hash.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::{Form, fold::fold};
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
    /// By line: its hash, and the line with the same hash before it.
    keys: Vec<(u64, LineId)>,
    /// By hash: its last line and how many there are.
    heads: HashMap<u64, (LineId, u32)>,
}

impl Index {
    pub(super) fn new(form: Form) -> Self {
        Self {
            form,
            hasher: RandomState::new(),
            keys: Vec::new(),
            heads: HashMap::new(),
        }
    }

    /// Takes in the lines that came since the last time.
    pub(super) fn sync(&mut self, sheet: &Sheet) {
        for id in super::count(self.keys.len())..sheet.ids() {
            let key = self.key(sheet.text(id));
            let head = self.heads.entry(key).or_insert((NONE, 0));
            self.keys.push((key, head.0));
            *head = (id, head.1 + 1);
        }
    }

    /// Returns the hash of a line's text in this index's form.
    pub(super) fn key(&self, text: &str) -> u64 {
        match self.form {
            Form::Exact => self.hasher.hash_one(text),
            Form::Trim => self.hasher.hash_one(text.trim()),
            Form::Fold => self.hasher.hash_one(fold(text).trim()),
        }
    }

    /// Returns the hash of a line of the sheet.
    pub(super) fn key_of(&self, id: LineId) -> u64 {
        self.keys[id as usize].0
    }

    /// Returns how many lines ever had this hash.
    pub(super) fn occurrences(&self, key: u64) -> u32 {
        self.heads.get(&key).map_or(0, |head| head.1)
    }

    /// Returns the lines that ever had this hash, last one first.
    pub(super) fn lines(&self, key: u64) -> impl Iterator<Item = LineId> {
        let last = self.heads.get(&key).map(|head| head.0);
        std::iter::successors(last, |&id| {
            Some(self.keys[id as usize].1).filter(|&id| id != NONE)
        })
    }
}
