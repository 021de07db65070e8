//! The keys of the server's vault, and what they seal: provider keys and the
//! secrets of persons and workspaces.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): a random 192-bit nonce per
//! sealing, and the id of the row as associated data, so that a sealed value
//! moved to another row does not open. In front stands which key sealed it, so
//! that keys can be changed: a vault seals with one and opens with several.

use atelier_base::Secret;
use atelier_store::Store;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// How many bytes the master key has.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// What begins a sealed value, before the id of its key. Those of the first
/// release begin with their nonce.
const FORM: u8 = 1;
const ID_BYTES: usize = 4;

/// Seals and opens secrets with the server's master keys.
#[derive(Clone)]
pub struct Vault {
    current: Key,
    others: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: [u8; ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault([secret])")
    }
}

impl Vault {
    /// Makes a vault over the master key.
    pub fn new(key: &Secret<[u8; KEY_BYTES]>) -> Self {
        Self {
            current: Key::of(key),
            others: Vec::new(),
        }
    }

    /// Also opens what another key sealed.
    #[must_use]
    pub fn opening(mut self, key: &Secret<[u8; KEY_BYTES]>) -> Self {
        self.others.push(Key::of(key));
        self
    }

    /// Seals `secret` for the row named by `owner`.
    pub(crate) fn seal(&self, owner: &[u8], secret: &str) -> Result<Vec<u8>> {
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|e| Error::Internal(format!("no randomness: {e}")))?;
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: owner,
        };
        let sealed = self
            .current
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Internal("could not seal a secret".to_owned()))?;
        Ok([&[FORM], &self.current.id[..], &nonce, &sealed].concat())
    }

    /// Opens what [`Vault::seal`] made for the same row.
    pub(crate) fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<Secret<String>> {
        let keys = || std::iter::once(&self.current).chain(&self.others);
        let named = sealed
            .split_first_chunk::<{ 1 + ID_BYTES }>()
            .filter(|(head, _)| head[0] == FORM)
            .and_then(|(head, rest)| {
                let key = keys().find(|key| key.id == head[1..])?;
                key.open(owner, rest)
            });
        // The first byte of an old one's nonce may be the same by chance.
        let opened = named.or_else(|| keys().find_map(|key| key.open(owner, sealed)));
        opened.ok_or_else(|| {
            Error::Internal(
                "a sealed secret does not open with this server's key; it was sealed with another"
                    .to_owned(),
            )
        })
    }

    /// Seals anew, with the current key, what any of the keys sealed.
    fn reseal(&self, owner: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        self.seal(owner, self.open(owner, sealed)?.expose())
    }
}

impl Key {
    fn of(key: &Secret<[u8; KEY_BYTES]>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"the id of a key of the vault");
        hash.update(key.expose());
        let hash: [u8; 32] = hash.finalize().into();
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&hash[..ID_BYTES]);
        Self {
            id,
            cipher: XChaCha20Poly1305::new(key.expose().into()),
        }
    }

    fn open(&self, owner: &[u8], sealed: &[u8]) -> Option<Secret<String>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: owner,
        };
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(opened).ok().map(Secret::new)
    }
}

/// Seals everything in the store anew with the current key of `vault`, all or
/// nothing, and returns how many values that are.
///
/// # Errors
/// Fails, and changes nothing, when a value does not open with any of its keys.
pub async fn reseal(store: &Store, vault: &Vault) -> Result<usize> {
    store
        .write(async |tx| {
            let secrets = tx.list_all_secrets().await?;
            let mut providers = tx.list_all_providers().await?;
            providers.retain(|row| row.sealed_key.is_some());
            for row in &secrets {
                let sealed = vault.reseal(row.id.as_uuid().as_bytes(), &row.sealed)?;
                tx.update_secret(row.id, sealed).await?;
            }
            for row in &mut providers {
                if let Some(key) = &mut row.sealed_key {
                    *key = vault.reseal(row.id.as_uuid().as_bytes(), key)?;
                }
                tx.update_provider(row).await?;
            }
            Ok(secrets.len() + providers.len())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Secret<[u8; KEY_BYTES]> {
        Secret::new([byte; KEY_BYTES])
    }

    #[test]
    fn a_sealed_secret_opens_only_for_its_row_and_key() {
        let vault = Vault::new(&key(7));
        let sealed = vault.seal(b"row", "sk-canary").unwrap();
        assert!(!sealed.windows(9).any(|w| w == b"sk-canary"));
        assert_eq!(vault.open(b"row", &sealed).unwrap().expose(), "sk-canary");
        assert!(vault.open(b"other", &sealed).is_err());
        assert!(Vault::new(&key(8)).open(b"row", &sealed).is_err());
        assert!(vault.open(b"row", &sealed[..10]).is_err());
        assert!(vault.open(b"row", &[]).is_err());
        assert_ne!(vault.seal(b"row", "sk-canary").unwrap(), sealed);
    }

    #[test]
    fn what_an_old_key_sealed_opens_until_it_is_sealed_anew() {
        let old = Vault::new(&key(7)).seal(b"row", "sk-canary").unwrap();
        let both = Vault::new(&key(8)).opening(&key(7));
        assert_eq!(both.open(b"row", &old).unwrap().expose(), "sk-canary");
        let new = both.reseal(b"row", &old).unwrap();
        assert_eq!(
            Vault::new(&key(8)).open(b"row", &new).unwrap().expose(),
            "sk-canary"
        );
        assert!(Vault::new(&key(7)).open(b"row", &new).is_err());
    }

    #[test]
    fn what_the_first_release_sealed_opens() {
        let vault = Vault::new(&key(7));
        let sealed = vault.seal(b"row", "sk-canary").unwrap();
        let first = &sealed[1 + ID_BYTES..];
        assert_eq!(vault.open(b"row", first).unwrap().expose(), "sk-canary");
        let renewed = vault.reseal(b"row", first).unwrap();
        assert_eq!(renewed[..=ID_BYTES], sealed[..=ID_BYTES]);
    }
}
