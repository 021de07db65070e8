//! Cells beside a bare spawn and bubblewrap, all in one interleaved run:
//! `cargo bench -p atelier-sandbox --bench cells -- LAUNCHER SAMPLES`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement tells what it found and fails by panicking"
)]

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use atelier_sandbox::cell::{
    CellOptions, Cells, Launcher, Limits, Outcome, RunCommand, Site, call_filters,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The host user of the cells, and of bubblewrap.
const USER: u32 = 299_000;
const TRUE: &[&str] = &["/bin/true"];
const PYTHON: &[&str] = &["/usr/bin/python3", "-c", "print(1)"];
const AT_ONCE: usize = 2;
const MANY: usize = 100;

struct Lab {
    cells: Cells,
    folder: tempfile::TempDir,
    filters: Vec<PathBuf>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let launcher = words.next().unwrap();
    let samples = words.next().map_or(50, |count| count.parse().unwrap());
    let lab = Lab::new(Path::new(&launcher));
    println!(
        "| case | median, ms | p95, ms | beside the bare spawn | beside bwrap |\n|---|---|---|---|---|"
    );
    for argv in [TRUE, PYTHON] {
        lab.compare(argv, samples).await;
    }
    println!();
    lab.rate().await;
    lab.memory().await;
    lab.cells.close().await;
}

impl Lab {
    fn new(launcher: &Path) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("atelier-bench-")
            .tempdir()
            .unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(folder.path(), Some(USER), Some(USER)).unwrap();
        }
        let filters = call_filters()
            .unwrap()
            .into_iter()
            .enumerate()
            .map(|(n, filter)| {
                let path =
                    std::env::temp_dir().join(format!("atelier-filter-{}-{n}", std::process::id()));
                File::create(&path).unwrap().write_all(&filter).unwrap();
                path
            });
        let image = std::fs::read(launcher).unwrap();
        let options = CellOptions {
            cgroup: format!("atelier-bench-{}", std::process::id()),
            path: Vec::new(),
            max_concurrent: AT_ONCE,
            cell: Limits {
                memory_bytes: 2 << 30,
                pids: 1024,
                ..Limits::default()
            },
            idle: Duration::from_mins(5),
        };
        Self {
            filters: filters.collect(),
            cells: Cells::new(Launcher::embedded(&image).unwrap(), options),
            folder,
        }
    }

    async fn compare(&self, argv: &[&str], samples: usize) {
        let mut times: [Vec<f64>; 4] = Default::default();
        for round in 0..=samples {
            let taken = [
                bare(argv).await,
                self.warm(argv).await,
                self.cold(argv).await,
                self.bwrap(argv).await,
            ];
            if round > 0 {
                times
                    .iter_mut()
                    .zip(taken)
                    .for_each(|(all, time)| all.push(time));
            }
        }
        for own in &mut times {
            own.sort_by(f64::total_cmp);
        }
        let median = |own: &[f64]| own[own.len() / 2];
        let (bare, bwrap) = (median(&times[0]), median(&times[3]));
        let what = if argv.len() > 1 { "python3 -c" } else { "true" };
        for (how, own) in ["bare", "warm cell", "cold one-shot cell", "bwrap"]
            .iter()
            .zip(&times)
        {
            println!(
                "| `{what}`, {how} | {:.2} | {:.2} | {:+.2} ms, {:.2} × | {:.2} × |",
                median(own),
                own[own.len() * 95 / 100],
                median(own) - bare,
                median(own) / bare,
                median(own) / bwrap
            );
        }
    }

    async fn warm(&self, argv: &[&str]) -> f64 {
        let site = Site::workspace(self.folder.path());
        let (sender, receiver) = mpsc::channel(16);
        let command = RunCommand::new(argv.iter().copied());
        let run = self
            .cells
            .run_in(&site, command, CancellationToken::new(), sender);
        finish(run, receiver).await
    }

    async fn cold(&self, argv: &[&str]) -> f64 {
        let (sender, receiver) = mpsc::channel(16);
        let command = RunCommand::new(argv.iter().copied());
        let run = self.cells.run(
            self.folder.path(),
            command,
            CancellationToken::new(),
            sender,
        );
        finish(run, receiver).await
    }

    /// The same mounts, user and filters.
    async fn bwrap(&self, argv: &[&str]) -> f64 {
        let mut command = std::process::Command::new("bwrap");
        command.args([
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
        ]);
        command.args([
            "--clearenv",
            "--hostname",
            "cell",
            "--dir",
            "/home",
            "--dir",
            "/run",
        ]);
        for path in [
            "/usr",
            "/etc/alternatives",
            "/etc/ssl/certs",
            "/etc/ld.so.cache",
            "/etc/nsswitch.conf",
            "/etc/mime.types",
            "/etc/protocols",
            "/etc/services",
            "/etc/ssl/openssl.cnf",
        ] {
            if Path::new(path).exists() {
                command.args(["--ro-bind", path, path]);
            }
        }
        for link in ["bin", "sbin", "lib", "lib64"] {
            command.args(["--symlink", &format!("usr/{link}"), &format!("/{link}")]);
        }
        command.args([
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            "--size",
            "268435456",
            "--tmpfs",
            "/tmp",
            "--bind",
        ]);
        command
            .arg(self.folder.path())
            .args(["/workspace", "--chdir", "/workspace"]);
        let mut open = Vec::new();
        for filter in &self.filters {
            let file = File::open(filter).unwrap();
            rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
            let number = std::os::fd::AsRawFd::as_raw_fd(&file);
            command.args(["--add-seccomp-fd", &number.to_string()]);
            open.push(file);
        }
        command.arg("--").args(argv);
        if rustix::process::geteuid().is_root() {
            command.uid(USER).gid(USER);
        }
        spawn(command).await
    }

    /// Many sandboxes, a few at a time.
    async fn rate(&self) {
        let mut rates: [Vec<f64>; 2] = Default::default();
        for _ in 0..5 {
            for (kind, rates) in rates.iter_mut().enumerate() {
                let start = Instant::now();
                let lanes = (0..AT_ONCE).map(|_| async {
                    for _ in 0..MANY / AT_ONCE {
                        if kind == 0 {
                            self.cold(TRUE).await;
                        } else {
                            self.bwrap(TRUE).await;
                        }
                    }
                });
                futures_util::future::join_all(lanes).await;
                rates.push(f64::from(u32::try_from(MANY).unwrap()) / start.elapsed().as_secs_f64());
            }
        }
        for rates in &mut rates {
            rates.sort_by(f64::total_cmp);
        }
        let [cells, bwrap] = rates.map(|rates| rates[rates.len() / 2]);
        println!(
            "{MANY} sandboxes, {AT_ONCE} at a time: {cells:.0}/s as cells, {bwrap:.0}/s as bwrap: {:.2} ×.\n",
            cells / bwrap
        );
    }

    /// What an idle cell costs. A fork shares pages with what it was forked
    /// from, so that the private ones alone would flatter: the proportional
    /// share counts each page once.
    async fn memory(&self) {
        self.warm(TRUE).await;
        let (mut private, mut proportional) = (0, 0);
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            if words.starts_with(b"atelier-cell\0") {
                let sums = std::fs::read_to_string(process.path().join("smaps_rollup"));
                let sums = sums.unwrap_or_default();
                private += kib(&sums, "Private");
                proportional += kib(&sums, "Pss:");
            }
        }
        println!(
            "An idle cell: {private} KiB of private memory, {proportional} KiB with its share of \
             what is shared; launcher, its fork and first process together.\n"
        );
    }
}

/// Adds up the lines whose names begin so.
fn kib(sums: &str, name: &str) -> u64 {
    let lines = sums.lines().filter(|line| line.starts_with(name));
    lines
        .filter_map(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok())
        .sum()
}

impl Drop for Lab {
    fn drop(&mut self) {
        for filter in &self.filters {
            let _ = std::fs::remove_file(filter);
        }
    }
}

async fn finish(
    run: impl Future<Output = atelier_sandbox::cell::Report>,
    mut output: mpsc::Receiver<atelier_sandbox::cell::Output>,
) -> f64 {
    let start = Instant::now();
    let (report, ()) = tokio::join!(run, async { while output.recv().await.is_some() {} });
    let took = start.elapsed();
    assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
    took.as_secs_f64() * 1000.0
}

async fn bare(argv: &[&str]) -> f64 {
    let mut command = std::process::Command::new(argv[0]);
    command.args(&argv[1..]);
    spawn(command).await
}

async fn spawn(mut command: std::process::Command) -> f64 {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let start = Instant::now();
    let output = tokio::process::Command::from(command)
        .output()
        .await
        .unwrap();
    let took = start.elapsed();
    assert!(output.status.success(), "{output:?}");
    took.as_secs_f64() * 1000.0
}
