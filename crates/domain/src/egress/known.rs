//! Collects the values that must not leave: the vault's, the providers' keys,
//! and what the `.env` files of a workspace set.

use std::sync::Arc;
use std::time::Duration;

use atelier_base::{Timestamp, WorkspaceId, WorkspacePath};
use atelier_model::gate::Known;
use atelier_sandbox::FileError;
use atelier_sandbox::files::Found;

use super::{Who, env};
use crate::domain::Domain;
use crate::error::Result;
use crate::tree::{Tree, blocking};

/// The most `.env` files that are read, and bytes of one.
const ENV_FILES: u32 = 50;
const ENV_BYTES: u64 = 256 * 1024;
/// For how long it is believed that a workspace has no other `.env` files than
/// those that are known and the usual ones at its top.
const BELIEVED: Duration = Duration::from_secs(2);
/// The `.env` files of a workspace as they were. Most are named by a
/// `.gitignore`, so nobody tells when they change.
#[derive(Debug)]
pub(super) struct Files {
    tree: Arc<Tree>,
    marks: Vec<(WorkspacePath, Option<Found>)>,
    pub(super) until: Timestamp,
}

impl Files {
    /// Says whether they still are what they were.
    pub(super) fn are_same(&self) -> std::result::Result<bool, FileError> {
        for (path, mark) in &self.marks {
            if self.tree.root.stat(path)? != *mark {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Domain {
    /// Collects what a person's requests in a workspace must not hold.
    pub(super) async fn known_secrets(&self, (person, workspace): Who) -> Result<Vec<Known>> {
        let mut known = Vec::new();
        for row in self.secret_rows_of(person, workspace).await? {
            known.push(Known {
                value: self.open_secret(&row)?,
                name: row.name,
            });
        }
        let providers = self
            .store()
            .query(async |tx| tx.list_providers(person).await)
            .await?;
        for row in providers {
            let Some(sealed) = &row.sealed_key else {
                continue;
            };
            known.push(Known {
                value: self.vault().open(row.id.as_uuid().as_bytes(), sealed)?,
                name: format!("key of {}", row.name),
            });
        }
        let environment = self.settings().environment_provider.as_ref();
        if let Some(key) = environment.and_then(|provider| provider.key.clone()) {
            known.push(Known {
                value: key,
                name: "key of the server's model".to_owned(),
            });
        }
        Ok(known)
    }

    /// Reads what the `.env` files of a workspace set.
    pub(super) async fn known_in_files(
        &self,
        workspace: WorkspaceId,
    ) -> Result<(Vec<Known>, Files)> {
        let rows = self
            .store()
            .query(async |tx| tx.list_live_env_files(workspace, ENV_FILES).await)
            .await?;
        let mut paths: Vec<_> = rows.into_iter().map(|row| row.path).collect();
        paths.retain(|path| env::is_env(path.as_str()));
        let usual = env::USUAL
            .iter()
            .filter_map(|name| WorkspacePath::new(name).ok());
        paths.extend(usual);
        paths.sort_unstable();
        paths.dedup();
        let until = self.now().plus(BELIEVED);
        let tree = self.trees().open(workspace).await?;
        blocking(move || {
            let (mut known, mut marks) = (Vec::new(), Vec::new());
            for path in paths {
                // Before it is read: a change meanwhile is seen next time.
                marks.push((path.clone(), tree.root.stat(&path)?));
                match tree.root.read(&path, ENV_BYTES) {
                    Ok(content) => known.extend(env::values(&content.bytes)),
                    // It is not there, or no file of variables.
                    Err(
                        FileError::NotFound { .. }
                        | FileError::TooLarge { .. }
                        | FileError::WrongKind { .. }
                        | FileError::Symlink { .. },
                    ) => {}
                    Err(error) => return Err(error),
                }
            }
            let files = Files { tree, marks, until };
            Ok((known, files))
        })
        .await
    }
}
