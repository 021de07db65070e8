//! Our gateway beside LiteLLM's proxy, both before the same upstream.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::server::Server;
use crate::scratch::Scratch;
use crate::{process, project};

/// The proxy that the figures are about.
const LITELLM: &str = "litellm[proxy]==1.106.2";
const LITELLM_KEY: &str = "sk-bench";
/// The fewest streams one at a time: each takes a few milliseconds, and what is
/// held to is a fraction of one.
pub(super) const LEAST_SAMPLES: usize = 200;
/// How long LiteLLM may take to listen: it reads thousands of modules.
const PATIENCE: Duration = Duration::from_mins(3);

/// Measures and prints the tables.
///
/// # Errors
/// LiteLLM can't be installed, a server doesn't start, or a stream isn't
/// whole.
pub(super) fn measure(server: &Server, samples: usize) -> Result<()> {
    let upstream = free_port()?;
    let key = prepare(server, upstream)?;
    let litellm = LiteLlm::start(upstream)?;
    let mut bench = process::cargo(["bench", "--quiet", "--package", "atelier-model"]);
    bench.args(["--bench", "gateway", "--"]);
    bench.args([upstream.to_string(), samples.to_string()]);
    bench.arg(format!(
        "Atelier=http://127.0.0.1:{}/v1={key}={}",
        server.port(),
        server.pid()
    ));
    bench.arg(format!(
        "LiteLLM=http://127.0.0.1:{}/v1={LITELLM_KEY}=",
        litellm.port
    ));
    process::run(&mut bench)
}

/// Makes the upstream known to our server, with prices, so that calls are
/// metered and paid for; returns an access token.
fn prepare(server: &Server, upstream: u16) -> Result<String> {
    let client = server.client();
    client.post(
        "/api/providers",
        &json!({
            "name": "bench",
            "baseUrl": format!("http://127.0.0.1:{upstream}/v1"),
            "model": "bench",
            "inputUsdPerMillion": "0.15",
            "outputUsdPerMillion": "0.6",
        }),
    )?;
    let token = client.post("/api/tokens", &json!({"name": "bench"}))?;
    let token = token["secret"].as_str();
    Ok(token.context("the server gave no token")?.to_owned())
}

/// LiteLLM's proxy. Dropping it stops it.
struct LiteLlm {
    child: Child,
    port: u16,
    _folder: Scratch,
}

impl LiteLlm {
    fn start(upstream: u16) -> Result<Self> {
        let program = install()?;
        let folder = Scratch::new()?;
        let config = folder.path().join("config.yaml");
        fs::write(&config, config_for(upstream)).context("could not configure LiteLLM")?;
        let port = free_port()?;
        let child = Command::new(program)
            .arg("--config")
            .arg(config)
            .args(["--host", "127.0.0.1", "--num_workers", "1", "--port"])
            .arg(port.to_string())
            .env("LITELLM_LOG", "ERROR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start LiteLLM")?;
        let mut litellm = Self {
            child,
            port,
            _folder: folder,
        };
        litellm.wait_until_ready()?;
        Ok(litellm)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().context("could not watch LiteLLM")? {
                bail!("LiteLLM ended with {status}");
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(200));
        }
        bail!("LiteLLM didn't listen within {} s", PATIENCE.as_secs())
    }
}

impl Drop for LiteLlm {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        // Reaps the process; its status says nothing that we need.
        let _ = self.child.wait();
    }
}

fn config_for(upstream: u16) -> String {
    format!(
        "model_list:\n  - model_name: bench\n    litellm_params:\n      model: openai/bench\n      \
         api_base: http://127.0.0.1:{upstream}/v1\n      api_key: none\n\
         general_settings:\n  master_key: {LITELLM_KEY}\n"
    )
}

/// Installs LiteLLM into an environment of its own that is kept, and returns
/// its program.
fn install() -> Result<PathBuf> {
    let folder = project::top().join("target/litellm");
    let program = folder.join("bin/litellm");
    if !program.is_file() {
        println!("installing {LITELLM} to compare with\n");
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        process::run(pip.args(["install", "--quiet", LITELLM]))?;
    }
    Ok(program)
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
