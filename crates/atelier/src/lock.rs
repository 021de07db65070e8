//! The lock on a data folder: servers share it, and who changes the keys of the
//! vault has it alone. It goes with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

const NAME: &str = "server.lock";

/// Takes a server's share of the lock, for as long as the file is open.
pub(crate) fn share(data: &Path) -> Result<File> {
    let file = open(data)?;
    match file.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!("the keys of the vault are being changed; start again when that is done")
        }
        // A file system without locks: nobody else gets one there either.
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, "`{NAME}` in the data folder could not be locked");
        }
    }
    Ok(file)
}

/// Takes the lock alone, so that no server can be started meanwhile.
pub(crate) fn alone(data: &Path) -> Result<File> {
    let file = open(data)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("a server runs on `{}`; stop it first", data.display())
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("could not lock `{NAME}` in `{}`", data.display()))
        }
    }
}

fn open(data: &Path) -> Result<File> {
    let path = data.join(NAME);
    let failed = || format!("could not open `{}`", path.display());
    std::fs::create_dir_all(data).with_context(failed)?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    options.open(&path).with_context(failed)
}
