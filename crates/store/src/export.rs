//! Everything a person would take along, as JSON lines.
//!
//! One object by line, `{"entity":"Workspace",…}`, in the eight shapes of
//! [`Entity`]: ids as UUID text, times as RFC 3339 in UTC, money as decimal
//! dollars in text, since a JSON number would be rounded on the way.

use atelier_base::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

use crate::blob::BlobStore;
use crate::call::ModelCallRow;
use crate::connection::Reader;
use crate::conversation::{ConversationRow, MessageRow};
use crate::error::{Error, Result};
use crate::file::FileRow;
use crate::run::RunRow;
use crate::sql::Record;
use crate::usage::UsageRecordRow;
use crate::version::{AuthorKind, VersionRow};
use crate::workspace::WorkspaceRow;

/// How many rows are in memory at a time.
const PAGE: u32 = 500;

/// One line of an export.
#[derive(Serialize)]
#[serde(tag = "entity", rename_all_fields = "camelCase")]
enum Entity {
    Workspace {
        id: String,
        owner_id: String,
        name: String,
        default_model: Option<String>,
        created_at: String,
    },
    File {
        id: String,
        workspace_id: String,
        path: String,
        language: Option<String>,
        current_version_id: Option<String>,
        deleted_at: Option<String>,
    },
    FileVersion {
        id: String,
        file_id: String,
        /// Where the content is in the data directory.
        content_ref: String,
        content_hash: String,
        /// The author's kind and, behind a colon, whose id is known: a user's,
        /// or the turn's or run's that made it.
        created_by: String,
        created_at: String,
    },
    Conversation {
        id: String,
        workspace_id: String,
        title: String,
        active_model: Option<String>,
        created_at: String,
    },
    AssistantMessage {
        id: String,
        conversation_id: String,
        role: &'static str,
        content: String,
        tool_calls: Option<Box<RawValue>>,
        created_at: String,
    },
    ModelCall {
        id: String,
        workspace_id: Option<String>,
        conversation_id: Option<String>,
        task: String,
        provider: String,
        model: String,
        input_tokens: u64,
        cached_input_tokens: u64,
        cache_write_tokens: u64,
        output_tokens: u64,
        reasoning_tokens: u64,
        cost: Option<String>,
        latency_ms: Option<u64>,
    },
    ExecutionJob {
        id: String,
        workspace_id: String,
        command: String,
        /// The outcome, once there is one.
        status: &'static str,
        /// The output is in the event log, in the stream of the job's id.
        stdout_ref: String,
        stderr_ref: String,
        started_at: Option<String>,
        finished_at: Option<String>,
    },
    /// Of a model call, whose id it has, or of a run.
    UsageRecord {
        id: String,
        user_id: String,
        workspace_id: Option<String>,
        r#type: &'static str,
        quantity: u64,
        cost: Option<String>,
        created_at: String,
    },
}

impl Reader {
    /// Writes all entities to `out`, table by table, each by id, and returns
    /// how many lines that was. What is written is the database at one moment.
    pub async fn export(&mut self, out: &mut (dyn AsyncWrite + Unpin + Send)) -> Result<u64> {
        let mut lines = 0;
        lines += self
            .export_table(
                "SELECT * FROM workspaces WHERE id > $1 ORDER BY id LIMIT $2",
                |row: &WorkspaceRow| (row.id.as_uuid(), Ok(workspace(row))),
                out,
            )
            .await?;
        lines += self
            .export_table(
                "SELECT * FROM files WHERE id > $1 AND kind <> 'directory' ORDER BY id LIMIT $2",
                |row: &FileRow| (row.id.as_uuid(), Ok(file(row))),
                out,
            )
            .await?;
        lines += self
            .export_table(
                "SELECT * FROM file_versions WHERE id > $1 ORDER BY id LIMIT $2",
                |row: &VersionRow| (row.id.as_uuid(), Ok(version(row))),
                out,
            )
            .await?;
        lines += self
            .export_table(
                "SELECT * FROM conversations WHERE id > $1 ORDER BY id LIMIT $2",
                |row: &ConversationRow| (row.id.as_uuid(), Ok(conversation(row))),
                out,
            )
            .await?;
        lines += self
            .export_table(
                "SELECT * FROM messages WHERE id > $1 ORDER BY id LIMIT $2",
                |row: &MessageRow| (row.id.as_uuid(), message(row)),
                out,
            )
            .await?;
        lines += self
            .export_table(
                "SELECT * FROM model_calls WHERE id > $1 ORDER BY id LIMIT $2",
                |row: &ModelCallRow| (row.id.as_uuid(), Ok(model_call(row))),
                out,
            )
            .await?;
        lines += self
            .export_table(
                "SELECT * FROM runs WHERE id > $1 ORDER BY id LIMIT $2",
                |row: &RunRow| (row.id.as_uuid(), Ok(run(row))),
                out,
            )
            .await?;
        lines += self
            .export_table(
                "SELECT * FROM model_calls WHERE id > $1 AND state <> 'running'
                 ORDER BY id LIMIT $2",
                |row: &ModelCallRow| (row.id.as_uuid(), Ok(tokens(row))),
                out,
            )
            .await?;
        lines += self
            .export_table(
                "SELECT * FROM usage_records WHERE id > $1 ORDER BY id LIMIT $2",
                |row: &UsageRecordRow| (row.id.as_uuid(), Ok(usage(row))),
                out,
            )
            .await?;
        out.flush()
            .await
            .map_err(|source| Error::Export { source })?;
        Ok(lines)
    }

    async fn export_table<R: Record>(
        &mut self,
        sql: &'static str,
        entity: fn(&R) -> (Uuid, Result<Entity>),
        out: &mut (dyn AsyncWrite + Unpin + Send),
    ) -> Result<u64> {
        let mut lines = 0;
        let mut after = Uuid::nil();
        loop {
            let page: Vec<R> = self.all(sql, args![after, PAGE]).await?;
            let mut text = Vec::new();
            for row in &page {
                let (id, entity) = entity(row);
                write_line(&mut text, &entity?)?;
                (after, lines) = (id, lines + 1);
            }
            out.write_all(&text)
                .await
                .map_err(|source| Error::Export { source })?;
            if page.len() < PAGE as usize {
                return Ok(lines);
            }
        }
    }
}

fn write_line(text: &mut Vec<u8>, entity: &Entity) -> Result<()> {
    serde_json::to_writer(&mut *text, entity).map_err(|error| Error::Export {
        source: error.into(),
    })?;
    text.push(b'\n');
    Ok(())
}

fn workspace(row: &WorkspaceRow) -> Entity {
    Entity::Workspace {
        id: row.id.to_string(),
        owner_id: row.owner_id.to_string(),
        name: row.name.clone(),
        default_model: row.default_model.clone(),
        created_at: row.created_at.to_string(),
    }
}

fn file(row: &FileRow) -> Entity {
    Entity::File {
        id: row.id.to_string(),
        workspace_id: row.workspace_id.to_string(),
        path: row.path.to_string(),
        language: row.language.clone(),
        current_version_id: row.current_version_id.map(|id| id.to_string()),
        deleted_at: time(row.deleted_at),
    }
}

fn version(row: &VersionRow) -> Entity {
    let blob = BlobStore::relative_path(row.content_hash);
    let author = match row.author_kind {
        AuthorKind::Assistant => row.turn_id.map(|id| id.to_string()),
        AuthorKind::Run => row.run_id.map(|id| id.to_string()),
        AuthorKind::User | AuthorKind::Git | AuthorKind::Import => {
            row.user_id.map(|id| id.to_string())
        }
    };
    Entity::FileVersion {
        id: row.id.to_string(),
        file_id: row.file_id.to_string(),
        content_ref: format!("blobs/{}", blob.display()),
        content_hash: row.content_hash.to_string(),
        created_by: match author {
            Some(id) => format!("{}:{id}", row.author_kind),
            None => row.author_kind.to_string(),
        },
        created_at: row.created_at.to_string(),
    }
}

fn conversation(row: &ConversationRow) -> Entity {
    Entity::Conversation {
        id: row.id.to_string(),
        workspace_id: row.workspace_id.to_string(),
        title: row.title.clone(),
        active_model: row.active_model.clone(),
        created_at: row.created_at.to_string(),
    }
}

fn message(row: &MessageRow) -> Result<Entity> {
    let tool_calls = row.tool_calls.clone().map(RawValue::from_string);
    Ok(Entity::AssistantMessage {
        id: row.id.to_string(),
        conversation_id: row.conversation_id.to_string(),
        role: row.role.as_str(),
        content: row.content.clone(),
        tool_calls: tool_calls.transpose().map_err(|_| Error::Inconsistent {
            table: "messages",
            column: "tool_calls",
            row: row.id.to_string(),
        })?,
        created_at: row.created_at.to_string(),
    })
}

fn model_call(row: &ModelCallRow) -> Entity {
    Entity::ModelCall {
        id: row.id.to_string(),
        workspace_id: row.workspace_id.map(|id| id.to_string()),
        conversation_id: row.conversation_id.map(|id| id.to_string()),
        task: row.task.clone(),
        provider: row.provider.clone(),
        model: row.model.clone(),
        input_tokens: row.input_tokens,
        cached_input_tokens: row.cached_input_tokens,
        cache_write_tokens: row.cache_write_tokens,
        output_tokens: row.output_tokens,
        reasoning_tokens: row.reasoning_tokens,
        cost: row.cost_micros.map(dollars),
        latency_ms: row.latency_ms,
    }
}

fn tokens(row: &ModelCallRow) -> Entity {
    Entity::UsageRecord {
        id: row.id.to_string(),
        user_id: row.user_id.to_string(),
        workspace_id: row.workspace_id.map(|id| id.to_string()),
        r#type: "tokens",
        quantity: row.input_tokens + row.output_tokens,
        cost: row.cost_micros.map(dollars),
        created_at: row.created_at.to_string(),
    }
}

fn run(row: &RunRow) -> Entity {
    Entity::ExecutionJob {
        id: row.id.to_string(),
        workspace_id: row.workspace_id.to_string(),
        command: row.command.clone(),
        status: row
            .outcome
            .map_or(row.status.as_str(), |outcome| outcome.as_str()),
        stdout_ref: format!("events/{}#stdout", row.id),
        stderr_ref: format!("events/{}#stderr", row.id),
        started_at: time(row.started_at),
        finished_at: time(row.finished_at),
    }
}

fn usage(row: &UsageRecordRow) -> Entity {
    Entity::UsageRecord {
        id: row.id.to_string(),
        user_id: row.user_id.to_string(),
        workspace_id: Some(row.workspace_id.to_string()),
        r#type: row.kind.as_str(),
        quantity: row.quantity,
        cost: row.cost_micros.map(dollars),
        created_at: row.created_at.to_string(),
    }
}

fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

/// Writes micro-dollars as dollars, without zeros at the end.
fn dollars(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let text = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
