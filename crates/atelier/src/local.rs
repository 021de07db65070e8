//! The model that runs on this machine: where its weights and its helper
//! program are, and how the program is started.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use atelier_model::local::{
    BuilderSocket, LocalModel, LocalOptions, Machine, Pin, Started, Weights,
};
use atelier_sandbox::sidecar::{self, Sidecar, SidecarCommand};

use tokio::net::UnixStream;

use crate::config::{BUILDER, LocalSettings};

/// The folder of weights within the data folder.
const FOLDER: &str = "models";

/// Makes the local model of the server, which talks with who can build its
/// program when it was started by one.
pub(crate) fn served(data: &Path, settings: LocalSettings) -> Result<LocalModel> {
    let builds = settings.builder;
    let model = model(data, settings);
    if builds {
        let socket = sidecar::take_socket().with_context(|| {
            format!(
                "`{BUILDER}` is set, and standard input is no socket; leave it to `cargo xtask run`"
            )
        })?;
        socket.set_nonblocking(true)?;
        model.attend(BuilderSocket::new(UnixStream::from_std(socket)?));
    }
    Ok(model)
}

/// Makes the local model of a data folder; nothing is started or fetched yet.
pub(crate) fn model(data: &Path, settings: LocalSettings) -> LocalModel {
    LocalModel::new(LocalOptions {
        weights: Weights::new(data.join(FOLDER), Pin::published()),
        machine: Arc::new(Program {
            file: settings.helper,
            threads: settings.threads,
            context_tokens: settings.context_tokens,
        }),
        context_tokens: settings.context_tokens,
        source: settings.source,
        idle: settings.idle,
    })
}

/// The helper program.
#[derive(Debug)]
struct Program {
    file: PathBuf,
    threads: Option<u32>,
    context_tokens: u32,
}

impl Machine for Program {
    fn start(&self, weights: &Path) -> io::Result<Started> {
        let mut args: Vec<OsString> = vec![
            "--weights".into(),
            weights.into(),
            "--context".into(),
            self.context_tokens.to_string().into(),
        ];
        if let Some(threads) = self.threads {
            args.extend(["--threads".into(), threads.to_string().into()]);
        }
        let Sidecar {
            input,
            output,
            process,
        } = sidecar::start(&SidecarCommand {
            program: self.file.clone(),
            args,
            env: environment(),
        })?;
        Ok(Started {
            input: Box::new(input),
            output: Box::new(output),
            ended: Box::pin(process.ended()),
        })
    }

    fn is_there(&self) -> bool {
        self.file.is_file()
    }

    fn free_bytes(&self, folder: &Path) -> Option<u64> {
        sidecar::free_bytes(folder)
    }
}

/// Threads that wait for each other sleep after some 50 µs, which is longer than
/// they wait on an idle machine. OpenMP by itself lets them spin for longer: that
/// starves the person's own programs, and themselves when the machine is busy.
/// Sleeping at once costs a third of the speed.
fn environment() -> Vec<(OsString, OsString)> {
    vec![("GOMP_SPINCOUNT".into(), "20000".into())]
}
