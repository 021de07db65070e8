//! Terminals: a screen in a cell, with all that shells and editors expect.

use atelier_sandbox::cell::{ScreenSize, Terminal, TerminalCommand};

use crate::lab::{Lab, has, mark, processes_with, role};
use crate::life::again;

/// A terminal and all that was read of it.
struct Screen {
    terminal: Terminal,
    text: String,
}

impl Screen {
    async fn open(lab: &Lab, argv: &[&str]) -> Self {
        let command = TerminalCommand {
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
            env: vec![("PS1".to_owned(), "$ ".to_owned())],
            size: ScreenSize {
                columns: 123,
                rows: 40,
            },
            ..TerminalCommand::default()
        };
        Self {
            terminal: lab.cells.open_terminal(&lab.site(), command).await.unwrap(),
            text: String::new(),
        }
    }

    async fn type_in(&self, text: &str) {
        let mut left = text.as_bytes();
        while !left.is_empty() {
            let taken = self.terminal.write(left).await.unwrap();
            left = &left[taken..];
        }
    }

    /// Reads until `wanted` has come since the last time; returns what came.
    async fn until(&mut self, wanted: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            if let Some(at) = self.text.find(wanted) {
                let rest = self.text.split_off(at + wanted.len());
                return std::mem::replace(&mut self.text, rest);
            }
            let read = tokio::time::timeout(
                std::time::Duration::from_secs(20),
                self.terminal.read(&mut buffer),
            );
            let count = read
                .await
                .unwrap_or_else(|_| panic!("no {wanted:?} in {:?}", self.text))
                .unwrap();
            assert_ne!(count, 0, "the end comes before {wanted:?}: {:?}", self.text);
            self.text
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }
}

/// Whether what is typed at a process's terminal goes to its group; see
/// `proc_pid_stat(5)`.
fn is_in_front(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split(' ').collect();
    fields.len() > 5 && fields[2] == fields[5]
}

#[tokio::test]
async fn a_shell_has_a_terminal_of_its_own() {
    let lab = Lab::new();
    let mut screen = Screen::open(&lab, &["sh"]).await;
    screen
        .type_in("tty; stty size; echo $TERM $COLORTERM; test -t 0 && echo yes-$?\n")
        .await;
    let text = screen.until("yes-0").await;
    assert!(text.contains("/dev/pts/"), "{text}");
    assert!(text.contains("40 123"), "{text}");
    assert!(text.contains("xterm-256color truecolor"), "{text}");

    let size = ScreenSize {
        columns: 99,
        rows: 50,
    };
    screen.terminal.resize(size).unwrap();
    screen.type_in("stty size\n").await;
    screen.until("50 99").await;

    screen.type_in("echo bro''ken; exit 7\n").await;
    screen.until("broken").await;
    assert_eq!(screen.terminal.ended().await.exit_code, Some(7));
}

#[tokio::test]
async fn keys_end_stop_and_continue_jobs() {
    let lab = Lab::new();
    let mut screen = Screen::open(&lab, &["bash", "--norc", "--noprofile"]).await;
    screen.type_in("echo rea''dy\n").await;
    screen.until("ready").await;
    let mark = mark(987_710, std::process::id());
    screen.type_in(&format!("sleep {mark}\n")).await;
    while processes_with(&mark).is_empty() {
        tokio::task::yield_now().await;
    }
    screen.type_in("\x03").await;
    screen.type_in("echo status-$?\n").await;
    screen.until("status-130").await;

    screen.type_in(&format!("sleep {mark}\n")).await;
    while processes_with(&mark).is_empty() {
        tokio::task::yield_now().await;
    }
    screen.type_in("\x1a").await;
    screen.until("Stopped").await;
    screen.type_in("jobs; bg; jobs\n").await;
    screen.until("Running").await;
    // Back in front, it is what keys go to.
    screen.type_in("fg\n").await;
    while !processes_with(&mark).into_iter().all(is_in_front) {
        tokio::task::yield_now().await;
    }
    screen.type_in("\x03").await;
    screen.type_in("echo front-$?\n").await;
    screen.until("front-130").await;
    screen.type_in("jobs; echo end''ed\n").await;
    let left = screen.until("ended").await;
    assert!(!left.contains("Running"), "{left}");
    assert!(processes_with(&mark).is_empty());
    // Without the terminal the shell and all its jobs are gone.
    screen
        .type_in(&format!(
            "sleep {mark} & setsid sleep {mark} & echo aw''ay\n"
        ))
        .await;
    screen.until("away").await;
    drop(screen);
    while !processes_with(&mark).is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// As when the server was started by `nohup`, or in the background of a script.
#[test]
fn keys_work_where_the_server_ignores_their_signals() {
    if role().is_none() {
        let ignoring = ["sh", "-c", "trap '' HUP INT QUIT TERM; exec \"$@\"", "sh"];
        let test = "terminals::keys_end_stop_and_continue_jobs";
        again(test, "signals ignored", &ignoring);
    }
}

#[tokio::test]
async fn programs_that_draw_the_whole_screen_work() {
    let lab = Lab::new();
    lab.put("poem.txt", "roses\nare\nred\n");
    let mut screen = Screen::open(&lab, &["sh"]).await;
    if has("less") {
        screen.type_in("less poem.txt\n").await;
        screen.until("red").await;
        screen.type_in("q").await;
    }
    if has("vim") || has("vi") {
        screen.type_in("vi poem.txt\n").await;
        screen.until("red").await;
        screen.type_in("ggxZZ").await;
        screen.until("written").await;
        screen.until("$ ").await;
        screen.type_in("cat poem.txt; echo do''ne\n").await;
        let text = screen.until("done").await;
        assert!(text.contains("oses"), "{text}");
    }
    screen.type_in("printf '\\033[31mred\\033[0m\\n'\n").await;
    screen.until("\x1b[31mred\x1b[0m").await;
}

#[tokio::test]
async fn a_terminal_can_not_reach_out_through_its_device() {
    let lab = Lab::new();
    let script = "
import fcntl, os, termios
for name, number in [('TIOCSTI', termios.TIOCSTI), ('TIOCLINUX', 0x541C)]:
    try: fcntl.ioctl(0, number, b'x'); print(name, 'worked')
    except OSError as e: print(name, e.errno)
print(sorted(os.listdir('/dev/pts')))
";
    let mut screen = Screen::open(&lab, &["python3", "-c", script]).await;
    let text = screen.until("]").await;
    assert!(
        text.contains("TIOCSTI 1\r\n") && text.contains("TIOCLINUX 1\r\n"),
        "{text}"
    );
    assert!(text.contains("['0', 'ptmx']"), "{text}");
}

#[tokio::test]
async fn what_can_not_be_started_is_told() {
    let lab = Lab::new();
    let missing = Screen::open(&lab, &["no-such-program"]).await;
    let end = missing.terminal.ended().await;
    assert_eq!(end.exit_code, Some(127), "{end:?}");
    assert!(end.reason.unwrap().contains("could not be started"));
}

#[tokio::test]
async fn a_flood_is_read_to_its_last_byte() {
    let lab = Lab::new();
    let screen = Screen::open(&lab, &["sh", "-c", "yes | head -c 20000000"]).await;
    let (mut buffer, mut lines) = ([0; 8192], 0);
    loop {
        let count = screen.terminal.read(&mut buffer).await.unwrap();
        if count == 0 {
            break;
        }
        lines += buffer[..count].split(|byte| *byte == b'y').count() - 1;
    }
    assert_eq!(lines, 10_000_000);
    assert_eq!(screen.terminal.ended().await.exit_code, Some(0));
}
