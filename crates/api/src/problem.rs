//! The body of every error: RFC 9457 problem details with our extensions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::budget::ExceededBudget;
use crate::code::Code;
use crate::file::StaleFile;
use crate::proposal::{Conflict, LockedPath, PatchFailure, Warning};

/// An error, as `application/problem+json`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/problems/CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One sentence that is the same for every problem of this kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, and where.
    pub detail: String,
    /// The stable name that programs may rely on.
    pub code: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The request field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Names the request in the server's log.
    pub request_id: String,
    /// With `stale_version`: the file as it is now, and a merge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<Box<StaleFile>>,
    /// With `merge_conflict`: each file that needs a decision.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub conflicts: Vec<Conflict>,
    /// With `patch_invalid`: what is wrong with the patch, and where.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub patch: Option<Box<PatchFailure>>,
    /// With `confirmation_required`: what is lost, and what to send.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub warning: Option<Box<Warning>>,
    /// With `locked_path`: which file, and by what.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub locked: Option<Box<LockedPath>>,
    /// With `budget_exceeded`: which budget, and what is left of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub budget: Option<Box<ExceededBudget>>,
}

impl Problem {
    /// Makes the problem for `code`.
    pub fn new(code: Code, detail: impl Into<String>, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code: code.as_str().to_owned(),
            hint: None,
            field: None,
            request_id: request_id.into(),
            stale: None,
            conflicts: Vec::new(),
            patch: None,
            warning: None,
            locked: None,
            budget: None,
        }
    }
}
