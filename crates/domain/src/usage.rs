//! What was used and what it cost.

use atelier_base::{Timestamp, WorkspaceId};
pub use atelier_store::UsageGroup;
use atelier_store::{UsageFilter, UsageKey, UsageSums};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};

/// The most rows of a summary.
const ROWS: u32 = 1_000;

/// Which usage is wanted.
#[derive(Clone, Debug)]
pub struct UsageQuery {
    /// How it is summed up.
    pub group: UsageGroup,
    /// Only this workspace.
    pub workspace: Option<WorkspaceId>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

/// Usage summed up under one key.
#[derive(Debug)]
pub struct UsageRow {
    /// The day, model, workspace id or turn id.
    pub key: String,
    /// A name for it.
    pub name: Option<String>,
    /// The sums.
    pub sums: UsageSums,
}

/// Usage, row by row and in all.
#[derive(Debug)]
pub struct Usage {
    /// The rows.
    pub rows: Vec<UsageRow>,
    /// All together.
    pub total: UsageRow,
}

impl Domain {
    /// Sums up what the asker used.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a workspace that the asker may not see.
    pub async fn get_usage(&self, ctx: &Ctx, query: UsageQuery) -> Result<Usage> {
        let person = ctx.person()?;
        if let Some(workspace) = query.workspace {
            self.require_workspace(ctx, workspace).await?;
        }
        let filter = UsageFilter {
            from: query.from,
            to: query.to,
            user: Some(person),
            workspace: query.workspace,
            ..UsageFilter::default()
        };
        let (found, total) = self
            .store()
            .read(async |tx| {
                Ok::<_, Error>((
                    tx.usage_by(query.group, &filter, ROWS).await?,
                    tx.usage_totals(&filter).await?,
                ))
            })
            .await?;
        let mut rows = Vec::with_capacity(found.len());
        for (key, sums) in found {
            rows.push(self.usage_row(ctx, key, sums).await?);
        }
        Ok(Usage {
            rows,
            total: UsageRow {
                key: "total".to_owned(),
                name: None,
                sums: total,
            },
        })
    }

    async fn usage_row(&self, ctx: &Ctx, key: UsageKey, sums: UsageSums) -> Result<UsageRow> {
        let (key, name) = match key {
            UsageKey::Day(day) => (day.to_string().chars().take(10).collect(), None),
            UsageKey::Model(Some(model)) => (model, None),
            UsageKey::Model(None) | UsageKey::Turn(None) => {
                ("none".to_owned(), Some("Runs".to_owned()))
            }
            UsageKey::Turn(Some(turn)) => (turn.to_string(), None),
            UsageKey::Task(Some(task)) => (task, None),
            UsageKey::Task(None) => ("none".to_owned(), Some("Runs".to_owned())),
            UsageKey::User(id) => (id.to_string(), None),
            UsageKey::Workspace(Some(id)) => (
                id.to_string(),
                Some(self.require_workspace(ctx, id).await?.name),
            ),
            UsageKey::Workspace(None) => ("none".to_owned(), Some("No workspace".to_owned())),
        };
        Ok(UsageRow { key, name, sums })
    }
}

/// Writes micro-dollars as a decimal of US dollars.
pub fn usd(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}", usd_of(micros.unsigned_abs()))
}

/// Reads a decimal of US dollars as micro-dollars.
///
/// # Errors
/// [`Error::Invalid`] names `field` when it is none, has more than six digits
/// after the point, or is above a million.
pub fn parse_usd(text: &str, field: &'static str) -> Result<i64> {
    // A price in dollars a million tokens has as many pico-dollars a token as
    // an amount in dollars has micro-dollars.
    let micros = crate::provider::price_of(text, field)?;
    let micros = micros.and_then(|micros| i64::try_from(micros).ok());
    micros.ok_or_else(|| Error::invalid(field, "give an amount in dollars, such as 0.5"))
}

/// Writes micro-dollars as a decimal of US dollars.
pub(crate) fn usd_of(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let text = text.trim_end_matches('0');
    text.strip_suffix('.').unwrap_or(text).to_owned()
}

/// Writes a count of tokens.
pub(crate) fn tokens_of(count: u64) -> String {
    match count {
        1 => "1 token".to_owned(),
        _ => format!("{count} tokens"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_exactly() {
        for (micros, text) in [
            (0, "0"),
            (1, "0.000001"),
            (1_500_000, "1.5"),
            (12_000_000, "12"),
            (-20_000, "-0.02"),
        ] {
            assert_eq!(usd(micros), text);
        }
    }

    #[test]
    fn one_token_is_one() {
        let words = [0, 1, 2].map(tokens_of);
        assert_eq!(words, ["0 tokens", "1 token", "2 tokens"]);
    }
}
