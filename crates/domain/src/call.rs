//! The one way to a model: whoever wants an answer asks here.
//!
//! [`Domain::ask`] decides which model, what may leave and whether the money
//! lasts, and stores the call with its exact bytes; [`Asked`] then sends it
//! and hands the answer over as it comes. However that ends, the call is
//! settled: what it used is written down, and what was reserved for more is
//! free again.

mod ask;
mod asked;
mod bound;
mod form;
mod ledger;
mod recent;
mod recover;
mod retention;

use atelier_base::{ConversationId, ProviderId, TurnId, WorkspaceId};
use atelier_model::{Completion, Delta, Request};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::egress::Guarded;
use crate::event::LineRange;

pub use asked::{Asked, Spent};
pub(crate) use form::EditForm;
pub(crate) use ledger::Ledger;
pub(crate) use retention::Unswept;

/// What a model is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// To talk.
    Chat,
    /// To plan a change.
    Plan,
    /// To change files.
    Edit,
    /// To find a fault.
    Debug,
    /// To explain code.
    Explain,
    /// To change the shape of code and not what it does.
    Refactor,
    /// To go on with what is being typed.
    Complete,
    /// To make something shorter.
    Summarise,
    /// To describe a commit.
    CommitMessage,
}

impl Task {
    /// Every task, in the order in which people are shown them.
    pub const ALL: [Self; 9] = [
        Self::Chat,
        Self::Plan,
        Self::Edit,
        Self::Debug,
        Self::Explain,
        Self::Refactor,
        Self::Complete,
        Self::Summarise,
        Self::CommitMessage,
    ];

    /// Returns the word for it, as stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Plan => "plan",
            Self::Edit => "edit",
            Self::Debug => "debug",
            Self::Explain => "explain",
            Self::Refactor => "refactor",
            Self::Complete => "complete",
            Self::Summarise => "summarise",
            Self::CommitMessage => "commit_message",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.as_str() == word)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A model, by its provider and its name there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelRef {
    /// The provider.
    pub provider: ProviderId,
    /// The model; the one the provider is set to when `None`.
    pub model: Option<String>,
}

/// A piece of what a request was made of, for its manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// What it is: `rules`, `tree`, `file`, `selection`, `message`.
    pub kind: String,
    /// The file's path.
    pub path: Option<String>,
    /// The file's version.
    pub version_id: Option<Uuid>,
    /// The lines of the file; `None` for all.
    pub lines: Option<LineRange>,
    /// How many bytes of it.
    pub bytes: u64,
    /// Why it is in the request.
    pub reason: String,
}

/// A request of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// To answer a conversation.
    Answer(Request),
    /// To fill in between two texts.
    Fill(Completion),
}

impl Wish {
    /// Returns the most tokens that the answer may have.
    pub(crate) fn max_output_tokens(&self) -> Option<u32> {
        match self {
            Self::Answer(request) => request.max_output_tokens,
            Self::Fill(completion) => completion.max_output_tokens,
        }
    }

    /// Returns the same, for an answer of so many tokens at most.
    pub(crate) fn within(&self, most: u32) -> Self {
        let mut wish = self.clone();
        match &mut wish {
            Self::Answer(request) => request.max_output_tokens = Some(most),
            Self::Fill(completion) => completion.max_output_tokens = Some(most),
        }
        wish
    }

    pub(crate) fn images(&self) -> usize {
        match self {
            Self::Answer(request) => request.messages.iter().map(|said| said.images.len()).sum(),
            Self::Fill(_) => 0,
        }
    }

    pub(crate) fn has_tools(&self) -> bool {
        matches!(self, Self::Answer(request) if !request.tools.is_empty())
    }

    /// Returns how many bytes of text it has.
    pub(crate) fn text_bytes(&self) -> u64 {
        let bytes: usize = match self {
            Self::Answer(request) => request.messages.iter().map(|said| said.content.len()).sum(),
            Self::Fill(completion) => completion.prefix.len() + completion.suffix.len(),
        };
        bytes as u64
    }
}

impl From<Request> for Wish {
    fn from(request: Request) -> Self {
        Self::Answer(request)
    }
}

impl From<Completion> for Wish {
    fn from(completion: Completion) -> Self {
        Self::Fill(completion)
    }
}

/// What is wanted of a model.
#[derive(Debug)]
pub struct Ask {
    /// What for.
    pub task: Task,
    /// The workspace it is about; `None` for none.
    pub workspace: Option<WorkspaceId>,
    /// The model, when the asker chose one.
    pub wanted: Option<ModelRef>,
    /// The models that may answer, also in place of another; all when `None`.
    pub allowed: Option<Vec<ModelRef>>,
    /// The request.
    pub wish: Wish,
    /// What the request was made of.
    pub sources: Vec<Source>,
    /// The secrets that may leave with it.
    pub attach: Vec<Uuid>,
    /// The access token it was asked with.
    pub token: Option<Uuid>,
    /// Whether the asker can take back text it was given. One who can is
    /// answered anew by another model when the first breaks off; see
    /// [`Part::Switched`].
    pub takes_back: bool,
    /// What the rules of a request begin with whose answer may have edits: the
    /// form of these is told behind it, as it suits the model that is asked.
    pub(crate) edits_after: Option<&'static str>,
    /// How many selections the request has.
    pub(crate) selections: usize,
    pub(crate) place: Option<(ConversationId, TurnId)>,
    /// What keeps secrets in; set when it is asked.
    pub(crate) guarded: Option<Guarded>,
    /// The names of the secrets that were replaced in it.
    pub(crate) withheld: Vec<String>,
}

impl Ask {
    /// Asks for an answer to a request, or for what comes between two texts, of
    /// whichever model fits.
    pub fn new(task: Task, wish: impl Into<Wish>) -> Self {
        Self {
            task,
            workspace: None,
            wanted: None,
            allowed: None,
            wish: wish.into(),
            sources: Vec::new(),
            attach: Vec::new(),
            token: None,
            takes_back: false,
            edits_after: None,
            selections: 0,
            place: None,
            guarded: None,
            withheld: Vec::new(),
        }
    }

    /// Returns how many bytes of text are sent, at most.
    pub(crate) fn text_bytes(&self) -> u64 {
        let told = self.edits_after.map_or(0, |_| EditForm::LONGEST);
        self.wish.text_bytes() + told
    }

    /// Returns the conversation and the turn it is part of.
    pub(crate) fn places(&self) -> Option<(Uuid, Uuid)> {
        let (conversation, turn) = self.place?;
        Some((conversation.as_uuid(), turn.as_uuid()))
    }
}

/// One step of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A step of the model.
    Delta(Delta),
    /// Another model took over. All that was handed over before is void: the
    /// answer begins anew. It never comes after a whole tool call, so nothing
    /// that a call did is done twice, and after text only to an asker who
    /// [takes it back](Ask::takes_back).
    Switched(Switched),
}

/// One model took over from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switched {
    /// The model that failed.
    pub from: String,
    /// The model that answers.
    pub to: String,
    /// Whether that one runs on hardware of the person's own.
    pub local: bool,
    /// Why, as a sentence.
    pub reason: String,
}
