//! What there is in a cell, looked at from its first process.

use std::collections::HashMap;
use std::fs;
use std::os::fd::OwnedFd;

use rustix::process::Pid;

use super::job;
use super::spec::{PROXY_PORT, View, ViewedPort, ViewedProcess};

/// The most processes that are told of, and characters of a command line.
const PROCESSES: usize = 256;
const COMMAND: usize = 200;
/// The most ports that are told of.
const PORTS: usize = 64;

/// Looks and tells; `ours` is no process of a program. A view that nobody takes
/// is dropped.
pub(super) fn tell(to: &OwnedFd, ours: Option<Pid>) {
    let processes = job::processes().filter(|pid| Some(*pid) != ours);
    let processes: Vec<Pid> = processes.take(PROCESSES).collect();
    let view = View {
        ports: ports(&processes),
        processes: processes.iter().filter_map(|pid| process(*pid)).collect(),
    };
    if let Ok(file) = super::channel::write_down(&view) {
        let _ = super::channel::send(to, b"v", &[std::os::fd::AsFd::as_fd(&file)]);
    }
}

fn process(pid: Pid) -> Option<ViewedProcess> {
    let pid = pid.as_raw_nonzero().get();
    let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = words.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let command = words.collect::<Vec<_>>().join(" ");
    let pages = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(ViewedProcess {
        pid,
        command: command.trim().chars().take(COMMAND).collect(),
        memory_bytes: pages * rustix::param::page_size() as u64,
    })
}

/// Returns the ports that are listened on where we can connect to.
fn ports(processes: &[Pid]) -> Vec<ViewedPort> {
    let mut found: HashMap<u16, u64> = HashMap::new();
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        found.extend(text.lines().skip(1).filter_map(listening));
    }
    found.remove(&PROXY_PORT);
    if found.is_empty() {
        return Vec::new();
    }
    let holders = holders(processes, &found);
    let mut ports: Vec<_> = found
        .iter()
        .map(|(port, inode)| ViewedPort {
            port: *port,
            program: holders.get(inode).cloned(),
        })
        .collect();
    ports.sort_by_key(|port| port.port);
    ports.truncate(PORTS);
    ports
}

/// Reads a line of `/proc/net/tcp` (see `proc_net_tcp.txt` of the kernel's
/// documentation): port and inode of a socket that listens.
fn listening(line: &str) -> Option<(u16, u64)> {
    const LISTEN: &str = "0A";
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (_, port) = fields.next()?.rsplit_once(':')?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?.parse().ok()?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (state == LISTEN).then_some((port, inode))
}

/// Returns the names of the programs that hold sockets, by inode.
fn holders(processes: &[Pid], sockets: &HashMap<u16, u64>) -> HashMap<u64, String> {
    let mut holders = HashMap::new();
    for pid in processes {
        let pid = pid.as_raw_nonzero();
        let entries = fs::read_dir(format!("/proc/{pid}/fd"));
        for entry in entries.into_iter().flatten().flatten() {
            let Ok(target) = fs::read_link(entry.path()) else {
                continue;
            };
            let inode = target
                .to_str()
                .and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']'));
            let inode = inode.and_then(|inode| inode.parse().ok());
            let inode = inode.filter(|inode| sockets.values().any(|known| known == inode));
            if let Some(inode) = inode {
                let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                holders.entry(inode).or_insert(name.trim().to_owned());
            }
        }
    }
    holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_that_listen_are_read_from_the_kernels_table() {
        for (line, expected) in [
            (
                "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0",
                Some((8080, 4711)),
            ),
            (
                "   1: 00000000000000000000000001000000:1435 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12 1 0 100 0 0 10 0",
                Some((5173, 12)),
            ),
            (
                "   2: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1",
                None,
            ),
            ("", None),
            ("   3: x:y z", None),
        ] {
            assert_eq!(listening(line), expected, "{line}");
        }
    }
}
