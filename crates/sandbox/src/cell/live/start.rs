//! How a cell that stays begins, and how it is ended.

use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{ANSWER_BYTES, END, Live, explain};
use crate::cell::cgroup::SharedCgroup;
use crate::cell::ground::Ground;
use crate::cell::observe::Observer;
use crate::cell::site::Site;
use crate::cell::spec::{Identity, Spec, Task};
use crate::cell::{channel, run, system};

/// How long a cell may take to start.
const START: Duration = Duration::from_secs(10);

/// What the cell's supervisor has of it.
pub(in crate::cell) struct Supervised {
    control: UnixStream,
}

impl Live {
    /// Starts a cell over `site`; returns it with its way out.
    pub(in crate::cell) async fn start(
        ground: &Ground,
        site: &Site,
    ) -> Result<(Self, Supervised, TcpListener), String> {
        let observed = Observer::begin(site);
        let started = Self::start_observed(ground, site, observed.as_ref()).await;
        if let (Err(_), Some((observer, _))) = (&started, &observed) {
            // No program ran in it.
            observer.close().await;
        }
        started
    }

    async fn start_observed(
        ground: &Ground,
        site: &Site,
        observed: Option<&(Arc<Observer>, Vec<String>)>,
    ) -> Result<(Self, Supervised, TcpListener), String> {
        let identity = run::identify(Some(&site.workspace))?;
        let group = ground.cgroups().create_shared(ground.cell_limits());
        let group = group.map_err(|error| format!("No control group could be made: {error}"))?;
        let mut spec = specify(ground, site, identity.clone(), &group)?;
        let no_socket = |error: io::Error| format!("No socket could be made: {error}");
        let (requests, theirs) = sockets().map_err(no_socket)?;
        let mut descriptors = vec![theirs];
        let observer = observed.map(|(observer, folders)| {
            spec.observe.clone_from(folders);
            observer
        });
        if let Some(observer) = observer {
            let instance = observer.instance().try_clone_to_owned();
            descriptors.push(instance.map_err(no_socket)?);
        }
        let control = ground.zygote().launch(&spec, &descriptors).await?;
        drop(descriptors);
        let mut supervised = Supervised { control };
        let (way_out, placed) = match await_start(&requests, &mut supervised).await {
            Ok(started) => started,
            Err(reason) => {
                supervised.end().await;
                group.remove().await;
                return Err(reason);
            }
        };
        if let Some(observer) = observer {
            observer.learn(placed);
        }
        let live = Self {
            requests,
            group,
            identity,
            observer: observer.cloned(),
            started: Instant::now(),
            users: watch::Sender::new(0),
            stop: CancellationToken::new(),
            over: CancellationToken::new(),
        };
        Ok((live, supervised, way_out))
    }
}

impl Supervised {
    /// Waits until the cell ends by itself.
    pub(in crate::cell) async fn ended(&mut self) {
        let mut rest = Vec::new();
        let _ = (&mut self.control)
            .take(ANSWER_BYTES)
            .read_to_end(&mut rest)
            .await;
    }

    /// Ends the cell; returns when nothing of it is alive.
    pub(in crate::cell) async fn end(mut self) {
        let _ = self.control.shutdown().await;
        let _ = timeout(END, self.ended()).await;
    }
}

fn specify(
    ground: &Ground,
    site: &Site,
    identity: Option<Identity>,
    group: &SharedCgroup,
) -> Result<Spec, String> {
    let (limits, kept) = (ground.cell_limits(), ground.cgroups().kept());
    Ok(Spec {
        identity,
        cgroup_join: group.join_files(),
        workspace: Some(run::text(&site.workspace)?),
        draft: site.draft.as_deref().map(run::text).transpose()?,
        observe: Vec::new(),
        rlimits: run::rlimits(limits, kept),
        tmp_bytes: limits.tmp_bytes,
        watch: run::watch(limits, kept),
        task: Task::Stay,
    })
}

/// Makes the socket of the cell's requests; returns its first process's end too.
fn sockets() -> io::Result<(AsyncFd<OwnedFd>, OwnedFd)> {
    let (ours, theirs) = rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    Ok((system::wait_on(ours)?, theirs))
}

/// Waits until the cell stands, or for why it does not. Returns its way out
/// and what it says of the watches it was to place.
async fn await_start(
    requests: &AsyncFd<OwnedFd>,
    supervised: &mut Supervised,
) -> Result<(TcpListener, Option<OwnedFd>), String> {
    let stands = requests.async_io(Interest::READABLE, |socket| {
        channel::receive(socket, &mut [0])
    });
    let mut answer = Vec::new();
    let failed = (&mut supervised.control).take(ANSWER_BYTES);
    let stands = tokio::select! {
        stands = timeout(START, stands) => stands.ok().and_then(Result::ok),
        _ = async { { failed }.read_to_end(&mut answer).await } => None,
    };
    let mut descriptors = stands.map(|(_, descriptors)| descriptors.into_iter());
    let mut next = || descriptors.as_mut().and_then(Iterator::next);
    if let Some(way_out) = next() {
        return Ok((TcpListener::from(way_out), next()));
    }
    if answer.is_empty() {
        let rest = (&mut supervised.control).take(ANSWER_BYTES);
        let _ = timeout(END, async { { rest }.read_to_end(&mut answer).await }).await;
    }
    Err(explain(&answer))
}
