//! A server of our own to measure: fresh data, a free port, signed in.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result};

use super::http::Client;
use crate::process;
use crate::scratch::Scratch;

/// What a bench does in a second is more than a person does in a day.
const CONFIG: &str = "[limits]
model_requests_per_minute = 10000000
model_requests_at_once = 1000000
token_requests_per_minute = 10000000
token_requests_at_once = 1000000
";

/// A running server. Dropping it stops it and removes its data.
pub(super) struct Server {
    child: Child,
    client: Client,
    port: u16,
    _data: Scratch,
}

impl Server {
    /// Starts `binary` and signs in through the link that it prints.
    ///
    /// # Errors
    /// It doesn't start, prints no link, or refuses it.
    pub(super) fn start(binary: &Path) -> Result<Self> {
        let data = Scratch::new()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let config = data.path().join("bench.toml");
        fs::write(&config, CONFIG).context("could not configure the server")?;
        let mut child = serve(binary, data.path(), port)
            .arg("--config")
            .arg(config)
            .spawn()
            .with_context(|| format!("could not start {}", binary.display()))?;
        let token = token_from(&mut child);
        // Made before the first `?`, so that whatever fails stops the child.
        let mut server = Self {
            child,
            client: Client::new(port),
            port,
            _data: data,
        };
        server.client.sign_in(&token?)?;
        Ok(server)
    }

    /// A client that is signed in.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The local port that it listens on.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The memory that the process holds in RAM, in KiB.
    ///
    /// # Errors
    /// The kernel doesn't say.
    pub(super) fn resident_kib(&self) -> Result<u64> {
        self.status("VmRSS:")
    }

    /// The most memory that it has held since [`Self::forget_peak`], in KiB.
    ///
    /// # Errors
    /// The kernel doesn't say.
    pub(super) fn peak_kib(&self) -> Result<u64> {
        self.status("VmHWM:")
    }

    /// Lets the peak begin anew; see `proc_pid_clear_refs(5)`.
    ///
    /// # Errors
    /// The kernel doesn't allow it.
    pub(super) fn forget_peak(&self) -> Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")
            .context("could not reset the server's peak")
    }

    fn status(&self, key: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("could not read the server's status")?;
        status
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .context("the kernel doesn't say what is resident")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        let stopped = process::run(Command::new("kill").args(["-TERM", &pid]));
        if stopped.is_err() {
            // It may have ended by itself; then there is nothing to kill.
            let _ = self.child.kill();
        }
        // Reaps the process; its status says nothing that we need.
        let _ = self.child.wait();
    }
}

fn serve(binary: &Path, data: &Path, port: u16) -> Command {
    let mut serve = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        // A person's own settings would be measured otherwise.
        if name.to_string_lossy().starts_with("ATELIER_") {
            serve.env_remove(name);
        }
    }
    serve
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    serve
}

/// Waits for the sign-in link; what comes after it is read and dropped, so
/// that the server never blocks on a full pipe.
fn token_from(child: &mut Child) -> Result<String> {
    let output = child.stdout.take().context("the server has no output")?;
    let mut lines = BufReader::new(output).lines();
    let token = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| token_in(&line));
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    token.context("the server ended without printing a sign-in link")
}

fn token_in(line: &str) -> Option<String> {
    let (_, token) = line.split_once("#token=")?;
    let end = token
        .find(|c: char| c.is_whitespace() || c.is_control())
        .unwrap_or(token.len());
    Some(token[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::token_in;

    #[test]
    fn the_token_is_found_in_the_printed_link() {
        let line = "Sign in: http://127.0.0.1:7340/sign-in#token=at_AbC-9_x (once)";
        assert_eq!(token_in(line).as_deref(), Some("at_AbC-9_x"));
        assert_eq!(token_in("listening on 127.0.0.1:7340"), None);
    }
}
