//! Why a patch was not applied, told to a person, a model or a program.

use std::io::Write as _;
use std::process::ExitCode;

use atelier_patch::{Clash, Destruction, OntoError, PatchError};
use atelier_sandbox::FileError;
use serde_json::{Value, json};

use crate::{complain, say};

const REFUSED: u8 = 1;
const USAGE: u8 = 2;

/// Why a patch was not applied. Nothing has changed, unless it says so.
pub(super) enum Refusal {
    Patch(Box<PatchError>),
    Onto(OntoError),
    Destructive(Destruction),
    Files(FileError),
    Record(anyhow::Error),
    Usage(anyhow::Error),
}

impl From<PatchError> for Refusal {
    fn from(error: PatchError) -> Self {
        Self::Patch(Box::new(error))
    }
}

impl From<OntoError> for Refusal {
    fn from(error: OntoError) -> Self {
        Self::Onto(error)
    }
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        Self::Files(error)
    }
}

impl Refusal {
    pub(super) fn usage(error: anyhow::Error) -> Self {
        Self::Usage(error)
    }

    /// Tells it and returns the exit status.
    pub(super) fn tell(&self, as_json: bool) -> ExitCode {
        if let Self::Usage(error) = self {
            complain(&format!("{error:#}"));
            return ExitCode::from(USAGE);
        }
        if as_json {
            say(&json!({ "applied": false, "error": self.value() }).to_string());
        } else {
            let text = match self.hint() {
                Some(hint) => format!("{}\n{hint}", self.message()),
                None => self.message(),
            };
            // Standard error may be closed; the exit status still tells.
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
        ExitCode::from(REFUSED)
    }

    fn message(&self) -> String {
        match self {
            Self::Patch(error) => error.to_string(),
            Self::Onto(error) => error.to_string(),
            Self::Destructive(destruction) => destruction.to_string(),
            Self::Files(error) => atelier_domain::chain(error),
            Self::Record(error) | Self::Usage(error) => format!("{error:#}"),
        }
    }

    /// Says what to do about it; a patch's message does so itself.
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Patch(_) | Self::Usage(_) => None,
            Self::Onto(_) => Some("Nothing was changed. Change those lines by hand, or the patch."),
            Self::Destructive(_) => Some(
                "Nothing was changed. Look at it with --check --allow-destructive; if that is \
                 what you want, apply it with --allow-destructive.",
            ),
            Self::Files(error) => error.hint(),
            Self::Record(_) => Some("Nothing was changed. Name a file that can be written."),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Patch(error) => error.code(),
            Self::Onto(OntoError::Clashes(_)) => "merge_conflict",
            Self::Onto(OntoError::Unreadable(..)) => "unreadable",
            Self::Destructive(_) => "destructive",
            Self::Files(FileError::Unfinished { .. }) => "unfinished",
            Self::Files(_) => "files",
            Self::Record(_) => "record",
            Self::Usage(_) => "usage",
        }
    }

    /// The same for a program, in the one form that all refusals have.
    fn value(&self) -> Value {
        if let Self::Patch(error) = self {
            return serde_json::to_value(atelier_server::patch_failure(error)).unwrap_or_default();
        }
        let (path, conflicts) = match self {
            Self::Onto(OntoError::Clashes(clashes)) => {
                let first = clashes.first().map(|clash| clash.path.to_string());
                (first, clashes.iter().map(conflict).collect())
            }
            Self::Onto(OntoError::Unreadable(path, _)) => (Some(path.to_string()), Vec::new()),
            _ => (None, Vec::new()),
        };
        json!({
            "code": self.code(),
            "message": self.message(),
            "hint": self.hint().unwrap_or_default(),
            "path": path,
            "hunk": null,
            "patchLine": null,
            "fileHash": null,
            "divergence": null,
            "candidates": [],
            "reread": null,
            "conflicts": conflicts,
        })
    }
}

fn conflict(clash: &Clash) -> Value {
    let merged = clash.merged.as_deref();
    let places = clash.places.iter().map(|place| {
        json!({
            "lines": { "from": place.lines.start + 1, "to": place.lines.end },
            "now": place.now,
            "wanted": place.wanted,
        })
    });
    json!({
        "path": clash.path.to_string(),
        "reason": clash.reason,
        "places": places.collect::<Vec<_>>(),
        "merged": merged.and_then(|bytes| std::str::from_utf8(bytes).ok()),
    })
}
