//! Cloning a repository that somebody named, with the `git` program.
//!
//! The address is checked before git sees it, its host is resolved once and
//! git is pinned to the addresses that were checked, so that a name can't
//! change its mind in between. Git itself runs without the user's or the
//! system's configuration, hooks, helpers, submodules, prompts, redirects
//! and without any protocol but the one asked for.

mod failure;
mod process;
mod progress;
mod resolve;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::{FileError, FileResult};
use crate::import::{Limits, Staging};
use process::Supervisor;
use resolve::Origin;

pub use progress::{GitPhase, GitProgress};

/// The longest address, in bytes.
pub const URL_BYTES: usize = 2_048;

/// How to clone.
#[derive(Clone, Copy, Debug)]
pub struct CloneOptions {
    /// Which hosts may be cloned from.
    pub networks: Networks,
    /// Which protocols may be used.
    pub protocols: Protocols,
    /// How many commits of history to fetch; `None`: all.
    pub depth: Option<u32>,
    /// How long the clone may take.
    pub timeout: Duration,
    /// What the clone may grow to on disk; `files` counts the working tree
    /// and git's own files.
    pub limits: Limits,
}

impl Default for CloneOptions {
    fn default() -> Self {
        Self {
            networks: Networks::Public,
            protocols: Protocols::Https,
            depth: None,
            timeout: Duration::from_mins(10),
            limits: Limits::default(),
        }
    }
}

/// Which hosts may be cloned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Networks {
    /// Hosts all of whose addresses are public.
    Public,
    /// Any host: an administrator allowed it.
    Any,
}

/// Which protocols may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocols {
    /// `https` only.
    Https,
    /// Plain `http` too: an administrator allowed it.
    HttpsAndHttp,
}

/// What a clone reports to and asks while it runs.
pub struct CloneWatch<'a> {
    /// Called when the progress changes.
    pub progress: &'a mut dyn FnMut(GitProgress),
    /// Looked at every 50 ms; a cancelled clone leaves no process.
    pub cancel: &'a CancellationToken,
}

/// What was cloned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloned {
    /// The address as git got it.
    pub url: String,
    /// The branch that is checked out; `None` for a detached head.
    pub branch: Option<String>,
}

/// Clones a repository into an empty staging directory.
///
/// Blocks; call it where blocking is allowed.
///
/// # Errors
/// When the address is refused, the host or repository isn't there or needs
/// a sign-in, a limit is exceeded, or the clone was cancelled. The staging
/// directory may then hold a part, which goes when it is dropped.
pub fn clone(
    url: &str,
    staging: &Staging,
    options: &CloneOptions,
    watch: &mut CloneWatch<'_>,
) -> FileResult<Cloned> {
    let origin = Origin::check(url, options, watch.cancel)?;
    let arguments = arguments(&origin, options);
    if origin.pin.is_some() {
        process::require_pinning()?;
    }
    let supervisor = Supervisor::new(staging, options, watch);
    let ended = supervisor.run(&arguments)?;
    if !ended.success {
        return Err(failure::explain(&origin, &ended.said));
    }
    Ok(Cloned {
        branch: branch(staging),
        url: origin.url.into(),
    })
}

/// Lists git's arguments.
fn arguments(origin: &Origin, options: &CloneOptions) -> Vec<String> {
    let mut settings = vec![
        "protocol.allow=never".to_owned(),
        format!("protocol.{}.allow=always", origin.url.scheme()),
        // Also keeps a dumb server from naming other hosts as alternates.
        "http.followRedirects=false".to_owned(),
        "http.lowSpeedLimit=1000".to_owned(),
        "http.lowSpeedTime=60".to_owned(),
        "credential.helper=".to_owned(),
        "core.hooksPath=/dev/null".to_owned(),
        "core.fsmonitor=false".to_owned(),
        "core.protectHFS=true".to_owned(),
        "core.protectNTFS=true".to_owned(),
        "core.autocrlf=false".to_owned(),
        "submodule.recurse=false".to_owned(),
        "transfer.bundleURI=false".to_owned(),
        "maintenance.auto=false".to_owned(),
        "gc.auto=0".to_owned(),
    ];
    if let Some(pin) = &origin.pin {
        settings.push(format!("http.curloptResolve={pin}"));
    }
    let mut arguments: Vec<String> = settings
        .into_iter()
        .flat_map(|setting| ["-c".to_owned(), setting])
        .collect();
    arguments.extend(
        [
            "clone",
            "--progress",
            "--no-recurse-submodules",
            "--template=",
        ]
        .map(str::to_owned),
    );
    if let Some(depth) = options.depth {
        arguments.push(format!("--depth={}", depth.max(1)));
    }
    arguments.extend(["--".to_owned(), origin.url.to_string(), ".".to_owned()]);
    arguments
}

/// Reads which branch git checked out.
fn branch(staging: &Staging) -> Option<String> {
    let head = process::read_head(staging)?;
    let branch = head.strip_prefix("ref: refs/heads/")?;
    Some(branch.trim_end().to_owned())
}

impl Origin {
    /// Says that the host can't be reached.
    fn unreachable(&self, why: &'static str) -> FileError {
        FileError::Unreachable {
            host: self.host.clone(),
            why,
        }
    }
}
