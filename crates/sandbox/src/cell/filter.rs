//! The system calls that code in a cell may not make.
//!
//! Two filters are stacked, because a compiled filter has one answer for all
//! it matches: `EPERM` for what is forbidden, `ENOSYS` for what programs know
//! to do without. Both are compiled once, in the server, and sent along.
//!
//! The list follows what Docker's default profile forbids to a process without
//! capabilities, plus what reaches kernel code that a workspace never needs.
//! Calls newer than the list answer `ENOSYS`, so that a new kernel does not
//! widen it.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The newest system call that was considered: `file_setattr`, Linux 6.17.
/// The numbers of calls this new are the same on all architectures.
const NEWEST: u32 = 469;

/// Compiles the filters, in the order in which to install them.
pub(super) fn compile() -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let arch: TargetArch = std::env::consts::ARCH.try_into()?;
    let mut absent = program(absent(), libc::ENOSYS, arch)?;
    absent.splice(0..0, nothing_newer());
    Ok(vec![program(forbidden()?, libc::EPERM, arch)?, absent])
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

/// `if nr > NEWEST { return ENOSYS }`. It catches the x32 calls too, whose
/// numbers have bit 30 set and which the other rules would not match.
fn nothing_newer() -> [sock_filter; 3] {
    let instruction = |code: u32, jf, k| sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt: 0,
        jf,
        k,
    };
    [
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K, 1, NEWEST),
        instruction(
            libc::BPF_RET | libc::BPF_K,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned(),
        ),
    ]
}

/// Calls whose absence programs expect. The arguments of `clone3` and
/// `openat2` lie in memory, where a filter can't look: with them a program
/// could make namespaces and set-user-id files.
fn absent() -> Rules {
    [
        libc::SYS_clone3,
        libc::SYS_openat2,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        STATMOUNT,
        LISTMOUNT,
        OPEN_TREE_ATTR,
    ]
    .into_iter()
    .map(|call| (call, Vec::new()))
    .collect()
}

// Newer than the libc crate knows; the same on all architectures.
const FCHMODAT2: i64 = 452;
const STATMOUNT: i64 = 457;
const LISTMOUNT: i64 = 458;
const OPEN_TREE_ATTR: i64 = 467;

fn forbidden() -> Result<Rules, seccompiler::Error> {
    let mut rules: Rules = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
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
mod tests {
    use super::*;

    #[test]
    fn programs_survive_the_way_to_the_launcher() {
        for program in compile().unwrap() {
            assert!((10..4096).contains(&program.len()));
            assert_eq!(decode(&encode(&program)), program);
        }
    }
}
