//! Lists by cursor.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Give this back as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageQuery {
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many items, from 1 to 5,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}
