//! What callers do most: each call typed, each failure loud.

use atelier_api::Page;
use atelier_api::event::{Numbered, TurnEvent};
use atelier_api::file::{File, FileContent, Version};
use atelier_api::proposal::{ApplyDiff, ApplyProposal, Proposal};
use atelier_api::run::{Execute, Run, RunStatus};
use atelier_api::turn::{Chat, Turn};
use atelier_api::workspace::{CreateWorkspace, Source, Workspace};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::caller::with_json;
use crate::{Caller, Events, Reply};

/// A turn that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Its whole event log.
    pub events: Vec<Numbered<TurnEvent>>,
    /// The turn.
    pub turn: Turn,
}

impl Ran {
    /// Returns the text of the answer.
    pub fn text(&self) -> String {
        let texts = self.events.iter().filter_map(|event| match &event.event {
            TurnEvent::Text { text } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Returns the last event's state, code, detail and hint.
    ///
    /// # Panics
    /// When the last event is not the end.
    pub fn end(&self) -> TurnEvent {
        let last = self.events.last().expect("a turn has events");
        assert!(matches!(last.event, TurnEvent::Finished { .. }), "{last:?}");
        last.event.clone()
    }

    /// Returns the one proposal that the turn made.
    ///
    /// # Panics
    /// When it made none or several.
    pub fn proposal(&self) -> Uuid {
        let [id] = self.turn.proposal_ids.as_slice() else {
            panic!("not one proposal: {self:?}");
        };
        *id
    }
}

/// Returns a question about a workspace, with nothing attached.
pub fn question(workspace: Uuid, message: &str) -> Chat {
    Chat {
        workspace_id: workspace,
        conversation_id: None,
        message: message.to_owned(),
        files: Vec::new(),
        selections: Vec::new(),
        provider_id: None,
        attach: Vec::new(),
    }
}

impl Caller {
    /// Makes an empty workspace.
    pub async fn workspace(&self, name: &str) -> Workspace {
        self.create(name, Source::Empty).await.ok()
    }

    /// Makes a workspace with files of these texts.
    pub async fn workspace_with(&self, name: &str, files: &[(&str, &str)]) -> Workspace {
        let workspace = self.workspace(name).await;
        for (path, text) in files {
            self.write(workspace.id, path, text).await;
        }
        workspace
    }

    /// Asks for a workspace from a source.
    pub async fn create(&self, name: &str, source: Source) -> Reply {
        let name = name.to_owned();
        self.post("/api/workspaces", CreateWorkspace { name, source })
            .await
    }

    /// Asks for a workspace from an archive.
    pub async fn upload(&self, name: &str, archive: &[u8]) -> Reply {
        let request = self.request(Method::POST, "/api/workspaces");
        let (kind, body) = form(&[("name", name.as_bytes()), ("archive", archive)]);
        self.send(request.header("content-type", kind).body(body))
            .await
    }

    /// Reads a list to its end, page by page.
    ///
    /// # Panics
    /// When a page is refused, or longer than was asked for.
    pub async fn list<T: DeserializeOwned>(&self, path: &str, limit: usize) -> Vec<T> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let mut page = format!("{path}{mark}limit={limit}");
            if let Some(cursor) = cursor {
                let cursor: String =
                    url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
                page = format!("{page}&cursor={cursor}");
            }
            let Page { items, next_cursor } = self.get(&page).await.ok::<Page<T>>();
            assert!(items.len() <= limit, "{page}: {} items", items.len());
            assert!(
                next_cursor.is_none() || items.len() == limit,
                "{page}: a page that is not the last is full"
            );
            all.extend(items);
            cursor = match next_cursor {
                Some(next) => Some(next),
                None => return all,
            };
        }
    }

    /// Lists a workspace's files and folders.
    pub async fn files(&self, workspace: Uuid) -> Vec<File> {
        self.list(&format!("/api/workspaces/{workspace}/files"), 1_000)
            .await
    }

    /// Lists a workspace's paths.
    pub async fn paths(&self, workspace: Uuid) -> Vec<String> {
        let files = self.files(workspace).await;
        files.into_iter().map(|file| file.path).collect()
    }

    /// Finds what is at a path.
    ///
    /// # Panics
    /// When nothing is.
    pub async fn file(&self, workspace: Uuid, path: &str) -> File {
        let files = self.files(workspace).await;
        let found = files.into_iter().find(|file| file.path == path);
        found.unwrap_or_else(|| panic!("nothing is at {path}"))
    }

    /// Reads what is at a path.
    pub async fn read(&self, workspace: Uuid, path: &str) -> FileContent {
        let file = self.file(workspace, path).await;
        self.get(&format!("/api/files/{}", file.id)).await.ok()
    }

    /// Reads the text at a path.
    ///
    /// # Panics
    /// When it is no text.
    pub async fn text(&self, workspace: Uuid, path: &str) -> String {
        let read = self.read(workspace, path).await;
        read.content.unwrap_or_else(|| panic!("{path} is no text"))
    }

    /// Makes a file.
    pub async fn write(&self, workspace: Uuid, path: &str, text: &str) -> FileContent {
        let body = json!({ "path": path, "content": text });
        self.post(&format!("/api/workspaces/{workspace}/files"), body)
            .await
            .ok()
    }

    /// Saves a file's text on the version that was edited.
    pub async fn save(&self, file: Uuid, edited: Option<Uuid>, text: &str) -> Reply {
        let mut request = self.request(Method::PATCH, &format!("/api/files/{file}"));
        if let Some(edited) = edited {
            request = request.header("if-match", format!("\"{edited}\""));
        }
        self.send(with_json(request, &json!({ "content": text })))
            .await
    }

    /// Saves what is at a path on its current version.
    pub async fn overwrite(&self, workspace: Uuid, path: &str, text: &str) -> FileContent {
        let now = self.read(workspace, path).await;
        self.save(now.file.id, now.version_id, text).await.ok()
    }

    /// Lists the versions of what is at a path, newest first.
    pub async fn versions(&self, workspace: Uuid, path: &str) -> Vec<Version> {
        let file = self.file(workspace, path).await;
        self.list(&format!("/api/files/{}/versions", file.id), 100)
            .await
    }

    /// Starts a run.
    pub async fn start_run(&self, run: &Execute) -> Run {
        self.post("/api/execute", run).await.ok()
    }

    /// Starts a run and waits for its end.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn run(&self, run: &Execute) -> Run {
        let started = self.start_run(run).await;
        self.await_run(started.id).await
    }

    /// Waits for a run's end.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn await_run(&self, id: Uuid) -> Run {
        let run: Run = self
            .get(&format!("/api/execute/{id}?wait=30000"))
            .await
            .ok();
        assert_eq!(run.status, RunStatus::Finished, "{run:?}");
        run
    }

    /// Runs a shell command and waits for its end.
    pub async fn sh(&self, workspace: Uuid, command: &str) -> Run {
        self.run(&Execute {
            workspace_id: workspace,
            command: Some(command.to_owned()),
            ..Execute::default()
        })
        .await
    }

    /// Asks the assistant and opens the stream of its turn.
    pub async fn chat(&self, chat: &Chat) -> Events<Numbered<TurnEvent>> {
        let request = with_json(self.request(Method::POST, "/api/ai/chat"), chat);
        self.open(request).await
    }

    /// Asks the assistant and follows the turn to its end.
    ///
    /// # Panics
    /// When the log does not begin with the turn.
    pub async fn ask(&self, chat: &Chat) -> Ran {
        let events = self.chat(chat).await.all().await;
        let TurnEvent::Started { turn_id, .. } = events[0].event else {
            panic!("not the beginning of a turn: {events:?}");
        };
        let turn = self.get(&format!("/api/turns/{turn_id}")).await.ok();
        Ran { events, turn }
    }

    /// Asks for a proposal of a patch.
    pub async fn send_patch(&self, workspace: Uuid, patch: &str) -> Reply {
        self.post(
            "/api/ai/apply-diff",
            ApplyDiff {
                workspace_id: workspace,
                patch: patch.to_owned(),
                format: None,
                path: None,
                accept: None,
                confirm: None,
                title: None,
            },
        )
        .await
    }

    /// Makes a proposal of a patch.
    pub async fn propose(&self, workspace: Uuid, patch: &str) -> Proposal {
        self.send_patch(workspace, patch).await.ok()
    }

    /// Returns a proposal.
    pub async fn proposal(&self, id: Uuid) -> Proposal {
        self.get(&format!("/api/proposals/{id}")).await.ok()
    }

    /// Asks for a proposal to be applied whole.
    pub async fn apply(&self, id: Uuid) -> Reply {
        self.apply_with(id, &ApplyProposal::default()).await
    }

    /// Asks for a proposal to be applied.
    pub async fn apply_with(&self, id: Uuid, apply: &ApplyProposal) -> Reply {
        self.post(&format!("/api/proposals/{id}/apply"), apply)
            .await
    }

    /// Asks for an applied proposal to be undone.
    pub async fn undo(&self, id: Uuid) -> Reply {
        self.poke(&format!("/api/proposals/{id}/undo")).await
    }
}

/// Writes a `multipart/form-data` body (RFC 7578) and names its type. Fields
/// called `archive` are files.
pub(crate) fn form(fields: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "atelier-test-boundary-7340";
    let mut body = Vec::new();
    for (name, value) in fields {
        let file = if *name == "archive" {
            "; filename=\"a.zip\"\r\nContent-Type: application/zip"
        } else {
            ""
        };
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
