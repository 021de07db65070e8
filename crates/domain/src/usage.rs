//! What was used and what it cost.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use atelier_base::{Timestamp, TurnId, UserId, WorkspaceId};
pub use atelier_store::UsageGroup;
use atelier_store::{TurnPlace, UsageFilter, UsageKey, UsageSums};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};

/// The most rows of a summary that people look at.
pub const PAGE_ROWS: u32 = 1_000;
/// The most rows of a table that programs read.
pub const TABLE_ROWS: u32 = 100_000;

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
    /// The most rows. What is beyond them is summed up in one more, so that
    /// the rows always add up.
    pub most: u32,
}

/// Usage summed up under one key.
#[derive(Debug)]
pub struct UsageRow {
    /// The day, model, workspace id or turn id; `rest` for all that is beyond
    /// the most rows.
    pub key: String,
    /// A name for it.
    pub name: Option<String>,
    /// Where it was asked, when it is a turn that is still there.
    pub turn: Option<TurnPlace>,
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
                    tx.usage_by(query.group, &filter, query.most).await?,
                    tx.usage_totals(&filter).await?,
                ))
            })
            .await?;
        let places = self.turn_places(ctx, person, &found).await?;
        let full = found.len() >= usize::try_from(query.most).unwrap_or(usize::MAX);
        let rest = found
            .iter()
            .fold(total.clone(), |rest, (_, sums)| rest.without(sums));
        let mut rows = Vec::with_capacity(found.len());
        for (key, sums) in found {
            rows.push(self.usage_row(ctx, key, sums, &places).await?);
        }
        if full && rest != UsageSums::default() {
            rows.push(UsageRow {
                key: "rest".to_owned(),
                name: Some("All the rest".to_owned()),
                turn: None,
                sums: rest,
            });
        }
        Ok(Usage {
            rows,
            total: UsageRow {
                key: "total".to_owned(),
                name: None,
                turn: None,
                sums: total,
            },
        })
    }

    /// Returns where the turns were asked that the lines are about: their ids
    /// follow time, so they lie together. Turns in a workspace that the person
    /// has left are not among them.
    async fn turn_places(
        &self,
        ctx: &Ctx,
        person: UserId,
        lines: &[(UsageKey, UsageSums)],
    ) -> Result<HashMap<TurnId, TurnPlace>> {
        let turns = lines.iter().filter_map(|(key, _)| match key {
            UsageKey::Turn(turn) => *turn,
            UsageKey::Day(_)
            | UsageKey::User(_)
            | UsageKey::Model(_)
            | UsageKey::Task(_)
            | UsageKey::Workspace(_) => None,
        });
        let (Some(first), Some(last)) = (turns.clone().min(), turns.max()) else {
            return Ok(HashMap::new());
        };
        let places = self
            .store()
            .query(async |tx| tx.list_turn_places(person, first, last).await)
            .await?;
        let mut seen = HashMap::new();
        for place in &places {
            if let Entry::Vacant(unknown) = seen.entry(place.workspace_id) {
                let found = self.require_workspace(ctx, place.workspace_id).await;
                unknown.insert(found.is_ok());
            }
        }
        let places = places.into_iter().filter(|place| seen[&place.workspace_id]);
        Ok(places.map(|place| (place.id, place)).collect())
    }

    async fn usage_row(
        &self,
        ctx: &Ctx,
        key: UsageKey,
        sums: UsageSums,
        places: &HashMap<TurnId, TurnPlace>,
    ) -> Result<UsageRow> {
        let turn = match &key {
            UsageKey::Turn(Some(id)) => places.get(id).cloned(),
            UsageKey::Turn(None)
            | UsageKey::Day(_)
            | UsageKey::User(_)
            | UsageKey::Model(_)
            | UsageKey::Task(_)
            | UsageKey::Workspace(_) => None,
        };
        let (key, name) = match key {
            UsageKey::Day(day) => (day.to_string().chars().take(10).collect(), None),
            UsageKey::Model(Some(model)) => (model, None),
            UsageKey::Model(None) | UsageKey::Turn(None) => {
                ("none".to_owned(), Some("Runs".to_owned()))
            }
            UsageKey::Turn(Some(id)) => (
                id.to_string(),
                turn.as_ref().map(|place| place.title.clone()),
            ),
            UsageKey::Task(Some(task)) => (task, None),
            UsageKey::Task(None) => ("none".to_owned(), Some("Runs".to_owned())),
            // The usage is the asker's own.
            UsageKey::User(id) => (id.to_string(), Some(self.get_user(ctx).await?.name)),
            UsageKey::Workspace(Some(id)) => {
                let name = match self.require_workspace(ctx, id).await {
                    Ok(workspace) => Some(workspace.name),
                    // What was used there once still counts.
                    Err(Error::NotFound { .. }) => None,
                    Err(error) => return Err(error),
                };
                (id.to_string(), name)
            }
            UsageKey::Workspace(None) => ("none".to_owned(), Some("No workspace".to_owned())),
        };
        Ok(UsageRow {
            key,
            name,
            turn,
            sums,
        })
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
