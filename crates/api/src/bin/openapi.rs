//! Prints the OpenAPI document; `cargo xtask openapi` saves it.

#![forbid(unsafe_code)]

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(&atelier_api::openapi())?;
    text.push('\n');
    std::io::stdout().write_all(text.as_bytes())
}
