//! What programs in cells may reach: nothing, but what was granted.
//!
//! A cell has no network. Its programs ask a proxy, whose listening socket the
//! host hands over; the server speaks HTTP there and asks [`Domain::permit`]
//! for every connection.

mod denial;
mod fixed;
mod names;
mod permit;
mod resource;

use std::collections::HashMap;

use atelier_base::{GrantId, Timestamp, WorkspaceId, is_public};
use atelier_sandbox::cell::Site;
use atelier_sandbox::host::NetworkExit;
use atelier_store::{GrantAction, GrantRow};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};

pub use denial::Denial;
pub use fixed::FixedGrants;
pub use names::{Names, SystemNames};
pub use permit::{Permit, Refusal};
use resource::Resource;

/// The most grants of a workspace.
const GRANTS: usize = 200;

/// What the administrator decides about the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct NetworkSettings {
    /// Whether granted hosts may have private addresses.
    pub allow_private: bool,
}

/// The part of the network that lives as long as the server does.
#[derive(Debug, Default)]
pub(crate) struct Network {
    denials: denial::Denials,
    cuts: permit::Cuts,
}

/// The way out of a workspace's cell.
#[derive(Debug)]
pub struct Exit {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Where its programs ask for a proxy.
    pub listener: TcpListener,
    /// Cancelled when the cell has ended.
    pub over: CancellationToken,
}

/// The ways out of cells, as the cells start.
#[derive(Debug)]
pub struct Exits {
    domain: Domain,
    opened: mpsc::Receiver<NetworkExit>,
    /// Those that may still be open.
    open: HashMap<Site, CancellationToken>,
}

impl Exits {
    /// Waits for the next cell to start; `None` when no more will.
    pub async fn next(&mut self) -> Option<Exit> {
        loop {
            let NetworkExit { site, listener } = self.opened.recv().await?;
            let Some(workspace) = self.domain.trees().workspace_of(&site.workspace) else {
                tracing::error!(site = %site.workspace.display(), "a cell is no workspace's; it gets no network");
                continue;
            };
            let over = self
                .domain
                .watch_cell(workspace, site.clone())
                .child_token();
            self.open.retain(|_, over| !over.is_cancelled());
            // A site has one cell, so the one before has ended.
            if let Some(before) = self.open.insert(site, over.clone()) {
                before.cancel();
            }
            return Some(Exit {
                workspace,
                listener,
                over,
            });
        }
    }
}

impl Domain {
    /// Takes the ways out of cells, to be taken once: `None` when somebody has
    /// them, or this host has none.
    pub fn take_exits(&self) -> Option<Exits> {
        let opened = self.host().take_exits()?;
        Some(Exits {
            domain: self.clone(),
            opened,
            open: HashMap::new(),
        })
    }

    /// Lists the grants that hold in a workspace, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_grants(&self, ctx: &Ctx, workspace: WorkspaceId) -> Result<Vec<GrantRow>> {
        self.require_workspace(ctx, workspace).await?;
        let now = self.now();
        Ok(self
            .store()
            .query(async |tx| tx.list_grants(workspace, now).await)
            .await?)
    }

    /// Lets the programs of a workspace reach a host. A resource that is
    /// granted already holds until `until` from then on.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no resource, for an address that can't
    /// be reached and for a time that has passed.
    pub async fn create_grant(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        resource: &str,
        until: Option<Timestamp>,
    ) -> Result<GrantRow> {
        let user = ctx.person()?;
        self.require_workspace(ctx, workspace).await?;
        let resource = self.checked_resource(resource)?;
        let now = self.now();
        if until.is_some_and(|until| until <= now) {
            return Err(Error::invalid("until", "it has passed already"));
        }
        let new = GrantRow {
            id: self.ids().next(),
            workspace_id: workspace,
            action: GrantAction::Network,
            resource: resource.to_string(),
            created_by: user,
            created_at: now,
            expires_at: until,
        };
        let row = self
            .store()
            .write(async |tx| {
                tx.delete_expired_grants(workspace, now).await?;
                let found = tx.find_grant(workspace, new.action, &new.resource).await?;
                if let Some(known) = found {
                    tx.update_grant_expiry(known.id, until).await?;
                    return Ok(GrantRow {
                        expires_at: until,
                        ..known
                    });
                }
                if tx.list_grants(workspace, now).await?.len() >= GRANTS {
                    return Err(Error::TooLarge {
                        what: "the list of grants".to_owned(),
                        limit: format!("{GRANTS}; revoke some that are not needed"),
                    });
                }
                tx.insert_grant(&new).await?;
                Ok(new)
            })
            .await?;
        self.network().denials.forget(workspace, &resource);
        tracing::info!(workspace.id = %workspace, grant.id = %row.id, user.id = %user, request.id = %ctx.request, %resource, "network access granted");
        Ok(row)
    }

    /// Revokes a grant and cuts the connections it allowed.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn delete_grant(&self, ctx: &Ctx, id: GrantId) -> Result<()> {
        let user = ctx.person()?;
        let grant = self
            .store()
            .query(async |tx| tx.get_grant(id).await)
            .await?;
        self.require_workspace(ctx, grant.workspace_id)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::NotFound { what: "grant" },
                other => other,
            })?;
        self.store()
            .write(async |tx| tx.delete_grant(id).await)
            .await?;
        self.network().cuts.cut(id);
        tracing::info!(workspace.id = %grant.workspace_id, grant.id = %id, user.id = %user, request.id = %ctx.request, "network access revoked");
        Ok(())
    }

    /// Lists what programs of a workspace were not let to since the server
    /// started, the latest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_denials(&self, ctx: &Ctx, workspace: WorkspaceId) -> Result<Vec<Denial>> {
        self.require_workspace(ctx, workspace).await?;
        Ok(self.network().denials.list(workspace))
    }

    fn checked_resource(&self, text: &str) -> Result<Resource> {
        let resource = Resource::parse(text).map_err(|why| Error::invalid("resource", why))?;
        let private = resource
            .address()
            .is_some_and(|address| !is_public(address));
        if private && !self.settings().network.allow_private {
            return Err(Error::invalid(
                "resource",
                format!(
                    "{resource} is a private address; the administrator can allow them with `network.allow_private`"
                ),
            ));
        }
        Ok(resource)
    }
}
