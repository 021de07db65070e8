//! A workspace on disk to change, and short names for changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use atelier_base::{ContentHash, Ids, WorkspacePath};
use atelier_sandbox::files::Root;
use atelier_sandbox::transaction::{Changes, Expect, FileChange, FolderContent};
use tempfile::TempDir;

/// A directory with a workspace's files, its state, and room beside them.
pub(crate) struct Ground {
    directory: PathBuf,
    _deleted_on_drop: Option<TempDir>,
}

impl Ground {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self::within(TempDir::new().unwrap(), files)
    }

    /// In memory, where there is such a place: thousands are made.
    pub(crate) fn in_memory(files: &[(&str, &str)]) -> Self {
        let directory = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
        Self::within(directory.unwrap(), files)
    }

    pub(crate) fn on(disk: &Path, files: &[(&str, &str)]) -> Self {
        Self::within(TempDir::new_in(disk).unwrap(), files)
    }

    fn within(directory: TempDir, files: &[(&str, &str)]) -> Self {
        let ground = Self {
            directory: directory.path().to_owned(),
            _deleted_on_drop: Some(directory),
        };
        fs::create_dir(ground.files()).unwrap();
        for (path, content) in files {
            ground.put(path, content);
        }
        ground
    }

    /// Uses what another process made.
    pub(crate) fn existing(directory: PathBuf) -> Self {
        Self {
            directory,
            _deleted_on_drop: None,
        }
    }

    pub(crate) fn put(&self, path: &str, content: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn files(&self) -> PathBuf {
        self.beside("files")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.beside("state")
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.files().join(path)
    }

    pub(crate) fn open(&self) -> Root {
        Root::open(&self.files(), &self.state()).unwrap()
    }

    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
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
            format!(
                "file {}",
                String::from_utf8_lossy(&fs::read(entry.path()).unwrap())
            )
        } else {
            "other".to_owned()
        };
        tree.insert(name, what);
    }
}

pub(crate) fn path(text: &str) -> WorkspacePath {
    WorkspacePath::new(text).unwrap()
}

pub(crate) fn hash(text: &str) -> Expect {
    Expect::Hash(ContentHash::of(text.as_bytes()))
}

pub(crate) fn changes(files: Vec<FileChange>) -> Changes {
    Changes {
        id: Ids::system().next(),
        files,
        rows: Vec::new(),
    }
}

pub(crate) fn write(at: &str, text: &str, expect: Expect) -> FileChange {
    FileChange::Write {
        path: path(at),
        bytes: text.as_bytes().to_vec(),
        executable: false,
        expect,
    }
}

pub(crate) fn remove(at: &str, expect: Expect) -> FileChange {
    FileChange::Remove {
        path: path(at),
        expect,
    }
}

pub(crate) fn rename(from: &str, to: &str) -> FileChange {
    FileChange::Rename {
        from: path(from),
        to: path(to),
        expect: Expect::Any,
    }
}

pub(crate) fn make_folder(at: &str) -> FileChange {
    FileChange::MakeDirectory { path: path(at) }
}

pub(crate) fn remove_folder(at: &str, content: FolderContent) -> FileChange {
    FileChange::RemoveDirectory {
        path: path(at),
        content,
    }
}

pub(crate) fn rename_folder(from: &str, to: &str) -> FileChange {
    FileChange::RenameDirectory {
        from: path(from),
        to: path(to),
    }
}
