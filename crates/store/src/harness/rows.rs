//! Rows to put in: each whole, with new ids and times, inserted by its test.

use std::time::Duration;

use atelier_base::{ContentHash, ProviderId, TransactionId, UserId, WorkspaceId};
use uuid::Uuid;

use super::{Fixture, path};
use crate::{
    AuthorKind, BudgetPeriod, BudgetRow, BudgetScope, CallEnd, CallState, ConversationRow,
    DraftRow, DraftState, FileChange, FileKind, FileRow, GrantAction, GrantRow, HunkState,
    MessageRole, MessageRow, ModelCallRow, ModelRequestRow, NewEvent, NewWorkspace, PriceSource,
    Proposal, ProposalFileRow, ProposalHunkRow, ProposalRow, ProposalState, ProviderModelRow,
    ProviderRow, RunRow, RunStatus, SessionRow, SignInLinkRow, TransactionKind, TransactionRow,
    TurnMode, TurnRow, TurnState, UsageKind, UsageRecordRow, UserRow, VersionRow, WorkspaceRow,
};

impl Fixture {
    pub(crate) fn user(&self) -> UserRow {
        UserRow {
            id: self.id(),
            name: "Ana".to_owned(),
            created_at: self.now(),
        }
    }

    pub(crate) fn sign_in_link(&self, user: UserId, token: u8) -> SignInLinkRow {
        SignInLinkRow {
            token_hash: [token; 32],
            user_id: user,
            created_at: self.now(),
            expires_at: self.now().plus(Duration::from_mins(1)),
            used_at: None,
        }
    }

    pub(crate) fn session(&self, user: UserId, token: u8) -> SessionRow {
        SessionRow {
            id: self.id(),
            token_hash: [token; 32],
            user_id: user,
            created_at: self.now(),
            last_seen_at: self.now(),
            expires_at: self.now().plus(Duration::from_mins(1)),
            revoked_at: None,
        }
    }

    pub(crate) fn new_workspace(&self, owner: UserId) -> NewWorkspace {
        NewWorkspace {
            id: self.id(),
            owner_id: owner,
            name: "demo".to_owned(),
            default_model: Some("small".to_owned()),
            created_at: self.now(),
        }
    }

    pub(crate) fn file(&self, workspace: WorkspaceId, text: &str) -> FileRow {
        FileRow {
            id: self.id(),
            workspace_id: workspace,
            path: path(text),
            kind: FileKind::File,
            language: path(text).extension().map(str::to_owned),
            current_version_id: None,
            size_bytes: text.len() as u64,
            modified_ns: 1_767_225_600_000_000_001,
            inode: u64::MAX,
            executable: false,
            created_at: self.now(),
            deleted_at: None,
        }
    }

    pub(crate) fn transaction(&self, workspace: &WorkspaceRow) -> TransactionRow {
        TransactionRow {
            id: self.id(),
            workspace_id: workspace.id,
            user_id: Some(workspace.owner_id),
            kind: TransactionKind::Save,
            proposal_id: None,
            created_at: self.now(),
        }
    }

    pub(crate) fn version(
        &self,
        file: &FileRow,
        transaction: TransactionId,
        content: &[u8],
    ) -> VersionRow {
        VersionRow {
            id: self.id(),
            file_id: file.id,
            workspace_id: file.workspace_id,
            path: file.path.clone(),
            content_hash: ContentHash::of(content),
            size_bytes: content.len() as u64,
            executable: file.executable,
            author_kind: AuthorKind::User,
            user_id: None,
            turn_id: None,
            run_id: None,
            proposal_id: None,
            transaction_id: transaction,
            created_at: self.now(),
        }
    }

    pub(crate) fn conversation(&self, workspace: WorkspaceId) -> ConversationRow {
        let now = self.now();
        ConversationRow {
            id: self.id(),
            workspace_id: workspace,
            title: "Untitled".to_owned(),
            active_model: None,
            created_at: now,
            updated_at: now,
            archived_at: None,
        }
    }

    pub(crate) fn new_turn(
        &self,
        workspace: &WorkspaceRow,
        conversation: &ConversationRow,
    ) -> TurnRow {
        TurnRow {
            id: self.id(),
            workspace_id: workspace.id,
            conversation_id: conversation.id,
            user_id: workspace.owner_id,
            mode: TurnMode::Propose,
            model: "small".to_owned(),
            state: TurnState::Running,
            error: None,
            created_at: self.now(),
            finished_at: None,
            attached: r#"["DATABASE_PASSWORD"]"#.to_owned(),
            withheld: "[]".to_owned(),
            selections: r#"[{"path":"a.txt","lines":{"first":1,"last":2}}]"#.to_owned(),
        }
    }

    pub(crate) fn message(&self, turn: &TurnRow, role: MessageRole, content: &str) -> MessageRow {
        MessageRow {
            id: self.id(),
            conversation_id: turn.conversation_id,
            turn_id: Some(turn.id),
            role,
            content: content.to_owned(),
            tool_calls: None,
            created_at: self.now(),
        }
    }

    pub(crate) fn model_call(&self, turn: &TurnRow) -> ModelCallRow {
        ModelCallRow {
            id: self.id(),
            user_id: turn.user_id,
            workspace_id: Some(turn.workspace_id),
            conversation_id: Some(turn.conversation_id),
            turn_id: Some(turn.id),
            token_id: None,
            replaces_id: None,
            task: "chat".to_owned(),
            provider_id: Some(ProviderId::from_uuid(Uuid::nil())),
            provider: "fake".to_owned(),
            model: turn.model.clone(),
            wire: "openai_chat".to_owned(),
            local: false,
            reason: "It is the only model.".to_owned(),
            state: CallState::Running,
            stop_reason: None,
            input_tokens: 0,
            cached_input_tokens: 0,
            cache_write_tokens: 0,
            output_tokens: 0,
            reasoning_tokens: 0,
            measured: false,
            cost_micros: None,
            reserved_micros: Some(1_000),
            reserved_tokens: 2_000,
            first_token_ms: None,
            latency_ms: None,
            request_hash: ContentHash::of(b"{}"),
            error: None,
            created_at: self.now(),
            server: None,
        }
    }

    pub(crate) fn call_end() -> CallEnd {
        CallEnd {
            state: CallState::Done,
            stop_reason: Some("stop".to_owned()),
            input_tokens: 1_000,
            cached_input_tokens: 400,
            cache_write_tokens: 100,
            output_tokens: 50,
            reasoning_tokens: 20,
            measured: true,
            cost_micros: Some(124),
            first_token_ms: Some(20),
            latency_ms: Some(300),
            error: None,
        }
    }

    pub(crate) fn model_request(call: &ModelCallRow) -> ModelRequestRow {
        ModelRequestRow {
            call_id: call.id,
            body: b"{}".to_vec(),
            sources: "[]".to_owned(),
            created_at: call.created_at,
        }
    }

    pub(crate) fn usage(&self, turn: &TurnRow, run_ms: u64) -> UsageRecordRow {
        UsageRecordRow {
            id: self.id(),
            user_id: turn.user_id,
            workspace_id: turn.workspace_id,
            turn_id: None,
            run_id: Some(self.id()),
            model: None,
            kind: UsageKind::RunMs,
            quantity: run_ms,
            cost_micros: Some(0),
            created_at: self.now(),
        }
    }

    pub(crate) fn run(&self, workspace: &WorkspaceRow) -> RunRow {
        RunRow {
            id: self.id(),
            workspace_id: workspace.id,
            user_id: workspace.owner_id,
            command: "python3 main.py".to_owned(),
            argv: r#"["python3","main.py"]"#.to_owned(),
            limits: "{}".to_owned(),
            status: RunStatus::Queued,
            outcome: None,
            exit_code: None,
            signal: None,
            reason: None,
            wall_ms: None,
            cpu_ms: None,
            peak_memory_bytes: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
            created_at: self.now(),
            started_at: None,
            finished_at: None,
            stages: "[]".to_owned(),
        }
    }

    /// A proposal that changes `a.txt` in two hunks and moves `b.txt`.
    pub(crate) fn proposal(&self, turn: &TurnRow) -> Proposal {
        let proposal = ProposalRow {
            id: self.id(),
            workspace_id: turn.workspace_id,
            user_id: turn.user_id,
            turn_id: Some(turn.id),
            title: "Say hello".to_owned(),
            format: "search_replace".to_owned(),
            patch_hash: ContentHash::of(b"patch"),
            state: ProposalState::Open,
            created_at: self.now(),
            decided_at: None,
        };
        let file = |position, change, text: &str, from: Option<&str>| ProposalFileRow {
            proposal_id: proposal.id,
            position,
            change,
            path: path(text),
            from_path: from.map(path),
            file_id: None,
            base_version_id: None,
            before_hash: Some(ContentHash::of(b"before")),
            after_hash: Some(ContentHash::of(b"after")),
            executable: position == 1,
            executable_before: false,
            encoding: "utf-8".to_owned(),
            is_binary: false,
            applied_before_hash: None,
            applied_after_hash: None,
        };
        let hunk = |file_position, position| ProposalHunkRow {
            id: self.id(),
            proposal_id: proposal.id,
            file_position,
            position,
            kind: "lines".to_owned(),
            old_start: 10 * position,
            old_lines: 1,
            new_start: 10 * position,
            new_lines: 2,
            label: "exact".to_owned(),
            state: HunkState::Open,
            merged: false,
        };
        Proposal {
            files: vec![
                file(0, FileChange::Modify, "a.txt", None),
                file(1, FileChange::Rename, "c.txt", Some("b.txt")),
            ],
            hunks: vec![hunk(0, 0), hunk(0, 1), hunk(1, 0)],
            proposal,
        }
    }

    pub(crate) fn provider(&self, owner: UserId, name: &str) -> ProviderRow {
        let now = self.now();
        ProviderRow {
            id: self.id(),
            owner_id: owner,
            name: name.to_owned(),
            base_url: "https://models.example/v1".to_owned(),
            wire: "openai_chat".to_owned(),
            local: None,
            sealed_key: Some(vec![0, 1, 255]),
            model: "small".to_owned(),
            input_picos_per_token: Some(150),
            output_picos_per_token: None,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn provider_model(&self, provider: ProviderId, model: &str) -> ProviderModelRow {
        ProviderModelRow {
            provider_id: provider,
            model: model.to_owned(),
            context_tokens: Some(128_000),
            max_output_tokens: None,
            parameters: Some(1_540_000_000),
            images: Some(true),
            tools: Some(false),
            reasoning: None,
            fim: None,
            input_picos_per_token: Some(150_000),
            output_picos_per_token: Some(600_000),
            cached_input_picos_per_token: Some(75_000),
            cache_write_picos_per_token: None,
            long_from_tokens: Some(64_000),
            long_input_picos_per_token: Some(300_000),
            long_output_picos_per_token: None,
            long_cached_input_picos_per_token: Some(150_000),
            price_source: Some(PriceSource::Person),
            updated_at: self.now(),
        }
    }

    pub(crate) fn budget(&self, owner: UserId, scope: BudgetScope) -> BudgetRow {
        let now = self.now();
        BudgetRow {
            id: self.id(),
            owner_id: owner,
            scope,
            subject_id: None,
            period: BudgetPeriod::Day,
            limit_micros: Some(1_000_000),
            limit_tokens: None,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn grant(&self, workspace: &WorkspaceRow, resource: &str) -> GrantRow {
        GrantRow {
            id: self.id(),
            workspace_id: workspace.id,
            action: GrantAction::Network,
            resource: resource.to_owned(),
            created_by: workspace.owner_id,
            created_at: self.now(),
            expires_at: None,
        }
    }

    pub(crate) fn draft(&self, workspace: &WorkspaceRow) -> DraftRow {
        DraftRow {
            id: self.id(),
            workspace_id: workspace.id,
            state: DraftState::Open,
            share_caches: true,
            manifest_hash: ContentHash::of(b"[]"),
            proposal_id: None,
            created_by: workspace.owner_id,
            created_at: self.now(),
        }
    }

    pub(crate) fn event(&self, kind: &str) -> NewEvent {
        NewEvent {
            kind: kind.to_owned(),
            payload: r#"{"text":"a"}"#.to_owned(),
            created_at: self.now(),
        }
    }
}
