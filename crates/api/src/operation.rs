//! Every operation of the interface, in one table.
//!
//! The OpenAPI document is built from it, the server's router is tested to
//! serve exactly it, and the authorisation tests walk it.

use crate::{
    budget, cell, draft, event, file, local_model, model, page, piston, proposal, review, route,
    run, secret, session, system, terminal, turn, usage, v1, workspace,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Somebody who is signed in.
    SignedIn,
    /// A program with an access token.
    Program,
}

/// A type of the wire: its name and how to describe it.
#[derive(Clone, Copy)]
pub struct Type {
    /// The schema's name.
    pub name: fn() -> String,
    /// Where it stands in the document.
    pub schema: fn() -> RefOr<Schema>,
    /// Adds the schemas it refers to.
    pub collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl std::fmt::Debug for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&(self.name)())
    }
}

impl Type {
    /// Returns the description of `T`.
    pub(crate) const fn of<T: ToSchema + PartialSchema>() -> Self {
        Self {
            name: || T::name().into_owned(),
            schema: T::schema,
            collect: |all| T::schemas(all),
        }
    }
}

const fn of<T: ToSchema + PartialSchema>() -> Type {
    Type::of::<T>()
}

/// What an operation takes.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Type),
    /// JSON, or `multipart/form-data` with the fields `name` and `archive`.
    JsonOrArchive(Type),
}

/// What an operation answers with when it succeeds.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    /// Nothing, with status 204.
    Nothing,
    /// JSON with this status.
    Json(u16, Type),
    /// JSON with this status, or its progress as server-sent events.
    JsonOrStream(u16, Type, Type),
    /// Server-sent events.
    Stream(Type),
    /// A WebSocket.
    Socket(Type),
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The handler's name and the operation id.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for parameters.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// One sentence on what it does.
    pub summary: &'static str,
    /// Its query parameters.
    pub query: Option<Type>,
    /// What it takes.
    pub body: Body,
    /// What it answers with.
    pub reply: Reply,
}

use Access::{Program, Public, SignedIn};
use Body::{Json as Takes, JsonOrArchive};
use Method::{Delete, Get, Patch, Post, Put};
use Reply::{Json, JsonOrStream, Nothing, Socket, Stream};

macro_rules! operations {
    ($($id:ident $method:ident $path:literal $access:ident ($query:expr, $body:expr) => $reply:expr, $summary:literal;)*) => {
        /// Every operation, by path.
        pub static OPERATIONS: &[Operation] = &[$(Operation {
            id: stringify!($id), method: $method, path: $path, access: $access,
            summary: $summary, query: $query, body: $body, reply: $reply,
        },)*];
    };
}

const NO: Body = Body::None;

operations! {
    get_health Get "/healthz" Public (None, NO) => Json(200, of::<system::Health>()), "Says that the server is alive.";
    get_readiness Get "/readyz" Public (None, NO) => Json(200, of::<system::Health>()), "Says that the server can do its work.";
    get_openapi Get "/api/openapi.json" Public (None, NO) => Json(200, of::<OpenApiDocument>()), "Returns this document.";
    create_session Post "/api/session" Public (None, Takes(of::<session::SignIn>())) => Json(201, of::<session::Session>()), "Exchanges a sign-in token for a session cookie.";
    get_session Get "/api/session" SignedIn (None, NO) => Json(200, of::<session::Session>()), "Says who is signed in.";
    delete_session Delete "/api/session" SignedIn (None, NO) => Nothing, "Signs out.";
    get_system Get "/api/system" SignedIn (None, NO) => Json(200, of::<system::System>()), "Says what this server and its machine can do.";
    list_templates Get "/api/templates" SignedIn (None, NO) => Json(200, of::<workspace::Templates>()), "Lists the built-in templates.";
    create_workspace Post "/api/workspaces" SignedIn (None, JsonOrArchive(of::<workspace::CreateWorkspace>())) => JsonOrStream(201, of::<workspace::Workspace>(), of::<workspace::CreateProgress>()), "Makes a workspace.";
    list_workspaces Get "/api/workspaces" SignedIn (Some(of::<workspace::ListWorkspaces>()), NO) => Json(200, of::<page::Page<workspace::Workspace>>()), "Lists workspaces, newest first.";
    get_workspace Get "/api/workspaces/{id}" SignedIn (None, NO) => Json(200, of::<workspace::Workspace>()), "Returns a workspace.";
    update_workspace Patch "/api/workspaces/{id}" SignedIn (None, Takes(of::<workspace::UpdateWorkspace>())) => Json(200, of::<workspace::Workspace>()), "Renames a workspace, changes its settings, archives it or brings it back.";
    delete_workspace Delete "/api/workspaces/{id}" SignedIn (None, NO) => Nothing, "Archives a workspace.";
    list_files Get "/api/workspaces/{id}/files" SignedIn (Some(of::<file::ListFiles>()), NO) => Json(200, of::<page::Page<file::File>>()), "Lists a workspace's files and folders by path.";
    create_file Post "/api/workspaces/{id}/files" SignedIn (None, Takes(of::<file::CreateFile>())) => Json(201, of::<file::FileContent>()), "Makes a file or folder.";
    watch_workspace Get "/api/workspaces/{id}/events" SignedIn (Some(of::<event::After>()), NO) => Socket(of::<event::Numbered<event::WorkspaceEvent>>()), "Sends what happens in a workspace.";
    list_runs Get "/api/workspaces/{id}/runs" SignedIn (Some(of::<page::PageQuery>()), NO) => Json(200, of::<page::Page<run::Run>>()), "Lists runs, newest first.";
    list_terminals Get "/api/workspaces/{id}/terminals" SignedIn (None, NO) => Json(200, of::<terminal::Terminals>()), "Lists a workspace's terminals, oldest first.";
    create_terminal Post "/api/workspaces/{id}/terminals" SignedIn (None, Takes(of::<terminal::CreateTerminal>())) => Json(201, of::<terminal::Terminal>()), "Starts a terminal.";
    update_terminal Patch "/api/terminals/{id}" SignedIn (None, Takes(of::<terminal::UpdateTerminal>())) => Json(200, of::<terminal::Terminal>()), "Gives a terminal another title.";
    delete_terminal Delete "/api/terminals/{id}" SignedIn (None, NO) => Nothing, "Ends a terminal's program and forgets the terminal.";
    attach_terminal Get "/api/terminals/{id}/socket" SignedIn (Some(of::<terminal::TakeUp>()), NO) => Socket(of::<terminal::TerminalMessage>()), "Shows a terminal and types into it.";
    list_conversations Get "/api/workspaces/{id}/conversations" SignedIn (Some(of::<page::PageQuery>()), NO) => Json(200, of::<page::Page<turn::Conversation>>()), "Lists conversations, newest first.";
    list_proposals Get "/api/workspaces/{id}/proposals" SignedIn (Some(of::<proposal::ListProposals>()), NO) => Json(200, of::<page::Page<proposal::ProposalSummary>>()), "Lists proposals, newest first.";
    get_cell Get "/api/workspaces/{id}/cell" SignedIn (None, NO) => Json(200, of::<cell::Cell>()), "Says what goes on in a workspace's cell.";
    stop_cell Post "/api/workspaces/{id}/cell/stop" SignedIn (None, NO) => Nothing, "Ends a workspace's cell and all that runs in it.";
    open_preview Post "/api/workspaces/{id}/ports/{port}/open" SignedIn (None, NO) => Json(200, of::<cell::PreviewLink>()), "Returns a link, good once, to what listens on a port of the cell.";
    list_grants Get "/api/workspaces/{id}/grants" SignedIn (None, NO) => Json(200, of::<cell::Grants>()), "Lists what a workspace's programs may reach.";
    create_grant Post "/api/workspaces/{id}/grants" SignedIn (None, Takes(of::<cell::CreateGrant>())) => Json(201, of::<cell::Grant>()), "Lets a workspace's programs reach a host.";
    delete_grant Delete "/api/grants/{id}" SignedIn (None, NO) => Nothing, "Revokes a grant and cuts the connections it allowed.";
    list_denials Get "/api/workspaces/{id}/network/denials" SignedIn (None, NO) => Json(200, of::<cell::Denials>()), "Lists what a workspace's programs were not let to.";
    get_file Get "/api/files/{id}" SignedIn (None, NO) => Json(200, of::<file::FileContent>()), "Returns a file with its content.";
    update_file Patch "/api/files/{id}" SignedIn (None, Takes(of::<file::UpdateFile>())) => Json(200, of::<file::FileContent>()), "Saves, renames or restores a file.";
    delete_file Delete "/api/files/{id}" SignedIn (None, NO) => Nothing, "Deletes a file or folder; it can be restored.";
    list_versions Get "/api/files/{id}/versions" SignedIn (Some(of::<page::PageQuery>()), NO) => Json(200, of::<page::Page<file::Version>>()), "Lists a file's versions, newest first.";
    restore_version Post "/api/files/{id}/restore" SignedIn (None, Takes(of::<file::RestoreVersion>())) => Json(200, of::<file::FileContent>()), "Makes an old version current again.";
    get_version Get "/api/versions/{id}" SignedIn (None, NO) => Json(200, of::<file::VersionContent>()), "Returns a version with its content.";
    execute Post "/api/execute" SignedIn (None, Takes(of::<run::Execute>())) => Json(202, of::<run::Run>()), "Starts a run.";
    get_run Get "/api/execute/{id}" SignedIn (Some(of::<run::GetRun>()), NO) => Json(200, of::<run::Run>()), "Returns a run with its output.";
    watch_run Get "/api/execute/{id}/events" SignedIn (Some(of::<event::After>()), NO) => Stream(of::<event::Numbered<event::RunEvent>>()), "Streams a run's output.";
    cancel_run Post "/api/execute/{id}/cancel" SignedIn (None, NO) => Json(200, of::<run::Run>()), "Stops a run.";
    execute_piston Post "/api/v2/piston/execute" SignedIn (None, Takes(of::<piston::PistonExecute>())) => Json(200, of::<piston::PistonResult>()), "Runs a program, for clients of Piston.";
    list_piston_runtimes Get "/api/v2/piston/runtimes" SignedIn (None, NO) => Json(200, of::<piston::PistonRuntimes>()), "Lists languages, for clients of Piston.";
    execute_v2 Post "/api/v2/execute" SignedIn (None, Takes(of::<piston::PistonExecute>())) => Json(200, of::<piston::PistonResult>()), "Runs a program, for clients of Piston.";
    list_v2_runtimes Get "/api/v2/runtimes" SignedIn (None, NO) => Json(200, of::<piston::PistonRuntimes>()), "Lists languages, for clients of Piston.";
    list_runtimes Get "/api/runtimes" SignedIn (None, NO) => Json(200, of::<run::Runtimes>()), "Lists the languages that can be run.";
    chat Post "/api/ai/chat" SignedIn (None, Takes(of::<turn::Chat>())) => Stream(of::<event::Numbered<event::TurnEvent>>()), "Starts a turn and streams its events.";
    apply_diff Post "/api/ai/apply-diff" SignedIn (None, Takes(of::<proposal::ApplyDiff>())) => Json(201, of::<proposal::Proposal>()), "Makes a proposal of a patch, and applies it if asked to.";
    get_turn Get "/api/turns/{id}" SignedIn (None, NO) => Json(200, of::<turn::Turn>()), "Returns a turn.";
    watch_turn Get "/api/turns/{id}/events" SignedIn (Some(of::<event::After>()), NO) => Stream(of::<event::Numbered<event::TurnEvent>>()), "Streams a turn's events.";
    cancel_turn Post "/api/turns/{id}/cancel" SignedIn (None, NO) => Json(200, of::<turn::Turn>()), "Stops a turn.";
    get_conversation Get "/api/conversations/{id}" SignedIn (None, NO) => Json(200, of::<turn::ConversationDetail>()), "Returns a conversation with its messages.";
    update_conversation Patch "/api/conversations/{id}" SignedIn (None, Takes(of::<turn::UpdateConversation>())) => Json(200, of::<turn::Conversation>()), "Renames a conversation.";
    delete_conversation Delete "/api/conversations/{id}" SignedIn (None, NO) => Nothing, "Archives a conversation.";
    list_drafts Get "/api/workspaces/{id}/drafts" SignedIn (None, NO) => Json(200, of::<draft::Drafts>()), "Lists a workspace's drafts, newest first.";
    create_draft Post "/api/workspaces/{id}/drafts" SignedIn (None, Takes(of::<draft::CreateDraft>())) => Json(201, of::<draft::Draft>()), "Makes a draft: a copy-on-write layer over the workspace.";
    get_draft Get "/api/drafts/{id}" SignedIn (None, NO) => Json(200, of::<draft::DraftDetail>()), "Returns a draft with what it changed.";
    delete_draft Delete "/api/drafts/{id}" SignedIn (None, NO) => Nothing, "Throws a draft away.";
    propose_draft Post "/api/drafts/{id}/proposal" SignedIn (None, Takes(of::<draft::ProposeDraft>())) => Json(201, of::<proposal::Proposal>()), "Makes a proposal of what a draft changed.";
    get_proposal Get "/api/proposals/{id}" SignedIn (None, NO) => Json(200, of::<proposal::Proposal>()), "Returns a proposal with its hunks.";
    apply_proposal Post "/api/proposals/{id}/apply" SignedIn (None, Takes(of::<proposal::ApplyProposal>())) => Json(200, of::<proposal::Proposal>()), "Applies a proposal, whole or in part.";
    reject_proposal Post "/api/proposals/{id}/reject" SignedIn (None, NO) => Json(200, of::<proposal::Proposal>()), "Rejects a proposal.";
    check_proposal Post "/api/proposals/{id}/check" SignedIn (None, Takes(of::<review::CheckProposal>())) => Json(202, of::<proposal::Proposal>()), "Runs the workspace's checks on a proposal, in a draft.";
    cancel_check Post "/api/proposals/{id}/check/cancel" SignedIn (None, NO) => Json(200, of::<proposal::Proposal>()), "Stops the checks of a proposal; does nothing when none run.";
    list_comments Get "/api/proposals/{id}/comments" SignedIn (None, NO) => Json(200, of::<review::Comments>()), "Lists the comments on a proposal, oldest first.";
    create_comment Post "/api/proposals/{id}/comments" SignedIn (None, Takes(of::<review::CreateComment>())) => Json(201, of::<review::Comment>()), "Comments on a proposal, a hunk or lines of one.";
    delete_comment Delete "/api/comments/{id}" SignedIn (None, NO) => Nothing, "Deletes a comment of one's own.";
    undo_proposal Post "/api/proposals/{id}/undo" SignedIn (None, Takes(of::<proposal::UndoProposal>())) => Json(200, of::<proposal::Proposal>()), "Takes applied hunks back, keeping later edits.";
    list_providers Get "/api/providers" SignedIn (None, NO) => Json(200, of::<model::Providers>()), "Lists the configured models.";
    create_provider Post "/api/providers" SignedIn (None, Takes(of::<model::CreateProvider>())) => Json(201, of::<model::Provider>()), "Configures a model.";
    update_provider Patch "/api/providers/{id}" SignedIn (None, Takes(of::<model::UpdateProvider>())) => Json(200, of::<model::Provider>()), "Changes a configured model.";
    delete_provider Delete "/api/providers/{id}" SignedIn (None, NO) => Nothing, "Forgets a configured model and its key.";
    check_provider Post "/api/providers/{id}/check" SignedIn (None, NO) => Json(200, of::<model::ProviderCheck>()), "Tries whether a configured model answers.";
    get_local_model Get "/api/models/local" SignedIn (None, NO) => Json(200, of::<local_model::LocalModel>()), "Returns how far the model that runs on this machine is.";
    pull_local_model Post "/api/models/local/pull" SignedIn (Some(of::<local_model::PullLocalModel>()), NO) => Json(202, of::<local_model::LocalModel>()), "Begins to fetch the local model's weights, and to build its program where that is missing and can be built; for the owner.";
    cancel_local_model_pull Delete "/api/models/local/pull" SignedIn (None, NO) => Nothing, "Stops getting the local model; what has arrived is kept.";
    list_models Get "/api/models" SignedIn (None, NO) => Json(200, of::<route::Models>()), "Lists the models you can ask, with what they can do and cost.";
    route_model Post "/api/models/route" SignedIn (None, Takes(of::<route::RouteModel>())) => Json(200, of::<route::ModelRoute>()), "Says which model would be asked and why, and asks none.";
    get_model_defaults Get "/api/models/defaults" SignedIn (None, NO) => Json(200, of::<route::ModelDefaults>()), "Returns which models tasks go to.";
    set_model_defaults Put "/api/models/defaults" SignedIn (None, Takes(of::<route::SetModelDefaults>())) => Json(200, of::<route::ModelDefaults>()), "Sets which models tasks go to.";
    set_model Put "/api/providers/{id}/models/{model}" SignedIn (None, Takes(of::<route::SetModel>())) => Json(200, of::<route::Model>()), "Says what a model costs and can do.";
    list_budgets Get "/api/budgets" SignedIn (None, NO) => Json(200, of::<budget::Budgets>()), "Lists your budgets with what is used of them.";
    create_budget Post "/api/budgets" SignedIn (None, Takes(of::<budget::CreateBudget>())) => Json(201, of::<budget::Budget>()), "Sets a budget.";
    update_budget Patch "/api/budgets/{id}" SignedIn (None, Takes(of::<budget::UpdateBudget>())) => Json(200, of::<budget::Budget>()), "Changes a budget's limits.";
    delete_budget Delete "/api/budgets/{id}" SignedIn (None, NO) => Nothing, "Takes a budget back.";
    list_calls Get "/api/calls" SignedIn (Some(of::<route::ListCalls>()), NO) => Json(200, of::<route::Calls>()), "Lists the latest requests to models with what they used and cost.";
    list_secrets Get "/api/secrets" SignedIn (Some(of::<secret::ListSecrets>()), NO) => Json(200, of::<secret::Secrets>()), "Lists secrets, without their values.";
    create_secret Post "/api/secrets" SignedIn (None, Takes(of::<secret::CreateSecret>())) => Json(201, of::<secret::StoredSecret>()), "Stores a secret of a person or a workspace.";
    update_secret Put "/api/secrets/{id}" SignedIn (None, Takes(of::<secret::UpdateSecret>())) => Json(200, of::<secret::StoredSecret>()), "Replaces a secret's value.";
    delete_secret Delete "/api/secrets/{id}" SignedIn (None, NO) => Nothing, "Forgets a secret.";
    list_tokens Get "/api/tokens" SignedIn (None, NO) => Json(200, of::<secret::AccessTokens>()), "Lists one's access tokens.";
    create_token Post "/api/tokens" SignedIn (None, Takes(of::<secret::CreateToken>())) => Json(201, of::<secret::CreatedToken>()), "Makes an access token for the models' interface, shown once.";
    delete_token Delete "/api/tokens/{id}" SignedIn (None, NO) => Nothing, "Revokes an access token.";
    create_chat_completion Post "/v1/chat/completions" Program (None, Takes(of::<v1::ChatCompletionRequest>())) => Json(200, of::<v1::ChatCompletion>()), "Answers in a conversation, for clients of OpenAI; as server-sent events with `stream`.";
    create_completion Post "/v1/completions" Program (None, Takes(of::<v1::CompletionRequest>())) => Json(200, of::<v1::TextCompletion>()), "Goes on with a text or fills it in, for clients of OpenAI; as server-sent events with `stream`.";
    list_openai_models Get "/v1/models" Program (None, NO) => Json(200, of::<v1::OpenAiModels>()), "Lists the models that a token may ask, for clients of OpenAI.";
    get_model_call Get "/api/model-calls/{id}" SignedIn (None, NO) => Json(200, of::<model::ModelCall>()), "Returns what was sent to a model, byte for byte.";
    get_usage Get "/api/usage" SignedIn (Some(of::<usage::GetUsage>()), NO) => Json(200, of::<usage::Usage>()), "Sums up tokens, cost and execution time.";
}

impl Operation {
    /// Says whether it speaks as Piston does, errors included.
    pub fn is_piston(&self) -> bool {
        piston::is_address(self.path)
    }

    /// Says whether it speaks as OpenAI does, errors included.
    pub fn is_openai(&self) -> bool {
        v1::is_address(self.path)
    }
}

/// Types that no operation names: events stand inside a generic type, where
/// the schema collector does not look, and a client's messages go over a
/// WebSocket.
pub static MORE: [Type; 4] = [
    of::<event::TurnEvent>(),
    of::<event::RunEvent>(),
    of::<event::WorkspaceEvent>(),
    of::<terminal::TerminalRequest>(),
];

/// An OpenAPI document.
#[derive(Clone, Debug, ToSchema)]
#[schema(value_type = Object)]
pub struct OpenApiDocument(pub serde_json::Value);
