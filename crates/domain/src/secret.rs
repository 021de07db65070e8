//! The secrets of persons and workspaces: stored sealed, never given back.

use atelier_base::{Secret, SecretId, Timestamp, UserId, WorkspaceId};
use atelier_model::gate::SHORTEST_SECRET;
use atelier_store::{SecretRow, Unique};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};

/// The most bytes of a secret's value.
const VALUE_BYTES: usize = 64 * 1024;
/// The most characters of a secret's name.
const NAME_CHARS: usize = 64;
/// The most secrets of a person outside of workspaces, and of a workspace.
const SECRETS: usize = 200;

/// A secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    /// The secret's id.
    pub id: SecretId,
    /// What it is called.
    pub name: String,
    /// The workspace it is for; `None` for all of its owner's.
    pub workspace: Option<WorkspaceId>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its value was last replaced; `None`: never.
    pub replaced_at: Option<Timestamp>,
}

/// A secret to be stored.
#[derive(Debug)]
pub struct NewSecret {
    /// What it is called: a letter or `_`, then letters, digits, `_`, `-` and
    /// `.`, at most 64.
    pub name: String,
    /// The value: at least 8 bytes, at most 64 KiB.
    pub value: Secret<String>,
    /// The workspace it is for; `None` for all of the asker's.
    pub workspace: Option<WorkspaceId>,
}

impl Domain {
    /// Lists the asker's secrets and, if one is named, a workspace's, by name.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_secrets(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
    ) -> Result<Vec<StoredSecret>> {
        let rows = self.secret_rows(ctx, workspace).await?;
        Ok(rows.iter().map(shown).collect())
    }

    /// Stores a secret.
    ///
    /// # Errors
    /// [`Error::Invalid`] names what is wrong with it, [`Error::NameTaken`]
    /// says that there is one of that name, and [`Error::NotFound`] that the
    /// asker may not see the workspace.
    pub async fn create_secret(&self, ctx: &Ctx, new: NewSecret) -> Result<StoredSecret> {
        check_name(&new.name)?;
        check_value(&new.value)?;
        let known = self.secret_rows(ctx, new.workspace).await?;
        let beside = known.iter().filter(|row| row.workspace_id == new.workspace);
        if beside.count() >= SECRETS {
            return Err(Error::invalid(
                "name",
                format!("there are {SECRETS} already"),
            ));
        }
        let id = self.ids().next::<SecretId>();
        let row = SecretRow {
            id,
            owner_id: ctx.person()?,
            workspace_id: new.workspace,
            name: new.name,
            sealed: self
                .vault()
                .seal(id.as_uuid().as_bytes(), new.value.expose())?,
            created_at: self.now(),
            replaced_at: None,
        };
        let stored = self
            .store()
            .write(async |tx| tx.insert_secret(&row).await)
            .await;
        stored.map_err(|error| match error {
            atelier_store::Error::Taken {
                what: Unique::SecretName,
            } => Error::NameTaken {
                name: row.name.clone(),
            },
            other => other.into(),
        })?;
        self.egress().forget_all();
        Ok(shown(&row))
    }

    /// Replaces a secret's value: all that names the secret goes on to, and no
    /// request meets a moment without it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a value that can't be kept in, and
    /// [`Error::NotFound`] when the asker has no such secret.
    pub async fn update_secret(
        &self,
        ctx: &Ctx,
        id: SecretId,
        value: &Secret<String>,
    ) -> Result<StoredSecret> {
        let row = self.require_secret(ctx, id).await?;
        check_value(value)?;
        let sealed = self.vault().seal(id.as_uuid().as_bytes(), value.expose())?;
        let at = self.now();
        self.store()
            .write(async |tx| tx.replace_secret(id, sealed, at).await)
            .await?;
        self.egress().forget_all();
        Ok(StoredSecret {
            replaced_at: Some(at),
            ..shown(&row)
        })
    }

    /// Forgets a secret.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker has no such secret.
    pub async fn delete_secret(&self, ctx: &Ctx, id: SecretId) -> Result<()> {
        self.require_secret(ctx, id).await?;
        self.store()
            .write(async |tx| tx.delete_secret(id).await)
            .await?;
        self.egress().forget_all();
        Ok(())
    }

    /// Returns a secret that the asker may use.
    pub(crate) async fn require_secret(&self, ctx: &Ctx, id: SecretId) -> Result<SecretRow> {
        let person = ctx.person()?;
        let row = self
            .store()
            .query(async |tx| tx.get_secret(id).await)
            .await?;
        match row.workspace_id {
            Some(workspace) => drop(self.require_workspace(ctx, workspace).await?),
            None if row.owner_id == person => {}
            None => return Err(Error::NotFound { what: "secret" }),
        }
        Ok(row)
    }

    async fn secret_rows(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
    ) -> Result<Vec<SecretRow>> {
        let person = ctx.person()?;
        if let Some(workspace) = workspace {
            self.require_workspace(ctx, workspace).await?;
        }
        self.secret_rows_of(person, workspace).await
    }

    /// Lists the secrets of a person and a workspace, which the caller has
    /// checked.
    pub(crate) async fn secret_rows_of(
        &self,
        person: UserId,
        workspace: Option<WorkspaceId>,
    ) -> Result<Vec<SecretRow>> {
        Ok(self
            .store()
            .query(async |tx| tx.list_secrets(person, workspace).await)
            .await?)
    }

    /// Opens a secret.
    pub(crate) fn open_secret(&self, row: &SecretRow) -> Result<Secret<String>> {
        self.vault().open(row.id.as_uuid().as_bytes(), &row.sealed)
    }
}

fn check_name(name: &str) -> Result<()> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if begins && name.len() <= NAME_CHARS && name.chars().all(fits) {
        return Ok(());
    }
    Err(Error::invalid(
        "name",
        format!(
            "a name is a letter or `_`, then letters, digits, `_`, `-` and `.`, at most {NAME_CHARS}"
        ),
    ))
}

/// A short value stands in ordinary text by chance, so the gate could not keep
/// it in.
fn check_value(value: &Secret<String>) -> Result<()> {
    let value = value.expose();
    if value.trim().len() < SHORTEST_SECRET {
        return Err(Error::invalid(
            "value",
            format!("a secret has at least {SHORTEST_SECRET} characters"),
        ));
    }
    if value.len() > VALUE_BYTES || value.contains('\0') {
        return Err(Error::invalid(
            "value",
            "a secret has at most 64 KiB, and no NUL",
        ));
    }
    Ok(())
}

fn shown(row: &SecretRow) -> StoredSecret {
    StoredSecret {
        id: row.id,
        name: row.name.clone(),
        workspace: row.workspace_id,
        created_at: row.created_at,
        replaced_at: row.replaced_at,
    }
}
