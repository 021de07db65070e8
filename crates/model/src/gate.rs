//! The egress gate: finds secrets in what is about to leave, in whatever form.
//!
//! A [`Gate`] knows values that must not leave ([`Known`]) and the shapes of
//! keys that nobody told it of. It looks at a text as it is and as what it
//! becomes when escapes are undone ([`view`]), in each without what breaks
//! lines ([`dense`]), for the value itself, its base64 at every alignment and
//! its hexadecimal ([`form`]). It knows nothing of requests, files or people: who
//! attached what, and whether a finding is replaced or refused, is decided by
//! its caller.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use atelier_base::{ContentHash, Secret};

use self::dense::Dense;
use self::form::{Pattern, patterns};
use self::search::Search;
use self::view::View;

mod dense;
mod form;
mod search;
mod shape;
#[cfg(test)]
mod tests;
mod view;

pub use self::shape::is_secret_name;

/// The fewest bytes of a value that the gate looks for: shorter ones stand in
/// ordinary text by chance.
pub const SHORTEST_SECRET: usize = 8;
/// How often escapes are undone: JSON in a string of JSON in a string, and one
/// more.
const DEPTH: usize = 4;

/// A value that must not leave.
#[derive(Clone, Debug)]
pub struct Known {
    /// What stands in its place: `[secret NAME]`.
    pub name: String,
    /// The value. One shorter than [`SHORTEST_SECRET`] is not looked for.
    pub value: Secret<String>,
}

/// The form in which a secret was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The value itself, perhaps escaped.
    Literal,
    /// In base64, standard or URL-safe, at any alignment, perhaps twice.
    Base64,
    /// In hexadecimal, or as a list of the numbers of its bytes.
    Hex,
    /// It is unknown, but looks like a key.
    Shape,
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which secret, or for [`Form::Shape`] which kind of key.
    pub name: Arc<str>,
    /// In which form.
    pub form: Form,
    /// Where, in bytes; both ends are between characters.
    pub place: Range<usize>,
}

/// Finds secrets in texts. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
    /// The positions in `inner.known` of what may leave.
    allowed: Arc<[usize]>,
}

struct Inner {
    /// The name and the hash of each known value.
    known: Vec<(Arc<str>, ContentHash)>,
    /// What is looked for where what breaks lines was taken out: nearly all.
    dense: Search,
    /// What is looked for in the text as it is.
    raw: Search,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.inner.known.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Gate")
            .field("known", &names)
            .finish_non_exhaustive()
    }
}

/// A place in a text, and which known secret it is, if any.
#[derive(Clone, Debug)]
struct Hit {
    owner: Option<usize>,
    name: Arc<str>,
    form: Form,
    place: Range<usize>,
}

impl Gate {
    /// Makes a gate that looks for `known`, and for keys by their shape.
    pub fn new(known: &[Known]) -> Self {
        let hashed = |known: &Known| {
            let hash = ContentHash::of(known.value.expose().as_bytes());
            (known.name.as_str().into(), hash)
        };
        let all = known.iter().enumerate();
        let (raw, dense): (Vec<_>, Vec<_>) = all
            .filter(|(_, known)| known.value.expose().len() >= SHORTEST_SECRET)
            .flat_map(|(owner, known)| patterns(owner, known.value.expose()))
            .partition(Pattern::is_raw);
        Self {
            inner: Arc::new(Inner {
                known: known.iter().map(hashed).collect(),
                dense: Search::new(dense),
                raw: Search::new(raw.into_iter().map(Pattern::raw).collect()),
            }),
            allowed: Arc::default(),
        }
    }

    /// Returns a gate that lets these values pass, whatever they are called.
    pub fn allowing(&self, values: &[Secret<String>]) -> Self {
        let hash = |value: &Secret<String>| ContentHash::of(value.expose().as_bytes());
        let values: Vec<ContentHash> = values.iter().map(hash).collect();
        let all = self.inner.known.iter().enumerate();
        let allowed = all.filter(|(_, (_, hash))| values.contains(hash));
        Self {
            inner: Arc::clone(&self.inner),
            allowed: allowed.map(|(position, _)| position).collect(),
        }
    }

    /// Finds secrets in a text; they are in order and do not overlap.
    pub fn scan(&self, text: &str) -> Vec<Finding> {
        self.scan_from(text, View::of(text.as_bytes()))
    }

    /// Finds secrets in a document of JSON: as [`Gate::scan`] does in its
    /// texts, and where they stand beside the names of its fields.
    pub fn scan_json(&self, document: &str) -> Vec<Finding> {
        // No text is as it stands in the document before its escapes are
        // undone, so that is where it begins.
        let view = View::of(document.as_bytes()).decoded();
        self.scan_from(document, view.unwrap_or_else(|plain| plain))
    }

    fn scan_from(&self, text: &str, mut view: View<'_>) -> Vec<Finding> {
        let mut hits = Vec::new();
        for _ in 0..=DEPTH {
            self.look(&view, &mut hits);
            match view.decoded() {
                Ok(decoded) => view = decoded,
                Err(_) => break,
            }
        }
        self.settle(text, hits)
    }

    /// Returns a text with `[secret NAME]` for each secret in it, and what was
    /// found.
    pub fn clean<'a>(&self, text: &'a str) -> (Cow<'a, str>, Vec<Finding>) {
        let found = self.scan(text);
        if found.is_empty() {
            return (Cow::Borrowed(text), found);
        }
        let mut clean = String::with_capacity(text.len());
        let mut at = 0;
        for finding in &found {
            clean.push_str(&text[at..finding.place.start]);
            clean.push_str("[secret ");
            clean.push_str(&finding.name);
            clean.push(']');
            at = finding.place.end;
        }
        clean.push_str(&text[at..]);
        (Cow::Owned(clean), found)
    }

    /// Looks at one view, with and without what breaks lines.
    fn look(&self, view: &View<'_>, hits: &mut Vec<Hit>) {
        shape::find(view.bytes(), &mut |kind, place| {
            hits.push(Hit {
                owner: None,
                name: kind.into(),
                form: Form::Shape,
                place: view.source(place),
            });
        });
        let Inner { dense, raw, .. } = &*self.inner;
        raw.find(view.bytes(), &mut |pattern, place| {
            hits.push(self.hit(pattern, view.source(place)));
            true
        });
        if dense.is_empty() {
            return;
        }
        let without_breaks = std::iter::once(Dense::of(view.bytes()));
        for text in without_breaks.chain(Dense::joined(view.bytes())) {
            dense.find(text.bytes(), &mut |pattern, place| {
                let place = pattern.stands(view.bytes(), text.source(place));
                let hit = place.map(|place| self.hit(pattern, view.source(place)));
                let taken = hit.is_some();
                hits.extend(hit);
                taken
            });
        }
    }

    fn hit(&self, pattern: &Pattern, place: Range<usize>) -> Hit {
        Hit {
            owner: Some(pattern.owner),
            name: Arc::clone(&self.inner.known[pattern.owner].0),
            form: pattern.form,
            place,
        }
    }

    /// Takes out what may leave and what lies in it, joins what overlaps, and
    /// keeps to characters.
    fn settle(&self, text: &str, hits: Vec<Hit>) -> Vec<Finding> {
        let may_leave = |hit: &Hit| hit.owner.is_some_and(|owner| self.allowed.contains(&owner));
        let (mut allowed, mut hits): (Vec<_>, Vec<_>) = hits.into_iter().partition(may_leave);
        allowed.sort_by_key(|hit| hit.place.start);
        // Of what begins no later than each, how far the furthest goes.
        let mut furthest = 0;
        let reach: Vec<usize> = allowed
            .iter()
            .map(|hit| {
                furthest = hit.place.end.max(furthest);
                furthest
            })
            .collect();
        hits.retain(|hit| {
            let before = allowed.partition_point(|other| other.place.start <= hit.place.start);
            before
                .checked_sub(1)
                .is_none_or(|last| reach[last] < hit.place.end)
        });
        // Of two at the same place, one whose name is known says more.
        hits.sort_by_key(|hit| (hit.place.start, hit.owner.is_none(), hit.place.end));
        let mut found: Vec<Finding> = Vec::new();
        for hit in hits {
            let start = text.floor_char_boundary(hit.place.start);
            let end = text.ceil_char_boundary(hit.place.end);
            match found.last_mut() {
                Some(last) if start < last.place.end => {
                    last.place.end = last.place.end.max(end);
                    if last.form == Form::Shape && hit.owner.is_some() {
                        last.name = hit.name;
                        last.form = hit.form;
                    }
                }
                _ => found.push(Finding {
                    name: hit.name,
                    form: hit.form,
                    place: start..end,
                }),
            }
        }
        found
    }
}
