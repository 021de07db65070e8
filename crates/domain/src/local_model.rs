//! The model that runs on this machine: what is there of it, and getting it.

use atelier_model::local::LocalModel;
pub use atelier_model::local::{BuildState, HelperState, LocalState, WeightsState};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};

/// The local model, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalModelView {
    /// Its name.
    pub model: String,
    /// The licence of its weights.
    pub license: String,
    /// How far its weights are, its program, and what went wrong.
    pub state: LocalState,
    /// The size of the weights in bytes.
    pub size_bytes: u64,
    /// The SHA-256 of the weights.
    pub sha256: String,
    /// Where they are fetched from.
    pub source: String,
}

impl LocalModelView {
    /// Returns whether a request would be answered.
    pub fn is_usable(&self) -> bool {
        self.state.weights == WeightsState::Ready && self.state.helper != HelperState::Missing
    }

    /// Returns what to do when it isn't usable.
    pub fn hint(&self) -> Option<&'static str> {
        match (self.state.helper, self.state.weights) {
            (HelperState::Missing, _) if self.state.build == BuildState::Nobody => Some(
                "The program that runs it is not beside the server. It comes with a release, or is built from a source checkout: `cargo xtask run --local-model`.",
            ),
            (_, WeightsState::Absent(_)) => Some(
                "Get it here: what is missing is fetched and built. `atelier model pull` fetches its weights as well.",
            ),
            (HelperState::Missing, _) => Some(
                "The program that runs it is not built. The button builds it from this server's source checkout.",
            ),
            _ => None,
        }
    }
}

impl Domain {
    /// Returns what is known of the local model.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in;
    /// [`Error::NotFound`] when this server has none.
    pub fn get_local_model(&self, ctx: &Ctx) -> Result<LocalModelView> {
        ctx.person()?;
        Ok(shown(self.require_local_model()?))
    }

    /// Begins to get what is missing of the local model: its weights, and its
    /// program where the server was started from a source checkout. Packages of
    /// the system are installed for that only with `install`.
    ///
    /// # Errors
    /// As [`Domain::get_local_model`], and [`Error::OwnerOnly`]: it takes
    /// gigabytes and minutes of the machine, and may install packages.
    pub async fn pull_local_model(&self, ctx: &Ctx, install: bool) -> Result<LocalModelView> {
        self.require_owner(ctx, "get the local model").await?;
        let model = self.require_local_model()?;
        model.begin(install);
        Ok(shown(model))
    }

    /// Stops getting the local model; what has arrived is kept.
    ///
    /// # Errors
    /// As [`Domain::pull_local_model`].
    pub async fn cancel_local_model_pull(&self, ctx: &Ctx) -> Result<()> {
        self.require_owner(ctx, "get the local model").await?;
        self.require_local_model()?.cancel();
        Ok(())
    }

    /// Makes sure that the person the server belongs to asks.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::OwnerOnly`].
    async fn require_owner(&self, ctx: &Ctx, what: &'static str) -> Result<()> {
        let person = ctx.person()?;
        let owner = self.store().read(async |tx| tx.find_owner().await).await?;
        match owner {
            Some(owner) if owner.id == person => Ok(()),
            _ => Err(Error::OwnerOnly { what }),
        }
    }

    fn require_local_model(&self) -> Result<&LocalModel> {
        let missing = Error::NotFound {
            what: "local model",
        };
        self.gateway().local().ok_or(missing)
    }
}

fn shown(model: &LocalModel) -> LocalModelView {
    let pin = model.pin();
    LocalModelView {
        model: pin.model.clone(),
        license: pin.license.clone(),
        state: model.state(),
        size_bytes: pin.size_bytes,
        sha256: pin.sha256.clone(),
        source: model.source(),
    }
}
