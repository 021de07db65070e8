//! A local model without a model: small weights and a helper that only talks.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use atelier_model::local::{LocalModel, LocalOptions, Machine, Pin, Started, Weights};
use atelier_model::{Gateway, GatewayOptions};
use atelier_sandbox::sidecar::{self, Sidecar, SidecarCommand};
use url::Url;

/// The weights of the local model in tests.
pub const WEIGHTS: &[u8] = b"weights";
/// Their SHA-256.
const SHA256: &str = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";

/// Makes a local model whose weights come from `source`.
pub(crate) fn local_model(data: &Path, source: Option<Url>) -> LocalModel {
    let pin = Pin {
        model: "tiny".to_owned(),
        file: "tiny.gguf".to_owned(),
        size_bytes: WEIGHTS.len() as u64,
        sha256: SHA256.to_owned(),
        // Nothing listens there.
        url: "http://127.0.0.1:9/tiny.gguf".to_owned(),
        license: "none".to_owned(),
    };
    LocalModel::new(LocalOptions {
        weights: Weights::new(data.join("models"), pin),
        machine: Arc::new(Program {
            file: crate::program::beside("local-model-under-test"),
            small: true,
        }),
        source,
        context_tokens: 8_192,
        idle: Duration::from_mins(5),
    })
}

#[derive(Debug)]
struct Program {
    file: PathBuf,
    /// Whether it is the one that only talks.
    small: bool,
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
            env: vec![("OMP_WAIT_POLICY".into(), "passive".into())],
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

/// Makes a gateway over the real local model; `None` unless the environment
/// says where its program (`TEST_LOCAL_MODEL_PROGRAM`) and the folder of its
/// weights (`TEST_LOCAL_MODEL_WEIGHTS`) are.
///
/// # Panics
/// When the gateway can't be made.
pub fn real_model() -> Option<Gateway> {
    let program = environment("TEST_LOCAL_MODEL_PROGRAM")?;
    let folder = environment("TEST_LOCAL_MODEL_WEIGHTS")?;
    let model = LocalModel::new(LocalOptions {
        weights: Weights::new(folder, Pin::published()),
        machine: Arc::new(Program {
            file: program.into(),
            small: false,
        }),
        source: None,
        context_tokens: 8_192,
        idle: Duration::from_mins(5),
    });
    let gateway = Gateway::new(GatewayOptions {
        local: Some(model),
        ..GatewayOptions::default()
    });
    Some(gateway.unwrap())
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
