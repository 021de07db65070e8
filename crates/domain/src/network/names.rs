//! From the name of a host to its addresses.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;

use atelier_sandbox::host::BoxFuture;

/// Resolves names of hosts.
pub trait Names: Debug + Send + Sync {
    /// Returns the addresses of a host.
    ///
    /// # Errors
    /// Fails when the name has none, or nobody answers.
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
