//! Signatures of thoughts, as the fake makes and checks them: bound to the
//! model and to what was thought, so that nothing can be changed unnoticed.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Signs what a model thought.
pub(in crate::fake) fn sign(model: &str, thought: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (model, thought).hash(&mut hasher);
    format!("sig-{:016x}", hasher.finish())
}

/// Returns whether a signature is the one that was made for this.
pub(in crate::fake) fn is_ours(signature: &str, model: &str, thought: &str) -> bool {
    signature == sign(model, thought)
}
