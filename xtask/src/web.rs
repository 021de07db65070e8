//! Building the front end, and not building it when nothing changed.
//!
//! Two stamps in `node_modules` remember what was installed and what was
//! built: a digest of names and contents. They go when `node_modules` goes,
//! which is exactly when they stop being true.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{process, project};

/// Whether there was something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// It was done.
    Done,
    /// Nothing had changed.
    Unchanged,
}

/// Folders of `web/` that the built pages don't depend on.
const NOT_BUILT: &[&str] = &["node_modules", "dist", "e2e", "tests", "tools"];

/// Installs the npm packages of `folder` when its lock file changed.
///
/// # Errors
/// The lock file can't be read or `npm ci` fails.
pub(crate) fn install(folder: &Path) -> Result<Work> {
    let lock = [
        folder.join("package.json"),
        folder.join("package-lock.json"),
    ];
    let stamp = Stamp::new(folder, "install", digest(folder, &lock)?);
    if stamp.is_current() {
        return Ok(Work::Unchanged);
    }
    process::run(&mut process::npm(folder, ["ci", "--no-audit", "--no-fund"]))?;
    stamp.write()?;
    Ok(Work::Done)
}

/// Builds the pages into `web/dist` when a source changed.
///
/// # Errors
/// A source can't be read or the build fails.
pub(crate) fn build() -> Result<Work> {
    let folder = project::web();
    let sources = project::files_below(&folder, NOT_BUILT)?;
    let stamp = Stamp::new(&folder, "build", digest(&folder, &sources)?);
    if stamp.is_current() && folder.join("dist/index.html").is_file() {
        return Ok(Work::Unchanged);
    }
    process::run(&mut process::npm(&folder, ["run", "build"]))?;
    stamp.write()?;
    Ok(Work::Done)
}

struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    fn new(folder: &Path, name: &str, digest: String) -> Self {
        Self {
            file: folder.join(format!("node_modules/.atelier-{name}")),
            digest,
        }
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|written| written == self.digest)
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.file, &self.digest)
            .with_context(|| format!("could not write {}", self.file.display()))
    }
}

/// A digest of the files' names below `folder` and their contents. It tells
/// accidents apart, not attacks, so the standard library's hash will do.
fn digest(folder: &Path, files: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.strip_prefix(folder).unwrap_or(file).hash(&mut hasher);
        fs::read(file)
            .with_context(|| format!("could not read {}", file.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::{Stamp, digest};
    use crate::project;
    use crate::scratch::Scratch;

    #[test]
    fn a_stamp_is_current_until_a_file_changes_or_moves() {
        let folder = Scratch::new().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let now = || {
            let files = project::files_below(folder.path(), &["node_modules"]).unwrap();
            let digest = digest(folder.path(), &files).unwrap();
            Stamp::new(folder.path(), "test", digest)
        };
        std::fs::create_dir(folder.path().join("node_modules")).unwrap();
        write("a.ts", "one");
        assert!(!now().is_current(), "nothing was ever stamped");
        now().write().unwrap();
        assert!(now().is_current());
        write("a.ts", "two");
        assert!(!now().is_current(), "a content changed");
        write("a.ts", "one");
        assert!(now().is_current(), "the same content again");
        std::fs::rename(folder.path().join("a.ts"), folder.path().join("b.ts")).unwrap();
        assert!(!now().is_current(), "a name changed");
    }
}
