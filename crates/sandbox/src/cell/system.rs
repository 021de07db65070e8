//! The system calls that no safe wrapper offers. All of the crate's unsafe
//! code is here.
//!
//! The launcher is single-threaded, and nothing here but [`wait_on`] may be
//! called from a program that is not.

use std::ffi::CStr;
use std::io;
use std::mem::{MaybeUninit, size_of, size_of_val};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::mount::MountAttrFlags;
use rustix::process::Pid;
use tokio::io::unix::AsyncFd;

/// Which side of a fork one is on.
pub(super) enum Fork {
    /// The new process.
    Child,
    /// The old one, with a handle to the new one.
    Parent(Pid, OwnedFd),
}

/// Creates a process like `fork`, in new namespaces.
#[expect(unsafe_code, reason = "no safe wrapper of clone3 exists")]
pub(super) fn fork_into(namespaces: u64) -> io::Result<Fork> {
    let mut pidfd: RawFd = -1;
    // SAFETY: all fields of `clone_args` are integers, for which zero is valid
    // and means "unused".
    let mut args: libc::clone_args = unsafe { MaybeUninit::zeroed().assume_init() };
    args.flags = namespaces | libc::CLONE_PIDFD as u64;
    args.pidfd = (&raw mut pidfd) as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    // SAFETY: without CLONE_VM the child has a copy of this memory, so this is
    // a fork; the process has one thread, so no lock is held by another. The
    // pointers are to live locals of the sizes told.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of_val(&args)) };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        pid => {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            let pid = pid.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
            // SAFETY: the kernel stored a new descriptor there, which is ours.
            Ok(Fork::Parent(pid, unsafe { OwnedFd::from_raw_fd(pidfd) }))
        }
    }
}

/// Leaves children that end to the kernel, or takes them back to wait for.
#[expect(unsafe_code, reason = "signal dispositions have no safe wrapper here")]
pub(super) fn leave_children(leave: bool) {
    let disposition = if leave { libc::SIG_IGN } else { libc::SIG_DFL };
    // SAFETY: both are dispositions of the kernel, no handlers of ours.
    unsafe { libc::signal(libc::SIGCHLD, disposition) };
}

/// Makes a descriptor one that the server's tasks can wait for.
#[expect(unsafe_code, reason = "tokio can't know that a descriptor stays open")]
pub(super) fn wait_on(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    rustix::io::ioctl_fionbio(&descriptor, true)?;
    // SAFETY: an `OwnedFd` is the same open descriptor until it is dropped,
    // and nobody but the result has it.
    Ok(unsafe { AsyncFd::register(descriptor) }?)
}

/// Ends the process without running anything else in it.
#[expect(unsafe_code, reason = "std's exit runs handlers of the forked parent")]
pub(super) fn leave(status: i32) -> ! {
    // SAFETY: takes no pointer and does not return.
    unsafe { libc::_exit(status) }
}

/// The kernel's `struct mount_attr`, of `linux/mount.h`.
#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// From `linux/mount.h`.
const MOUNT_ATTR_IDMAP: u64 = 0x0010_0000;

/// Changes the attributes of a mount; see `mount_setattr(2)`.
#[expect(unsafe_code, reason = "no safe wrapper of mount_setattr exists")]
pub(super) fn set_mount_attributes(
    at: BorrowedFd<'_>,
    path: &CStr,
    recursive: bool,
    attributes: MountAttrFlags,
    id_map: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let attr = MountAttr {
        set: u64::from(attributes.bits()) | id_map.map_or(0, |_| MOUNT_ATTR_IDMAP),
        clear: 0,
        // What the host mounts later must not appear in the cell.
        propagation: libc::MS_PRIVATE,
        user_namespace: id_map.map_or(0, |fd| fd.as_raw_fd().cast_unsigned().into()),
    };
    let depth = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: `path` ends in NUL, `attr` has the size told, both outlive the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            at.as_raw_fd(),
            path.as_ptr(),
            libc::AT_EMPTY_PATH | depth,
            &raw const attr,
            size_of::<MountAttr>(),
        )
    };
    checked(done)
}

/// Closes every descriptor from `first` on.
#[expect(unsafe_code, reason = "closing descriptors by number")]
pub(super) fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: called before the launcher opens anything, so no owned
    // descriptor of this program is closed behind its owner's back.
    checked(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) })
}

/// Closes every descriptor but the standard streams and `kept`.
#[expect(unsafe_code, reason = "closing descriptors by number")]
pub(super) fn close_all_but(kept: BorrowedFd<'_>) -> io::Result<()> {
    let kept = kept.as_raw_fd().cast_unsigned();
    for (first, last) in [(3, kept.saturating_sub(1)), (kept + 1, u32::MAX)] {
        if first <= last {
            // SAFETY: called in a fork that never returns to where its copies
            // of the owners of these descriptors would use or drop them.
            checked(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })?;
        }
    }
    Ok(())
}

/// Makes `fd` the standard stream of that number, closing what was.
#[expect(unsafe_code, reason = "replacing a descriptor by number")]
pub(super) fn adopt(fd: BorrowedFd<'_>, number: usize) -> io::Result<()> {
    let number = RawFd::try_from(number).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: descriptors 0 to 2 are owned by nobody in this program.
    checked(i64::from(unsafe { libc::dup2(fd.as_raw_fd(), number) }))
}

/// Closes standard output and standard error.
#[expect(unsafe_code, reason = "closing descriptors by number")]
pub(super) fn close_output() {
    // SAFETY: descriptors 1 and 2 are owned by nobody, and nothing is printed
    // by the launcher.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 1_u32, 2_u32, 0) };
}

/// Leaves the control group namespace for a new one.
#[expect(
    unsafe_code,
    reason = "the safe wrapper is deprecated for thread safety"
)]
pub(super) fn unshare(namespaces: i32) -> io::Result<()> {
    // SAFETY: only namespace flags are given, which concern no memory.
    checked(i64::from(unsafe { libc::unshare(namespaces) }))
}

/// Names the host of the current host name namespace.
#[expect(
    unsafe_code,
    reason = "rustix offers it behind a feature we do not use"
)]
pub(super) fn set_host_name(name: &str) -> io::Result<()> {
    // SAFETY: pointer and length are those of a live string.
    checked(i64::from(unsafe {
        libc::sethostname(name.as_ptr().cast(), name.len())
    }))
}

const UP: libc::c_int = libc::IFF_UP | libc::IFF_RUNNING;

/// Brings the loopback interface up.
#[expect(unsafe_code, reason = "no safe wrapper of SIOCSIFFLAGS exists")]
pub(super) fn raise_loopback() -> io::Result<()> {
    let socket = rustix::net::socket_with(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::DGRAM,
        rustix::net::SocketFlags::CLOEXEC,
        None,
    )?;
    // SAFETY: `ifreq` is integers and arrays of them, valid when zero.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    for (slot, byte) in request.ifr_name.iter_mut().zip(*b"lo") {
        *slot = libc::c_char::from_ne_bytes([byte]);
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(UP).unwrap_or_default();
    // SAFETY: the request is the `ifreq` that SIOCSIFFLAGS reads.
    checked(i64::from(unsafe {
        libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request)
    }))
}

/// What a wait of the first process ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// A child may have ended, or the time is over.
    Look,
    /// The launcher asks for the cell's end.
    Stop,
}

/// Lets every signal do what it does by itself. Who starts a server in the
/// background of a shell, or by `nohup`, has it ignore some, which all that it
/// starts would inherit: no program could be ended by a key.
#[expect(unsafe_code, reason = "no safe wrapper sets what a signal does")]
pub(super) fn ignore_no_signal() {
    for signal in 1..=libc::SIGRTMAX() {
        // The standard library ignores this one for us, and not for programs.
        if signal != libc::SIGPIPE {
            // SAFETY: no handler of ours is replaced: there is none yet. What
            // can't be set (`SIGKILL`) stays as it is.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}

/// Holds back the signals that [`await_signal`] waits for.
#[expect(unsafe_code, reason = "signal masks have no safe wrapper here")]
pub(super) fn hold_signals() {
    let set = awaited_signals();
    // SAFETY: the set is initialised; the old mask is not asked for.
    unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
}

/// Lets signals come again that [`hold_signals`] held back.
#[expect(unsafe_code, reason = "signal masks have no safe wrapper here")]
pub(super) fn release_signals() {
    let set = awaited_signals();
    // SAFETY: the set is initialised; the old mask is not asked for.
    unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut()) };
}

/// Makes a descriptor that can be read when a signal that is held back comes.
#[expect(unsafe_code, reason = "no safe wrapper of signalfd exists")]
pub(super) fn signal_descriptor() -> io::Result<OwnedFd> {
    let set = awaited_signals();
    // SAFETY: the set is initialised; the flags are the call's own.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    checked(i64::from(fd))?;
    // SAFETY: the kernel made a new descriptor, which is ours.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Reads the signals that came; returns whether the launcher asks for the end.
pub(super) fn drain_signals(signals: BorrowedFd<'_>) -> bool {
    let mut stop = false;
    // Of `struct signalfd_siginfo` the first number is the signal, the fourth
    // the sender, which is 0 from outside our process namespace.
    let mut info = [0; size_of::<libc::signalfd_siginfo>()];
    while matches!(rustix::io::read(signals, &mut info), Ok(count) if count == info.len()) {
        let number = |at: usize| info.get(at..at + 4).and_then(|b| b.try_into().ok());
        let (signal, sender) = (number(0), number(12));
        stop |= signal == Some(libc::SIGTERM.to_ne_bytes()) && sender == Some([0; 4]);
    }
    stop
}

/// A child that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dead {
    pub pid: Pid,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    /// Processor time of it and the children it waited for, in microseconds.
    pub cpu_micros: u64,
    /// The largest resident set of one of them, in bytes.
    pub peak_bytes: u64,
}

/// What there is of children.
#[derive(Clone, Copy, Debug)]
pub(super) enum Children {
    /// This one has ended, and is collected now.
    Dead(Dead),
    /// All that there are live.
    Living,
    /// There is none. To the first process of a process namespace that says
    /// that nobody else is in it: the kernel makes orphans its children in the
    /// moment in which their parent dies.
    None,
}

/// Collects a child that has ended.
#[expect(unsafe_code, reason = "no safe wrapper of wait4 exists")]
pub(super) fn collect() -> Children {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to locals of the right types, and zero bytes
    // are a valid value of the usage should the call fail.
    let (pid, usage) = unsafe {
        // Children of every kind, also those that end without a signal.
        let options = libc::WNOHANG | libc::__WALL;
        let pid = libc::wait4(-1, &raw mut status, options, usage.as_mut_ptr());
        (pid, usage.assume_init())
    };
    let error = io::Error::last_os_error().raw_os_error();
    let Some(pid) = Pid::from_raw(pid.max(0)) else {
        let none = pid < 0 && error == Some(libc::ECHILD);
        return if none {
            Children::None
        } else {
            Children::Living
        };
    };
    let exited = libc::WIFEXITED(status);
    let (cpu_micros, peak_bytes) = used(&usage);
    Children::Dead(Dead {
        pid,
        exit_code: exited.then(|| libc::WEXITSTATUS(status)),
        signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
        cpu_micros,
        peak_bytes,
    })
}

fn used(usage: &libc::rusage) -> (u64, u64) {
    let micros =
        |t: libc::timeval| t.tv_sec.cast_unsigned() * 1_000_000 + t.tv_usec.cast_unsigned();
    let cpu = micros(usage.ru_utime) + micros(usage.ru_stime);
    (cpu, usage.ru_maxrss.cast_unsigned() * 1024)
}

/// Waits until a child ends, the launcher asks for the end, or `limit` passes.
#[expect(unsafe_code, reason = "signal waits have no safe wrapper here")]
pub(super) fn await_signal(limit: Duration) -> Wake {
    let set = awaited_signals();
    let time = libc::timespec {
        tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(limit.subsec_nanos().cast_signed()),
    };
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: set and time are initialised, and zero bytes are a valid value of
    // the details should the kernel not write them.
    let (signal, info) = unsafe {
        let signal = libc::sigtimedwait(&raw const set, info.as_mut_ptr(), &raw const time);
        (signal, info.assume_init())
    };
    // SAFETY: a signal sent by a process carries its id in these details.
    let sender = unsafe { info.si_pid() };
    // Who sends from outside our process namespace has no number in it; a
    // program in the cell has, and can't ask.
    if signal == libc::SIGTERM && sender == 0 {
        Wake::Stop
    } else {
        Wake::Look
    }
}

#[expect(unsafe_code, reason = "signal sets have no safe wrapper here")]
fn awaited_signals() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initialises the set that `sigaddset` changes.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
        libc::sigaddset(set.as_mut_ptr(), libc::SIGTERM);
        set.assume_init()
    }
}

/// Ends every process that we see but ourselves; returns whether there was one.
#[expect(unsafe_code, reason = "no safe wrapper sends to every process")]
pub(super) fn kill_all_others() -> bool {
    // SAFETY: takes no pointer. Called only by the first process of a process
    // namespace, whom the cell's processes alone are visible to.
    unsafe { libc::kill(-1, libc::SIGKILL) == 0 }
}

/// What all children that were waited for have used: processor time in
/// microseconds and the largest resident set in bytes.
#[expect(unsafe_code, reason = "getrusage has no safe wrapper here")]
pub(super) fn children_usage() -> (u64, u64) {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a local of the right type, and zero bytes are a
    // valid value of it should the call fail.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    used(&usage)
}

/// Returns the version of Landlock that the kernel offers, 0 for none.
#[expect(
    unsafe_code,
    reason = "no safe wrapper of landlock_create_ruleset exists"
)]
pub(super) fn landlock_version() -> i32 {
    const VERSION: u32 = 1;
    // SAFETY: with this flag the kernel reads no memory.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            VERSION,
        )
    };
    i32::try_from(version).unwrap_or(0).max(0)
}

fn checked(result: i64) -> io::Result<()> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
