//! The master keys of the vault: where they come from, and how they change.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use atelier_base::Secret;
use atelier_domain::vault::{self, KEY_BYTES, Vault};
use atelier_store::Store;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

type Key = Secret<[u8; KEY_BYTES]>;

/// The environment's variables that hold keys.
pub(crate) const CURRENT: &str = "ATELIER_MASTER_KEY";
pub(crate) const NEXT: &str = "ATELIER_NEXT_MASTER_KEY";
/// The most bytes of a key file.
const FILE_BYTES: u64 = 4_096;

/// Where the master keys are.
#[derive(Debug)]
pub(crate) struct KeySource {
    /// The key's file, made at the first start.
    pub(crate) file: PathBuf,
    /// The key as the environment gives it, instead of the file.
    pub(crate) current: Option<Secret<String>>,
    /// The key that the environment's is being changed to.
    pub(crate) next: Option<Secret<String>>,
}

impl KeySource {
    /// Opens the vault; at the first start its key is made.
    pub(crate) fn vault(&self) -> Result<Vault> {
        let vault = Vault::new(&self.current()?);
        // A change of keys that was cut short left values of both.
        Ok(match self.next()? {
            Some(next) => vault.opening(&next),
            None => vault,
        })
    }

    /// Changes the key: seals everything anew with the next one, which for a
    /// file is made. Returns how many values were sealed anew. What is cut
    /// short goes on when it is run again, and until then both keys open.
    pub(crate) async fn rotate(&self, store: &Store) -> Result<usize> {
        let current = self.current()?;
        let next = match self.next()? {
            Some(next) => next,
            None if self.current.is_some() => {
                bail!("set {NEXT} to the new key: 64 hexadecimal digits, or base64 of 32 bytes")
            }
            None => make(&self.next_file())?,
        };
        let vault = Vault::new(&next).opening(&current);
        let sealed = vault::reseal(store, &vault)
            .await
            .context("nothing was changed")?;
        if self.current.is_none() {
            let failed = || format!("could not replace `{}`", self.file.display());
            std::fs::rename(self.next_file(), &self.file).with_context(failed)?;
            sync_folder(&self.file).with_context(failed)?;
        }
        Ok(sealed)
    }

    fn current(&self) -> Result<Key> {
        match &self.current {
            Some(text) => from_environment(CURRENT, text),
            None => match read(&self.file)? {
                Some(key) => Ok(key),
                None => make(&self.file),
            },
        }
    }

    fn next(&self) -> Result<Option<Key>> {
        match &self.next {
            Some(text) => from_environment(NEXT, text).map(Some),
            None if self.current.is_some() => Ok(None),
            None => read(&self.next_file()),
        }
    }

    fn next_file(&self) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(".next");
        name.into()
    }
}

fn from_environment(name: &str, text: &Secret<String>) -> Result<Key> {
    written(text.expose().as_bytes()).with_context(|| {
        format!("{name} is not a master key: 64 hexadecimal digits, or base64 of 32 bytes")
    })
}

/// Reads a key as text: hexadecimal or base64.
fn written(text: &[u8]) -> Option<Key> {
    let text = text.trim_ascii();
    let bytes = if text.len() == 2 * KEY_BYTES {
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .map(|digit| digit.to_le_bytes()[0])
        };
        text.chunks_exact(2)
            .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
            .collect::<Option<Vec<u8>>>()?
    } else {
        let decoded = STANDARD
            .decode(text)
            .or_else(|_| STANDARD_NO_PAD.decode(text));
        decoded.ok()?
    };
    <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
        .ok()
        .map(Secret::new)
}

/// Reads a key file that only its owner may read: 32 bytes, or the key as
/// text.
fn read(path: &Path) -> Result<Option<Key>> {
    let failed = || format!("could not read `{}`", path.display());
    let file = match OpenOptions::new().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(failed),
    };
    let mode = file.metadata().with_context(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "`{}` can be read by others; run `chmod 600` on it",
            path.display()
        );
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES)
        .read_to_end(&mut bytes)
        .with_context(failed)?;
    let raw = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok();
    raw.map(Secret::new)
        .or_else(|| written(&bytes))
        .map(Some)
        .with_context(|| format!("`{}` is not a master key", path.display()))
}

fn make(path: &Path) -> Result<Key> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let failed = || format!("could not write `{}`", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(failed)?;
    file.write_all(&key).with_context(failed)?;
    file.sync_all().with_context(failed)?;
    // Nothing may be sealed with a key whose name could be lost.
    sync_folder(path).with_context(failed)?;
    Ok(Secret::new(key))
}

/// Makes sure that the name of a file lasts, too.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key = [0xA5; KEY_BYTES];
        for text in [
            "a5".repeat(32),
            "A5".repeat(32),
            format!("{}\n", STANDARD.encode(key)),
            STANDARD_NO_PAD.encode(key),
        ] {
            assert_eq!(written(text.as_bytes()).unwrap().expose(), &key, "{text}");
        }
        for text in [
            "",
            "a5",
            &"g5".repeat(32),
            &"a5".repeat(31),
            &STANDARD.encode([1; 16]),
        ] {
            assert!(written(text.as_bytes()).is_none(), "{text}");
        }
    }
}
