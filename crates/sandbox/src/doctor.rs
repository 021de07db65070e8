//! What isolation this machine gives, layer by layer, and what would give more.

/// The isolation that a cell has here, found by starting one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// Whether code can run: every essential layer is active or weaker.
    pub ready: bool,
    /// Each layer, in the order in which they are built.
    pub layers: Vec<Layer>,
    /// Why code can't run, and what to do, when it can't.
    pub reason: Option<String>,
}

/// One layer of isolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its name, such as `network namespace`.
    pub name: &'static str,
    /// Whether it is there.
    pub state: LayerState,
    /// What was found.
    pub detail: String,
    /// The setting that would make it active, when there is one.
    pub fix: Option<String>,
}

/// Whether a layer of isolation is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerState {
    /// It is there in full.
    Active,
    /// Something less stands in for it.
    Weaker,
    /// It is not there.
    Missing,
}

impl LayerState {
    /// Returns the word for it: `active`, `weaker` or `missing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Weaker => "weaker",
            Self::Missing => "missing",
        }
    }
}
