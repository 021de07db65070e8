//! `atelier admin`: sign-in links and exports, straight on the data.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use atelier_base::{Clock as _, Ids, SystemClock};
use atelier_domain::account;
use atelier_store::Store;
use clap::{Args, Subcommand};
use tokio::io::AsyncWriteExt as _;

use crate::config::{self, Storage, StorageArguments};
use crate::{lock, say, serve};

/// The command line of `atelier admin`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints a new one-time sign-in link; works while the server runs.
    SignInLink {
        /// The server's address.
        #[arg(long, default_value = "http://127.0.0.1:7340", value_name = "URL")]
        url: String,
        #[command(flatten)]
        storage: StorageArguments,
    },
    /// Seals all secrets anew with a new master key. Stop the server first: one
    /// that runs would go on sealing with the old key.
    ///
    /// The key's file is replaced. A key in the environment, ATELIER_MASTER_KEY,
    /// is changed to the one in ATELIER_NEXT_MASTER_KEY.
    RotateKey {
        #[command(flatten)]
        storage: StorageArguments,
    },
    /// Writes workspaces, files, versions, conversations, messages, model
    /// calls, runs and usage as JSON lines to standard output.
    Export {
        #[command(flatten)]
        storage: StorageArguments,
    },
}

/// Runs an administrator's command.
pub(crate) fn main(arguments: Arguments) -> Result<ExitCode> {
    serve::runtime()?.block_on(async {
        match arguments.command {
            Command::SignInLink { url, storage } => sign_in_link(&url, storage).await,
            Command::RotateKey { storage } => rotate_key(storage).await,
            Command::Export { storage } => export(storage).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn open(arguments: StorageArguments) -> Result<Store> {
    open_at(&config::storage(arguments)?).await
}

async fn open_at(storage: &Storage) -> Result<Store> {
    let database = &storage.database;
    Store::open(database, &storage.data.join("blobs"))
        .await
        .with_context(|| format!("could not open the database {database}"))
}

async fn sign_in_link(url: &str, arguments: StorageArguments) -> Result<()> {
    let store = open(arguments).await?;
    let token = account::issue_sign_in_token(&store, &Ids::system(), SystemClock.now()).await?;
    store.close().await;
    let minutes = Duration::as_secs(&account::LINK_LIFE) / 60;
    say(&format!(
        "Sign in (once, within {minutes} minutes): {}/sign-in#token={}",
        url.trim_end_matches('/'),
        token.expose()
    ));
    Ok(())
}

async fn rotate_key(arguments: StorageArguments) -> Result<()> {
    let storage = config::storage(arguments)?;
    let _lock = lock::alone(&storage.data)?;
    let store = open_at(&storage).await?;
    let sealed = match store.is_served().await {
        Ok(false) => storage.keys.rotate(&store).await,
        Ok(true) => Err(anyhow!("a server runs on this database; stop it first")),
        Err(error) => Err(error.into()),
    };
    store.close().await;
    let sealed = sealed?;
    say(&format!("{sealed} secrets are sealed with the new key."));
    if storage.keys.current.is_some() {
        say("Now set ATELIER_MASTER_KEY to the new key and remove ATELIER_NEXT_MASTER_KEY.");
    }
    Ok(())
}

async fn export(arguments: StorageArguments) -> Result<()> {
    let store = open(arguments).await?;
    let mut out = tokio::io::stdout();
    store.read(async |tx| tx.export(&mut out).await).await?;
    out.flush().await?;
    store.close().await;
    Ok(())
}
