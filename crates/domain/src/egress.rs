//! What must not leave for a model: the values known to a person and a
//! workspace, the gate that finds them, and what is done about it.
//!
//! Known are the secrets of the vault, the keys of providers, and what the
//! workspace's `.env` files set; by their shape, keys that nobody told of. A
//! person may attach a secret of the vault to a request, and then it passes.

mod env;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{Secret, SecretId, Timestamp, UserId, WorkspaceId, WorkspacePath};
use atelier_model::gate::{Finding, Gate, Known};
use atelier_model::{Completion, ImageSource, Message, Request, ResponseForm};
use atelier_sandbox::FileError;
use atelier_sandbox::files::Found;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Ask, Source, Wish};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{ChangedFile, FileChange};
use crate::tree::{Tree, blocking};
use crate::workspace::WorkspaceSettings;

/// The most gates kept ready.
const GATES: usize = 256;
/// The most `.env` files that are read, and bytes of one.
const ENV_FILES: u32 = 50;
const ENV_BYTES: u64 = 256 * 1024;
/// For how long it is believed that a workspace has no other `.env` files than
/// those that are known and the usual ones at its top.
const BELIEVED: Duration = Duration::from_secs(2);
/// The most secrets attached to a request.
const ATTACHED: usize = 20;

/// What happens to a request that holds a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EgressMode {
    /// The secret is replaced by `[secret NAME]`.
    #[default]
    Replace,
    /// The request is refused.
    Refuse,
}

/// The gates that are ready.
#[derive(Debug, Default)]
pub(crate) struct Egress(Mutex<Ready>);

type Who = (UserId, Option<WorkspaceId>);

#[derive(Debug, Default)]
struct Ready {
    gates: HashMap<Who, Kept>,
    /// How often something became known or unknown: a gate that was being made
    /// meanwhile is not kept.
    generation: u64,
}

/// A gate, and what it was made of.
#[derive(Clone, Debug)]
struct Kept {
    guarded: Guarded,
    files: Option<Arc<Files>>,
}

/// The `.env` files of a workspace as they were. Most are named by a
/// `.gitignore`, so nobody tells when they change.
#[derive(Debug)]
struct Files {
    tree: Arc<Tree>,
    marks: Vec<(WorkspacePath, Option<Found>)>,
    until: Timestamp,
}

impl Files {
    /// Says whether they still are what they were.
    fn are_same(&self) -> std::result::Result<bool, FileError> {
        for (path, mark) in &self.marks {
            if self.tree.root.stat(path)? != *mark {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Egress {
    /// Notes that something became known or unknown.
    pub(crate) fn forget_all(&self) {
        let mut ready = self.0.lock();
        ready.gates.clear();
        ready.generation += 1;
    }

    /// Notes that files of a workspace changed.
    pub(crate) fn files_changed(&self, workspace: WorkspaceId, files: &[ChangedFile]) {
        // A folder that came, or came back, may have such a file in it.
        let came =
            |file: &ChangedFile| matches!(file.change, FileChange::Created | FileChange::Renamed);
        if files
            .iter()
            .any(|file| env::is_env(&file.path) || came(file))
        {
            let mut ready = self.0.lock();
            ready
                .gates
                .retain(|(_, place), _| *place != Some(workspace));
            ready.generation += 1;
        }
    }

    fn find(&self, who: Who) -> (Option<Kept>, u64) {
        let ready = self.0.lock();
        (ready.gates.get(&who).cloned(), ready.generation)
    }

    fn keep(&self, who: Who, gate: Kept, generation: u64) {
        let mut ready = self.0.lock();
        if ready.generation != generation {
            return;
        }
        if ready.gates.len() >= GATES {
            ready.gates.clear();
        }
        ready.gates.insert(who, gate);
    }
}

/// The gate of one request, and what it does.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    gate: Gate,
    mode: EgressMode,
}

impl Domain {
    /// Returns the gate that what a person asks of models passes, with the
    /// secrets attached to the request open.
    pub(crate) async fn guard(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
        attached: &[SecretId],
    ) -> Result<Guarded> {
        let who = (ctx.person()?, workspace);
        let (ready, generation) = self.egress().find(who);
        let guarded = match ready {
            Some(kept) if self.still_holds(&kept).await? => kept.guarded,
            _ => self.make_gate(ctx, who, generation).await?,
        };
        if attached.is_empty() {
            return Ok(guarded);
        }
        let open = self.attached(ctx, workspace, attached).await?;
        Ok(Guarded {
            gate: guarded.gate.allowing(&open),
            ..guarded
        })
    }

    /// Keeps secrets out of what is asked, and notes in its manifest which.
    ///
    /// # Errors
    /// [`Error::SecretFound`] when such a request is to be refused, and
    /// [`Error::NotFound`] for an attached secret that the asker has not.
    pub(crate) async fn guard_ask(&self, ctx: &Ctx, ask: &mut Ask) -> Result<()> {
        let attached: Vec<SecretId> = ask.attach.iter().map(|id| (*id).into()).collect();
        let guarded = self.guard(ctx, ask.workspace, &attached).await?;
        let replaced = match &mut ask.wish {
            Wish::Answer(request) => guarded.request(request)?,
            Wish::Fill(gap) => guarded.completion(gap)?,
        };
        ask.sources.extend(replaced.into_iter().map(|name| Source {
            kind: "secret".to_owned(),
            path: None,
            version_id: None,
            bytes: 0,
            reason: format!("`{name}` was replaced; it is not attached."),
        }));
        ask.guarded = Some(guarded);
        Ok(())
    }

    async fn still_holds(&self, kept: &Kept) -> Result<bool> {
        let Some(files) = kept.files.clone() else {
            return Ok(true);
        };
        if self.now() >= files.until {
            return Ok(false);
        }
        blocking(move || files.are_same()).await
    }

    async fn make_gate(&self, ctx: &Ctx, who: Who, generation: u64) -> Result<Guarded> {
        let mut known = self.known_secrets(who).await?;
        let files = match who.1 {
            Some(workspace) => {
                let (set, files) = self.known_in_files(workspace).await?;
                known.extend(set);
                Some(Arc::new(files))
            }
            None => None,
        };
        let guarded = Guarded {
            gate: Gate::new(&known),
            mode: self.egress_mode(ctx, who.1).await?,
        };
        let kept = Kept {
            guarded: guarded.clone(),
            files,
        };
        self.egress().keep(who, kept, generation);
        Ok(guarded)
    }

    async fn egress_mode(&self, ctx: &Ctx, workspace: Option<WorkspaceId>) -> Result<EgressMode> {
        let Some(workspace) = workspace else {
            return Ok(EgressMode::default());
        };
        let row = self.require_workspace(ctx, workspace).await?;
        Ok(WorkspaceSettings::of(&row)?.requests.secrets)
    }

    async fn attached(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
        attached: &[SecretId],
    ) -> Result<Vec<Secret<String>>> {
        if attached.len() > ATTACHED {
            let detail = format!("at most {ATTACHED} secrets are attached to a request");
            return Err(Error::invalid("attach", detail));
        }
        let mut open = Vec::with_capacity(attached.len());
        for id in attached {
            let row = self.require_secret(ctx, *id).await?;
            // What one workspace holds does not leave on behalf of another.
            if row.workspace_id.is_some() && row.workspace_id != workspace {
                return Err(Error::NotFound { what: "secret" });
            }
            open.push(self.open_secret(&row)?);
        }
        Ok(open)
    }

    /// Collects what a person's requests in a workspace must not hold.
    async fn known_secrets(&self, (person, workspace): Who) -> Result<Vec<Known>> {
        let mut known = Vec::new();
        for row in self.secret_rows_of(person, workspace).await? {
            known.push(Known {
                value: self.open_secret(&row)?,
                name: row.name,
            });
        }
        let providers = self
            .store()
            .read(async |tx| tx.list_providers(person).await)
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
    async fn known_in_files(&self, workspace: WorkspaceId) -> Result<(Vec<Known>, Files)> {
        let rows = self
            .store()
            .read(async |tx| tx.list_live_env_files(workspace, ENV_FILES).await)
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

impl Guarded {
    /// Replaces the secrets in a request, or refuses it, and returns what they
    /// are called.
    ///
    /// # Errors
    /// [`Error::SecretFound`] names the secrets of a request that is refused.
    pub(crate) fn request(&self, request: &mut Request) -> Result<BTreeSet<String>> {
        let mut cleaning = Cleaning::of(&self.gate);
        for message in &mut request.messages {
            cleaning.message(message)?;
        }
        for tool in &mut request.tools {
            cleaning.text(&mut tool.description);
            cleaning.value(&mut tool.parameters);
        }
        if let ResponseForm::Schema { schema, .. } = &mut request.response {
            cleaning.value(schema);
        }
        for stop in &mut request.stop {
            cleaning.text(stop);
        }
        self.judge(cleaning.found)
    }

    /// Replaces the secrets around a gap, or refuses it.
    ///
    /// # Errors
    /// As [`Guarded::request`].
    pub(crate) fn completion(&self, gap: &mut Completion) -> Result<BTreeSet<String>> {
        let mut cleaning = Cleaning::of(&self.gate);
        cleaning.text(&mut gap.prefix);
        cleaning.text(&mut gap.suffix);
        for stop in &mut gap.stop {
            cleaning.text(stop);
        }
        self.judge(cleaning.found)
    }

    /// Looks at the very bytes that are about to leave: what is found here got
    /// past the texts they were made of, and is refused.
    ///
    /// # Errors
    /// [`Error::SecretFound`].
    pub(crate) fn body(&self, body: &[u8]) -> Result<()> {
        let body = String::from_utf8_lossy(body);
        let found = self.gate.scan(&body);
        if found.is_empty() {
            return Ok(());
        }
        Err(Error::SecretFound {
            names: names(&found).collect(),
        })
    }

    fn judge(&self, found: BTreeSet<String>) -> Result<BTreeSet<String>> {
        match self.mode {
            EgressMode::Refuse if !found.is_empty() => Err(Error::SecretFound {
                names: found.into_iter().collect(),
            }),
            EgressMode::Replace | EgressMode::Refuse => Ok(found),
        }
    }
}

fn names(found: &[Finding]) -> impl Iterator<Item = String> {
    let names: BTreeSet<String> = found.iter().map(|found| found.name.to_string()).collect();
    names.into_iter()
}

/// Goes over the texts of a request.
struct Cleaning<'g> {
    gate: &'g Gate,
    found: BTreeSet<String>,
}

impl<'g> Cleaning<'g> {
    fn of(gate: &'g Gate) -> Self {
        Self {
            gate,
            found: BTreeSet::new(),
        }
    }

    fn text(&mut self, text: &mut String) {
        let (clean, found) = self.gate.clean(text);
        if let Cow::Owned(clean) = clean {
            *text = clean;
        }
        self.found.extend(names(&found));
    }

    fn message(&mut self, message: &mut Message) -> Result<()> {
        self.text(&mut message.content);
        for call in &mut message.tool_calls {
            self.text(&mut call.arguments);
            self.text(&mut call.name);
            self.text(&mut call.id);
        }
        if let Some(id) = &mut message.tool_call_id {
            self.text(id);
        }
        // Signed or encrypted by the provider, so it can't be changed; and it
        // goes back to where it came from.
        message.carried.retain(|carried| {
            let found = self.gate.scan(&carried.value.to_string());
            self.found.extend(names(&found));
            found.is_empty()
        });
        for image in &message.images {
            let (ImageSource::Base64(text) | ImageSource::Url(text)) = &image.source;
            let found = self.gate.scan(text);
            if !found.is_empty() {
                return Err(Error::SecretFound {
                    names: names(&found).collect(),
                });
            }
        }
        Ok(())
    }

    /// Goes over the texts in a JSON document. A key that holds a secret makes
    /// way for the document as a text, cleaned.
    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                let keys: Vec<String> = fields.keys().cloned().collect();
                for mut key in keys {
                    let Some(mut value) = fields.remove(&key) else {
                        continue;
                    };
                    self.text(&mut key);
                    self.value(&mut value);
                    fields.insert(key, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
