//! Workspaces and how they come to be.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::run::RunLimits;

/// A project.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// The workspace's id.
    pub id: Uuid,
    /// The person it belongs to.
    pub owner_id: Uuid,
    /// The name shown.
    pub name: String,
    /// The model new conversations start with.
    pub default_model: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When something in it last changed.
    pub updated_at: String,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<String>,
    /// What is set for it.
    #[serde(default)]
    pub settings: WorkspaceSettings,
}

/// What is set for a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspaceSettings {
    /// The limits of its runs, within the server's; all of them at once. Absent
    /// ones are the server's.
    #[serde(default)]
    pub limits: RunLimits,
    /// The paths that an assistant's proposal may not change, as globs. One
    /// without `/` means that name at any depth, a folder all that is in it.
    #[serde(default)]
    pub locked_paths: Vec<String>,
    /// What checks a proposal.
    #[serde(default)]
    pub checks: Vec<CheckCommand>,
    /// What may be lost without asking.
    #[serde(default)]
    pub destructive: DestructiveLimits,
    /// What holds for requests to models.
    #[serde(default)]
    pub requests: RequestRules,
}

/// What happens to a request to a model that holds a secret which was not
/// attached to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SecretsRule {
    /// The secret is replaced by `[secret NAME]`.
    #[default]
    Replace,
    /// The request is refused.
    Refuse,
}

/// What holds for requests to models; all of it at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestRules {
    /// What happens to one that holds a secret.
    #[serde(default)]
    pub secrets: SecretsRule,
    /// For how many days what was sent is kept; null for 30, 0 for none.
    #[serde(default)]
    #[schema(maximum = 3650)]
    pub keep_days: Option<u32>,
    /// How much of it is kept, in MiB, the latest first; null for 256.
    #[serde(default)]
    #[schema(maximum = 100_000)]
    pub keep_mb: Option<u32>,
}

/// A command that checks a proposal: it passes when it exits with 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckCommand {
    /// What it is called, 1 to 60 characters.
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
}

/// What applying a proposal may lose before a person must confirm it; null is
/// the usual amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DestructiveLimits {
    /// The most files deleted; 10.
    #[serde(default)]
    pub deleted_files: Option<u32>,
    /// The largest share of its lines that a file may lose, in percent; 50. A
    /// file that loses fewer than 30 lines never counts.
    #[serde(default)]
    #[schema(maximum = 100)]
    pub lost_percent: Option<u8>,
    /// The most lines lost in all files together; 2,000.
    #[serde(default)]
    pub total_lines: Option<u32>,
}

/// Settings to change. Absent ones stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateSettings {
    /// The limits of its runs, all of them at once.
    #[serde(default)]
    pub limits: Option<RunLimits>,
    /// All of the locked paths, at most 100.
    #[serde(default)]
    pub locked_paths: Option<Vec<String>>,
    /// All of the checks, at most 16.
    #[serde(default)]
    pub checks: Option<Vec<CheckCommand>>,
    /// What may be lost without asking, all of it at once.
    #[serde(default)]
    pub destructive: Option<DestructiveLimits>,
    /// What holds for requests to models.
    #[serde(default)]
    pub requests: Option<RequestRules>,
}

/// Makes a workspace. A zip is sent as `multipart/form-data` instead, with the
/// fields `name` and `archive`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateWorkspace {
    /// The name shown, 1 to 120 characters.
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    /// What it starts with.
    #[serde(default)]
    pub source: Source,
}

/// What a workspace starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Source {
    /// Nothing.
    #[default]
    Empty,
    /// A built-in template.
    Template {
        /// The template's id, from `GET /api/templates`.
        template: String,
    },
    /// A copy of a folder on the server's disk.
    Folder {
        /// The absolute path of the folder.
        path: String,
    },
    /// A clone of a git repository.
    Git {
        /// An https URL.
        url: String,
    },
}

/// Progress of making a workspace, as server-sent events when the request asks
/// for `text/event-stream`. The last event is `created` or `failed`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum CreateProgress {
    /// Work goes on.
    Progress {
        /// What is being done, in a few words.
        phase: String,
        /// How far, from 0 to 100, when it is known.
        percent: Option<u8>,
    },
    /// The workspace is there.
    Created {
        /// The workspace.
        workspace: Workspace,
    },
    /// It could not be made; nothing is left of it.
    Failed {
        /// Why.
        problem: crate::problem::Problem,
    },
}

/// Changes a workspace. Absent fields stay as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateWorkspace {
    /// The new name, 1 to 120 characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 120)]
    pub name: Option<String>,
    /// The model new conversations start with; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub default_model: Option<Option<String>>,
    /// True archives it, false brings it back.
    #[serde(default)]
    pub archived: Option<bool>,
    /// The settings to change.
    #[serde(default)]
    pub settings: Option<UpdateSettings>,
}

#[expect(
    clippy::option_option,
    reason = "absent and null mean different things here"
)]
/// Tells an absent field (`None`) from a null one (`Some(None)`).
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// Which workspaces are listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListWorkspaces {
    /// True lists the archived ones; false or absent the others.
    #[serde(default)]
    pub archived: Option<bool>,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many items, from 1 to 5,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A built-in starting point.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// The id to create with.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// One sentence on what is in it.
    pub description: String,
}

/// Every built-in template.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Templates {
    /// The templates, in the order shown.
    pub items: Vec<Template>,
}
