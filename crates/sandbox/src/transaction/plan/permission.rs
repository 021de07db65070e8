//! Whether the file system will let the steps be carried out: what would
//! fail after the commit point must be known before.

use std::os::fd::AsFd;

use atelier_base::WorkspacePath;
use rustix::fs::{Access, AtFlags, Stat, StatxAttributes, StatxFlags, accessat, fstat, statx};
use rustix::io::Errno;

use super::Plan;
use crate::error::{FileError, FileResult};
use crate::files::beneath::{self, Mounts, explain_folder, open_folder};

impl Plan<'_> {
    pub(super) fn must_be_changeable(&mut self, folder: Option<WorkspacePath>) -> FileResult<()> {
        if self.may_change.contains(&folder) {
            return Ok(());
        }
        let shown = || folder.as_ref().map_or(".", WorkspacePath::as_str);
        let refused = |why| FileError::NotWritable {
            path: shown().to_owned(),
            why,
        };
        let handle = open_folder(self.root.handle(), folder.as_ref(), Mounts::Stay)
            .map_err(|e| explain_folder(e, "open the folder", folder.as_ref()))?;
        let access = Access::WRITE_OK | Access::EXEC_OK;
        accessat(&handle, ".", access, AtFlags::EACCESS).map_err(|e| match e {
            Errno::ROFS => refused("the file system is read-only"),
            Errno::ACCESS => refused("this process may not write to the folder"),
            Errno::PERM => refused("the folder is marked immutable"),
            e => FileError::io("check the folder", shown(), e),
        })?;
        if fixed(&handle, "", AtFlags::EMPTY_PATH, StatxAttributes::APPEND) {
            return Err(refused("the folder is marked append-only"));
        }
        self.may_change.insert(folder);
        Ok(())
    }

    /// Checks what a rename over, or removal of, this entry can still meet.
    pub(super) fn may_replace(&self, path: &WorkspacePath, stat: &Stat) -> FileResult<()> {
        let refused = |why| FileError::NotWritable {
            path: path.to_string(),
            why,
        };
        let folder = open_folder(self.root.handle(), path.parent().as_ref(), Mounts::Stay)
            .map_err(|e| beneath::explain(e, "open the folder of", path))?;
        let marks = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
        if fixed(&folder, path.name(), AtFlags::SYMLINK_NOFOLLOW, marks) {
            return Err(refused("it is marked immutable or append-only"));
        }
        if fixed(
            &folder,
            path.name(),
            AtFlags::SYMLINK_NOFOLLOW,
            StatxAttributes::MOUNT_ROOT,
        ) {
            return Err(refused("something is mounted on it"));
        }
        let inside =
            fstat(&folder).map_err(|e| beneath::explain(e, "look at the folder of", path))?;
        let user = rustix::process::geteuid();
        let sticky = inside.st_mode & 0o1000 != 0;
        if sticky && !user.is_root() && ![stat.st_uid, inside.st_uid].contains(&user.as_raw()) {
            return Err(refused("it belongs to another user in a sticky folder"));
        }
        Ok(())
    }
}

/// Returns whether the file system marks an entry in one of these ways.
fn fixed(folder: impl AsFd, name: &str, flags: AtFlags, marks: StatxAttributes) -> bool {
    // Where `statx` or a mark is unknown, nothing is marked that we could see.
    statx(folder, name, flags, StatxFlags::TYPE)
        .is_ok_and(|found| (found.stx_attributes & found.stx_attributes_mask).intersects(marks))
}
