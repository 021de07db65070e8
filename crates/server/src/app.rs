//! What handlers share.

use std::sync::Arc;

use atelier_domain::Domain;
use url::Url;

use crate::http::guard::Guard;
use crate::preview::Addresses;
use crate::proxy;

/// How the server is reached.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address people use, when it is not the one listened on.
    pub public_url: Option<Url>,
    /// Hosts the server answers for, besides loopback names and the public
    /// URL's: `name` or `name:port`.
    pub allowed_hosts: Vec<String>,
    /// The domain that previews are below, `name` or `name:port`, when it is
    /// not `localhost`.
    pub preview_domain: Option<String>,
    /// The version shown.
    pub version: &'static str,
}

/// What handlers share. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) domain: Domain,
    pub(crate) guard: Arc<Guard>,
    pub(crate) previews: Arc<Addresses>,
    pub(crate) version: &'static str,
}

impl App {
    /// Makes the state of a server over `domain`.
    pub fn new(domain: Domain, options: Options) -> Self {
        let guard = Arc::new(Guard::new(
            options.public_url.as_ref(),
            &options.allowed_hosts,
        ));
        let previews = Arc::new(Addresses::new(
            options.preview_domain.as_deref(),
            options.public_url.as_ref(),
            &options.allowed_hosts,
        ));
        Self {
            domain,
            guard,
            previews,
            version: options.version,
        }
    }
    /// Begins to serve the ways out of cells, to be called once, until the
    /// domain stops.
    pub fn open_network(&self) {
        proxy::attend(&self.domain);
    }
}
