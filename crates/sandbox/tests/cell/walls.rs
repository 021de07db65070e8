//! What a cell can't see or touch.

use std::io::Write;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::{SocketAddr, UnixListener};

use atelier_sandbox::cell::{Limits, Outcome, RunCommand};
use atelier_sandbox::doctor::LayerState;

use crate::lab::{Lab, is_root, not_tested};

#[tokio::test]
async fn the_doctor_finds_every_wall_standing() {
    let lab = Lab::new();
    let isolation = lab.cells.probe().await;
    assert!(isolation.ready, "{isolation:#?}");
    for layer in &isolation.layers {
        if layer.state != LayerState::Active {
            not_tested(&format!("{} in full: {}", layer.name, layer.detail));
        }
    }
    assert_eq!(isolation.layers.len(), 15);
}

#[tokio::test]
async fn there_is_no_network_but_loopback() {
    let lab = Lab::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    let name = format!("atelier-test-{port}");
    let abstract_name = SocketAddr::from_abstract_name(&name).unwrap();
    let _local = UnixListener::bind_addr(&abstract_name).unwrap();
    let script = format!(
        "
import socket, threading
def attempt(family, address):
    s = socket.socket(family)
    s.settimeout(2)
    try:
        s.connect(address)
        return 'open'
    except OSError as e:
        return e.strerror
print(attempt(socket.AF_INET, ('127.0.0.1', {port})))
print(attempt(socket.AF_INET, ('192.0.2.1', 80)))
print(attempt(socket.AF_INET6, ('2001:db8::1', 80)))
print(attempt(socket.AF_UNIX, '\\0{name}'))
server = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b'inside')).start()
print(socket.create_connection(server.getsockname()).recv(9).decode())
print([name for _, name in socket.if_nameindex() if name in ('lo', 'eth0')])
"
    );
    let text = lab.python(&script).await.ok();
    let expected = [
        "Connection refused",
        "Network is unreachable",
        "Network is unreachable",
        "Connection refused",
        "inside",
        "['lo']",
    ];
    let lines: Vec<_> = text.lines().collect();
    // A kernel without IPv6 says so in other words.
    assert!(lines[2] != "open", "{text}");
    assert_eq!([lines[0], lines[1], lines[3], lines[4], lines[5]], {
        [
            expected[0],
            expected[1],
            expected[3],
            expected[4],
            expected[5],
        ]
    });
}

#[tokio::test]
async fn the_hosts_files_are_not_there() {
    let lab = Lab::new();
    let neighbour = tempfile::Builder::new()
        .prefix("neighbour-")
        .tempdir()
        .unwrap();
    std::fs::write(neighbour.path().join("secret"), "secret").unwrap();
    symlink("/etc/shadow", lab.path().join("shadow")).unwrap();
    symlink(neighbour.path(), lab.path().join("next")).unwrap();
    symlink("../../../../../../etc/shadow", lab.path().join("up")).unwrap();
    for path in [
        "/etc/shadow",
        "/etc/ssh",
        "/root/.bashrc",
        "/var/lib/dpkg",
        "/run/docker.sock",
        "/run/systemd",
        "/boot",
        "/sys/kernel",
        "/proc/1/root/boot",
        "/workspace/shadow",
        "/workspace/up",
        "/workspace/next/secret",
        neighbour.path().to_str().unwrap(),
        env!("CARGO_MANIFEST_DIR"),
    ] {
        let ran = lab
            .run(RunCommand::new(["ls", "-d", &format!("{path}/.")]))
            .await;
        let file = lab.run(RunCommand::new(["cat", path])).await;
        assert_eq!(ran.outcome(), Outcome::Exit, "{path}: {}", ran.stdout());
        assert_eq!(file.outcome(), Outcome::Exit, "{path}: {}", file.stdout());
    }
    let top = lab
        .sh("ls -A / /home /run /sys /var /tmp /tmp/home | tr '\\n' ' '")
        .await
        .ok();
    let expected = "/: bin dev etc home lib lib64 proc root run sbin sys tmp usr var workspace  \
                    /home:  /run:  /sys:  /tmp: home  /tmp/home:  /var: tmp ";
    // Machines differ in what they link to `/usr`.
    let top = top.replace("lib32 ", "").replace("libx32 ", "");
    assert_eq!(top.replace("lib64 ", ""), expected.replace("lib64 ", ""));
}

#[tokio::test]
async fn only_the_workspace_and_temporary_files_can_be_written() {
    let lab = Lab::new();
    let script = "
for p in / /usr /usr/bin /etc /etc/ssl/certs /dev /home /root /run /sys /var /proc/sys/kernel; do
  touch $p/x 2>/dev/null && echo wrote $p
  mkdir $p/y 2>/dev/null && echo made $p
done
for f in /etc/passwd /etc/ld.so.cache /proc/sys/kernel/core_pattern /proc/sysrq-trigger \\
         /proc/sys/net/ipv4/ip_forward /proc/1/oom_score_adj /proc/1/mem; do
  ( echo x > $f ) 2>/dev/null && echo wrote $f
done
for p in /workspace /tmp /tmp/home /dev/shm /var/tmp; do touch $p/x || echo closed $p; done";
    assert_eq!(lab.sh(script).await.ok(), "");
    assert!(lab.path().join("x").exists());
}

#[tokio::test]
async fn the_hosts_processes_are_neither_seen_nor_reached() {
    let lab = Lab::new();
    let own = std::process::id();
    let text = lab
        .sh(&format!(
            "kill -0 {own}; ls /proc | grep -c '^[0-9]'; cat /proc/1/comm"
        ))
        .await;
    let text = text.ok();
    let mut lines = text.lines();
    let count: u32 = lines.next().unwrap().parse().unwrap();
    assert!((2..=6).contains(&count), "{text}");
    assert_eq!(lines.next(), Some("atelier-cell"));
}

#[tokio::test]
async fn the_first_process_gives_nothing_away() {
    let lab = Lab::new();
    let script = "
import os, ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name in ['environ', 'mem', 'maps', 'root', 'cwd', 'fd', 'exe', 'fdinfo']:
    path = '/proc/1/' + name
    try:
        what = os.listdir(path) if name in ('fd', 'fdinfo', 'root', 'cwd') else \
            os.readlink(path) if name == 'exe' else open(path, 'rb').read(4096)
        print('open', name, what)
    except OSError:
        pass
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
for request in (PTRACE_ATTACH, PTRACE_SEIZE):
    if libc.ptrace(request, 1, 0, 0) == 0: print('traced')
libc.syscall.restype = ctypes.c_long
found = [p for p in os.listdir('/proc') if p.isdigit()]
for p in found:
    try:
        if b'CARGO' in open(f'/proc/{p}/environ', 'rb').read(): print('leak', p)
    except OSError:
        pass
import signal
for number in range(1, 65):
    if number not in (32, 33):
        try: os.kill(1, number)
        except OSError as e: pass
print('alive')
";
    assert_eq!(lab.python(script).await.ok(), "alive\n");
}

#[tokio::test]
async fn no_descriptor_leaks_in() {
    let lab = Lab::new();
    let leak = tempfile::tempfile().unwrap();
    // Unlike what std opens, a plain duplicate stays open across exec.
    let _leaks: Vec<_> = (0..50).map(|_| rustix::io::dup(&leak).unwrap()).collect();
    let script = "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))";
    assert_eq!(lab.python(script).await.ok(), "[0, 1, 2, 3]\n");
}

#[tokio::test]
async fn a_program_is_nobody_special() {
    let lab = Lab::new();
    let script = "id; grep -E '^(Cap|NoNewPrivs|Seccomp:|SigBlk|Groups)' /proc/self/status | tr -s '\\t ' ' '; hostname; ulimit -c; cut -d: -f3 /proc/self/cgroup | sed 's|^/[.][.]/job-[0-9]*$|/|' | sort -u";
    let text = lab.sh(script).await.ok();
    let expected = "uid=1000(user) gid=1000(user) groups=1000(user)\n\
         Groups: \n\
         SigBlk: 0000000000000000\n\
         CapInh: 0000000000000000\n\
         CapPrm: 0000000000000000\n\
         CapEff: 0000000000000000\n\
         CapBnd: 0000000000000000\n\
         CapAmb: 0000000000000000\n\
         NoNewPrivs: 1\n\
         Seccomp: 2\n\
         cell\n0\n/\n";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn files_belong_to_the_workspaces_owner_on_the_host() {
    let lab = Lab::new();
    lab.sh("echo x > made; mkdir d; echo y > d/f; ls -ln made | cut -d' ' -f3")
        .await
        .ok();
    let owner = std::fs::metadata(lab.path()).unwrap();
    for name in ["made", "d", "d/f"] {
        let meta = std::fs::metadata(lab.path().join(name)).unwrap();
        assert_eq!(
            (meta.uid(), meta.gid()),
            (owner.uid(), owner.gid()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn ones_own_folder_is_used_as_its_owner_but_never_as_root() {
    let lab = Lab::in_own_folder();
    std::fs::write(lab.path().join("old"), "before\n").unwrap();
    let ran = lab
        .sh("cat old; echo after >> old; echo x > new; sleep 0.01; id -u")
        .await;
    if is_root() && ran.outcome() == Outcome::Refused {
        let reason = ran.report.reason.unwrap();
        assert!(reason.contains("belongs to root"), "{reason}");
        not_tested("a folder of root's, whose file system can't map ids");
        return;
    }
    assert_eq!(ran.ok(), "before\n1000\n");
    let own = rustix::process::geteuid().as_raw();
    for (name, text) in [("old", "before\nafter\n"), ("new", "x\n")] {
        let path = lab.path().join(name);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(std::fs::metadata(&path).unwrap().uid(), own, "{name}");
    }
}

#[tokio::test]
async fn no_file_can_be_made_to_act_for_its_owner() {
    let lab = Lab::in_own_folder();
    let script = "
import os, ctypes
libc = ctypes.CDLL(None, use_errno=True)
open('f', 'w').close(); os.mkdir('d')
def attempt(name, act):
    try:
        act(); print('did', name)
    except PermissionError:
        pass
for bits in (0o4755, 0o2755, 0o6711):
    attempt('chmod', lambda: os.chmod('f', bits))
    attempt('fchmod', lambda: os.fchmod(os.open('f', os.O_RDONLY), bits))
    attempt('chmod directory', lambda: os.chmod('d', bits))
    attempt('create', lambda: os.open(f'g{bits}', os.O_CREAT | os.O_WRONLY, bits))
    attempt('mkdir', lambda: os.mkdir(f'e{bits}', bits))
    attempt('mknod', lambda: os.mknod(f'h{bits}', bits))
attempt('device', lambda: os.mknod('null', 0o20666, os.makedev(1, 3)))
os.chmod('f', 0o755)
print(oct(os.stat('f').st_mode))
";
    assert_eq!(lab.python(script).await.ok(), "0o100755\n");
    let modes = std::fs::read_dir(lab.path()).unwrap().flatten();
    for entry in modes {
        assert_eq!(
            entry.metadata().unwrap().mode() & 0o6000,
            0,
            "{:?}",
            entry.path()
        );
    }
}

#[tokio::test]
async fn what_tells_of_the_machine_is_masked() {
    let lab = Lab::new();
    let script = "cd /proc; for f in config.gz interrupts kallsyms kcore key-users keys kmsg \
                  sysrq-trigger timer_list; do head -c 1 $f 2>/dev/null | wc -c; done | sort -u";
    assert_eq!(lab.sh(script).await.ok(), "0\n");
    let useful = "grep -c ^processor /proc/cpuinfo >/dev/null && grep -q MemTotal /proc/meminfo && echo there";
    assert_eq!(lab.sh(useful).await.ok(), "there\n");
}

#[tokio::test]
async fn temporary_files_are_limited_in_bytes_and_number() {
    let limits = Limits {
        tmp_bytes: 8 << 20,
        ..Limits::default()
    };
    let lab = Lab::with_cell(limits.clone());
    let ran = lab
        .limited(
            "head -c 20000000 /dev/zero > /tmp/big; stat -c %s /tmp/big",
            limits,
        )
        .await;
    assert_eq!(ran.ok(), format!("{}\n", 8 << 20));
    let script = "
n = 0
try:
    for n in range(200000): open(f'/tmp/{n}', 'w').close()
except OSError as e: print(e.strerror, 60000 < n < 65537)
";
    assert_eq!(
        lab.python(script).await.ok(),
        "No space left on device True\n"
    );
}

#[tokio::test]
async fn hostile_names_in_the_workspace_are_only_names() {
    let lab = Lab::new();
    let mut file = std::fs::File::create(lab.path().join("$(touch pwned); `id`")).unwrap();
    file.write_all(b"x").unwrap();
    let ran = lab
        .run(RunCommand::new(["cat", "$(touch pwned); `id`"]))
        .await;
    assert_eq!(ran.stdout(), "x");
    assert!(!lab.path().join("pwned").exists());
}
