//! Grants that are named once, on a command line, and hold for one command.

use tokio_util::sync::CancellationToken;

use super::names::SystemNames;
use super::permit::{Permit, Refusal, addresses_of};
use super::resource::{Resource, canonical, narrowest};

/// What one command may reach.
#[derive(Clone, Debug, Default)]
pub struct FixedGrants(Vec<Resource>);

impl FixedGrants {
    /// Reads what a person wrote: resources with commas between them, or
    /// `none`.
    ///
    /// # Errors
    /// Returns what is wrong with one of them and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim() == "none" {
            return Ok(Self::default());
        }
        let resources = text.split(',').map(Resource::parse);
        resources.collect::<Result<_, _>>().map(Self)
    }

    /// Says whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Decides whether the command may connect to a host. Private addresses
    /// are granted only by naming the address itself.
    ///
    /// # Errors
    /// It may not, or the host has no address.
    pub async fn permit(&self, host: &str, port: u16) -> Result<Permit, Refusal> {
        let Some(host) = canonical(host).filter(|_| port > 0) else {
            return Err(Refusal::NoHost);
        };
        let Some(grant) = self.0.iter().find(|grant| grant.allows(&host, port)) else {
            return Err(Refusal::NotNamed {
                to: format!("{host}:{port}"),
                resource: narrowest(&host, port).to_string(),
            });
        };
        let allow_private = grant.address().is_some();
        Ok(Permit {
            addresses: addresses_of(&SystemNames, allow_private, &host, port).await?,
            revoked: CancellationToken::new(),
            holds: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_named_is_reached() {
        let grants = FixedGrants::parse("127.0.0.1:8080, example.org,registries").unwrap();
        let permit = grants.permit("127.0.0.1", 8080).await.unwrap();
        assert_eq!(permit.addresses, ["127.0.0.1:8080".parse().unwrap()]);
        for (host, port) in [("127.0.0.1", 80), ("localhost", 8080), ("example.org", 22)] {
            let refusal = grants.permit(host, port).await.unwrap_err();
            assert!(refusal.to_string().contains("--net"), "{refusal}");
        }
        assert!(FixedGrants::parse("none").unwrap().is_empty());
        for wrong in ["", "https://example.org/", "*.org", "a,,b"] {
            assert!(FixedGrants::parse(wrong).is_err(), "{wrong}");
        }
    }
}
