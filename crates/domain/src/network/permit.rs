//! Whether a program in a cell may connect, and to which addresses.
//!
//! The name is resolved here, once, and the caller connects to the addresses
//! it is given: a name that changes its mind between check and connection
//! gains nothing.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use atelier_base::{GrantId, WorkspaceId, is_public};
use atelier_store::GrantRow;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use url::Host;

use super::names::Names;
use super::resource::{Resource, address_of, canonical, narrowest};
use crate::domain::Domain;
use crate::error::{Result, chain};
use crate::event::WorkspaceEvent;

/// How long a name may take to resolve.
const RESOLVE: Duration = Duration::from_secs(10);
/// The most addresses of a host that are tried.
const ADDRESSES: usize = 8;

/// Leave to connect.
#[derive(Debug)]
pub struct Permit {
    /// Where to connect: these addresses and no others, in this order.
    pub addresses: Vec<SocketAddr>,
    /// Cancelled when the grant is revoked.
    pub revoked: CancellationToken,
    /// How long the grant still holds, when it expires.
    pub holds: Option<Duration>,
}

/// Why a program may not connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What it asked for is no host.
    NoHost,
    /// Nobody granted it.
    NotGranted {
        /// The host and port as `host:port`.
        to: String,
        /// The grant that would allow it.
        resource: String,
    },
    /// The command line does not name it.
    NotNamed {
        /// The host and port as `host:port`.
        to: String,
        /// What to name.
        resource: String,
    },
    /// The host has a private address.
    Private {
        /// The host and port as `host:port`.
        to: String,
    },
    /// The host has no address.
    Unknown {
        /// The host and port as `host:port`.
        to: String,
    },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoHost => f.write_str("The request names no host that could be connected to."),
            Self::NotGranted { to, resource } => write!(
                f,
                "Network access to {to} is not granted in this workspace. \
                 To allow it, open the workspace's Network settings in Atelier and grant `{resource}`."
            ),
            Self::NotNamed { to, resource } => write!(
                f,
                "Network access to {to} is not granted to this command. \
                 To allow it, start it with `--net {resource}`."
            ),
            Self::Private { to } => write!(
                f,
                "{to} has a private address, which workspaces can't reach. \
                 The administrator can allow private addresses with `network.allow_private`."
            ),
            Self::Unknown { to } => write!(f, "The name in {to} could not be resolved."),
        }
    }
}

/// The tokens that revoking a grant cancels.
#[derive(Debug, Default)]
pub(crate) struct Cuts(Mutex<HashMap<GrantId, CancellationToken>>);

impl Cuts {
    fn of(&self, grant: GrantId) -> CancellationToken {
        self.0.lock().entry(grant).or_default().child_token()
    }

    /// Cuts what a grant allowed.
    pub(super) fn cut(&self, grant: GrantId) {
        if let Some(token) = self.0.lock().remove(&grant) {
            token.cancel();
        }
    }
}

/// Returns the addresses of a host, all of which may be connected to.
pub(super) async fn addresses_of(
    names: &dyn Names,
    allow_private: bool,
    host: &Host,
    port: u16,
) -> Result<Vec<SocketAddr>, Refusal> {
    let to = format!("{host}:{port}");
    let found = match (address_of(host), host) {
        (None, Host::Domain(name)) => {
            let asked = tokio::time::timeout(RESOLVE, names.resolve(name)).await;
            asked.ok().and_then(std::result::Result::ok)
        }
        (address, _) => address.map(|address| vec![address]),
    };
    let Some(mut found) = found.filter(|all| !all.is_empty()) else {
        return Err(Refusal::Unknown { to });
    };
    // A name with one private address is a trick, or not for the public.
    if !allow_private && !found.iter().all(|address| is_public(*address)) {
        return Err(Refusal::Private { to });
    }
    found.truncate(ADDRESSES);
    let found = found.into_iter();
    Ok(found
        .map(|address| SocketAddr::new(address, port))
        .collect())
}

impl Domain {
    /// Decides whether a program in a workspace's cell may connect to a host,
    /// and records it when it may not. Programs have no session: what they may
    /// is what members granted to the workspace.
    ///
    /// # Errors
    /// Fails when the store fails.
    pub async fn permit(
        &self,
        workspace: WorkspaceId,
        host: &str,
        port: u16,
    ) -> Result<Result<Permit, Refusal>> {
        let Some(host) = canonical(host).filter(|_| port > 0) else {
            return Ok(Err(Refusal::NoHost));
        };
        let to = format!("{host}:{port}");
        let Some((grant, revoked)) = self.granted(workspace, &host, port).await? else {
            self.deny(workspace, &host, port).await?;
            let resource = narrowest(&host, port).to_string();
            return Ok(Err(Refusal::NotGranted { to, resource }));
        };
        let allow_private = self.settings().network.allow_private;
        let addresses = match addresses_of(&**self.names(), allow_private, &host, port).await {
            Ok(addresses) => addresses,
            Err(refusal) => {
                tracing::info!(workspace.id = %workspace, %refusal, "a connection was refused");
                return Ok(Err(refusal));
            }
        };
        let now = self.now();
        Ok(Ok(Permit {
            addresses,
            revoked,
            holds: grant.expires_at.map(|until| until.since(now)),
        }))
    }

    /// Finds a grant that allows it, with the token that revoking it cancels.
    async fn granted(
        &self,
        workspace: WorkspaceId,
        host: &Host,
        port: u16,
    ) -> Result<Option<(GrantRow, CancellationToken)>> {
        for grant in self.holding(workspace).await? {
            let allows = Resource::parse(&grant.resource).is_ok_and(|r| r.allows(host, port));
            if !allows {
                continue;
            }
            // Take the token first and look again second: a grant that is
            // revoked in between is either gone or cancels what we hold.
            let revoked = self.network().cuts.of(grant.id);
            if self.holding(workspace).await?.contains(&grant) {
                return Ok(Some((grant, revoked)));
            }
            self.network().cuts.cut(grant.id);
        }
        Ok(None)
    }

    async fn holding(&self, workspace: WorkspaceId) -> Result<Vec<GrantRow>> {
        let now = self.now();
        Ok(self
            .store()
            .query(async |tx| tx.list_grants(workspace, now).await)
            .await?)
    }

    async fn deny(&self, workspace: WorkspaceId, host: &Host, port: u16) -> Result<()> {
        let now = self.now();
        if !self.network().denials.record(workspace, host, port, now) {
            return Ok(());
        }
        tracing::info!(workspace.id = %workspace, %host, port, "a connection is not granted");
        let event = WorkspaceEvent::NetworkDenied {
            host: host.to_string(),
            port,
        };
        if let Err(error) = self.streams().publish(workspace, &event).await {
            tracing::warn!(workspace.id = %workspace, error = %chain(&error), "a denial could not be announced");
        }
        Ok(())
    }
}
