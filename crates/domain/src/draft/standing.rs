//! What a draft stands on: which changes of the workspace make it stale.
//!
//! A draft's programs are seen opening files and folders. What they only ask
//! the kernel for, such as a name that is not there or a file's time, is not
//! seen; so a file that comes or goes counts when its folder was looked into,
//! and a link always does.

use std::collections::BTreeSet;

use atelier_base::WorkspacePath;
use atelier_sandbox::draft::{Layer, Reads};
use atelier_sandbox::files::EntryKind;
use serde::{Deserialize, Serialize};

use super::manifest::{Difference, Manifest};

/// What is known of what a draft read and changed. Paths are texts here, the
/// top folder's is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing {
    /// Why any file may have been read, if that is so.
    unknown: Option<String>,
    /// The files that were opened.
    opened: BTreeSet<String>,
    /// The folders that were listed, or in which a file was opened.
    looked_into: BTreeSet<String>,
    /// The folders in which nothing was opened unseen.
    watched: BTreeSet<String>,
    /// The files and links that the draft has its own of. It may have read
    /// them before or by another name.
    held: BTreeSet<String>,
    /// What the draft hides, with all that lies in it.
    hidden: BTreeSet<String>,
}

impl Standing {
    pub(super) fn of(reads: Reads, layer: &Layer, manifest: &Manifest) -> Self {
        let held = layer
            .found
            .iter()
            .filter(|found| found.kind != EntryKind::Directory)
            .map(|found| found.path.to_string());
        let mut standing = Self {
            held: held.collect(),
            hidden: layer.hidden.iter().map(ToString::to_string).collect(),
            ..Self::default()
        };
        match reads {
            Reads::All { reason } => standing.unknown = Some(reason),
            Reads::Observed(observed) => {
                let known = observed.files.iter().filter(|path| manifest.has(path));
                standing.looked_into = known.map(folder_of).collect();
                let listed = observed.folders.iter().map(Option::as_ref).map(text);
                standing.looked_into.extend(listed);
                standing.opened = observed.files.iter().map(ToString::to_string).collect();
                standing.watched = observed
                    .watched
                    .iter()
                    .map(Option::as_ref)
                    .map(text)
                    .collect();
            }
        }
        standing
    }

    /// Returns why any file may have been read; `None` when it is known which
    /// were.
    pub(super) fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// Says whether a file is known to have been read.
    pub(super) fn has_read(&self, path: &WorkspacePath) -> bool {
        self.opened.contains(path.as_str()) || self.held.contains(path.as_str())
    }

    /// Says whether the draft is stale by a difference of the workspace.
    pub(super) fn rests_on(&self, difference: &Difference) -> bool {
        let path = &difference.path;
        if self.unknown.is_some() || difference.is_link || self.has_read(path) {
            return true;
        }
        let folder = folder_of(path);
        if !self.watched.contains(&folder) || self.is_hidden(path) {
            return true;
        }
        difference.came_or_went && self.looked_into.contains(&folder)
    }

    fn is_hidden(&self, path: &WorkspacePath) -> bool {
        let mut at = Some(path.clone());
        while let Some(path) = at {
            if self.hidden.contains(path.as_str()) {
                return true;
            }
            at = path.parent();
        }
        false
    }
}

fn text(folder: Option<&WorkspacePath>) -> String {
    folder.map(ToString::to_string).unwrap_or_default()
}

fn folder_of(path: &WorkspacePath) -> String {
    text(path.parent().as_ref())
}

#[cfg(test)]
mod tests {
    use atelier_sandbox::draft::Observed;

    use super::*;

    fn path(name: &str) -> WorkspacePath {
        WorkspacePath::new(name).unwrap()
    }

    #[test]
    fn only_what_was_read_or_looked_for_makes_a_draft_stale() {
        let observed = Observed {
            files: [path("read"), path("d/read"), path("own/new")].into(),
            folders: [Some(path("listed"))].into(),
            watched: [
                None,
                Some(path("d")),
                Some(path("listed")),
                Some(path("e")),
                Some(path("own")),
            ]
            .into(),
        };
        let layer = Layer {
            hidden: vec![path("e/gone"), path("swept")],
            ..Layer::default()
        };
        let manifest = Manifest::with_files(&["read", "d/read", "d/other", "e/x"]);
        let standing = Standing::of(Reads::Observed(observed), &layer, &manifest);
        let cases = [
            ("read", false, false, true),
            ("d/read", false, false, true),
            ("d/other", false, false, false),
            // A name beside what was read may have been looked for.
            ("d/new", true, false, true),
            ("new", true, false, true),
            ("listed/x", false, false, false),
            ("listed/x", true, false, true),
            ("e/x", false, false, false),
            ("e/new", true, false, false),
            // The draft only made a file there.
            ("own/other", true, false, false),
            ("d/link", false, true, true),
            ("e/gone", false, false, true),
            ("swept/deep/x", false, false, true),
            // Nothing is seen in a folder that was not there to be watched.
            ("f/x", true, false, true),
        ];
        for (name, came_or_went, is_link, expected) in cases {
            let difference = Difference {
                path: path(name),
                came_or_went,
                is_link,
            };
            assert_eq!(standing.rests_on(&difference), expected, "{difference:?}");
            let reason = "nothing was watched".to_owned();
            let all = Standing::of(Reads::All { reason }, &layer, &manifest);
            assert!(all.rests_on(&difference));
        }
    }
}
