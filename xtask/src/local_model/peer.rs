//! Another server of the same weights, which ours is compared with.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::target;
use crate::process;

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

/// Another server of the same weights.
pub(super) struct Peer(Child);

impl Peer {
    /// Installs it, starts it and waits until it answers.
    ///
    /// # Errors
    /// It can't be installed, or ends.
    pub(super) fn start(weights: &Path) -> Result<Self> {
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

    /// Where it answers as OpenAI does.
    pub(super) fn url() -> String {
        format!("http://127.0.0.1:{PEER_PORT}/v1")
    }

    /// Ends it.
    pub(super) fn end(&mut self) {
        // It ends with its input; killed, it ends also when it hangs.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
