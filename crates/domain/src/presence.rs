//! Other servers on the same database: what they change is looked up anew
//! here, and what they left unfinished is finished.

use std::time::Duration;

use atelier_store::Presence;

use crate::domain::Domain;
use crate::error::chain;

/// How often it is looked whether a server is gone.
const LOOK: Duration = Duration::from_mins(1);
/// How long is waited before a lost connection is made again.
const PAUSE: Duration = Duration::from_secs(1);

impl Domain {
    /// Listens to the servers beside this one until this one stops.
    pub(crate) fn attend(&self, mut presence: Presence) {
        let domain = self.clone();
        self.accompany(async move {
            let stopping = domain.stopping().clone();
            tokio::select! {
                () = domain.listen(&mut presence) => {}
                () = stopping.cancelled() => {}
            }
        });
        let domain = self.clone();
        self.accompany(async move {
            let stopping = domain.stopping().clone();
            tokio::select! {
                () = domain.look_after() => {}
                () = stopping.cancelled() => {}
            }
        });
    }

    async fn listen(&self, presence: &mut Presence) {
        loop {
            match presence.next().await {
                Ok(()) => self.forget_shared(),
                Err(error) if error.is_closed() => return,
                Err(error) => {
                    tracing::warn!(error = %error, "the connection that hears of other servers was lost");
                    while let Err(error) = presence.enter_again().await {
                        if error.is_closed() {
                            return;
                        }
                        tracing::warn!(error = %error, "it could not be made again");
                        // Nobody tells meanwhile, so nothing is kept for long.
                        self.forget_shared();
                        tokio::time::sleep(PAUSE).await;
                    }
                    self.forget_shared();
                }
            }
        }
    }

    /// Settles, again and again, the calls of servers that are gone for good.
    async fn look_after(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(error) = self.settle_orphaned_calls().await {
                tracing::warn!(error = %chain(&error), "calls of servers that are gone could not be settled");
            }
        }
    }

    /// Forgets what another server may have changed.
    fn forget_shared(&self) {
        self.tokens().forget_all();
        self.egress().forget_all();
        self.catalogues().forget();
    }
}
