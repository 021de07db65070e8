//! What the server tells the launcher, and what the launcher tells back.
//!
//! The specification lies in a memory file, so that its size never blocks the
//! sender; the answer is one JSON text on the control socket.

use serde::{Deserialize, Serialize};

/// The user and group that a workspace's owner maps to inside the cell.
pub(super) const INSIDE_ID: u32 = 1000;

/// The host user and group of a cell over a folder that root owns. The folder
/// is mounted so that this id appears as root's there, and nowhere else.
pub(super) const ROOT_FOLDER_ID: u32 = 199_999;

/// Where the workspace is mounted in the cell.
pub(super) const WORKSPACE: &str = "/workspace";

/// What the cells of a server have in common. The launcher is told once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Common {
    pub root: Root,
    /// System call filters, each instruction as one number.
    pub filters: Vec<Vec<u64>>,
}

/// Everything else that the launcher needs to know to build one cell.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    /// Who the cell is to be on the host; `None` stays who we are.
    pub identity: Option<Identity>,
    /// The control group files to join through, by writing `0`.
    pub cgroup_join: Vec<String>,
    /// The host directory to mount at [`WORKSPACE`]; an empty one if `None`.
    pub workspace: Option<String>,
    /// The host directory of the draft to lay over the workspace, with `upper`
    /// and `work` in it.
    pub draft: Option<String>,
    /// The folders of the workspace to watch for what is opened in them, by
    /// the inotify instance that comes with the specification.
    pub observe: Vec<String>,
    pub rlimits: Rlimits,
    pub tmp_bytes: u64,
    pub watch: Watch,
    pub task: Task,
}

/// A host user to become before the walls are built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub uid: u32,
    pub gid: u32,
    /// Whether the folder is root's and must be mounted with ids mapped.
    pub map_root: bool,
}

/// The parts of the host's tree that a cell sees, and the files made for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Root {
    /// Links: path and target.
    pub links: Vec<(String, String)>,
    /// System directories, at the same path, read-only.
    pub directories: Vec<String>,
    /// Single system files, at the same path, read-only.
    pub files: Vec<String>,
    /// Tool directories outside the system's, at the same path, read-only.
    pub tools: Vec<String>,
    /// Directories for the search path, in order.
    pub path: Vec<String>,
}

/// Kernel limits of each process, clamped to what we may set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rlimits {
    pub file_bytes: u64,
    /// Beside those that are there already: this limit counts all of the cell.
    pub processes: u64,
}

/// What the cell's first process measures because the kernel does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watch {
    /// Resident memory of all processes, when there is no memory controller.
    pub memory_bytes: Option<u64>,
    /// The workspace's size.
    pub disk_bytes: u64,
}

/// What to do once the walls stand.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Task {
    /// Run a program in a directory of the cell.
    Run {
        argv: Vec<String>,
        env: Vec<(String, String)>,
        cwd: String,
    },
    /// Look at the walls from inside and tell.
    Probe,
    /// Stay, and do what is asked over the socket that stands in for standard
    /// input.
    Stay,
}

/// What a cell that stays is asked for. With each request comes a socket for
/// its answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// Start a program; what to start comes as a [`JobSpec`] of its own, which
    /// whoever becomes the program reads. It is ended when the socket's other
    /// side is closed; the [`Answer`] comes when nothing of it is alive. For one
    /// with a screen the terminal comes first.
    Start {
        watch: Watch,
        /// Columns and rows of the terminal to make for it.
        screen: Option<(u16, u16)>,
    },
    /// Connect to a port of the loopback interface; the answer is the socket.
    Connect { port: u16, version_6: bool },
    /// Look at what there is; the answer is a [`View`].
    Look,
}

/// A program to start in a cell that stays.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobSpec {
    pub argv: Vec<String>,
    pub env: Vec<(String, String)>,
    pub cwd: String,
    pub rlimits: Rlimits,
}

/// What the first process of a cell that stays adds to a [`JobSpec`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    /// The processes that are there beside the program's.
    pub others: u64,
    /// Whether its one stream is a terminal to take.
    pub screen: bool,
}

/// What a job has used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub cpu_micros: u64,
    pub peak_bytes: u64,
}

/// What there is in a cell that stays.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct View {
    pub processes: Vec<ViewedProcess>,
    pub ports: Vec<ViewedPort>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ViewedProcess {
    pub pid: i32,
    pub command: String,
    pub memory_bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ViewedPort {
    pub port: u16,
    pub program: Option<String>,
}

/// What became of the watches that were asked for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Placed {
    /// The number of each folder's watch; -1 for a folder that is not there.
    pub watches: Vec<i32>,
    /// Why not all could be placed.
    pub errno: Option<i32>,
}

/// The port on which programs of a cell that stays find an HTTP proxy.
pub(super) const PROXY_PORT: u16 = 3128;

/// What the launcher tells the server, once, at the end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Answer {
    pub news: Vec<News>,
    /// Processor time of everything in the cell, in microseconds.
    pub cpu_micros: u64,
    /// The largest resident set of one process, in bytes.
    pub peak_bytes: u64,
}

/// What was learned in the cell, in order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// The walls could not be built.
    Failed(Failure),
    /// The program could not be started.
    NotStarted { errno: i32 },
    /// The program ended: its status or its signal.
    Ended {
        exit_code: Option<i32>,
        signal: Option<i32>,
    },
    /// A measured limit was passed, by so many bytes in use.
    Over { measure: Measure, bytes: u64 },
    /// What the walls look like from inside.
    Facts(Facts),
}

/// A step that the kernel refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    /// What was being done, such as `mount /proc`.
    pub step: String,
    pub errno: i32,
}

/// A limit that is measured by looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Measure {
    Memory,
    Disk,
}

/// The walls, seen from inside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// The cell's namespaces: the kernel's name and its number.
    pub namespaces: Vec<(String, String)>,
    /// Lines of the first process's `/proc/self/status` that matter.
    pub status: Vec<(String, String)>,
    /// The version of Landlock that the kernel offers, 0 for none.
    pub landlock: i32,
}
