//! The system calls that code in a cell may make.
//!
//! Two filters are stacked. The first tells by a call's number: there is a list
//! of what is allowed, in the spirit of Docker's default profile for a process
//! without capabilities; what a program should know it may not do is answered
//! by `EPERM`, and whatever else does not exist (`ENOSYS`), so that a new kernel
//! does not widen it. Among that are calls that programs know to do without:
//! `io_uring`, and `clone3` and `openat2`, whose arguments lie in memory where a
//! filter can't look. The second looks at arguments. Both are compiled once, in
//! the server, and sent along.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Compiles the filters, in the order in which to install them.
pub(super) fn compile() -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let arch: TargetArch = std::env::consts::ARCH.try_into()?;
    Ok(vec![
        by_number(verdicts()),
        program(by_argument()?, libc::EPERM, arch)?,
    ])
}

/// Writes a program as the kernel takes it.
pub(super) fn bytes(program: &BpfProgram) -> Vec<u8> {
    let instructions = program.iter().flat_map(|i| {
        let ([c0, c1], [k0, k1, k2, k3]) = (i.code.to_ne_bytes(), i.k.to_ne_bytes());
        [c0, c1, i.jt, i.jf, k0, k1, k2, k3]
    });
    instructions.collect()
}

/// Writes a program as numbers.
pub(super) fn encode(program: &BpfProgram) -> Vec<u64> {
    program
        .iter()
        .map(|i| {
            u64::from(i.code) << 48 | u64::from(i.jt) << 40 | u64::from(i.jf) << 32 | u64::from(i.k)
        })
        .collect()
}

/// Reads a program from what [`encode`] wrote.
pub(super) fn decode(numbers: &[u64]) -> BpfProgram {
    numbers
        .iter()
        .map(|n| {
            let [c1, c0, jt, jf, k3, k2, k1, k0] = n.to_be_bytes();
            sock_filter {
                code: u16::from_be_bytes([c1, c0]),
                jt,
                jf,
                k: u32::from_be_bytes([k3, k2, k1, k0]),
            }
        })
        .collect()
}

fn program(rules: Rules, errno: i32, arch: TargetArch) -> Result<BpfProgram, seccompiler::Error> {
    let denied = SeccompAction::Errno(errno.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch)?;
    Ok(filter.try_into()?)
}

/// What becomes of each call: the verdict for its number.
type Verdicts = BTreeMap<u32, u32>;

const ABSENT: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();

fn verdicts() -> Verdicts {
    let allowed = ALLOWED.iter().copied().chain(NEWER);
    let allowed = allowed.map(|call| (call, libc::SECCOMP_RET_ALLOW));
    let denied = libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned();
    let forbidden = FORBIDDEN.iter().map(|call| (*call, denied));
    // The last that is said of a call counts.
    let all = allowed.chain(forbidden);
    all.filter_map(|(call, verdict)| Some((u32::try_from(call).ok()?, verdict)))
        .collect()
}

/// Answers by a call's number, and that a call that is not listed is absent.
///
/// The kernel runs a filter over every call's number when it is installed, so
/// this one halves what can be meant with each comparison, where the compiler
/// would compare with one number after the other. The calls of the x32 ABI,
/// whose numbers have bit 30 set, lie behind all that is listed.
fn by_number(verdicts: Verdicts) -> BpfProgram {
    // Where a stretch of calls with one verdict begins.
    let mut stretches = vec![(0, ABSENT)];
    for (call, verdict) in verdicts {
        let begun = stretches.last().copied();
        match begun {
            Some((start, _)) if start == call => {
                stretches.pop();
            }
            _ => {}
        }
        stretches.extend([(call, verdict), (call + 1, ABSENT)]);
    }
    stretches.dedup_by_key(|(_, verdict)| *verdict);
    let mut program = vec![instruction(
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        0,
        0,
    )];
    program.extend(halve(&stretches));
    program
}

fn halve(stretches: &[(u32, u32)]) -> BpfProgram {
    let (low, high) = stretches.split_at(stretches.len() / 2);
    match (low, high) {
        ([], [(_, verdict), ..]) => vec![instruction(libc::BPF_RET | libc::BPF_K, 0, *verdict)],
        (_, [(start, _), ..]) => {
            let (low, high) = (halve(low), halve(high));
            // A conditional jump reaches 255 instructions only.
            let over = u32::try_from(low.len()).unwrap_or(u32::MAX);
            let mut program = vec![
                sock_filter {
                    jf: 1,
                    ..instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, *start)
                },
                instruction(libc::BPF_JMP | libc::BPF_JA, 0, over),
            ];
            program.extend(low);
            program.extend(high);
            program
        }
        (_, []) => Vec::new(),
    }
}

/// One instruction; see `bpf(4)` of the BSDs. A jump skips `skip` instructions
/// when its comparison holds.
fn instruction(code: u32, skip: u8, k: u32) -> sock_filter {
    sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt: skip,
        jf: 0,
        k,
    }
}

/// What programs live by.
#[rustfmt::skip]
const ALLOWED: &[i64] = &[
    libc::SYS_accept, libc::SYS_accept4, libc::SYS_bind, libc::SYS_brk, libc::SYS_capget,
    libc::SYS_capset, libc::SYS_chdir, libc::SYS_clock_getres, libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep, libc::SYS_clone, libc::SYS_close, libc::SYS_connect,
    libc::SYS_copy_file_range, libc::SYS_dup, libc::SYS_dup3, libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl, libc::SYS_epoll_pwait, libc::SYS_eventfd2, libc::SYS_execve,
    libc::SYS_execveat, libc::SYS_exit, libc::SYS_exit_group, libc::SYS_faccessat,
    libc::SYS_fadvise64, libc::SYS_fallocate, libc::SYS_fchdir, libc::SYS_fchmod,
    libc::SYS_fchmodat, libc::SYS_fchown, libc::SYS_fchownat, libc::SYS_fcntl,
    libc::SYS_fdatasync, libc::SYS_fgetxattr, libc::SYS_flistxattr, libc::SYS_flock,
    libc::SYS_fremovexattr, libc::SYS_fsetxattr, libc::SYS_fstat, libc::SYS_fstatfs,
    libc::SYS_fsync, libc::SYS_ftruncate, libc::SYS_futex, libc::SYS_getcpu, libc::SYS_getcwd,
    libc::SYS_getdents64, libc::SYS_getegid, libc::SYS_geteuid, libc::SYS_getgid,
    libc::SYS_getgroups, libc::SYS_getitimer, libc::SYS_getpeername, libc::SYS_getpgid,
    libc::SYS_getpid, libc::SYS_getppid, libc::SYS_getpriority, libc::SYS_getrandom,
    libc::SYS_getresgid, libc::SYS_getresuid, libc::SYS_getrlimit, libc::SYS_get_robust_list,
    libc::SYS_getrusage, libc::SYS_getsid, libc::SYS_getsockname, libc::SYS_getsockopt,
    libc::SYS_gettid, libc::SYS_gettimeofday, libc::SYS_getuid, libc::SYS_getxattr,
    libc::SYS_inotify_add_watch, libc::SYS_inotify_init1, libc::SYS_inotify_rm_watch,
    libc::SYS_io_cancel, libc::SYS_ioctl, libc::SYS_io_destroy, libc::SYS_io_getevents,
    libc::SYS_ioprio_get, libc::SYS_ioprio_set, libc::SYS_io_setup,
    libc::SYS_io_submit, libc::SYS_kill, libc::SYS_lgetxattr, libc::SYS_linkat, libc::SYS_listen,
    libc::SYS_listxattr, libc::SYS_llistxattr, libc::SYS_lremovexattr, libc::SYS_lseek,
    libc::SYS_lsetxattr, libc::SYS_madvise, libc::SYS_membarrier, libc::SYS_memfd_create,
    libc::SYS_mincore, libc::SYS_mkdirat, libc::SYS_mknodat, libc::SYS_mlock, libc::SYS_mlock2,
    libc::SYS_mlockall, libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_mq_getsetattr,
    libc::SYS_mq_notify, libc::SYS_mq_open, libc::SYS_mq_timedreceive, libc::SYS_mq_timedsend,
    libc::SYS_mq_unlink, libc::SYS_mremap, libc::SYS_msgctl, libc::SYS_msgget, libc::SYS_msgrcv,
    libc::SYS_msgsnd, libc::SYS_msync, libc::SYS_munlock, libc::SYS_munlockall, libc::SYS_munmap,
    libc::SYS_name_to_handle_at, libc::SYS_nanosleep, libc::SYS_newfstatat, libc::SYS_openat,
    libc::SYS_personality, libc::SYS_pipe2, libc::SYS_pkey_alloc, libc::SYS_pkey_free,
    libc::SYS_pkey_mprotect, libc::SYS_ppoll, libc::SYS_prctl, libc::SYS_pread64,
    libc::SYS_preadv, libc::SYS_preadv2, libc::SYS_prlimit64, libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev, libc::SYS_pselect6, libc::SYS_ptrace, libc::SYS_pwrite64,
    libc::SYS_pwritev, libc::SYS_pwritev2, libc::SYS_read, libc::SYS_readahead,
    libc::SYS_readlinkat, libc::SYS_readv, libc::SYS_recvfrom, libc::SYS_recvmmsg,
    libc::SYS_recvmsg, libc::SYS_remap_file_pages, libc::SYS_removexattr, libc::SYS_renameat,
    libc::SYS_renameat2, libc::SYS_restart_syscall, libc::SYS_rseq, libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_sigreturn, libc::SYS_rt_sigsuspend, libc::SYS_rt_sigtimedwait,
    libc::SYS_rt_tgsigqueueinfo, libc::SYS_sched_getaffinity, libc::SYS_sched_getattr,
    libc::SYS_sched_getparam, libc::SYS_sched_get_priority_max, libc::SYS_sched_get_priority_min,
    libc::SYS_sched_getscheduler, libc::SYS_sched_rr_get_interval, libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr, libc::SYS_sched_setparam, libc::SYS_sched_setscheduler,
    libc::SYS_sched_yield, libc::SYS_seccomp, libc::SYS_semctl, libc::SYS_semget, libc::SYS_semop,
    libc::SYS_semtimedop, libc::SYS_sendfile, libc::SYS_sendmmsg, libc::SYS_sendmsg,
    libc::SYS_sendto, libc::SYS_setfsgid, libc::SYS_setfsuid, libc::SYS_setgid,
    libc::SYS_setgroups, libc::SYS_setitimer, libc::SYS_setpgid, libc::SYS_setpriority,
    libc::SYS_setregid, libc::SYS_setresgid, libc::SYS_setresuid, libc::SYS_setreuid,
    libc::SYS_setrlimit, libc::SYS_set_robust_list, libc::SYS_setsid, libc::SYS_setsockopt,
    libc::SYS_set_tid_address, libc::SYS_setuid, libc::SYS_setxattr, libc::SYS_shmat,
    libc::SYS_shmctl, libc::SYS_shmdt, libc::SYS_shmget, libc::SYS_shutdown,
    libc::SYS_sigaltstack, libc::SYS_signalfd4, libc::SYS_socket, libc::SYS_socketpair,
    libc::SYS_splice, libc::SYS_statfs, libc::SYS_statx, libc::SYS_symlinkat, libc::SYS_sync,
    libc::SYS_sync_file_range, libc::SYS_syncfs, libc::SYS_sysinfo, libc::SYS_tee,
    libc::SYS_tgkill, libc::SYS_timer_create, libc::SYS_timer_delete, libc::SYS_timer_getoverrun,
    libc::SYS_timer_gettime, libc::SYS_timer_settime, libc::SYS_timerfd_create,
    libc::SYS_timerfd_gettime, libc::SYS_timerfd_settime, libc::SYS_times, libc::SYS_tkill,
    libc::SYS_truncate, libc::SYS_umask, libc::SYS_uname, libc::SYS_unlinkat, libc::SYS_utimensat,
    libc::SYS_vmsplice, libc::SYS_wait4, libc::SYS_waitid, libc::SYS_write, libc::SYS_writev,
    #[cfg(target_arch = "x86_64")] libc::SYS_access,
    #[cfg(target_arch = "x86_64")] libc::SYS_alarm,
    #[cfg(target_arch = "x86_64")] libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")] libc::SYS_chown,
    #[cfg(target_arch = "x86_64")] libc::SYS_creat,
    #[cfg(target_arch = "x86_64")] libc::SYS_dup2,
    #[cfg(target_arch = "x86_64")] libc::SYS_epoll_create,
    #[cfg(target_arch = "x86_64")] libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")] libc::SYS_eventfd,
    #[cfg(target_arch = "x86_64")] libc::SYS_fork,
    #[cfg(target_arch = "x86_64")] libc::SYS_futimesat,
    #[cfg(target_arch = "x86_64")] libc::SYS_getdents,
    #[cfg(target_arch = "x86_64")] libc::SYS_getpgrp,
    #[cfg(target_arch = "x86_64")] libc::SYS_get_thread_area,
    #[cfg(target_arch = "x86_64")] libc::SYS_inotify_init,
    #[cfg(target_arch = "x86_64")] libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")] libc::SYS_link,
    #[cfg(target_arch = "x86_64")] libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")] libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")] libc::SYS_mknod,
    #[cfg(target_arch = "x86_64")] libc::SYS_open,
    #[cfg(target_arch = "x86_64")] libc::SYS_pause,
    #[cfg(target_arch = "x86_64")] libc::SYS_pipe,
    #[cfg(target_arch = "x86_64")] libc::SYS_poll,
    #[cfg(target_arch = "x86_64")] libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")] libc::SYS_rename,
    #[cfg(target_arch = "x86_64")] libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")] libc::SYS_select,
    #[cfg(target_arch = "x86_64")] libc::SYS_set_thread_area,
    #[cfg(target_arch = "x86_64")] libc::SYS_signalfd,
    #[cfg(target_arch = "x86_64")] libc::SYS_stat,
    #[cfg(target_arch = "x86_64")] libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")] libc::SYS_time,
    #[cfg(target_arch = "x86_64")] libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")] libc::SYS_utime,
    #[cfg(target_arch = "x86_64")] libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")] libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")] libc::SYS_arch_prctl,
];

/// Newer calls, whose numbers are the same on all architectures:
/// `pidfd_send_signal`, `pidfd_open`, `close_range`, `faccessat2`,
/// `epoll_pwait2`, those of Landlock, `futex_waitv`, `cachestat` to
/// `futex_requeue`, and `mseal` to `removexattrat`.
const NEWER: [i64; 20] = [
    424, 434, 436, 439, 441, 444, 445, 446, 449, 451, 452, 453, 454, 455, 456, 462, 463, 464, 465,
    466,
];

/// Newer than the libc crate knows.
const FCHMODAT2: i64 = 452;

fn by_argument() -> Result<Rules, seccompiler::Error> {
    let mut rules = Rules::new();
    rules.insert(libc::SYS_clone, clone_rules()?);
    rules.insert(libc::SYS_socket, socket_rules()?);
    rules.insert(libc::SYS_socketpair, socket_rules()?);
    let tty = [libc::TIOCSTI, libc::TIOCLINUX];
    rules.insert(libc::SYS_ioctl, any(1, &tty.map(|n| (n, u64::MAX)))?);
    for (call, mode) in MODES {
        rules.insert(*call, any(*mode, &SET_ID.map(|bit| (bit, bit)))?);
    }
    Ok(rules)
}

#[rustfmt::skip]
const FORBIDDEN: &[i64] = &[
    // Mounts and namespaces: a process that gets capabilities of its own over
    // a new namespace reaches far more of the kernel.
    libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root, libc::SYS_chroot,
    libc::SYS_fsopen, libc::SYS_fsconfig, libc::SYS_fsmount, libc::SYS_fspick,
    libc::SYS_move_mount, libc::SYS_open_tree, libc::SYS_mount_setattr,
    libc::SYS_setns, libc::SYS_unshare,
    // Kernel programs, counters and fault handlers.
    libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_userfaultfd,
    libc::SYS_fanotify_init, libc::SYS_lookup_dcookie,
    // Keys, which know no namespaces.
    libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl,
    // The machine: modules, other kernels, clocks, swap, names, quotas.
    libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module,
    libc::SYS_kexec_load, KEXEC_FILE_LOAD, libc::SYS_reboot,
    libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_clock_adjtime,
    libc::SYS_swapon, libc::SYS_swapoff, libc::SYS_acct, libc::SYS_syslog,
    libc::SYS_sethostname, libc::SYS_setdomainname, libc::SYS_vhangup,
    libc::SYS_quotactl, libc::SYS_quotactl_fd, libc::SYS_nfsservctl,
    // Files by handle, past the mount tree.
    libc::SYS_open_by_handle_at,
    // Device nodes; the mode of `mknod` is looked at below where it exists.
    #[cfg(target_arch = "x86_64")] libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")] libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")] libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")] libc::SYS_uselib,
    #[cfg(target_arch = "x86_64")] libc::SYS_ustat,
    #[cfg(target_arch = "x86_64")] libc::SYS_sysfs,
];

#[cfg(target_arch = "x86_64")]
const KEXEC_FILE_LOAD: i64 = 320;
#[cfg(not(target_arch = "x86_64"))]
const KEXEC_FILE_LOAD: i64 = 294;

/// Calls that take a file mode, and which argument it is. The workspace is a
/// directory of the host: a set-user-id file made there by a cell would work
/// outside it.
#[rustfmt::skip]
const MODES: &[(i64, u8)] = &[
    (libc::SYS_fchmod, 1), (libc::SYS_fchmodat, 2), (FCHMODAT2, 2),
    (libc::SYS_openat, 3), (libc::SYS_mkdirat, 2), (libc::SYS_mknodat, 2),
    #[cfg(target_arch = "x86_64")] (libc::SYS_chmod, 1),
    #[cfg(target_arch = "x86_64")] (libc::SYS_open, 2),
    #[cfg(target_arch = "x86_64")] (libc::SYS_creat, 1),
    #[cfg(target_arch = "x86_64")] (libc::SYS_mkdir, 1),
    #[cfg(target_arch = "x86_64")] (libc::SYS_mknod, 1),
];

const SET_ID: [u64; 2] = [libc::S_ISUID as u64, libc::S_ISGID as u64];

fn clone_rules() -> Result<Vec<SeccompRule>, seccompiler::Error> {
    let namespaces = [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
    ];
    let flags = namespaces.map(|flag| u64::from(flag.cast_unsigned()));
    any(0, &flags.map(|flag| (flag, flag)))
}

/// All families but local, IPv4, IPv6 and netlink, of which only routes.
fn socket_rules() -> Result<Vec<SeccompRule>, seccompiler::Error> {
    let families = [
        libc::AF_UNIX,
        libc::AF_INET,
        libc::AF_INET6,
        libc::AF_NETLINK,
    ];
    let other = families
        .iter()
        .map(|family| condition(0, SeccompCmpOp::Ne, u64::from(family.cast_unsigned())))
        .collect::<Result<_, _>>()?;
    let netlink = vec![
        condition(0, SeccompCmpOp::Eq, libc::AF_NETLINK as u64)?,
        condition(2, SeccompCmpOp::Ne, libc::NETLINK_ROUTE as u64)?,
    ];
    Ok(vec![SeccompRule::new(other)?, SeccompRule::new(netlink)?])
}

/// Rules that match when the argument has any of the values under its mask.
fn any(argument: u8, values: &[(u64, u64)]) -> Result<Vec<SeccompRule>, seccompiler::Error> {
    values
        .iter()
        .map(|(value, mask)| {
            let same = condition(argument, SeccompCmpOp::MaskedEq(*mask), *value)?;
            Ok(SeccompRule::new(vec![same])?)
        })
        .collect()
}

/// Compares the low 32 bits, which are all that the kernel looks at in these
/// arguments: comparing 64 would let a set high bit through (CVE-2019-10063).
fn condition(
    argument: u8,
    comparison: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::Error> {
    Ok(SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        comparison,
        value,
    )?)
}

#[cfg(test)]
mod tests;
