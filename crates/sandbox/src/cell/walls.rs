//! The cell's root: a small tree of allowed parts, built from nothing.
//!
//! The host's `/` and `/run` are never mounted: even read-only they would hold
//! sockets that can be connected to.

use std::ffi::{CStr, CString};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode};
use rustix::mount::{
    MountAttrFlags, MountFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount, mount_bind,
    mount_bind_recursive, move_mount, open_tree, unmount,
};

use super::failure::Step;
use super::spec::{Failure, Root, Spec, WORKSPACE};
use super::system;

/// Host directories, held as mounts that are not yet attached anywhere.
#[derive(Debug)]
pub(super) struct Sources {
    tools: Vec<(OwnedFd, String)>,
    workspace: Option<OwnedFd>,
    draft: Option<OwnedFd>,
}

impl Sources {
    /// Takes hold of the directories. A root server does so before it becomes
    /// the cell's user, who may have no way to them.
    pub(super) fn open(
        root: &Root,
        spec: &Spec,
        id_map: Option<BorrowedFd<'_>>,
    ) -> Result<Self, Failure> {
        let read_only = MountAttrFlags::MOUNT_ATTR_RDONLY | unprivileged();
        let tools = root.tools.iter().map(|path| {
            let tree = detach(path, read_only, None).step(&format!("mount {path}"))?;
            Ok((tree, path.clone()))
        });
        let step = match id_map {
            Some(_) => "map the ids of the workspace's folder",
            None => "mount the workspace's folder",
        };
        let workspace = spec.workspace.as_deref();
        let workspace = workspace.map(|path| detach(path, unprivileged(), id_map).step(step));
        let draft = spec
            .draft
            .as_deref()
            .map(|path| detach(path, unprivileged(), id_map).step("mount the draft's folder"));
        Ok(Self {
            tools: tools.collect::<Result<_, _>>()?,
            workspace: workspace.transpose()?,
            draft: draft.transpose()?,
        })
    }
}

/// Builds the root and makes it `/`; returns a handle of what the draft, if
/// there is one, holds itself.
pub(super) fn build(
    root: &Root,
    spec: &Spec,
    sources: &Sources,
) -> Result<Option<OwnedFd>, Failure> {
    mount_base().step("mount the cell's root")?;
    fill(root).step("fill the cell's root")?;
    mount_system(root)?;
    mount_kernel(spec)?;
    for (tree, path) in &sources.tools {
        attach(tree, inside(path)).step(&format!("mount {path}"))?;
    }
    let mut layer = None;
    match (&sources.workspace, &sources.draft) {
        (Some(workspace), Some(draft)) => {
            let laid = lay_over(workspace, draft).step("lay the draft over the workspace")?;
            layer = Some(laid);
        }
        (Some(workspace), None) => {
            attach(workspace, inside(WORKSPACE)).step("mount the workspace's folder")?;
        }
        (None, _) => {}
    }
    close_root().step("leave the host's root")?;
    Ok(layer)
}

fn unprivileged() -> MountAttrFlags {
    MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV
}

fn detach(
    path: &str,
    attributes: MountAttrFlags,
    id_map: Option<BorrowedFd<'_>>,
) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    // A mapped mount takes its top alone: what is mounted below it may be of a
    // kind that can't be mapped.
    let recursive = id_map.is_none();
    let depth = if recursive {
        OpenTreeFlags::AT_RECURSIVE
    } else {
        OpenTreeFlags::empty()
    };
    let tree = open_tree(CWD, path, flags | depth)?;
    system::set_mount_attributes(tree.as_fd(), c"", recursive, attributes, id_map)?;
    Ok(tree)
}

fn attach(tree: &OwnedFd, target: &str) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    Ok(move_mount(tree, "", CWD, target, flags)?)
}

/// Mounts the workspace with the draft's changes over it. The overlay keeps
/// what it needs of both; their own places are gone when this returns the
/// draft's layer, which no name leads to.
fn lay_over(workspace: &OwnedFd, draft: &OwnedFd) -> io::Result<OwnedFd> {
    let (lower, upper) = ("run/lower", "run/draft");
    for (tree, place) in [(workspace, lower), (draft, upper)] {
        make_directory(place)?;
        attach(tree, place)?;
    }
    // An ordinary user's overlay keeps its notes in attributes that such a user
    // may set.
    let options = c"lowerdir=run/lower,upperdir=run/draft/upper,workdir=run/draft/work,userxattr";
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("overlay", inside(WORKSPACE), "overlay", flags, options)?;
    let layer = fs::File::open("run/draft/upper")?;
    for place in [upper, lower] {
        unmount(place, UnmountFlags::DETACH)?;
        fs::remove_dir(place)?;
    }
    Ok(layer.into())
}

/// Returns a path of the cell relative to its root, where we stand.
fn inside(path: &str) -> &str {
    path.trim_start_matches('/')
}

/// Mounts an empty root over some directory and goes there. Which one does not
/// matter: nothing is looked up below it again, and it stays in our namespace.
fn mount_base() -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let mut result = Ok(());
    for directory in ["/tmp", "/var", "/home"] {
        result = mount(
            "tmpfs",
            directory,
            "tmpfs",
            flags,
            c"size=16m,nr_inodes=4096,mode=755",
        );
        if result.is_ok() {
            return std::env::set_current_dir(directory);
        }
    }
    Ok(result?)
}

const DIRECTORIES: &[&str] = &[
    "dev",
    "dev/pts",
    "dev/shm",
    "etc",
    "home",
    "proc",
    "root",
    "run",
    "sys",
    "tmp",
    "usr",
    "var",
    "workspace",
];
const DEVICES: &[&str] = &["full", "null", "random", "tty", "urandom", "zero"];
const LINKS: &[(&str, &str)] = &[
    ("dev/fd", "/proc/self/fd"),
    ("dev/ptmx", "pts/ptmx"),
    ("dev/stderr", "/proc/self/fd/2"),
    ("dev/stdin", "/proc/self/fd/0"),
    ("dev/stdout", "/proc/self/fd/1"),
    ("etc/mtab", "/proc/self/mounts"),
    ("var/tmp", "/tmp"),
];
const FILES: &[(&str, &str)] = &[
    ("etc/group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n"),
    ("etc/hostname", "cell\n"),
    (
        "etc/hosts",
        "127.0.0.1 localhost cell\n::1 localhost cell\n",
    ),
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\n\
         user:x:1000:1000:user:/tmp/home:/bin/sh\n\
         nobody:x:65534:65534:nobody:/:/bin/false\n",
    ),
];

/// Makes directories, links, files and the places that are mounted over.
fn fill(root: &Root) -> io::Result<()> {
    for directory in DIRECTORIES {
        make_directory(directory)?;
    }
    for device in DEVICES {
        make_empty(&format!("dev/{device}"))?;
    }
    for (path, target) in LINKS {
        symlink(target, path)?;
    }
    for (path, text) in FILES {
        fs::write(path, text)?;
    }
    for (path, target) in &root.links {
        symlink(target, inside(path))?;
    }
    for path in root.files.iter().map(|path| inside(path)) {
        make_parents(path)?;
        make_empty(path)?;
    }
    for path in root.directories.iter().chain(&root.tools) {
        make_parents(inside(path))?;
        make_directory(inside(path))?;
    }
    Ok(())
}

/// Makes an empty file to mount over.
fn make_empty(path: &str) -> io::Result<()> {
    let mode = Mode::from_raw_mode(0o644);
    Ok(rustix::fs::mknodat(
        CWD,
        path,
        FileType::RegularFile,
        mode,
        0,
    )?)
}

fn make_directory(path: &str) -> io::Result<()> {
    match DirBuilder::new().mode(0o755).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn make_parents(path: &str) -> io::Result<()> {
    let parent = Path::new(path).parent().unwrap_or(Path::new(""));
    if parent.as_os_str().is_empty() || parent.is_dir() {
        return Ok(());
    }
    DirBuilder::new().mode(0o755).recursive(true).create(parent)
}

/// Mounts the parts of the host that everybody may read.
fn mount_system(root: &Root) -> Result<(), Failure> {
    let read_only = MountAttrFlags::MOUNT_ATTR_RDONLY | unprivileged();
    for path in root.directories.iter().chain(&root.files) {
        let target = inside(path);
        mount_bind_recursive(path.as_str(), target)
            .map_err(io::Error::from)
            .and_then(|()| {
                let target = CString::new(target)?;
                system::set_mount_attributes(CWD, &target, true, read_only, None)
            })
            .step(&format!("mount {path}"))?;
    }
    for device in DEVICES {
        let (host, target) = (format!("/dev/{device}"), format!("dev/{device}"));
        mount_bind(&host, &target).step(&format!("mount {host}"))?;
    }
    Ok(())
}

/// Files of `/proc` that tell of the machine rather than of the cell. Some
/// can't be opened by the cell's user anyway; they are masked all the same.
const MASKED_FILES: &[&str] = &[
    "config.gz",
    "interrupts",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "kmsg",
    "sysrq-trigger",
    "timer_list",
];
/// Directories of `/proc`, likewise.
const MASKED_DIRECTORIES: &[&str] = &["acpi", "asound", "scsi"];

/// Mounts the file systems that the kernel makes.
fn mount_kernel(spec: &Spec) -> Result<(), Failure> {
    let plain = MountFlags::NOSUID | MountFlags::NODEV;
    let devices = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount_new("proc", "proc", plain | MountFlags::NOEXEC, c"")?;
    let terminals = c"newinstance,ptmxmode=0666,mode=0620";
    mount_new("devpts", "dev/pts", devices, terminals)?;
    mount_new(
        "tmpfs",
        "dev/shm",
        plain,
        c"mode=1777,size=64m,nr_inodes=4096",
    )?;
    let size = format!("mode=1777,size={},nr_inodes=65536", spec.tmp_bytes);
    let size = CString::new(size).step("size /tmp")?;
    mount_new("tmpfs", "tmp", plain, &size)?;
    make_directory("tmp/home").step("make the home folder")?;
    for name in MASKED_FILES {
        mask("dev/null", &format!("proc/{name}"))?;
    }
    for name in MASKED_DIRECTORIES {
        mask("sys", &format!("proc/{name}"))?;
    }
    Ok(())
}

fn mount_new(kind: &str, target: &str, flags: MountFlags, data: &CStr) -> Result<(), Failure> {
    mount(kind, target, kind, flags, data).step(&format!("mount /{target}"))
}

fn mask(cover: &str, target: &str) -> Result<(), Failure> {
    let step = format!("mask /{target}");
    match mount_bind(cover, target) {
        Err(rustix::io::Errno::NOENT) => return Ok(()),
        result => result.step(&step)?,
    }
    let target = CString::new(target).step(&step)?;
    let read_only = MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    system::set_mount_attributes(CWD, &target, false, read_only, None).step(&step)
}

/// Makes where we stand `/`, lets go of the host's tree and forbids changes.
fn close_root() -> io::Result<()> {
    rustix::process::pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    let read_only = MountAttrFlags::MOUNT_ATTR_RDONLY | unprivileged();
    system::set_mount_attributes(CWD, c"/", false, read_only, None)
}
