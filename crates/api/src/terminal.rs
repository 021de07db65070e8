//! Terminals, and what goes over their WebSockets.
//!
//! A socket carries two kinds of messages. Binary ones are bytes: from the
//! server what the program wrote, from the client what was typed. Text ones
//! are JSON: [`TerminalMessage`] from the server, [`TerminalRequest`] from the
//! client.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The close code for a client that reads too slowly: it opens the socket
/// again, after the last byte it has.
pub const CLOSE_BEHIND: u16 = 4000;
/// The most bytes in one message of a client.
pub const TYPED_BYTES: usize = 64 * 1024;

/// Starts a terminal.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTerminal {
    /// Characters in a line of the screen, 1 to 1,000; 80 when absent.
    #[serde(default)]
    pub columns: Option<u16>,
    /// Lines of the screen, 1 to 1,000; 24 when absent.
    #[serde(default)]
    pub rows: Option<u16>,
    /// The folder to start in; the top of the workspace when absent.
    #[serde(default)]
    pub cwd: Option<String>,
    /// The program and its arguments; a shell when absent.
    #[serde(default)]
    pub argv: Option<Vec<String>>,
}

/// Changes a terminal.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTerminal {
    /// The new title.
    #[serde(default)]
    pub title: Option<String>,
}

/// Whether a terminal's program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TerminalState {
    /// It runs.
    Running,
    /// It has ended; its output can still be read.
    Ended,
}

/// A terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Terminal {
    /// The terminal's id.
    pub id: Uuid,
    /// The workspace it is in.
    pub workspace_id: Uuid,
    /// What it is called.
    pub title: String,
    /// Characters in a line of its screen.
    pub columns: u16,
    /// Lines of its screen.
    pub rows: u16,
    /// Whether its program runs.
    pub state: TerminalState,
    /// The program's exit status, when it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What is to be known of its end, in a sentence.
    pub reason: Option<String>,
    /// When it was started.
    pub created_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
}

/// A workspace's terminals.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Terminals {
    /// The terminals, oldest first; those that ended stay until they are
    /// deleted or many.
    pub items: Vec<Terminal>,
}

/// Where a terminal's output is taken up.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TakeUp {
    /// How many bytes of the terminal's output the client has seen; the oldest
    /// that are kept come first when it is absent.
    #[serde(default)]
    pub after: Option<u64>,
}

/// A text message of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum TerminalMessage {
    /// The first message.
    Start {
        /// The place, in all of the terminal's output, of the first byte that
        /// follows.
        offset: u64,
        /// Where the output is now. What comes before is history: questions
        /// that programs ask of a terminal in it were answered then, and must
        /// not be answered again.
        end: u64,
        /// Characters in a line of the screen.
        columns: u16,
        /// Lines of the screen.
        rows: u16,
        /// Whether output that was asked for is not kept any more, so that the
        /// client begins with a clear screen.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lost: bool,
    },
    /// Somebody changed the size of the screen.
    Resized {
        /// Characters in a line.
        columns: u16,
        /// Lines.
        rows: u16,
    },
    /// The program ended; the server closes.
    Ended {
        /// Its exit status, when it ended by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// The signal that ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// What is to be known of its end, in a sentence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// A text message of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum TerminalRequest {
    /// Changes the size of the screen for everybody; the last one wins.
    Resize {
        /// Characters in a line; brought within 1 and 1,000.
        columns: u16,
        /// Lines; brought within 1 and 1,000.
        rows: u16,
    },
}
