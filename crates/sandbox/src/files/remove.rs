//! Deleting a whole tree without ever leaving it.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, chmodat, fchmod, fstat, openat, renameat_with,
    unlinkat,
};
use rustix::io::Errno;

use super::open_child;
use super::walk::names_in;

/// How many folders deep we hold handles. A process can nest deeper than any
/// path can say; what lies below is moved up and deleted from there.
const DEPTH: usize = 100;

/// How the names begin that folders are moved up to.
pub(crate) const MOVED_UP: &str = ".removing-";

/// How often a folder is emptied again that a process keeps filling.
const ROUNDS: usize = 8;

/// Deletes `name` in `folder`, with all that is in it if it is a folder.
/// Links are deleted, not followed; other mounts are not entered. Missing is
/// fine.
pub(crate) fn remove_tree(
    folder: BorrowedFd<'_>,
    name: impl rustix::path::Arg,
) -> rustix::io::Result<()> {
    let mut removal = Removal {
        top: folder,
        device: fstat(folder)?.st_dev,
        moved_up: Vec::new(),
    };
    removal.remove(folder, &name.into_c_str()?, DEPTH)?;
    while let Some(name) = removal.moved_up.pop() {
        removal.remove(folder, &name, DEPTH)?;
    }
    Ok(())
}

struct Removal<'a> {
    top: BorrowedFd<'a>,
    device: u64,
    moved_up: Vec<CString>,
}

impl Removal<'_> {
    fn remove(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &CStr,
        depth: usize,
    ) -> rustix::io::Result<()> {
        match unlinkat(folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            // Linux answers EISDIR, POSIX and some file systems EPERM.
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return Err(error),
        }
        if depth == 0 {
            return self.move_up(folder, name);
        }
        let child = open_for_emptying(folder, name)?;
        if fstat(&child)?.st_dev != self.device {
            return Err(Errno::XDEV);
        }
        for _ in 0..ROUNDS {
            for (inner, _) in names_in(child.as_fd())? {
                self.remove(child.as_fd(), &inner, depth - 1)?;
            }
            match unlinkat(folder, name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT) => return Ok(()),
                Err(Errno::NOTEMPTY | Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Errno::NOTEMPTY)
    }

    fn move_up(&mut self, folder: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<()> {
        let inode = fstat(open_child(folder, name)?)?.st_ino;
        let higher = CString::new(format!("{MOVED_UP}{inode}")).map_err(|_| Errno::INVAL)?;
        renameat_with(folder, name, self.top, &higher, RenameFlags::NOREPLACE)?;
        self.moved_up.push(higher);
        Ok(())
    }
}

/// Opens a folder; one that its owner may not write to, as some build tools
/// leave them, becomes writable first.
fn open_for_emptying(folder: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<OwnedFd> {
    let child = match open_child(folder, name) {
        Err(Errno::ACCESS) => {
            unlock(folder, name)?;
            open_child(folder, name)?
        }
        opened => opened?,
    };
    let mode = Mode::from_raw_mode(fstat(&child)?.st_mode);
    if !mode.contains(Mode::RWXU) && !rustix::process::geteuid().is_root() {
        fchmod(&child, mode | Mode::RWXU)?;
    }
    Ok(child)
}

/// Lets the owner of a folder into it, without following a link.
fn unlock(folder: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let held = openat(folder, name, flags, Mode::empty())?;
    let place = format!("/proc/self/fd/{}", held.as_raw_fd());
    chmodat(CWD, place, Mode::RWXU, AtFlags::empty())
}
