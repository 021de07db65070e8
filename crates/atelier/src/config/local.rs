//! What the configuration says of the model that runs on this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use url::Url;

use super::section::LocalModelSection;
use super::{StorageArguments, environment, locate, read};

/// Set by `cargo xtask run`, which can build the helper: to `stdin` when
/// standard input is a socket to it.
pub(crate) const BUILDER: &str = "ATELIER_LOCAL_MODEL_BUILDER";
/// The helper program's name, beside our own.
const HELPER: &str = "atelier-local-model";
/// How much it remembers at once, in tokens; a token takes 28 KiB of memory.
const CONTEXT_TOKENS: u32 = 8_192;
/// What it may be told to remember.
const CONTEXT: std::ops::RangeInclusive<u32> = 1_024..=32_768;

/// How the model on this machine is run.
#[derive(Debug)]
pub(crate) struct LocalSettings {
    /// The helper program.
    pub(crate) helper: PathBuf,
    /// Where the weights come from, instead of their publisher.
    pub(crate) source: Option<Url>,
    /// How many processors it uses; as it sees fit when `None`.
    pub(crate) threads: Option<u32>,
    /// How many tokens it remembers.
    pub(crate) context_tokens: u32,
    /// After how long without a request it is unloaded.
    pub(crate) idle: Duration,
    /// Whether standard input is a socket to who can build the helper.
    pub(crate) builder: bool,
}

/// Reads where data is kept and how the model on this machine is run.
pub(crate) fn local(arguments: StorageArguments) -> Result<(PathBuf, LocalSettings)> {
    let file = read(arguments.config.as_deref())?;
    let storage = locate(arguments, file.storage, file.vault)?;
    Ok((storage.data, local_settings(file.local_model)?))
}

pub(super) fn local_settings(section: LocalModelSection) -> Result<LocalSettings> {
    let context_tokens = section.context_tokens.unwrap_or(CONTEXT_TOKENS);
    if !CONTEXT.contains(&context_tokens) {
        bail!(
            "`local_model.context_tokens` is {context_tokens}; it can be from {} to {}",
            CONTEXT.start(),
            CONTEXT.end()
        );
    }
    if section.threads == Some(0) || section.idle_seconds == Some(0) {
        bail!("`local_model.threads` and `local_model.idle_seconds` can't be 0");
    }
    Ok(LocalSettings {
        helper: section.helper.map_or_else(beside, Ok)?,
        source: section.url,
        threads: section.threads,
        context_tokens,
        idle: Duration::from_secs(section.idle_seconds.unwrap_or(300)),
        builder: environment(BUILDER).as_deref() == Some("stdin"),
    })
}

/// Where the helper program is unless the configuration says: beside ours.
fn beside() -> Result<PathBuf> {
    let own = std::env::current_exe().context("could not find the program's own file")?;
    Ok(own.parent().unwrap_or(Path::new("/")).join(HELPER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sections_limits_are_kept() {
        let read = |text: &str| {
            let section = toml::from_str(text).unwrap();
            local_settings(section)
        };
        let settings = read("context_tokens = 4096\nthreads = 2\nidle_seconds = 60").unwrap();
        assert_eq!(settings.context_tokens, 4_096);
        assert_eq!(settings.idle, Duration::from_mins(1));
        assert!(settings.helper.ends_with(HELPER));
        for wrong in ["context_tokens = 9", "threads = 0", "idle_seconds = 0"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
