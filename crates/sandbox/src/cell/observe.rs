//! What the programs of a draft's cell open in the workspace.
//!
//! The server makes an inotify instance and sends it into the cell, whose
//! first process watches the folders there, in the tree as the cell's programs
//! see it: a watch belongs to a folder of that tree, so that nobody else's
//! opening of a file is taken for theirs. The kernel queues what happens before
//! the program's call returns; whoever reads the queue when a program has ended
//! knows all that it opened. What is only looked at (`stat`, a name that is not
//! there, where a link leads) is not told.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use super::channel;
use super::site::Site;
use super::spec::{Placed, WORKSPACE};
use super::system;
use crate::draft::reads::Record;

/// How long what is opened gathers before it is read. The kernel keeps 16,384
/// of them unless told otherwise.
const GATHER: Duration = Duration::from_millis(2);
/// Bytes of events read at a time, and how often in a row.
const BUFFER: usize = 64 * 1024;
const GULPS: usize = 64;

/// Watches folders, from inside the cell.
pub(super) fn place(instance: &OwnedFd, folders: &[String]) -> Placed {
    let mut placed = Placed::default();
    let what = WatchFlags::OPEN | WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW;
    for folder in folders {
        match inotify::add_watch(instance, format!("{WORKSPACE}/{folder}"), what) {
            Ok(number) => placed.watches.push(number),
            Err(Errno::NOENT | Errno::NOTDIR) => placed.watches.push(-1),
            Err(error) => {
                placed.errno = Some(error.raw_os_error());
                break;
            }
        }
    }
    placed
}

/// Notes what is opened in a draft's cell, seen from the server.
#[derive(Debug)]
pub(super) struct Observer {
    events: AsyncFd<OwnedFd>,
    noted: Mutex<Noted>,
}

#[derive(Debug)]
struct Noted {
    record: Option<Record>,
    folders: Vec<String>,
    /// The folders by the number of their watch. One that is reached by two
    /// names is both.
    by_watch: HashMap<i32, Vec<usize>>,
}

impl Observer {
    /// Begins to observe a draft that wants it; returns it with the folders to
    /// watch. A draft that can't be observed has its record given up.
    pub(super) fn begin(site: &Site) -> Option<(Arc<Self>, Vec<String>)> {
        let draft = site.draft.as_deref()?;
        let opened = Record::open(draft);
        let (mut record, folders) = opened
            .inspect_err(|error| tracing::warn!(%error, path = %draft.display(), "the record of a draft can't be added to"))
            .ok()??;
        let flags = CreateFlags::NONBLOCK | CreateFlags::CLOEXEC;
        let events = inotify::init(flags).map_err(io::Error::from);
        let events = match events.and_then(system::wait_on) {
            Ok(events) => events,
            Err(error) => {
                record.give_up(&format!(
                    "what is opened can't be watched: {error} (fs.inotify.max_user_instances)"
                ));
                record.close();
                return None;
            }
        };
        let noted = Noted {
            record: Some(record),
            folders: folders.clone(),
            by_watch: HashMap::new(),
        };
        let observer = Self {
            events,
            noted: Mutex::new(noted),
        };
        Some((Arc::new(observer), folders))
    }

    /// Returns what is sent into the cell.
    pub(super) fn instance(&self) -> BorrowedFd<'_> {
        self.events.get_ref().as_fd()
    }

    /// Takes in what the cell's first process says of the watches.
    pub(super) fn learn(&self, placed: Option<OwnedFd>) {
        let placed = placed.ok_or(io::ErrorKind::InvalidData.into());
        let placed: io::Result<Placed> = placed.and_then(channel::read_back);
        let mut noted = self.noted.lock();
        match placed {
            Ok(placed) => noted.learn(&placed),
            Err(_) => noted.give_up("the draft's cell does not say what it watches"),
        }
    }

    /// Notes what is opened for as long as it is polled.
    pub(super) async fn follow(&self) -> Infallible {
        loop {
            match self.events.readable().await {
                Ok(mut ready) => {
                    ready.clear_ready();
                    self.noted.lock().drain(self.instance());
                }
                // The runtime is ending.
                Err(_) => std::future::pending().await,
            }
            tokio::time::sleep(GATHER).await;
        }
    }

    /// Writes down all that was opened until now.
    pub(super) async fn settle(self: &Arc<Self>) {
        let observer = Arc::clone(self);
        let settle = tokio::task::spawn_blocking(move || {
            let mut noted = observer.noted.lock();
            noted.drain(observer.instance());
            if let Some(record) = &mut noted.record {
                record.flush();
            }
        });
        if let Err(error) = settle.await {
            tracing::error!(%error, "what a draft opened could not be written down");
        }
    }

    /// Writes down the rest, when nothing in the cell is alive any more.
    pub(super) async fn close(self: &Arc<Self>) {
        self.settle().await;
        let record = self.noted.lock().record.take();
        let close = tokio::task::spawn_blocking(move || record.map(Record::close));
        let _ = close.await;
    }
}

impl Noted {
    fn learn(&mut self, placed: &Placed) {
        let Some(record) = &mut self.record else {
            return;
        };
        if let Some(errno) = placed.errno {
            let error = io::Error::from_raw_os_error(errno);
            return record.give_up(&format!(
                "not every folder can be watched: {error} (fs.inotify.max_user_watches)"
            ));
        }
        for (at, folder) in self.folders.iter().enumerate() {
            match placed.watches.get(at) {
                Some(number @ 0..) => self.by_watch.entry(*number).or_default().push(at),
                _ => record.missed(folder),
            }
        }
        record.flush();
    }

    fn give_up(&mut self, reason: &str) {
        if let Some(record) = &mut self.record {
            record.give_up(reason);
        }
    }

    /// Reads the events that are there.
    fn drain(&mut self, instance: BorrowedFd<'_>) {
        // A program may open files without end.
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
        let mut reader = Reader::new(instance, &mut buffer);
        let mut gulps = 0;
        while gulps <= GULPS {
            gulps += usize::from(reader.is_buffer_empty());
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| name.to_str());
                    self.happened(event.wd(), event.events(), name);
                }
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    fn happened(
        &mut self,
        number: i32,
        what: ReadFlags,
        name: Option<Result<&str, std::str::Utf8Error>>,
    ) {
        let Some(record) = &mut self.record else {
            return;
        };
        if what.contains(ReadFlags::QUEUE_OVERFLOW) {
            return record.give_up(
                "more was opened at once than the kernel tells of (fs.inotify.max_queued_events)",
            );
        }
        if !what.contains(ReadFlags::OPEN) {
            return;
        }
        let places = self.by_watch.get(&number).into_iter().flatten();
        for folder in places.filter_map(|at| self.folders.get(*at)) {
            match name {
                // Folders tell of themselves, when they are watched.
                Some(_) if what.contains(ReadFlags::ISDIR) => {}
                Some(Ok(name)) => record.opened(folder, name),
                // No path of a workspace.
                Some(Err(_)) => {}
                None => record.listed(folder),
            }
        }
    }
}
