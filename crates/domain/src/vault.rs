//! The encrypted secrets of the server: provider keys.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): a random 192-bit nonce per
//! sealing, and the id of the row as associated data, so that a sealed key
//! moved to another row does not open.

use atelier_base::Secret;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::error::{Error, Result};

/// How many bytes the master key has.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Seals and opens secrets with the server's master key.
#[derive(Clone)]
pub struct Vault(XChaCha20Poly1305);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault([secret])")
    }
}

impl Vault {
    /// Makes a vault over the master key.
    pub fn new(key: &Secret<[u8; KEY_BYTES]>) -> Self {
        Self(XChaCha20Poly1305::new(key.expose().into()))
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
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Internal("could not seal a secret".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] made for the same row.
    pub(crate) fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<Secret<String>> {
        let broken =
            || Error::Internal("a sealed secret does not open with this server's key".to_owned());
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(broken)?;
        let payload = Payload {
            msg: sealed,
            aad: owner,
        };
        let opened = self
            .0
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| broken())?;
        String::from_utf8(opened)
            .map(Secret::new)
            .map_err(|_| broken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_for_its_row_and_key() {
        let vault = Vault::new(&Secret::new([7; KEY_BYTES]));
        let sealed = vault.seal(b"row", "sk-canary").unwrap();
        assert!(!sealed.windows(9).any(|w| w == b"sk-canary"));
        assert_eq!(vault.open(b"row", &sealed).unwrap().expose(), "sk-canary");
        assert!(vault.open(b"other", &sealed).is_err());
        assert!(
            Vault::new(&Secret::new([8; KEY_BYTES]))
                .open(b"row", &sealed)
                .is_err()
        );
        assert!(vault.open(b"row", &sealed[..10]).is_err());
        assert_ne!(vault.seal(b"row", "sk-canary").unwrap(), sealed);
    }
}
