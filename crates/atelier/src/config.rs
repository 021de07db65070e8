//! Configuration: command line over environment over file over defaults.

mod limit;
mod local;
mod section;

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use atelier_base::{Secret, limit as most};
use atelier_domain::ImportSettings;
use atelier_domain::network::NetworkSettings;
use atelier_domain::provider::EnvironmentProvider;
use atelier_domain::rate::RateSettings;
use atelier_domain::terminal::TerminalSettings;
use atelier_sandbox::cell::Limits;
use atelier_store::DatabaseUrl;
use clap::Args;
use url::Url;

use crate::key::{self, KeySource};
pub(crate) use limit::CellSettings;
use limit::{cell_settings, limits, longest_run, rates, terminal_settings};
use local::local_settings;
pub(crate) use local::{BUILDER, LocalSettings, local};
use section::{File, ImportSection, ModelSection, StorageSection, VaultSection};

/// Where the configuration comes from.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct StorageArguments {
    /// The data folder.
    #[arg(long, env = "ATELIER_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The database: `sqlite:PATH` or `postgres://…`.
    #[arg(
        long,
        env = "ATELIER_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Option<DatabaseUrl>,
    /// The configuration file (TOML).
    #[arg(long, env = "ATELIER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The command line of `atelier serve`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeArguments {
    /// The address to listen on.
    #[arg(long, env = "ATELIER_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The address people use, when a proxy stands in between.
    #[arg(long, env = "ATELIER_PUBLIC_URL", value_name = "URL")]
    public_url: Option<Url>,
    #[command(flatten)]
    storage: StorageArguments,
    #[command(flatten)]
    model: ModelArguments,
}

/// A model that the environment configures. The key has no flag: arguments
/// can be read by everybody on the machine.
#[derive(Clone, Debug, Default, Args)]
struct ModelArguments {
    #[arg(long = "model-base-url", hide = true, env = "ATELIER_MODEL_BASE_URL")]
    base_url: Option<String>,
    #[arg(long = "model-name", hide = true, env = "ATELIER_MODEL_NAME")]
    name: Option<String>,
    #[arg(long = "model-local", hide = true, env = "ATELIER_MODEL_LOCAL")]
    local: Option<bool>,
    #[arg(skip)]
    key: Option<Key>,
}

/// A key that does not print.
#[derive(Clone, Debug)]
struct Key(Secret<String>);

/// Where data is kept.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) data: PathBuf,
    pub(crate) database: DatabaseUrl,
    pub(crate) keys: KeySource,
}

/// Everything that `atelier serve` needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<Url>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) storage: Storage,
    pub(crate) import: ImportSettings,
    pub(crate) run: Limits,
    pub(crate) cell: CellSettings,
    pub(crate) longest_run: Duration,
    pub(crate) concurrent_runs: usize,
    pub(crate) concurrent_servers: usize,
    pub(crate) queued_runs: usize,
    pub(crate) terminal: TerminalSettings,
    pub(crate) queued_runs_by_user: usize,
    pub(crate) model: Option<EnvironmentProvider>,
    pub(crate) local: LocalSettings,
    pub(crate) network: NetworkSettings,
    pub(crate) rates: RateSettings,
    pub(crate) preview_domain: Option<String>,
}

const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7340);
const DATA: &str = ".atelier";

/// Reads where data is kept.
pub(crate) fn storage(arguments: StorageArguments) -> Result<Storage> {
    let file = read(arguments.config.as_deref())?;
    locate(arguments, file.storage, file.vault)
}

/// Reads the whole configuration of a server.
pub(crate) fn server(arguments: ServeArguments) -> Result<Config> {
    let mut arguments = arguments;
    arguments.model.key = environment_key();
    let file = read(arguments.storage.config.as_deref())?;
    let public_url = arguments.public_url.or(file.server.public_url);
    if let Some(url) = &public_url
        && (!matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.path() != "/")
    {
        bail!("the public URL `{url}` is not an http or https address without a path");
    }
    let run = limits(&file.run)?;
    Ok(Config {
        listen: arguments.listen.or(file.server.listen).unwrap_or(LISTEN),
        public_url,
        allowed_hosts: file.server.allowed_hosts,
        storage: locate(arguments.storage, file.storage, file.vault)?,
        import: import_settings(file.import)?,
        longest_run: longest_run(&file.run)?,
        concurrent_runs: file.run.concurrent.unwrap_or(4),
        concurrent_servers: file.run.servers.unwrap_or(16),
        queued_runs: file.run.queued.unwrap_or(200),
        queued_runs_by_user: file.run.queued_per_user.unwrap_or(100),
        cell: cell_settings(&file.cell, &run)?,
        run,
        terminal: terminal_settings(&file.terminal)?,
        model: model(arguments.model, file.model)?,
        local: local_settings(file.local_model)?,
        network: NetworkSettings {
            allow_private: file.network.allow_private,
        },
        rates: rates(&file.limits)?,
        preview_domain: file.preview.domain.map(preview_domain).transpose()?,
    })
}

/// Reads what a cell may use.
pub(crate) fn cell(file: Option<&Path>) -> Result<CellSettings> {
    let file = read(file)?;
    cell_settings(&file.cell, &limits(&file.run)?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where configuration is read"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn environment_key() -> Option<Key> {
    environment("ATELIER_MODEL_API_KEY").map(|key| Key(Secret::new(key)))
}

fn read(path: Option<&Path>) -> Result<File> {
    let Some(path) = path else {
        return Ok(File::default());
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("could not read the configuration `{}`", path.display()))?;
    toml::from_str(&text)
        .with_context(|| format!("the configuration `{}` is not valid", path.display()))
}

fn locate(
    arguments: StorageArguments,
    section: StorageSection,
    vault: VaultSection,
) -> Result<Storage> {
    let data = arguments
        .data
        .or(section.data)
        .unwrap_or_else(|| PathBuf::from(DATA));
    make_private(&data)
        .with_context(|| format!("could not make the data folder `{}`", data.display()))?;
    let data = data
        .canonicalize()
        .with_context(|| format!("could not find the data folder `{}`", data.display()))?;
    let written = section
        .database_url
        .map(|url| url.parse::<DatabaseUrl>())
        .transpose()
        .context("`storage.database_url`")?;
    let database = arguments
        .database
        .or(written)
        .unwrap_or_else(|| DatabaseUrl::Sqlite(data.join("atelier.db")));
    let key_file = environment("ATELIER_MASTER_KEY_FILE").map(PathBuf::from);
    let keys = KeySource {
        file: key_file
            .or(vault.key_file)
            .unwrap_or_else(|| data.join("secret.key")),
        current: environment(key::CURRENT).map(Secret::new),
        next: environment(key::NEXT).map(Secret::new),
    };
    Ok(Storage {
        data,
        database,
        keys,
    })
}

/// Checks the domain of previews: a name, perhaps with a port.
fn preview_domain(text: String) -> Result<String> {
    let url = Url::parse(&format!("http://{text}/"));
    let plain = url.is_ok_and(|url| {
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        url.domain()
            .is_some_and(|name| format!("{name}{port}") == text && name.contains('.'))
            && !text.contains('*')
    });
    if !plain {
        bail!(
            "`preview.domain` is `{text}`, which is not a lower-case domain such as `preview.example.org`, with or without a port"
        );
    }
    Ok(text)
}

/// Makes the data folder, which only its owner may enter: what is below it
/// has many owners.
fn make_private(data: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(data)
}

fn import_settings(section: ImportSection) -> Result<ImportSettings> {
    let folders = match section.folders {
        Some(folders) => folders,
        None => default_folders(),
    };
    if let Some(folder) = folders.iter().find(|folder| !folder.is_absolute()) {
        bail!(
            "`import.folders` has `{}`, which is not an absolute path",
            folder.display()
        );
    }
    Ok(ImportSettings {
        max_bytes: section.max_bytes.unwrap_or(most::IMPORT_BYTES),
        max_files: section.max_files.unwrap_or(most::IMPORT_FILES),
        folders,
        git_allow_http: section.git_allow_http,
        git_allow_private: section.git_allow_private,
        git_timeout: Duration::from_secs(section.git_timeout_seconds.unwrap_or(15 * 60)),
    })
}

/// A person at a laptop may copy from their own folders.
fn default_folders() -> Vec<PathBuf> {
    let home = environment("HOME")
        .map(PathBuf::from)
        .filter(|home| home.is_absolute());
    home.into_iter().chain(std::env::current_dir()).collect()
}

fn model(arguments: ModelArguments, section: ModelSection) -> Result<Option<EnvironmentProvider>> {
    let base_url = arguments.base_url.or(section.base_url);
    let name = arguments.name.or(section.name);
    let key = arguments.key.map(|key| key.0).or(section
        .api_key
        .filter(|key| !key.is_empty())
        .map(Secret::new));
    match (base_url, name) {
        (Some(base_url), Some(model)) => Ok(Some(EnvironmentProvider {
            base_url,
            key,
            model,
            prices: section
                .input_usd_per_million
                .zip(section.output_usd_per_million),
            local: arguments.local.or(section.local).unwrap_or(false),
        })),
        (None, None) => Ok(None),
        (Some(_), None) => bail!(
            "a model's base URL is set but not its name: set ATELIER_MODEL_NAME or `model.name`"
        ),
        (None, Some(_)) => bail!(
            "a model's name is set but not its base URL: set ATELIER_MODEL_BASE_URL or `model.base_url`"
        ),
    }
}

/// Returns the folders of `PATH`, where programs are searched.
pub(crate) fn search_path() -> Vec<PathBuf> {
    environment("PATH")
        .map(|path| {
            std::env::split_paths(&path)
                .filter(|folder| folder.is_absolute())
                .collect()
        })
        .unwrap_or_default()
}

/// Returns the sockets of the buses on which systemd may be asked for control
/// groups: the session's and, for root, the system's.
pub(crate) fn buses() -> Vec<PathBuf> {
    let session = environment("DBUS_SESSION_BUS_ADDRESS");
    let session = session.as_deref().and_then(|address| {
        let first = address.split(';').next()?.strip_prefix("unix:path=")?;
        first.split(',').next().map(PathBuf::from)
    });
    let user = environment("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("bus"));
    let mut buses: Vec<PathBuf> = session.into_iter().chain(user).collect();
    if atelier_sandbox::host::runs_as_root() {
        buses.push("/run/dbus/system_bus_socket".into());
    }
    buses.dedup();
    buses
}

/// Returns what is logged when `ATELIER_LOG` does not say.
pub(crate) fn log_filter() -> String {
    environment("ATELIER_LOG").unwrap_or_else(|| "info".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_errors() {
        let error = toml::from_str::<File>("[run]\nwall_secs = 3")
            .unwrap_err()
            .to_string();
        assert!(error.contains("wall_secs"), "{error}");
    }

    #[test]
    fn half_a_model_is_refused() {
        let half = ModelSection {
            name: Some("m".to_owned()),
            ..ModelSection::default()
        };
        assert!(model(ModelArguments::default(), half).is_err());
        let whole = ModelSection {
            name: Some("m".to_owned()),
            base_url: Some("http://127.0.0.1/v1".to_owned()),
            ..ModelSection::default()
        };
        assert!(model(ModelArguments::default(), whole).unwrap().is_some());
    }

    #[test]
    fn a_preview_domain_is_a_name_with_or_without_a_port() {
        for text in ["preview.example.org", "p.lan:8443"] {
            assert_eq!(preview_domain(text.to_owned()).unwrap(), text);
        }
        for text in [
            "",
            "localhost",
            "https://a.org",
            "a.org/",
            "*.a.org",
            "A.org",
            "1.2.3.4",
            "a.org:",
        ] {
            assert!(preview_domain(text.to_owned()).is_err(), "{text}");
        }
    }
}
