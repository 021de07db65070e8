//! The builder: whoever started the server from a source checkout, and can
//! build the helper there.
//!
//! The server asks over a socket that it was handed when it started, and names
//! one of two works; what commands that means is not its to say.

use std::fmt;
use std::io;

use parking_lot::Mutex;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::mpsc;

use self::wire::{News, VERSION, Want, Work};
use super::LocalModel;

pub(crate) mod wire;

/// The longest line of news, in bytes.
const LINE_BYTES: u64 = 64 * 1024;
/// How many wishes wait at most; people press buttons.
const WISHES: usize = 16;

/// A socket to the builder.
pub struct BuilderSocket {
    news: Box<dyn AsyncRead + Send + Unpin>,
    wants: Box<dyn AsyncWrite + Send + Unpin>,
}

impl BuilderSocket {
    /// Takes a socket.
    pub fn new(socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (news, wants) = tokio::io::split(socket);
        Self {
            news: Box::new(news),
            wants: Box::new(wants),
        }
    }
}

impl fmt::Debug for BuilderSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuilderSocket").finish_non_exhaustive()
    }
}

/// How far the building of the helper is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BuildState {
    /// Nobody builds here.
    #[default]
    Nobody,
    /// It can be built, and isn't being built.
    Idle,
    /// It can't be built without packages of the system.
    Needs {
        /// The packages.
        packages: Vec<String>,
        /// The command that installs them.
        command: String,
        /// Whether the builder may run it, once the owner agrees.
        installable: bool,
    },
    /// It is being built.
    Running {
        /// What is being done, in a few words.
        what: String,
        /// How much is done, in percent, where that is known.
        percent: Option<u8>,
        /// The last line that the tools said.
        line: Option<String>,
    },
    /// It failed, and may be tried again.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What is known of the builder.
#[derive(Debug, Default)]
pub(super) struct Builder(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wants: Option<mpsc::Sender<Want>>,
    state: BuildState,
    /// Who waits for the joined weights.
    joining: Option<mpsc::Sender<Joining>>,
}

/// What is told of weights that are being joined.
#[derive(Debug)]
pub(super) enum Joining {
    /// So many percent are there.
    Percent(u8),
    /// They are there, as this file.
    File(String),
    /// They are not.
    Failed(String),
}

impl Builder {
    pub(super) fn state(&self) -> BuildState {
        self.0.lock().state.clone()
    }

    /// Wants the helper built; nothing happens when nobody builds here.
    pub(super) fn build(&self, install: bool) {
        let mut inner = self.0.lock();
        if matches!(inner.state, BuildState::Running { .. }) {
            return;
        }
        let work = Work::Program;
        if inner.want(Want::Begin { work, install }) {
            inner.state = BuildState::Running {
                what: "Beginning".to_owned(),
                percent: None,
                line: None,
            };
        }
    }

    /// Stops building.
    pub(super) fn stop(&self) {
        let inner = self.0.lock();
        if matches!(inner.state, BuildState::Running { .. }) {
            inner.want(Want::Stop {
                work: Work::Program,
            });
        }
    }

    /// Wants the weights joined; `None` when nobody can.
    pub(super) fn join(&self) -> Option<mpsc::Receiver<Joining>> {
        let mut inner = self.0.lock();
        let (sender, joining) = mpsc::channel(WISHES);
        let wanted = inner.want(Want::Begin {
            work: Work::Weights,
            install: false,
        });
        inner.joining = Some(sender);
        wanted.then_some(joining)
    }

    /// Stops joining.
    pub(super) fn stop_joining(&self) {
        let mut inner = self.0.lock();
        if inner.joining.take().is_some() {
            inner.want(Want::Stop {
                work: Work::Weights,
            });
        }
    }

    /// Learns something; true when the person who started the server wants
    /// the local model.
    fn hear(&self, news: News) -> bool {
        let mut inner = self.0.lock();
        match news {
            News::Hello { version, begin } => {
                if version == VERSION {
                    inner.state = BuildState::Idle;
                    return begin;
                }
            }
            News::Step {
                work: Work::Program,
                what,
                percent,
                line,
            } => {
                let percent = percent.map(|percent| percent.min(100));
                inner.state = BuildState::Running {
                    what,
                    percent,
                    line,
                };
            }
            News::Needs {
                packages,
                command,
                installable,
            } => {
                inner.state = BuildState::Needs {
                    packages,
                    command,
                    installable,
                };
            }
            News::Done {
                work: Work::Program,
                ..
            } => inner.state = BuildState::Idle,
            News::Failed {
                work: Work::Program,
                message,
            } => inner.state = BuildState::Failed { reason: message },
            News::Step {
                work: Work::Weights,
                percent,
                ..
            } => inner.tell(Joining::Percent(percent.unwrap_or(0).min(100))),
            News::Done {
                work: Work::Weights,
                file,
            } => inner.tell(Joining::File(file)),
            News::Failed {
                work: Work::Weights,
                message,
            } => inner.tell(Joining::Failed(message)),
        }
        false
    }

    fn gone(&self) {
        *self.0.lock() = Inner::default();
    }
}

impl Inner {
    /// Says what is wanted; false when nobody hears it.
    fn want(&self, want: Want) -> bool {
        let wants = self.wants.as_ref();
        wants.is_some_and(|wants| wants.try_send(want).is_ok())
    }

    fn tell(&self, news: Joining) {
        if let Some(joining) = &self.joining {
            // A percentage that nobody reads in time is followed by others.
            let _ = joining.try_send(news);
        }
    }
}

impl LocalModel {
    /// Talks with who can build the helper, where the server was started from a
    /// source checkout, until either is gone. Only within a runtime.
    pub fn attend(&self, socket: BuilderSocket) {
        let (wants, waiting) = mpsc::channel(WISHES);
        self.0.builder.0.lock().wants = Some(wants);
        let (model, stop) = (self.clone(), self.0.stop.clone());
        self.0.tasks.spawn(write(socket.wants, waiting));
        self.0.tasks.spawn(async move {
            let heard = stop.run_until_cancelled(model.hear_all(socket.news)).await;
            if let Some(Err(error)) = heard {
                tracing::warn!(%error, "the builder of the local model's program can't be heard");
            }
            model.0.builder.gone();
        });
    }

    async fn hear_all(&self, news: Box<dyn AsyncRead + Send + Unpin>) -> io::Result<()> {
        let mut news = BufReader::new(news);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut limited = (&mut news).take(LINE_BYTES);
            if limited.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            if self.0.builder.hear(serde_json::from_slice(&line)?) {
                self.begin(true);
            }
        }
    }
}

async fn write(mut to: Box<dyn AsyncWrite + Send + Unpin>, mut wants: mpsc::Receiver<Want>) {
    while let Some(want) = wants.recv().await {
        let Ok(mut line) = serde_json::to_vec(&want) else {
            continue;
        };
        line.push(b'\n');
        if to.write_all(&line).await.is_err() || to.flush().await.is_err() {
            // Whoever hears it learns that it is gone.
            return;
        }
    }
}
