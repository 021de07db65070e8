//! System calls that a cell refuses, and those that programs live by.

use std::fmt::Write;

use crate::lab::Lab;

/// Makes calls from Python and returns what each set `errno` to; 0 for none.
async fn errors(calls: &[(&str, i64, &str)]) -> Vec<(String, i32)> {
    let mut script = String::from(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         L = ctypes.c_long\nlibc.syscall.restype = L\n\
         def call(name, number, *args):\n    \
             ctypes.set_errno(0)\n    \
             r = libc.syscall(L(number), *[a if isinstance(a, bytes) else L(a) for a in args])\n    \
             print(name, ctypes.get_errno() if r < 0 else 0)\n",
    );
    for (name, number, args) in calls {
        writeln!(script, "call('{name}', {number}, {args})").unwrap();
    }
    let text = Lab::new().python(&script).await.ok();
    let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    let read: Vec<_> = lines
        .map(|(name, errno)| (name.to_owned(), errno.parse().unwrap()))
        .collect();
    assert_eq!(read.len(), calls.len(), "{text}");
    read
}

#[tokio::test]
async fn calls_that_reach_past_the_cell_are_refused() {
    const NEW_USER: i64 = 0x1000_0000;
    let sigchld = i64::from(libc::SIGCHLD);
    let new_user = format!("{}, 0, 0, 0, 0", NEW_USER | sigchld);
    let new_net = format!("{}, 0, 0, 0, 0", 0x4000_0000 | sigchld);
    let refused = [
        ("mount", libc::SYS_mount, "b'none', b'/tmp', b'tmpfs', 0, 0"),
        ("umount", libc::SYS_umount2, "b'/tmp', 2"),
        ("pivot_root", libc::SYS_pivot_root, "b'/tmp', b'/tmp'"),
        ("chroot", libc::SYS_chroot, "b'/tmp'"),
        ("fsopen", libc::SYS_fsopen, "b'tmpfs', 0"),
        ("fsmount", libc::SYS_fsmount, "0, 0, 0"),
        ("open_tree", libc::SYS_open_tree, "-100, b'/', 1"),
        ("move_mount", libc::SYS_move_mount, "0, b'', 0, b'', 0"),
        (
            "mount_setattr",
            libc::SYS_mount_setattr,
            "-100, b'/', 0, 0, 0",
        ),
        ("setns", libc::SYS_setns, "0, 0"),
        ("unshare user", libc::SYS_unshare, "0x10000000"),
        ("unshare nothing", libc::SYS_unshare, "0"),
        ("clone user", libc::SYS_clone, &new_user),
        ("clone net", libc::SYS_clone, &new_net),
        ("bpf", libc::SYS_bpf, "0, 0, 0"),
        (
            "perf_event_open",
            libc::SYS_perf_event_open,
            "0, 0, 0, 0, 0",
        ),
        ("userfaultfd", libc::SYS_userfaultfd, "1"),
        ("keyctl", libc::SYS_keyctl, "0, -3, 0"),
        ("add_key", libc::SYS_add_key, "b'user', b'a', b'b', 1, -3"),
        ("request_key", libc::SYS_request_key, "b'user', b'a', 0, 0"),
        ("kexec_load", libc::SYS_kexec_load, "0, 0, 0, 0"),
        ("init_module", libc::SYS_init_module, "0, 0, b''"),
        ("finit_module", libc::SYS_finit_module, "0, b'', 0"),
        ("open_by_handle_at", libc::SYS_open_by_handle_at, "0, 0, 0"),
        ("swapon", libc::SYS_swapon, "b'/tmp', 0"),
        ("reboot", libc::SYS_reboot, "0, 0, 0, 0"),
        ("syslog", libc::SYS_syslog, "3, 0, 0"),
        ("sethostname", libc::SYS_sethostname, "b'x', 1"),
        ("clock_settime", libc::SYS_clock_settime, "0, 0"),
        ("fanotify_init", libc::SYS_fanotify_init, "0x200, 0"),
        ("vsock", libc::SYS_socket, "40, 1, 0"),
        ("alg", libc::SYS_socket, "38, 5, 0"),
        ("packet", libc::SYS_socket, "17, 3, 0"),
        ("key", libc::SYS_socket, "15, 3, 2"),
        ("bluetooth", libc::SYS_socket, "31, 3, 1"),
        ("netlink audit", libc::SYS_socket, "16, 3, 9"),
        // The kernel looks at 32 bits of these; so must the filter.
        ("vsock, high bit", libc::SYS_socket, "(1 << 32) | 40, 1, 0"),
        (
            "netfilter, high bit",
            libc::SYS_socket,
            "16, 3, (1 << 32) | 12",
        ),
        ("TIOCSTI", libc::SYS_ioctl, "0, 0x5412, b'x'"),
        (
            "TIOCSTI, high bit",
            libc::SYS_ioctl,
            "0, (1 << 32) | 0x5412, b'x'",
        ),
        ("TIOCLINUX", libc::SYS_ioctl, "0, 0x541C, b'x'"),
        ("ptrace the first process", libc::SYS_ptrace, "16, 1, 0, 0"),
    ];
    for (name, errno) in errors(&refused).await {
        assert_eq!(errno, libc::EPERM, "{name}");
    }
}

#[tokio::test]
async fn calls_that_programs_do_without_are_absent() {
    let absent = [
        ("clone3", libc::SYS_clone3, "0, 0"),
        ("openat2", libc::SYS_openat2, "-100, b'/', 0, 0"),
        ("io_uring_setup", libc::SYS_io_uring_setup, "1, 0"),
        (
            "io_uring_enter",
            libc::SYS_io_uring_enter,
            "0, 0, 0, 0, 0, 0",
        ),
        (
            "io_uring_register",
            libc::SYS_io_uring_register,
            "0, 0, 0, 0",
        ),
        ("statmount", 457, "0, 0, 0, 0"),
        ("listmount", 458, "0, 0, 0, 0"),
        ("open_tree_attr", 467, "-100, b'/', 1, 0, 0"),
        ("the next call", 470, "0"),
        (
            "a call of another numbering",
            0x4000_0000 | libc::SYS_mount,
            "0, 0, 0, 0, 0",
        ),
    ];
    for (name, errno) in errors(&absent).await {
        assert_eq!(errno, libc::ENOSYS, "{name}");
    }
}

#[tokio::test]
async fn calls_that_programs_live_by_work() {
    let needed = [
        ("local socket", libc::SYS_socket, "1, 1, 0"),
        ("IPv4 socket", libc::SYS_socket, "2, 1, 0"),
        ("route netlink", libc::SYS_socket, "16, 3, 0"),
        ("memfd_create", libc::SYS_memfd_create, "b'x', 0"),
        ("inotify_init1", libc::SYS_inotify_init1, "0"),
        ("eventfd2", libc::SYS_eventfd2, "0, 0"),
        ("pidfd_open", libc::SYS_pidfd_open, "1, 0"),
        ("getrandom", libc::SYS_getrandom, "b'........', 8, 0"),
        ("fchmodat", libc::SYS_fchmodat, "-100, b'/tmp/home', 0o700"),
    ];
    for (name, errno) in errors(&needed).await {
        assert_eq!(errno, 0, "{name}");
    }
}
