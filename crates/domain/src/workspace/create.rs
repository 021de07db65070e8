//! Makes a workspace: imported aside, recorded, then put in its place, so
//! that a failure or a crash leaves nothing behind.

mod record;

use std::fs::File;
use std::path::PathBuf;

use atelier_base::WorkspacePath;
use atelier_sandbox::import::{self, Limits, Staging, TemplateFile, TopFolder, Watch};
use atelier_sandbox::{FileError, git};
use atelier_store::{NewWorkspace, WorkspaceRow};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{checked_name, is_allowed};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};
use crate::template;
use crate::tree::blocking;

/// What a workspace starts with.
#[derive(Clone, Debug)]
pub enum Source {
    /// Nothing.
    Empty,
    /// A built-in template.
    Template(String),
    /// A copy of a folder on this machine.
    Folder(PathBuf),
    /// An uploaded archive, in a file of the server's own.
    Zip(PathBuf),
    /// A clone of a repository.
    Git(String),
}

/// How far an import is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// What is being done, in a few words.
    pub phase: String,
    /// How far, from 0 to 100, when it is known.
    pub percent: Option<u8>,
}

impl Domain {
    /// Makes a workspace. Cancelled, refused or broken off, it leaves nothing.
    ///
    /// # Errors
    /// [`Error::Import`] says why a source is refused, [`Error::TooLarge`]
    /// which limit it exceeds.
    pub async fn create_workspace(
        &self,
        ctx: &Ctx,
        name: &str,
        source: Source,
        progress: watch::Sender<ImportProgress>,
    ) -> Result<WorkspaceRow> {
        let owner = ctx.person()?;
        let name = checked_name(name)?;
        let new = NewWorkspace {
            id: self.ids().next(),
            owner_id: owner,
            name,
            default_model: None,
            created_at: self.now(),
        };
        let place = self.trees().staging().join(new.id.to_string());
        let staging = blocking(move || Staging::create(&place)).await?;
        let staging = self
            .fill(ctx, staging, source, &progress)
            .await
            .map_err(refusal)?;
        progress.send_replace(ImportProgress {
            phase: "Recording files".to_owned(),
            percent: None,
        });
        let id = new.id;
        let made = self.record_and_place(ctx, new, staging).await;
        if made.is_err() {
            let place = self.trees().place(id);
            if let Err(error) = blocking(move || import::delete_tree(&place)).await {
                tracing::warn!(workspace.id = %id, error = %chain(&error), "a failed import left a folder");
            }
        }
        made
    }

    async fn record_and_place(
        &self,
        ctx: &Ctx,
        new: NewWorkspace,
        staging: Staging,
    ) -> Result<WorkspaceRow> {
        let row = self.record_import(ctx, new, &staging).await?;
        if let Err(error) = self.place(&row, staging).await {
            self.store()
                .write(async |tx| tx.delete_workspace(row.id).await)
                .await?;
            return Err(error);
        }
        Ok(row)
    }

    /// Fills the staging directory from the source.
    async fn fill(
        &self,
        ctx: &Ctx,
        staging: Staging,
        source: Source,
        progress: &watch::Sender<ImportProgress>,
    ) -> Result<Staging> {
        let settings = &self.settings().import;
        let limits = Limits {
            bytes: settings.max_bytes,
            files: settings.max_files,
        };
        let (cancel, progress) = (ctx.cancel.clone(), progress.clone());
        match source {
            Source::Empty => Ok(staging),
            Source::Template(id) => {
                let template = template::find(&id).ok_or_else(|| {
                    Error::invalid("source.template", format!("there is no template `{id}`"))
                })?;
                blocking(move || write_template(staging, template)).await
            }
            Source::Folder(path) => {
                let path = self.allowed_folder(path).await?;
                blocking(move || {
                    watched("Copying files", &progress, &cancel, |watch| {
                        import::copy_folder(&path, &staging, limits, watch)
                    })?;
                    Ok(staging)
                })
                .await
            }
            Source::Zip(path) => {
                blocking(move || {
                    let archive = File::open(&path).map_err(|source| FileError::Io {
                        doing: "open",
                        path: "the upload".to_owned(),
                        source,
                    })?;
                    watched("Unpacking", &progress, &cancel, |watch| {
                        import::unzip(archive, &staging, limits, TopFolder::Strip, watch)
                    })?;
                    Ok(staging)
                })
                .await
            }
            Source::Git(url) => {
                self.clone_into(&url, staging, limits, progress, cancel)
                    .await
            }
        }
    }

    async fn clone_into(
        &self,
        url: &str,
        staging: Staging,
        limits: Limits,
        progress: watch::Sender<ImportProgress>,
        cancel: CancellationToken,
    ) -> Result<Staging> {
        let options = self.clone_options(limits);
        let url = url.to_owned();
        blocking(move || {
            let mut report = |step: git::GitProgress| {
                progress.send_replace(ImportProgress {
                    phase: words_of(step.phase).to_owned(),
                    percent: Some(step.percent),
                });
            };
            git::clone(
                &url,
                &staging,
                &options,
                &mut git::CloneWatch {
                    progress: &mut report,
                    cancel: &cancel,
                },
            )?;
            Ok(staging)
        })
        .await
    }

    fn clone_options(&self, limits: Limits) -> git::CloneOptions {
        let settings = &self.settings().import;
        git::CloneOptions {
            networks: if settings.git_allow_private {
                git::Networks::Any
            } else {
                git::Networks::Public
            },
            protocols: if settings.git_allow_http {
                git::Protocols::HttpsAndHttp
            } else {
                git::Protocols::Https
            },
            depth: None,
            timeout: settings.git_timeout,
            limits,
        }
    }

    /// Returns a folder with its links resolved, if it may be copied.
    async fn allowed_folder(&self, path: PathBuf) -> Result<PathBuf> {
        if !path.is_absolute() {
            return Err(Error::invalid(
                "source.path",
                "give the absolute path of a folder on the server",
            ));
        }
        let (data, folders) = (
            self.settings().data.clone(),
            self.settings().import.folders.clone(),
        );
        let resolved = blocking(move || {
            let resolve = |path: PathBuf| path.canonicalize().ok();
            let folders: Vec<PathBuf> = folders.into_iter().filter_map(resolve).collect();
            Ok((
                path.canonicalize().ok().filter(|path| path.is_dir()),
                resolve(data),
                folders,
            ))
        })
        .await?;
        let (Some(path), data, folders) = resolved else {
            return Err(Error::invalid(
                "source.path",
                "there is no such folder on the server",
            ));
        };
        let ours = data.is_some_and(|data| path.starts_with(&data) || data.starts_with(&path));
        if ours {
            return Err(Error::invalid(
                "source.path",
                "the folder holds Atelier's own data",
            ));
        }
        if !is_allowed(&path, &folders) {
            return Err(Error::Import {
                detail: format!(
                    "`{}` is not in a folder that may be copied from",
                    path.display()
                ),
                hint: Some(
                    "An administrator can add it to `import.folders` in the configuration."
                        .to_owned(),
                ),
            });
        }
        Ok(path)
    }

    /// Gives the workspace its owner on the host and puts it in its place.
    async fn place(&self, row: &WorkspaceRow, staging: Staging) -> Result<()> {
        let uid = self.settings().host_uid_base.map(|base| base + row.number);
        let place = self.trees().place(row.id).join("files");
        blocking(move || {
            if let Some(uid) = uid {
                staging.assign_owner(uid)?;
            }
            staging.place(&place)
        })
        .await
    }
}

fn words_of(phase: git::GitPhase) -> &'static str {
    match phase {
        git::GitPhase::Counting => "Counting objects",
        git::GitPhase::Compressing => "Compressing objects",
        git::GitPhase::Receiving => "Receiving objects",
        git::GitPhase::Resolving => "Resolving deltas",
        git::GitPhase::CheckingOut => "Writing files",
    }
}

fn write_template(staging: Staging, template: &template::Template) -> Result<Staging, FileError> {
    let mut files = Vec::with_capacity(template.files.len());
    for (path, text) in template.files {
        let path = WorkspacePath::new(path).map_err(|error| FileError::Entry {
            entry: (*path).to_owned(),
            why: error.to_string(),
        })?;
        files.push((path, text.as_bytes()));
    }
    let files: Vec<_> = files
        .iter()
        .map(|(path, bytes)| TemplateFile {
            path,
            bytes,
            executable: false,
        })
        .collect();
    import::write_template(&staging, &files)?;
    Ok(staging)
}

/// Runs an import that reports how many files it has written.
fn watched<T>(
    phase: &str,
    progress: &watch::Sender<ImportProgress>,
    cancel: &CancellationToken,
    work: impl FnOnce(&mut Watch<'_>) -> Result<T, FileError>,
) -> Result<T, FileError> {
    let mut report = |so_far: import::Progress| {
        progress.send_replace(ImportProgress {
            phase: format!("{phase}: {} files", so_far.files),
            percent: None,
        });
    };
    work(&mut Watch {
        progress: &mut report,
        cancel,
    })
}

/// Says that it is the source that is wrong, not the request's path.
fn refusal(error: Error) -> Error {
    match error {
        Error::Files(
            error @ (FileError::Archive { .. }
            | FileError::Entry { .. }
            | FileError::Address { .. }
            | FileError::HostNotFound { .. }
            | FileError::PrivateHost { .. }
            | FileError::Unreachable { .. }
            | FileError::RepositoryNotFound { .. }
            | FileError::SignInNeeded { .. }
            | FileError::Git { .. }
            | FileError::Timeout { .. }),
        ) => Error::Import {
            detail: error.to_string(),
            hint: error.hint().map(str::to_owned),
        },
        Error::PathTaken { path } => Error::Import {
            detail: format!("it has a second file named like `{path}`"),
            hint: Some("Names that differ only by case are one on many machines.".to_owned()),
        },
        Error::Files(error @ (FileError::TooLarge { .. } | FileError::TooMany { .. })) => {
            Error::Import {
                detail: error.to_string(),
                hint: Some(
                    "An administrator can raise the limits of imports in the configuration."
                        .to_owned(),
                ),
            }
        }
        other => other,
    }
}
