//! Puts together what a model is told: the rules, the tree, the files asked
//! for, and the conversation so far.

use atelier_base::{WorkspacePath, limit};
use atelier_model::{Message, Request, Role};
use atelier_store::{FileKind, MessageRole, MessageRow};

use super::Going;
use super::selection::{Selected, lines_of};
use crate::call::Source;
use crate::domain::Domain;
use crate::error::Result;
use crate::event::{ContextFile, LineRange};
use crate::file::Content;

/// How many paths of the tree the model is told.
const PATHS: u32 = 500;
/// How many earlier messages it is given.
const MESSAGES: u32 = 40;
/// What every request of a turn begins with; how edits are written follows it.
pub(super) const SYSTEM: &str = include_str!("system.md");

/// A request with the workspace's files that are in it.
pub(super) struct Context {
    pub(super) request: Request,
    pub(super) files: Vec<ContextFile>,
    pub(super) sources: Vec<Source>,
}

impl Domain {
    /// Puts together the request of a turn and notes which versions it shows.
    pub(super) async fn context(
        &self,
        going: &mut Going,
        wanted: &[WorkspacePath],
    ) -> Result<Context> {
        let tree = self.tree_text(going).await?;
        let (mut files, picked) = self.selections_text(going).await?;
        let mut texts = String::new();
        for path in wanted {
            if let Some((file, text)) = self
                .file_text(
                    going,
                    path,
                    limit::CONTEXT_BYTES.saturating_sub(picked.len() + texts.len()),
                )
                .await?
            {
                texts.push_str(&piece(path.as_str(), &text));
                files.push(file);
            }
        }
        let mut messages = vec![Message::system(format!("{SYSTEM}{tree}"))];
        let conversation = going.conversation;
        let mut said = self
            .store()
            .query(async |tx| tx.list_messages(conversation, None, MESSAGES).await)
            .await?;
        said.reverse();
        let last = said.pop();
        for message in said.into_iter().filter_map(spoken) {
            alternate(&mut messages, message);
        }
        let question = last.map(|message| message.content).unwrap_or_default();
        let headed = [
            ("Files, as they are now", texts),
            ("Lines that the person selected", picked),
        ];
        let mut whole = String::new();
        for (head, texts) in headed.iter().filter(|(_, texts)| !texts.is_empty()) {
            whole.extend([*head, ":\n", texts.as_str(), "\n"]);
        }
        alternate(&mut messages, Message::user(whole + &question));
        let sources = sources_of(&messages, &files);
        Ok(Context {
            request: Request {
                messages,
                // The conversation so far is asked for again in each turn.
                cache: true,
                ..Request::default()
            },
            files,
            sources,
        })
    }

    /// Returns the lines that the person selected, each piece with its path
    /// and where it stands, and notes of which versions they are.
    async fn selections_text(&self, going: &mut Going) -> Result<(Vec<ContextFile>, String)> {
        let (mut files, mut texts) = (Vec::new(), String::new());
        for Selected {
            path,
            version,
            lines,
        } in &going.selections
        {
            let text = self.text_seen(path, *version).await?;
            let text = lines_of(&text, *lines).unwrap_or_default();
            let heading = match lines {
                LineRange { first, last } if first == last => format!("{path}, line {first}"),
                LineRange { first, last } => format!("{path}, lines {first} to {last}"),
            };
            texts.push_str(&piece(&heading, text));
            going.seen.insert(path.clone(), *version);
            files.push(ContextFile {
                path: path.to_string(),
                version_id: Some(version.as_uuid()),
                bytes: text.len() as u64,
                lines: Some(*lines),
            });
        }
        Ok((files, texts))
    }

    async fn tree_text(&self, going: &Going) -> Result<String> {
        let workspace = going.workspace;
        let rows = self
            .store()
            .query(async |tx| tx.list_live(workspace, None, PATHS + 1).await)
            .await?;
        if rows.is_empty() {
            return Ok("The project has no files yet.\n".to_owned());
        }
        let mut text = "The project's files:\n".to_owned();
        for row in rows
            .iter()
            .take(PATHS as usize)
            .filter(|row| row.kind != FileKind::Directory)
        {
            text.push_str(row.path.as_str());
            text.push('\n');
        }
        if rows.len() > PATHS as usize {
            text.push_str("(and more)\n");
        }
        Ok(text)
    }

    /// Returns a file's text when it is text and there is room for it.
    async fn file_text(
        &self,
        going: &mut Going,
        path: &WorkspacePath,
        room: usize,
    ) -> Result<Option<(ContextFile, String)>> {
        let workspace = going.workspace;
        let Some(row) = self
            .store()
            .query(async |tx| tx.find_live_by_path(workspace, path).await)
            .await?
        else {
            return Ok(None);
        };
        let content = self.with_content(row).await?;
        let (Content::Text(text), Some(version)) =
            (content.content, content.file.current_version_id)
        else {
            return Ok(None);
        };
        if text.len() > room {
            return Ok(None);
        }
        going.seen.insert(path.clone(), version);
        let file = ContextFile {
            path: path.to_string(),
            version_id: Some(version.as_uuid()),
            bytes: text.len() as u64,
            lines: None,
        };
        Ok(Some((file, text)))
    }
}

/// Lists what a request is made of.
fn sources_of(messages: &[Message], files: &[ContextFile]) -> Vec<Source> {
    let said = messages.iter().map(|message| Source {
        kind: match message.role {
            Role::System => "rules",
            Role::User | Role::Assistant | Role::Tool => "message",
        }
        .to_owned(),
        path: None,
        version_id: None,
        lines: None,
        bytes: message.content.len() as u64,
        reason: match message.role {
            Role::System => "The rules for answers, and the project's files by name.",
            Role::User => "What the person said, with the files below.",
            Role::Assistant | Role::Tool => "What was answered.",
        }
        .to_owned(),
    });
    let shown = files.iter().map(|file| Source {
        kind: if file.lines.is_some() {
            "selection"
        } else {
            "file"
        }
        .to_owned(),
        path: Some(file.path.clone()),
        version_id: file.version_id,
        lines: file.lines,
        bytes: file.bytes,
        reason: match file.lines {
            Some(_) => "The person selected these lines of it.",
            None => "The person added it.",
        }
        .to_owned(),
    });
    said.chain(shown).collect()
}

fn spoken(message: MessageRow) -> Option<Message> {
    match message.role {
        MessageRole::User => Some(Message::user(message.content)),
        MessageRole::Assistant if !message.content.is_empty() => {
            Some(Message::assistant(message.content, Vec::new()))
        }
        MessageRole::Assistant | MessageRole::Tool => None,
    }
}

/// Adds a message so that person and model take turns, the person first, which
/// strict servers insist on: a question whose turn failed has no answer, and
/// the first answer's question may be too long ago.
fn alternate(messages: &mut Vec<Message>, message: Message) {
    match messages.last_mut() {
        Some(last) if last.role == message.role => {
            last.content.push_str("\n\n");
            last.content.push_str(&message.content);
        }
        Some(last) if last.role == Role::System && message.role == Role::Assistant => {}
        _ => messages.push(message),
    }
}

/// Returns a text in a fence of its own, below its heading.
fn piece(heading: &str, text: &str) -> String {
    let (fence, newline) = (fence_of(text), newline_after(text));
    format!("\n{heading}\n{fence}\n{text}{newline}{fence}\n")
}

/// Returns a fence that the text does not have.
fn fence_of(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    fence
}

fn newline_after(text: &str) -> &'static str {
    if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    }
}
