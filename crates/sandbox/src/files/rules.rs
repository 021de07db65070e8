//! Which parts of a tree are made by tools and left to them: build output,
//! installed packages, and what the tree's own `.gitignore` files name.

use std::io::Read as _;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use atelier_base::WorkspacePath;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{EntryKind, beneath};

/// Folders that package managers and interpreters fill and fill again.
const PACKAGES: [&str; 3] = ["node_modules", ".venv", "__pycache__"];
/// Where Cargo, Maven and sbt build to, when it lies beside their manifest.
const BUILD: &str = "target";
const MANIFESTS: [&str; 3] = ["Cargo.toml", "pom.xml", "build.sbt"];
/// The file by which a folder says that it is a cache, and how it begins:
/// <https://bford.info/cachedir/>.
const TAG: &str = "CACHEDIR.TAG";
const TAG_CONTENT: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";
/// The file of ignored names, and how much of one is heeded: hostile code may
/// have written it.
const IGNORE: &str = ".gitignore";
const IGNORE_BYTES: u64 = 64 * 1024;
const IGNORE_LINES: usize = 2_000;

/// What is left out of listings and versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeaveOut {
    /// Nothing.
    #[default]
    Nothing,
    /// What tools make: `node_modules`, `.venv`, `__pycache__`, `target` at
    /// the top or beside a manifest, folders with a `CACHEDIR.TAG`, and what
    /// `.gitignore` files name.
    Generated,
}

/// The rules that hold for the names in one folder.
#[derive(Debug)]
pub(crate) struct Rules {
    parent: Option<Arc<Self>>,
    /// How many bytes of a path are the folder's own, with the slash.
    base: usize,
    ignore: Option<Gitignore>,
    /// Whether a tool builds in this folder.
    builds: bool,
}

impl Rules {
    /// Reads the rules of the top of a tree.
    pub(crate) fn of_top(folder: BorrowedFd<'_>) -> Arc<Self> {
        Self::of_top_layers(&[folder])
    }

    /// As [`Rules::of_top`] for a tree of several layers, the upper ones first.
    pub(crate) fn of_top_layers(layers: &[BorrowedFd<'_>]) -> Arc<Self> {
        Arc::new(Self {
            parent: None,
            base: 0,
            ignore: read_ignore(layers),
            builds: true,
        })
    }

    /// Reads the rules of a folder in a folder with these rules.
    pub(crate) fn enter(
        self: &Arc<Self>,
        folder: BorrowedFd<'_>,
        path: &WorkspacePath,
    ) -> Arc<Self> {
        self.enter_layers(&[folder], path)
    }

    /// As [`Rules::enter`] for a folder that lies in several layers, the
    /// upper ones first.
    pub(crate) fn enter_layers(
        self: &Arc<Self>,
        layers: &[BorrowedFd<'_>],
        path: &WorkspacePath,
    ) -> Arc<Self> {
        let ignore = read_ignore(layers);
        let builds = layers.iter().any(|layer| has_manifest(*layer));
        if ignore.is_none() && !builds && !self.builds {
            return Arc::clone(self);
        }
        Arc::new(Self {
            parent: Some(Arc::clone(self)),
            base: path.as_str().len() + 1,
            ignore,
            builds,
        })
    }

    /// Says whether what lies at `path`, in the folder of these rules, is
    /// left out.
    pub(crate) fn leave_out(&self, path: &WorkspacePath, kind: EntryKind) -> bool {
        let name = path.name();
        let folder = kind == EntryKind::Directory;
        if folder && (PACKAGES.contains(&name) || (self.builds && name == BUILD)) {
            return true;
        }
        std::iter::successors(Some(self), |rules| rules.parent.as_deref())
            .find_map(|rules| rules.says(path, folder))
            .unwrap_or(false)
    }

    /// Returns what this folder's own file says; `None`: nothing.
    fn says(&self, path: &WorkspacePath, folder: bool) -> Option<bool> {
        let inner = path.as_str().get(self.base..)?;
        match self.ignore.as_ref()?.matched(inner, folder) {
            ignore::Match::None => None,
            ignore::Match::Ignore(_) => Some(true),
            ignore::Match::Whitelist(_) => Some(false),
        }
    }
}

/// Says whether a folder names itself a cache.
pub(crate) fn is_tagged(folder: BorrowedFd<'_>) -> bool {
    let mut begin = Vec::with_capacity(TAG_CONTENT.len());
    let length = TAG_CONTENT.len() as u64;
    beneath::open_regular(folder, TAG)
        .is_some_and(|file| file.take(length).read_to_end(&mut begin).is_ok())
        && begin == TAG_CONTENT
}

fn has_manifest(folder: BorrowedFd<'_>) -> bool {
    MANIFESTS
        .iter()
        .any(|name| matches!(beneath::look_in(folder, name), Ok(Some(_))))
}

/// Reads the file of ignored names of the first layer that has one.
fn read_ignore(layers: &[BorrowedFd<'_>]) -> Option<Gitignore> {
    let file = layers
        .iter()
        .find_map(|layer| beneath::open_regular(*layer, IGNORE))?;
    let mut bytes = Vec::new();
    file.take(IGNORE_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut builder = GitignoreBuilder::new("");
    for line in text.lines().take(IGNORE_LINES) {
        // A line that can't be read ignores nothing, as git has it.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|ignore| !ignore.is_empty())
}
