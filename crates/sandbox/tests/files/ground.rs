//! A directory to work in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use atelier_base::WorkspacePath;
use atelier_sandbox::FileResult;
use atelier_sandbox::files::Root;
use atelier_sandbox::import::{Imported, Limits, Staging, Watch};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(crate) struct Ground(TempDir);

impl Ground {
    pub(crate) fn new() -> Self {
        let ground = Self(TempDir::new().unwrap());
        fs::create_dir(ground.at("files")).unwrap();
        ground
    }

    /// In memory where there is such a place: for very many files.
    pub(crate) fn in_memory() -> Self {
        let directory = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
        let ground = Self(directory.unwrap());
        fs::create_dir(ground.at("files")).unwrap();
        ground
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn root(&self) -> Root {
        Root::open(&self.at("files"), &self.at("state")).unwrap()
    }

    /// Imports into a new directory and places it as `imported`.
    pub(crate) fn import(
        &self,
        run: impl FnOnce(&Staging, &mut Watch<'_>) -> FileResult<Imported>,
    ) -> FileResult<Imported> {
        let staging = Staging::create(&self.at("staging"))?;
        let cancel = CancellationToken::new();
        let mut watch = Watch {
            progress: &mut |_| {},
            cancel: &cancel,
        };
        let imported = run(&staging, &mut watch)?;
        staging.place(&self.at("imported"))?;
        Ok(imported)
    }

    /// Says what lies in the directory: to see that nothing was left behind.
    pub(crate) fn names(&self) -> Vec<String> {
        tree(self.0.path()).into_keys().collect()
    }
}

/// Reads a tree without following links: what each path is and holds.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut tree = BTreeMap::new();
    read_into(&mut tree, folder, "");
    tree
}

fn read_into(tree: &mut BTreeMap<String, String>, folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().unwrap();
        let what = if kind.is_dir() {
            read_into(tree, &entry.path(), &format!("{name}/"));
            "folder".to_owned()
        } else if kind.is_symlink() {
            format!("link {}", fs::read_link(entry.path()).unwrap().display())
        } else if kind.is_file() {
            String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned()
        } else {
            "other".to_owned()
        };
        tree.insert(name, what);
    }
}

pub(crate) fn path(text: &str) -> WorkspacePath {
    WorkspacePath::new(text).unwrap()
}

pub(crate) fn limits(bytes: u64, files: u64) -> Limits {
    Limits { bytes, files }
}
