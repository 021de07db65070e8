//! Typed ids and the one place that makes them.
//!
//! An id is a UUIDv7 (RFC 9562 §5.7): canonical text on the wire, in logs and
//! in URLs; 16 bytes in the database. The types keep a workspace's id from
//! being passed where a user's is wanted.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use uuid::Uuid;

use crate::clock::{Clock, SystemClock, Timestamp};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name this kind of thing.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the UUID.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    )*};
}

ids! {
    /// Names a person.
    UserId,
    /// Names a signed-in browser.
    SessionId,
    /// Names a workspace.
    WorkspaceId,
    /// Names a file or directory of a workspace; it survives renames.
    FileId,
    /// Names one content of one file at one time.
    VersionId,
    /// Names what checks said of a proposal.
    VerdictId,
    /// Names a comment on a proposal.
    CommentId,
    /// Names a conversation.
    ConversationId,
    /// Names a message of a conversation.
    MessageId,
    /// Names one request of a person and all the assistant does about it.
    TurnId,
    /// Names one request to a model.
    ModelCallId,
    /// Names a proposal.
    ProposalId,
    /// Names one reviewable hunk of a proposal.
    HunkId,
    /// Names an edit transaction; applying the same one twice does nothing.
    TransactionId,
    /// Names one execution.
    RunId,
    /// Names a terminal.
    TerminalId,
    /// Names a configured model provider.
    ProviderId,
    /// Names a limit of what models may cost.
    BudgetId,
    /// Names a secret in the vault.
    SecretId,
    /// Names a program's access token.
    TokenId,
    /// Names one metered use.
    UsageId,
    /// Names a remembered permission.
    GrantId,
    /// Names a copy-on-write layer over a workspace.
    DraftId,
    /// Names one HTTP request, for the log and for error bodies.
    RequestId,
    /// Names a stream of stored events: a turn's, a run's or a workspace's id.
    EventStreamId,
}

macro_rules! streams {
    ($($name:ident),*) => {$(
        impl From<$name> for EventStreamId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
    )*};
}

streams!(TurnId, RunId, WorkspaceId);

/// Where the random part of an id comes from.
#[derive(Debug)]
enum Entropy {
    System,
    Seeded { seed: u64, counter: u64 },
}

impl Entropy {
    fn fill(&mut self, bytes: &mut [u8; 10]) {
        match self {
            // A kernel that cannot give randomness cannot run this program.
            Self::System => {
                if getrandom::fill(bytes).is_err() {
                    std::process::abort();
                }
            }
            Self::Seeded { seed, counter } => {
                *counter += 1;
                let mut input = seed.to_le_bytes().to_vec();
                input.extend(counter.to_le_bytes());
                bytes.copy_from_slice(&blake3::hash(&input).as_bytes()[..10]);
            }
        }
    }
}

/// Makes ids, from the clock and from randomness that tests seed.
///
/// Ids made by one `Ids` sort in the order they were made, also within one
/// millisecond.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    entropy: Entropy,
    millis: u64,
    sequence: u16,
}

impl Ids {
    /// Makes ids from the operating system's clock and randomness.
    pub fn system() -> Self {
        Self::with(Arc::new(SystemClock), Entropy::System)
    }

    /// Makes ids that are the same on every run: for tests.
    pub fn seeded(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self::with(clock, Entropy::Seeded { seed, counter: 0 })
    }

    fn with(clock: Arc<dyn Clock>, entropy: Entropy) -> Self {
        let state = State {
            entropy,
            millis: 0,
            sequence: 0,
        };
        Self {
            clock,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Makes the next id.
    pub fn next<T: From<Uuid>>(&self) -> T {
        self.at(self.clock.now())
    }

    /// Makes the next id for something that happened at `time`.
    pub fn at<T: From<Uuid>>(&self, time: Timestamp) -> T {
        let mut state = self.state.lock();
        let millis = time.as_millis().max(state.millis);
        // RFC 9562 §6.2 method 1: a 12-bit counter in `rand_a`; when it runs
        // out within a millisecond the id borrows from the next one.
        let (millis, sequence) = match (millis == state.millis, state.sequence) {
            (true, 0x0FFF) => (millis + 1, 0),
            (true, sequence) => (millis, sequence + 1),
            (false, _) => (millis, 0),
        };
        (state.millis, state.sequence) = (millis, sequence);
        let mut random = [0_u8; 10];
        state.entropy.fill(&mut random);
        [random[0], random[1]] = sequence.to_be_bytes();
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn ids_sort_in_the_order_they_were_made() {
        let ids = Ids::system();
        let made: Vec<FileId> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.is_sorted());
        assert_eq!(made[0].as_uuid().get_version_num(), 7);
    }

    #[test]
    fn seeded_ids_repeat() {
        let make = || {
            let clock = ManualClock::new(Timestamp::from_micros(1_767_225_600_000_000));
            Ids::seeded(Arc::new(clock), 7).next::<TurnId>()
        };
        assert_eq!(make(), make());
        assert_eq!(make().to_string().parse(), Ok(make()));
    }
}
