//! The event log: one numbered, append-only stream for each turn, run and
//! workspace.

use atelier_base::{EventStreamId, Timestamp};

use crate::connection::{Reader, Writer};
use crate::error::{Error, Result};

record! {
    /// A stored event.
    "events" pub struct EventRow {
        /// The stream it is in: the id of a turn, run or workspace.
        pub stream_id: EventStreamId,
        /// Its place in the stream, from 1, without gaps.
        pub seq: u64,
        /// What happened.
        pub kind: String,
        /// The rest of it, as JSON.
        pub payload: String,
        /// When it happened.
        pub created_at: Timestamp,
    }
}

/// An event about to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened.
    pub kind: String,
    /// The rest of it, as JSON.
    pub payload: String,
    /// When it happened.
    pub created_at: Timestamp,
}

impl Reader {
    /// Lists a stream's events after the number `after` (0: from the start),
    /// oldest first.
    pub async fn list_events_after(
        &mut self,
        stream: impl Into<EventStreamId>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>> {
        self.all(
            "SELECT * FROM events WHERE stream_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            args![stream.into(), after, limit],
        )
        .await
    }

    /// Returns the number of a stream's last event, 0 when it has none.
    pub async fn last_event_seq(&mut self, stream: impl Into<EventStreamId>) -> Result<u64> {
        let last = self
            .values(
                "SELECT COALESCE(MAX(seq), 0) AS last FROM events WHERE stream_id = $1",
                "last",
                args![stream.into()],
            )
            .await?;
        Ok(last.into_iter().next().unwrap_or_default())
    }
}

impl Writer {
    /// Appends an event to a stream and returns its number.
    pub async fn append_event(
        &mut self,
        stream: impl Into<EventStreamId>,
        event: &NewEvent,
    ) -> Result<u64> {
        let stream = stream.into();
        let appended: Option<EventRow> = self
            .find_one(
                "INSERT INTO events (stream_id, seq, kind, payload, created_at)
                 SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4 FROM events WHERE stream_id = $1
                 RETURNING *",
                args![stream, event.kind, event.payload, event.created_at],
            )
            .await?;
        appended.map(|row| row.seq).ok_or_else(|| Error::NotFound {
            table: "events",
            id: stream.to_string(),
        })
    }

    /// Appends events to a stream and returns the number of the first; the
    /// others follow it. Without events it is the number the next one gets.
    pub async fn append_events(
        &mut self,
        stream: impl Into<EventStreamId>,
        events: &[NewEvent],
    ) -> Result<u64> {
        let stream_id = stream.into();
        if let [event] = events {
            return self.append_event(stream_id, event).await;
        }
        let first = self.last_event_seq(stream_id).await? + 1;
        let rows: Vec<EventRow> = (first..)
            .zip(events)
            .map(|(seq, event)| EventRow {
                stream_id,
                seq,
                kind: event.kind.clone(),
                payload: event.payload.clone(),
                created_at: event.created_at,
            })
            .collect();
        self.insert_all(&rows).await?;
        Ok(first)
    }
}

#[cfg(test)]
mod tests;
