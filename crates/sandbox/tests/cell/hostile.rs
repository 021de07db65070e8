//! A cell whose first process says what it should not.

use std::time::Duration;

use atelier_sandbox::cell::{
    CellOptions, Cells, Launcher, Limits, Outcome, RunCommand, Site, TerminalCommand,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A launcher that takes its orders and answers as its first argument says.
const LAUNCHER: &str = r#"
import array, os, socket, sys, threading, time
how = sys.argv[1]
asked = socket.socket(fileno=0)
def receive(s):
    data, ancillary, _, _ = s.recvmsg(1, socket.CMSG_SPACE(16 * 4))
    fds = array.array('i')
    for _, _, part in ancillary: fds.frombytes(part[:len(part) - len(part) % 4])
    return data, list(fds)
def send(s, data, fds=()):
    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])
receive(asked)
send(asked, b'r')
while True:
    data, fds = receive(asked)
    if not data: sys.exit(0)
    if os.fork() == 0: break
    for fd in fds: os.close(fd)
asked.close()
control, spec, requests = fds
control = socket.socket(fileno=control)
requests = socket.socket(fileno=requests)
# The server must not wait for a launcher that holds on.
threading.Thread(target=lambda: (control.recv(1), os._exit(0)), daemon=True).start()
if how == 'gone': sys.exit(0)
if how == 'nothing': send(requests, b'r'); time.sleep(60)
listener = socket.create_server(('127.0.0.1', 0))
null = os.open('/dev/null', os.O_RDWR)
waits, _ = os.pipe()
send(requests, b'r', [null] * 9 if how == 'no listener' else [listener.fileno()])
while True:
    data, fds = receive(requests)
    if not fds: break
    answer = socket.socket(fileno=fds[0])
    if how == 'silence': continue
    if how == 'flood':
        try:
            while True: answer.sendall(b'{' * 65536)
        except OSError: pass
    elif how == 'rubbish': answer.sendall(b'\xff\x00 {"news": 7}')
    elif how == 'lies': answer.sendall(b'{"news":[{"Ended":{"exit_code":0,"signal":null}}],"cpu_micros":18446744073709551615,"peak_bytes":0}')
    elif how == 'pipes': send(answer, b'x', [waits] * 10)
    elif how == 'null': send(answer, b'x', [null])
    for fd in fds[1:]: os.close(fd)
    answer.close()
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_cell_answers_the_server_goes_on() {
    let cases = [
        ("gone", Outcome::Refused),
        ("nothing", Outcome::Refused),
        ("no listener", Outcome::Interrupted),
        ("silence", Outcome::Timeout),
        ("flood", Outcome::Interrupted),
        ("rubbish", Outcome::Interrupted),
        // A first process that lies about the end is believed; it is ours.
        ("lies", Outcome::Ok),
        ("pipes", Outcome::Interrupted),
        ("null", Outcome::Interrupted),
    ];
    let asked = cases.map(|(how, outcome)| async move {
        let within = tokio::time::timeout(Duration::from_secs(90), ask(how));
        assert_eq!(within.await.unwrap(), outcome, "{how}");
    });
    futures_util::future::join_all(asked).await;
}

/// Asks a cell of the launcher that answers `how` for all that there is.
async fn ask(how: &str) -> Outcome {
    let cells = Cells::new(
        Launcher {
            program: "/usr/bin/python3".into(),
            args: vec!["-c".into(), LAUNCHER.into(), how.into()],
        },
        CellOptions {
            cgroup: format!("atelier-hostile-{how}-{}", std::process::id()),
            path: Vec::new(),
            max_concurrent: 4,
            cell: Limits::default(),
            idle: Duration::from_mins(5),
        },
    );
    let folder = tempfile::tempdir().unwrap();
    let site = Site::workspace(folder.path());
    let (sender, _receiver) = mpsc::channel(16);
    let mut command = RunCommand::new(["true"]);
    command.limits.wall = Duration::from_secs(1);
    let run = cells.run_in(&site, command, CancellationToken::new(), sender);
    let outcome = run.await.outcome;
    // Whatever is made of these, they come to an end.
    let _ = cells.state(&site).await;
    let _ = cells.connect(&site, 1).await;
    let _ = cells.open_terminal(&site, TerminalCommand::default()).await;
    cells.close().await;
    outcome
}
