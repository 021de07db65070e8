//! A terminal, as a client sees it.

use atelier_api::terminal::{CreateTerminal, Terminal, TerminalMessage, TerminalRequest};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::{Caller, Reply, Socket};

/// Somebody who looks at a terminal, and types into it.
#[derive(Debug)]
pub struct Screen {
    socket: Socket,
    /// The place of the first byte of `bytes` in the terminal's output.
    pub offset: u64,
    /// Where the output was at the beginning.
    pub history: u64,
    /// Whether something before `offset` is not kept any more.
    pub lost: bool,
    /// What the terminal wrote since.
    pub bytes: Vec<u8>,
    /// The screen's size.
    pub size: (u16, u16),
    /// How the program ended.
    pub end: Option<TerminalMessage>,
    /// The code and reason with which the server closed.
    pub close: Option<(u16, String)>,
}

impl Caller {
    /// Asks for a terminal.
    pub async fn ask_terminal(&self, workspace: Uuid, new: &CreateTerminal) -> Reply {
        self.post(&format!("/api/workspaces/{workspace}/terminals"), new)
            .await
    }

    /// Starts a terminal that runs `argv`; a shell when it is empty.
    pub async fn terminal(&self, workspace: Uuid, argv: &[&str]) -> Terminal {
        let argv: Vec<String> = argv.iter().map(|&part| part.to_owned()).collect();
        let new = CreateTerminal {
            argv: (!argv.is_empty()).then_some(argv),
            ..CreateTerminal::default()
        };
        self.ask_terminal(workspace, &new).await.ok()
    }

    /// Lists a workspace's terminals.
    pub async fn terminals(&self, workspace: Uuid) -> Vec<Terminal> {
        let list = self
            .get(&format!("/api/workspaces/{workspace}/terminals"))
            .await;
        list.ok::<atelier_api::terminal::Terminals>().items
    }

    /// Looks at a terminal from the oldest byte on, or after those it has.
    ///
    /// # Panics
    /// When the server refuses, or does not begin as it should.
    pub async fn look(&self, terminal: Uuid, after: Option<u64>) -> Screen {
        let query = after.map_or_else(String::new, |after| format!("?after={after}"));
        let path = format!("/api/terminals/{terminal}/socket{query}");
        let mut socket = self.socket(&path, &[]).await.unwrap();
        let first = socket.message().await;
        let Some(Message::Text(first)) = first else {
            panic!("not a beginning: {first:?}");
        };
        let TerminalMessage::Start {
            offset,
            end,
            columns,
            rows,
            lost,
        } = serde_json::from_str(&first).unwrap()
        else {
            panic!("not a beginning: {first}");
        };
        Screen {
            socket,
            offset,
            history: end,
            lost,
            bytes: Vec::new(),
            size: (columns, rows),
            end: None,
            close: None,
        }
    }
}

impl Screen {
    /// Returns what was written, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Returns the place after the last byte seen.
    pub fn seen(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    /// Reads one message; false when the server has closed.
    ///
    /// # Panics
    /// When something comes that should not.
    pub async fn step(&mut self) -> bool {
        let message = self.socket.message().await;
        assert!(
            self.end.is_none() || matches!(message, Some(Message::Close(_)) | None),
            "after the end: {message:?}"
        );
        match message {
            Some(Message::Binary(bytes)) => self.bytes.extend_from_slice(&bytes),
            Some(Message::Text(text)) => match serde_json::from_str(&text).unwrap() {
                TerminalMessage::Resized { columns, rows } => self.size = (columns, rows),
                end @ TerminalMessage::Ended { .. } => self.end = Some(end),
                TerminalMessage::Start { .. } => panic!("another beginning: {text}"),
            },
            Some(Message::Close(frame)) => {
                self.close = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                return false;
            }
            None => return false,
            other => panic!("an unexpected message: {other:?}"),
        }
        true
    }

    /// Reads until what is seen fits.
    ///
    /// # Panics
    /// When the server closes before.
    pub async fn until(&mut self, fits: impl Fn(&Self) -> bool) {
        while !fits(self) {
            let open = self.step().await;
            assert!(open, "closed too early: {:?} {}", self.close, self.text());
        }
    }

    /// Reads until the text holds `part`.
    ///
    /// # Panics
    /// When the server closes before.
    pub async fn until_text(&mut self, part: &str) {
        self.until(|screen| screen.text().contains(part)).await;
    }

    /// Reads until the server closes.
    pub async fn to_end(mut self) -> Self {
        while self.step().await {}
        self
    }

    /// Types.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn type_in(&mut self, bytes: impl AsRef<[u8]>) {
        let message = Message::Binary(bytes.as_ref().to_vec().into());
        assert!(self.send(message).await, "gone");
    }

    /// Changes the size.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn resize(&mut self, columns: u16, rows: u16) {
        let request = json!(TerminalRequest::Resize { columns, rows });
        assert!(
            self.send(Message::Text(request.to_string().into())).await,
            "gone"
        );
    }

    /// Sends any message; false when the connection is gone.
    pub async fn send(&mut self, message: Message) -> bool {
        self.socket.send(message).await
    }
}
