//! A second server on the database of a [`TestApp`].

use std::sync::Arc;

use atelier_base::{Ids, Secret};
use atelier_domain::vault::{KEY_BYTES, Vault};
use atelier_domain::{Domain, Parts};
use atelier_model::{Gateway, GatewayOptions};
use atelier_server::{App, Options};
use atelier_store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Caller, PaperCells, TestApp, within};

/// Ids of servers beside one another must differ.
const SEED: u64 = 1 << 32;

/// A server beside a [`TestApp`], on its database, with files of its own.
#[derive(Debug)]
pub struct Beside {
    /// The rules.
    pub domain: Domain,
    /// The rows, by connections of its own.
    pub store: Store,
    /// The owner, signed in here.
    pub owner: Caller,
    nobody: Caller,
    stop: CancellationToken,
    serving: TaskTracker,
    _folder: TempDir,
}

impl TestApp {
    /// Starts server number `number` on the same database.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn beside(&self, number: u64) -> Beside {
        Box::pin(self.start_beside(number)).await
    }

    async fn start_beside(&self, number: u64) -> Beside {
        let folder = tempfile::tempdir().unwrap();
        let store = self.open_store().await;
        let mut settings = self.settings.clone();
        folder.path().clone_into(&mut settings.data);
        settings.host_uid_base = None;
        let clock = Arc::new(self.clock.clone());
        let domain = Domain::start(Parts {
            store: store.clone(),
            host: Arc::new(PaperCells::default()),
            gateway: Gateway::new(GatewayOptions::default()).unwrap(),
            vault: Vault::new(&Secret::new([7; KEY_BYTES])),
            clock: clock.clone(),
            names: Arc::new(self.names.clone()),
            ids: Ids::seeded(clock, SEED + number),
            settings,
        })
        .await
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options = Options {
            public_url: None,
            allowed_hosts: Vec::new(),
            preview_domain: None,
            version: "0.0.0-test",
        };
        let router = atelier_server::router(App::new(domain.clone(), options));
        let (stop, serving) = (CancellationToken::new(), TaskTracker::new());
        serving.spawn(atelier_server::serve(listener, router, stop.clone()));
        let token = domain.create_sign_in_token().await.unwrap();
        let nobody = Caller::new(&format!("http://{address}"));
        Beside {
            owner: nobody.sign_in(token.expose()).await,
            domain,
            store,
            nobody,
            stop,
            serving,
            _folder: folder,
        }
    }
}

impl Beside {
    /// Returns somebody who is not signed in.
    pub fn nobody(&self) -> Caller {
        self.nobody.clone()
    }

    /// Stops in an orderly way.
    pub async fn finish(self) {
        within("turns and runs to end", self.domain.settle()).await;
        self.stop.cancel();
        self.domain.begin_stop();
        self.serving.close();
        within("the server to stop", self.serving.wait()).await;
        within("the domain to stop", self.domain.stop(crate::PATIENCE)).await;
    }

    /// Goes away without a word, as a server does that is killed.
    pub async fn vanish(self) {
        within("the connections to close", self.store.close()).await;
        self.stop.cancel();
    }
}
