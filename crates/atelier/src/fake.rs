//! `atelier fake-model`: the scripted provider.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use atelier_model::fake::{FakeModel, Script};
use clap::Args;

use crate::{say, serve};

/// The command line of `atelier fake-model`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The script (JSON).
    #[arg(long, value_name = "FILE")]
    script: PathBuf,
    /// The address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7341")]
    listen: SocketAddr,
}

/// Serves the script until Ctrl-C.
pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode> {
    let shown = arguments.script.display();
    let text = std::fs::read_to_string(&arguments.script)
        .with_context(|| format!("could not read the script `{shown}`"))?;
    let script =
        Script::from_json(&text).with_context(|| format!("the script `{shown}` is not valid"))?;
    serve::runtime()?.block_on(async {
        let fake = FakeModel::start(arguments.listen, script)
            .await
            .with_context(|| format!("could not listen on {}", arguments.listen))?;
        say(&format!("The scripted model is at {}", fake.url()));
        tokio::signal::ctrl_c().await?;
        fake.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}
