//! What is set for a workspace: limits of its runs, and rules of its reviews.

use atelier_base::WorkspacePath;
use atelier_patch::Thresholds;
use atelier_store::WorkspaceRow;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use crate::egress::EgressMode;
use crate::error::{Error, Result};
use crate::run::LimitChange;

/// The most locked paths, and characters of one.
const LOCKS: usize = 100;
const LOCK_CHARS: usize = 256;
/// The most checks, words of one's command, and bytes of a word.
const CHECKS: usize = 16;
const CHECK_WORDS: usize = 64;
const WORD_BYTES: usize = 4 * 1024;
/// The most characters of a check's name.
const CHECK_NAME: usize = 60;

/// The longest time, and the most, that requests can be kept.
const KEEP_DAYS: u32 = 3_650;
const KEEP_MB: u32 = 100_000;

/// What is set for a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkspaceSettings {
    /// The limits of its runs.
    pub limits: LimitChange,
    /// The paths that an assistant's proposal may not change, as globs.
    pub locked_paths: Vec<String>,
    /// What checks a proposal.
    pub checks: Vec<CheckCommand>,
    /// What may be lost without asking.
    pub destructive: ThresholdChange,
    /// What holds for requests to models.
    pub requests: RequestSettings,
}

/// What holds for a workspace's requests to models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestSettings {
    /// What happens to one that holds a secret.
    pub secrets: EgressMode,
    /// For how many days what was sent is kept; `None` is the usual time.
    pub keep_days: Option<u32>,
    /// How much of it is kept, in MiB; `None` is the usual amount.
    pub keep_mb: Option<u32>,
}

/// A command that checks a proposal; it passes when it exits with 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCommand {
    /// What it is called.
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
}

/// What may be lost without asking; `None` is the usual amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThresholdChange {
    /// The most files deleted.
    pub deleted_files: Option<u32>,
    /// The largest share of its lines that a file may lose, in percent.
    pub lost_percent: Option<u8>,
    /// The most lines lost together.
    pub total_lines: Option<u32>,
}

/// Settings to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct SettingsChange {
    /// The limits of its runs, all of them.
    pub limits: Option<LimitChange>,
    /// All of the locked paths.
    pub locked_paths: Option<Vec<String>>,
    /// All of the checks.
    pub checks: Option<Vec<CheckCommand>>,
    /// What may be lost without asking.
    pub destructive: Option<ThresholdChange>,
    /// What holds for requests to models.
    pub requests: Option<RequestSettings>,
}

impl WorkspaceSettings {
    /// Reads what is stored with a workspace.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is not what was stored.
    pub fn of(workspace: &WorkspaceRow) -> Result<Self> {
        serde_json::from_str(&workspace.settings)
            .map_err(|e| Error::Internal(format!("a workspace's settings can't be read: {e}")))
    }

    /// Returns the form in which it is stored.
    pub(crate) fn to_stored(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|e| Error::Internal(format!("settings can't be written: {e}")))
    }

    /// Returns what may be lost without asking.
    pub(crate) fn thresholds(&self) -> Thresholds {
        let usual = Thresholds::default();
        let set = self.destructive;
        Thresholds {
            deleted_files: set.deleted_files.unwrap_or(usual.deleted_files),
            lost_percent: set.lost_percent.unwrap_or(usual.lost_percent),
            total_lines: set.total_lines.unwrap_or(usual.total_lines),
            ..usual
        }
    }
}

impl SettingsChange {
    /// Refuses settings that can't be kept.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(globs) = &self.locked_paths {
            Locks::of(globs)?;
        }
        let checks = self.checks.as_deref().unwrap_or_default();
        if checks.len() > CHECKS {
            return Err(Error::invalid(
                "settings.checks",
                format!("at most {CHECKS} checks"),
            ));
        }
        checks.iter().try_for_each(CheckCommand::check)?;
        let percent = self.destructive.and_then(|set| set.lost_percent);
        if percent.is_some_and(|percent| percent > 100) {
            let field = "settings.destructive.lostPercent";
            return Err(Error::invalid(field, "a share is at most 100 percent"));
        }
        self.requests.map_or(Ok(()), RequestSettings::check)?;
        Ok(())
    }

    /// Changes `settings` by what is set here.
    pub(crate) fn apply(self, settings: &mut WorkspaceSettings) {
        settings.limits = self.limits.unwrap_or(settings.limits);
        settings.destructive = self.destructive.unwrap_or(settings.destructive);
        settings.requests = self.requests.unwrap_or(settings.requests);
        if let Some(globs) = self.locked_paths {
            settings.locked_paths = globs;
        }
        if let Some(checks) = self.checks {
            settings.checks = checks;
        }
    }
}

impl RequestSettings {
    fn check(self) -> Result<()> {
        let too_long = self.keep_days.is_some_and(|days| days > KEEP_DAYS);
        let too_much = self.keep_mb.is_some_and(|mb| mb > KEEP_MB);
        if too_long || too_much {
            let detail =
                format!("requests are kept for at most {KEEP_DAYS} days and {KEEP_MB} MiB");
            return Err(Error::invalid("settings.requests", detail));
        }
        Ok(())
    }
}

impl CheckCommand {
    fn check(&self) -> Result<()> {
        let refuse = |detail: String| Err(Error::invalid("settings.checks", detail));
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > CHECK_NAME || name.contains(char::is_control) {
            return refuse(format!(
                "a check has a name of 1 to {CHECK_NAME} characters"
            ));
        }
        let no_program = self.argv.first().is_none_or(String::is_empty);
        let too_long = |word: &String| word.len() > WORD_BYTES || word.contains('\0');
        if no_program || self.argv.len() > CHECK_WORDS || self.argv.iter().any(too_long) {
            return refuse(format!(
                "the check `{name}` needs a program, and at most {CHECK_WORDS} words of 4 KiB without NUL"
            ));
        }
        Ok(())
    }
}

/// The paths that an assistant may not change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks {
    globs: Vec<String>,
    set: GlobSet,
}

impl Locks {
    /// Compiles globs. One without `/` means that name at any depth; one that
    /// names a folder means all that is in it; `**` stands for any folders.
    pub(crate) fn of(globs: &[String]) -> Result<Self> {
        let refuse = |detail: String| Err(Error::invalid("settings.lockedPaths", detail));
        if globs.len() > LOCKS {
            return refuse(format!("at most {LOCKS} locked paths"));
        }
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            let bare = glob.trim_start_matches('/').trim_end_matches('/');
            if bare.is_empty() || glob.chars().count() > LOCK_CHARS {
                return refuse(format!("a locked path has 1 to {LOCK_CHARS} characters"));
            }
            let place = if bare.contains('/') || glob.starts_with('/') {
                bare.to_owned()
            } else {
                format!("**/{bare}")
            };
            for pattern in [place.clone(), format!("{place}/**")] {
                match GlobBuilder::new(&pattern).literal_separator(true).build() {
                    Ok(compiled) => set.add(compiled),
                    Err(error) => {
                        return refuse(format!("`{glob}` is not a glob: {}", error.kind()));
                    }
                };
            }
        }
        let set = set.build();
        let set = set.map_err(|e| Error::invalid("settings.lockedPaths", e.to_string()))?;
        Ok(Self {
            globs: globs.to_vec(),
            set,
        })
    }

    /// Returns the glob that locks a path.
    pub(crate) fn find(&self, path: &WorkspacePath) -> Option<&str> {
        let first = self.set.matches(path.as_str()).into_iter().min()?;
        // Each glob was compiled into two patterns.
        self.globs.get(first / 2).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_lock_names_folders_and_patterns() {
        let globs =
            ["*.lock", "secrets/", "/deploy", "src/**/gen.rs", "a/b*.txt"].map(str::to_owned);
        let locks = Locks::of(&globs).unwrap();
        let found = |path: &str| locks.find(&path.parse().unwrap()).map(str::to_owned);
        for (path, glob) in [
            ("Cargo.lock", Some("*.lock")),
            ("web/yarn.lock", Some("*.lock")),
            ("lock", None),
            ("secrets/key", Some("secrets/")),
            ("deep/secrets/a/b", Some("secrets/")),
            ("deploy/prod.yaml", Some("/deploy")),
            ("x/deploy/prod.yaml", None),
            ("src/gen.rs", Some("src/**/gen.rs")),
            ("src/a/b/gen.rs", Some("src/**/gen.rs")),
            ("gen.rs", None),
            ("a/bc.txt", Some("a/b*.txt")),
            ("a/b/c.txt", None),
        ] {
            assert_eq!(found(path).as_deref(), glob, "{path}");
        }
    }

    #[test]
    fn settings_that_mean_nothing_are_refused() {
        let check = |name: &str, argv: &[&str]| SettingsChange {
            checks: Some(vec![CheckCommand {
                name: name.to_owned(),
                argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            }]),
            ..SettingsChange::default()
        };
        assert!(check("tests", &["cargo", "test"]).check().is_ok());
        for wrong in [
            check("", &["x"]),
            check("tests", &[]),
            check("tests", &[""]),
            check("t", &["a\0"]),
        ] {
            assert!(matches!(wrong.check(), Err(Error::Invalid { .. })));
        }
        let glob = |glob: &str| SettingsChange {
            locked_paths: Some(vec![glob.to_owned()]),
            ..SettingsChange::default()
        };
        assert!(
            glob("a[").check().is_err() && glob("/").check().is_err() && glob("ok").check().is_ok()
        );
    }
}
