//! What a cell looks like from outside.

use std::time::Duration;

/// A cell that is running.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellState {
    /// Time since its start.
    pub age: Duration,
    /// Memory in use, in bytes.
    pub memory_bytes: u64,
    /// Processor time used, when measured.
    pub cpu: Option<Duration>,
    /// Its processes but the first, which is ours.
    pub processes: Vec<CellProcess>,
    /// The TCP ports that are listened on in it, without our own, in order.
    pub ports: Vec<ListeningPort>,
}

/// A process in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellProcess {
    /// Its number inside the cell.
    pub pid: i32,
    /// Its command line, cut to 200 characters.
    pub command: String,
    /// Its resident memory, in bytes.
    pub memory_bytes: u64,
}

/// A TCP port that something in a cell listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListeningPort {
    /// The port.
    pub port: u16,
    /// The name of the program that listens, when it could be found.
    pub program: Option<String>,
}
