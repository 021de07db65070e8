//! A local model without a model: small weights and a helper that only talks.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use atelier_model::local::{
    BuilderSocket, LocalModel, LocalOptions, Machine, Pin, Started, Weights,
};
use atelier_model::{Gateway, GatewayOptions};
use atelier_sandbox::sidecar::{self, Sidecar, SidecarCommand};
use url::Url;

/// The weights of the local model in tests.
pub const WEIGHTS: &[u8] = b"weights";
/// Their SHA-256.
const SHA256: &str = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";

/// What a local model of tests is made with.
#[derive(Debug, Default)]
pub struct LocalSetup {
    /// Where its weights come from; nowhere when `None`.
    pub source: Option<Url>,
    /// Where its program is; where tests have it when `None`.
    pub program: Option<PathBuf>,
    /// The socket to who can build the program.
    pub builder: Option<BuilderSocket>,
    /// The folder of the published weights, when the program is the real one.
    pub weights: Option<PathBuf>,
}

impl LocalSetup {
    /// Returns the real program and the published weights; `None` unless the
    /// environment says where they are.
    pub fn real() -> Option<Self> {
        let (program, weights) = real_files()?;
        Some(Self {
            program: Some(program),
            weights: Some(weights.parent()?.to_owned()),
            ..Self::default()
        })
    }
}

/// Returns where the local model's program for tests is.
pub fn local_program() -> PathBuf {
    crate::program::beside("local-model-under-test")
}

/// Makes a local model.
pub(crate) fn local_model(data: &Path, setup: LocalSetup) -> LocalModel {
    let small = setup.weights.is_none();
    let weights = match setup.weights {
        Some(folder) => Weights::new(folder, Pin::published()),
        None => Weights::new(data.join("models"), small_pin()),
    };
    let model = LocalModel::new(LocalOptions {
        weights,
        machine: Arc::new(Program {
            file: setup.program.unwrap_or_else(local_program),
            small,
            waiting: (!small).then_some("20000"),
        }),
        source: setup.source,
        context_tokens: 8_192,
        idle: Duration::from_mins(5),
    });
    if let Some(builder) = setup.builder {
        model.attend(builder);
    }
    model
}

fn small_pin() -> Pin {
    Pin {
        model: "tiny".to_owned(),
        file: "tiny.gguf".to_owned(),
        size_bytes: WEIGHTS.len() as u64,
        sha256: SHA256.to_owned(),
        // Nothing listens there.
        url: "http://127.0.0.1:9/tiny.gguf".to_owned(),
        license: "none".to_owned(),
    }
}

#[derive(Debug)]
struct Program {
    file: PathBuf,
    /// Whether it is the one that only talks.
    small: bool,
    /// How its threads wait for each other, when that is told.
    waiting: Option<&'static str>,
}

impl Machine for Program {
    fn start(&self, weights: &Path) -> io::Result<Started> {
        if self.small {
            assert_eq!(std::fs::read(weights)?, WEIGHTS);
        }
        let Sidecar {
            input,
            output,
            process,
        } = sidecar::start(&SidecarCommand {
            program: self.file.clone(),
            args: vec!["--weights".into(), weights.into()],
            env: (self.waiting.iter())
                .map(|turns| ("GOMP_SPINCOUNT".into(), turns.into()))
                .collect(),
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

/// Makes a gateway over the real local model, as Atelier starts it; `None`
/// unless the environment says where its program (`TEST_LOCAL_MODEL_PROGRAM`)
/// and the folder of its weights (`TEST_LOCAL_MODEL_WEIGHTS`) are. It is
/// unloaded after `idle` without a question.
///
/// # Panics
/// When the gateway can't be made.
pub fn real_model(idle: Duration) -> Option<Gateway> {
    real(idle, Some("20000"))
}

/// Makes the same whose threads wait for each other as OpenMP lets them by
/// itself.
///
/// # Panics
/// When the gateway can't be made.
pub fn real_model_waiting_actively(idle: Duration) -> Option<Gateway> {
    real(idle, None)
}

fn real(idle: Duration, waiting: Option<&'static str>) -> Option<Gateway> {
    let (program, weights) = real_files()?;
    let model = LocalModel::new(LocalOptions {
        weights: Weights::new(weights.parent()?, Pin::published()),
        machine: Arc::new(Program {
            file: program,
            small: false,
            waiting,
        }),
        source: None,
        context_tokens: 8_192,
        idle,
    });
    let gateway = Gateway::new(GatewayOptions {
        local: Some(model),
        ..GatewayOptions::default()
    });
    Some(gateway.unwrap())
}

/// Returns the real local model's program and its weights, as the environment
/// says.
pub fn real_files() -> Option<(PathBuf, PathBuf)> {
    let program = environment("TEST_LOCAL_MODEL_PROGRAM")?;
    let folder = environment("TEST_LOCAL_MODEL_WEIGHTS")?;
    let weights = Weights::new(folder, Pin::published()).path();
    Some((program.into(), weights))
}

/// Returns how often the local model is measured (`TEST_LOCAL_MODEL_RUNS`).
///
/// # Panics
/// When the environment says no number.
pub fn bench_runs() -> usize {
    environment("TEST_LOCAL_MODEL_RUNS").map_or(10, |runs| runs.parse().unwrap())
}

/// Returns the running helpers that this process has started with weights in
/// the folder. Tests beside this one have helpers too; those of the small model
/// have weights of their own.
///
/// # Panics
/// When `/proc` can't be read.
pub fn helpers(folder: &Path) -> Vec<u32> {
    let own = format!("/proc/{}/task", std::process::id());
    let mut found = Vec::new();
    for task in std::fs::read_dir(own).unwrap() {
        let list = task.unwrap().path().join("children");
        // A thread may end meanwhile, and so may a child.
        let list = std::fs::read_to_string(list).unwrap_or_default();
        for child in list.split_whitespace() {
            let arguments = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            let weights = arguments
                .split(|byte| *byte == 0)
                .nth(2)
                .unwrap_or_default();
            if Path::new(OsStr::from_bytes(weights)).parent() == Some(folder) {
                found.push(child.parse().unwrap());
            }
        }
    }
    found
}

/// Returns the address of another server of the same weights, if the
/// environment names one (`TEST_LOCAL_MODEL_PEER`).
pub fn peer_of_real_model() -> Option<Url> {
    environment("TEST_LOCAL_MODEL_PEER").map(|url| url.parse().unwrap())
}

#[expect(
    clippy::disallowed_methods,
    reason = "which model there is for tests is said in the environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
