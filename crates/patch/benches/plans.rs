//! Planning, in one interleaved run with `git apply --check`:
//! `cargo bench -p atelier-patch --bench plans -- SAMPLES`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    unsafe_code,
    reason = "a measurement tells what it found and fails by panicking; an allocator is unsafe by its nature"
)]

#[path = "../tests/memory/counting.rs"]
mod counting;
#[path = "../tests/memory/made.rs"]
mod made;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use atelier_base::WorkspacePath;
use atelier_patch::{Entry, MatchLabel, ParseOptions, Plan, Source, SourceError, parse, plan};

use counting::peak_of;

const HUNKS: [usize; 4] = [125, 250, 500, 1_000];
const LINES: [usize; 4] = [12_500, 25_000, 50_000, 100_000];

type Tree = BTreeMap<WorkspacePath, Vec<u8>>;

/// Files on the disk.
struct Folder<'a>(&'a Path);

impl Source for Folder<'_> {
    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError> {
        let bytes = fs::read(self.0.join(path.as_str()));
        let bytes = bytes.map_err(|error| SourceError(error.to_string()))?;
        Ok(Entry::File {
            bytes,
            executable: false,
        })
    }
}

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let samples = words.next().map_or(50, |count| count.parse().unwrap());
    beside_git(samples);
    curve(samples);
    memory();
}

/// 200 files and 1,000 hunks: in memory, from the disk, and by git.
fn beside_git(samples: usize) {
    let (tree, diff) = (made::tree(), made::diff());
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in &tree {
        let path = folder.path().join(path.as_str());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let patch = folder.path().join("patch");
    fs::write(&patch, &diff).unwrap();
    let mut times: [Vec<f64>; 4] = Default::default();
    for round in 0..=samples {
        let taken = [
            timed(|| git_check(folder.path(), &patch)),
            timed(|| drop(planned(&diff, &Folder(folder.path())))),
            timed(|| drop(planned(&diff, &tree))),
            timed(|| drop(parse(&diff, &ParseOptions::default()).unwrap())),
        ];
        if round > 0 {
            times
                .iter_mut()
                .zip(taken)
                .for_each(|(all, time)| all.push(time));
        }
    }
    println!("| 200 files, 1,000 hunks | least, ms | median, ms | p95, ms | beside git |");
    println!("|---|---|---|---|---|");
    let git = Summary::of(&mut times[0]);
    for (name, times) in [
        "`git apply --check`",
        "planned in process, files on disk",
        "planned in process, files in memory",
        "of that, reading the patch",
    ]
    .iter()
    .zip(&mut times)
    {
        let own = Summary::of(times);
        println!(
            "| {name} | {:.2} | {:.2} | {:.2} | {:.2} × |",
            own.least,
            own.median,
            own.p95,
            own.median / git.median
        );
    }
    println!();
}

fn git_check(folder: &Path, patch: &Path) {
    let mut git = Command::new("git");
    git.current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", folder)
        .args(["apply", "--check"])
        .arg(patch)
        .stdout(Stdio::null());
    assert!(git.status().unwrap().success());
}

/// SEARCH/REPLACE blocks, every one at the step of indentation.
fn curve(samples: usize) {
    let mut times = vec![Vec::new(); HUNKS.len() * LINES.len()];
    let files = LINES.map(|lines| {
        let file: Tree = Tree::from([("a.rs".parse().unwrap(), made::blocks(lines).into_bytes())]);
        (lines, file)
    });
    for round in 0..=samples {
        let mut cells = times.iter_mut();
        for hunks in HUNKS {
            for (lines, file) in &files {
                let patch = made::replacements(hunks, *lines);
                let mut plan = Plan::default();
                let taken = timed(|| plan = planned(&patch, file));
                let labels = plan.files[0].hunks.iter().map(|hunk| hunk.label);
                let indented =
                    labels.filter(|label| matches!(label, MatchLabel::Indentation { by: 4, .. }));
                assert_eq!(indented.count(), hunks);
                let cell = cells.next().unwrap();
                if round > 0 {
                    cell.push(taken);
                }
            }
        }
    }
    println!(
        "| SEARCH/REPLACE blocks, median (least), ms | 12,500 lines | 25,000 | 50,000 | 100,000 |"
    );
    println!("|---|---|---|---|---|");
    for (hunks, row) in HUNKS.iter().zip(times.chunks_mut(LINES.len())) {
        let cells = row.iter_mut().map(|times| {
            let own = Summary::of(times);
            format!("{:.1} ({:.1})", own.median, own.least)
        });
        println!("| {hunks} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    println!();
}

/// The most memory at once, beside what is touched.
fn memory() {
    println!("| memory at once | touched, MiB | at once, MiB | factor |\n|---|---|---|---|");
    let file = Tree::from([("a.rs".parse().unwrap(), made::blocks(100_000).into_bytes())]);
    for (name, patch, tree) in [
        (
            "1,000 blocks in 100,000 lines",
            made::replacements(1_000, 100_000),
            file,
        ),
        ("1,000 hunks in 200 files", made::diff(), made::tree()),
    ] {
        let (peak, plan) = peak_of(|| planned(&patch, &tree));
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let files = plan.files.iter();
        let files = files.map(|file| length(&file.before) + length(&file.after));
        let touched = patch.len() + files.sum::<usize>();
        let (peak, touched) = (peak as f64, touched as f64);
        let mib = f64::from(1 << 20);
        println!(
            "| {name} | {:.2} | {:.2} | {:.2} × |",
            touched / mib,
            peak / mib,
            peak / touched
        );
    }
    println!();
}

fn planned(patch: &str, source: &dyn Source) -> Plan {
    let patch = parse(patch, &ParseOptions::default()).unwrap();
    plan(&patch, source).unwrap()
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1_000.0
}

struct Summary {
    least: f64,
    median: f64,
    p95: f64,
}

impl Summary {
    fn of(times: &mut [f64]) -> Self {
        times.sort_by(f64::total_cmp);
        Self {
            least: times[0],
            median: times[times.len() / 2],
            p95: times[times.len() * 95 / 100],
        }
    }
}
