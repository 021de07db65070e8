//! The rules that neither the compiler nor clippy knows.
//!
//! It is a test as well as a command, so nobody learns of a broken rule from
//! another machine. A rule is changed here, in the table it reads, together
//! with ARCHITECTURE.md, which explains it.

mod crates;
mod layers;
mod sources;

use anyhow::{Result, bail};

/// Checks every rule.
///
/// # Errors
/// One message with all complaints, or what made checking impossible.
pub(crate) fn run() -> Result<()> {
    let complaints = complaints()?;
    if complaints.is_empty() {
        println!("tidy: nothing to complain about");
        return Ok(());
    }
    bail!(
        "{} complaints:\n  - {}",
        complaints.len(),
        complaints.join("\n  - ")
    )
}

fn complaints() -> Result<Vec<String>> {
    let mut complaints = crates::complaints()?;
    complaints.extend(sources::complaints()?);
    complaints.extend(layers::complaints()?);
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checkout_is_tidy() {
        assert_eq!(super::complaints().unwrap(), Vec::<String>::new());
    }
}
