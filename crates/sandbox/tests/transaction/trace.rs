//! Work in a process of its own that is stopped at each of its system calls.
//!
//! The process is a fork, traced by `ptrace`. A seccomp filter lets through
//! what has nothing to do with files (memory, threads, signals), so that the
//! number of stops does not depend on the allocator or the scheduler, and
//! stops everything else: a call that nobody thought of is seen, not missed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::io::Errno;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// A system call that is about to happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) thread: i32,
    pub(crate) number: i64,
    pub(crate) arguments: [u64; 6],
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It happens.
    Go,
    /// It does not happen and returns this error.
    Fail(Errno),
    /// It does not happen, and the process is killed.
    Kill,
}

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Exited(i32),
    Killed,
}

/// Sees each call.
pub(crate) trait Watch {
    /// Whether [`Watch::after`] is wanted, which doubles the stops.
    const SEES_ENDS: bool = false;

    fn before(&mut self, call: &Call) -> Answer;

    fn after(&mut self, _thread: i32, _result: i64) {}
}

/// The status with which the process ends when its work panics.
const PANICKED: i32 = 99;

/// What a process does that is not about files.
const OTHER: [i64; 27] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_geteuid,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_prctl,
    libc::SYS_prlimit64,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
];

/// Does `work` in a process that `watch` watches; what it returns is the
/// process's exit status.
pub(crate) fn watched<W: Watch>(work: impl FnOnce() -> i32, watch: &mut W) -> Ended {
    let filter = filter();
    let child = fork(|| {
        stop_for_the_tracer();
        seccompiler::apply_filter(&filter).unwrap();
        work()
    });
    let (stopped, status) = wait();
    assert!(stopped == child && libc::WIFSTOPPED(status), "{status:#x}");
    let options = libc::PTRACE_O_EXITKILL
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACESECCOMP
        | libc::PTRACE_O_TRACESYSGOOD;
    ptrace(
        libc::PTRACE_SETOPTIONS,
        child,
        0,
        usize::try_from(options).unwrap(),
    );
    ptrace(libc::PTRACE_CONT, child, 0, 0);
    loop {
        let (thread, status) = wait();
        if libc::WIFSTOPPED(status) {
            go_on(child, thread, status, watch);
        } else if thread == child {
            return if libc::WIFEXITED(status) {
                let code = libc::WEXITSTATUS(status);
                assert_ne!(code, PANICKED, "the work panicked");
                Ended::Exited(code)
            } else {
                assert_eq!(libc::WTERMSIG(status), libc::SIGKILL);
                Ended::Killed
            };
        }
    }
}

/// Lets a stopped thread go on, after its call was looked at.
fn go_on<W: Watch>(process: i32, thread: i32, status: i32, watch: &mut W) {
    let (signal, event) = (libc::WSTOPSIG(status), status >> 16);
    let mut how = libc::PTRACE_CONT;
    let mut deliver = 0;
    if event == libc::PTRACE_EVENT_SECCOMP {
        let call = call_of(thread);
        match watch.before(&call) {
            Answer::Go if W::SEES_ENDS => how = libc::PTRACE_SYSCALL,
            Answer::Go => {}
            Answer::Fail(errno) => registers::skip(thread, errno),
            Answer::Kill => return kill(process),
        }
    } else if signal == libc::SIGTRAP | 0x80 {
        watch.after(thread, result_of(thread));
    } else if event == 0 && signal != libc::SIGSTOP {
        // SIGSTOP is how a new thread says that it is there.
        deliver = usize::try_from(signal).unwrap();
    }
    ptrace(how, thread, 0, deliver);
}

fn filter() -> BpfProgram {
    let other: BTreeMap<i64, Vec<_>> = OTHER.iter().map(|call| (*call, Vec::new())).collect();
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let (stop, pass) = (SeccompAction::Trace(0), SeccompAction::Allow);
    let filter = SeccompFilter::new(other, stop, pass, arch).unwrap();
    filter.try_into().unwrap()
}

#[expect(unsafe_code, reason = "no safe wrapper of fork exists")]
fn fork(work: impl FnOnce() -> i32) -> i32 {
    // SAFETY: whoever calls this runs alone in its test process, whose only
    // other thread waits for this one and holds no lock.
    match unsafe { libc::fork() } {
        0 => {
            let status = catch_unwind(AssertUnwindSafe(work)).unwrap_or(PANICKED);
            // SAFETY: it only ends the process.
            unsafe { libc::_exit(status) }
        }
        child => {
            assert!(child > 0, "{}", std::io::Error::last_os_error());
            child
        }
    }
}

#[expect(unsafe_code, reason = "no safe wrapper of ptrace exists")]
fn stop_for_the_tracer() {
    // SAFETY: neither takes a pointer that is used.
    unsafe {
        assert_eq!(libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0), 0);
        libc::raise(libc::SIGSTOP);
    }
}

#[expect(unsafe_code, reason = "no safe wrapper of ptrace exists")]
fn ptrace(request: libc::c_uint, thread: i32, address: usize, data: usize) {
    // SAFETY: the requests that go through here take no pointers. A thread
    // may be gone because its process was killed; then there is nothing to do.
    unsafe { libc::ptrace(request, thread, address, data) };
}

#[expect(unsafe_code, reason = "no safe wrapper of __WALL exists")]
fn wait() -> (i32, i32) {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    let thread = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
    assert!(thread > 0, "{}", std::io::Error::last_os_error());
    (thread, status)
}

#[expect(unsafe_code, reason = "the process is a fork, not a `Child`")]
fn kill(process: i32) {
    // SAFETY: the process was made here and not waited for yet.
    unsafe { libc::kill(process, libc::SIGKILL) };
}

/// Asks what a stopped thread is doing.
#[expect(unsafe_code, reason = "no safe wrapper of ptrace exists")]
fn info_of(thread: i32) -> libc::ptrace_syscall_info {
    // SAFETY: the type is plain data, for which zeros are a value.
    let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
    let size = size_of_val(&info);
    // SAFETY: the kernel writes at most `size` bytes to `info`.
    let wrote = unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, thread, size, &raw mut info) };
    assert!(wrote > 0, "{}", std::io::Error::last_os_error());
    info
}

#[expect(unsafe_code, reason = "the answer is a union")]
fn call_of(thread: i32) -> Call {
    let info = info_of(thread);
    assert_eq!(info.op, libc::PTRACE_SYSCALL_INFO_SECCOMP);
    // SAFETY: `op` says which member it is.
    let seccomp = unsafe { info.u.seccomp };
    let (number, arguments) = modern(i64::try_from(seccomp.nr).unwrap(), seccomp.args);
    Call {
        thread,
        number,
        arguments,
    }
}

/// Tells a call of before there were folder handles as its successor.
#[cfg(target_arch = "x86_64")]
fn modern(number: i64, arguments: [u64; 6]) -> (i64, [u64; 6]) {
    let [a, b, c, ..] = arguments;
    let here = i64::from(libc::AT_FDCWD).cast_unsigned();
    match number {
        libc::SYS_open => (libc::SYS_openat, [here, a, b, c, 0, 0]),
        libc::SYS_mkdir => (libc::SYS_mkdirat, [here, a, b, 0, 0, 0]),
        libc::SYS_rename => (libc::SYS_renameat, [here, a, here, b, 0, 0]),
        libc::SYS_rmdir | libc::SYS_unlink => (libc::SYS_unlinkat, [here, a, 0, 0, 0, 0]),
        _ => (number, arguments),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn modern(number: i64, arguments: [u64; 6]) -> (i64, [u64; 6]) {
    (number, arguments)
}

#[expect(unsafe_code, reason = "the answer is a union")]
fn result_of(thread: i32) -> i64 {
    let info = info_of(thread);
    assert_eq!(info.op, libc::PTRACE_SYSCALL_INFO_EXIT);
    // SAFETY: `op` says which member it is.
    unsafe { info.u.exit.sval }
}

/// The one thing about calls that differs by machine: how to skip one.
mod registers {
    use std::ffi::c_void;

    use rustix::io::Errno;

    /// The set of general registers, for `PTRACE_GETREGSET`.
    const GENERAL: usize = 1;

    /// Makes the call of a stopped thread return an error instead.
    pub(super) fn skip(thread: i32, errno: Errno) {
        let result = -i64::from(errno.raw_os_error());
        let mut registers = get(thread);
        #[cfg(target_arch = "x86_64")]
        {
            registers.orig_rax = u64::MAX;
            registers.rax = result.cast_unsigned();
        }
        #[cfg(target_arch = "aarch64")]
        {
            /// The set of one register: the call's number.
            const NUMBER: usize = 0x404;
            registers.regs[0] = result.cast_unsigned();
            exchange(libc::PTRACE_SETREGSET, thread, NUMBER, &mut -1_i32);
        }
        exchange(libc::PTRACE_SETREGSET, thread, GENERAL, &mut registers);
    }

    #[expect(unsafe_code, reason = "zeros are a value of plain data")]
    fn get(thread: i32) -> libc::user_regs_struct {
        // SAFETY: the type is plain data.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        exchange(libc::PTRACE_GETREGSET, thread, GENERAL, &mut registers);
        registers
    }

    #[expect(unsafe_code, reason = "no safe wrapper of ptrace exists")]
    fn exchange<T>(request: libc::c_uint, thread: i32, set: usize, with: &mut T) {
        let mut vector = libc::iovec {
            iov_base: std::ptr::from_mut(with).cast::<c_void>(),
            iov_len: size_of::<T>(),
        };
        // SAFETY: the kernel reads or writes at most `iov_len` bytes of `with`.
        let done = unsafe { libc::ptrace(request, thread, set, &raw mut vector) };
        assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    }
}
