//! Which cells there are: one for each site, started on demand, ended when
//! nobody has used it for a while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::ground::Ground;
use super::live::{Live, Supervised};
use super::site::Site;
use crate::host::NetworkExit;

/// How many new ways out wait for whoever serves them.
const EXITS: usize = 16;

/// The cells that stay.
#[derive(Debug)]
pub(super) struct Keeper {
    places: Mutex<HashMap<Site, Arc<Place>>>,
    exits: mpsc::Sender<NetworkExit>,
    taken: Mutex<Option<mpsc::Receiver<NetworkExit>>>,
}

/// The place of a site's cell. Whoever starts or ends the cell holds it.
type Place = tokio::sync::Mutex<Option<Arc<Live>>>;

/// A cell in use, which does not end for want of use meanwhile.
#[derive(Debug)]
pub(super) struct Held {
    live: Arc<Live>,
}

impl Held {
    fn new(live: &Arc<Live>) -> Self {
        live.users.send_modify(|users| *users += 1);
        Self {
            live: Arc::clone(live),
        }
    }

    pub(super) fn live(&self) -> &Arc<Live> {
        &self.live
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.live.users.send_modify(|users| *users -= 1);
    }
}

impl Keeper {
    pub(super) fn new() -> Self {
        let (exits, taken) = mpsc::channel(EXITS);
        Self {
            places: Mutex::default(),
            exits,
            taken: Mutex::new(Some(taken)),
        }
    }

    /// Hands over where the ways out of new cells come, once.
    pub(super) fn take_exits(&self) -> Option<mpsc::Receiver<NetworkExit>> {
        self.taken.lock().take()
    }

    /// Returns the cell of `site` when there is one.
    pub(super) fn find(&self, site: &Site) -> Option<Arc<Live>> {
        let place = Arc::clone(self.places.lock().get(site)?);
        let live = place.try_lock().ok()?.clone()?;
        live.is_usable().then_some(live)
    }

    fn place(&self, site: &Site) -> Arc<Place> {
        let mut places = self.places.lock();
        // Nobody else holds a place that is counted once.
        places.retain(|_, place| {
            Arc::strong_count(place) > 1 || place.try_lock().is_ok_and(|place| place.is_some())
        });
        Arc::clone(places.entry(site.clone()).or_default())
    }
}

/// Returns the cell of `site`, starting it when there is none.
pub(super) async fn hold(ground: &Arc<Ground>, site: &Site) -> Result<Held, String> {
    let place = ground.keeper().place(site);
    let mut cell = Arc::clone(&place).lock_owned().await;
    if let Some(live) = &*cell {
        if live.is_usable() {
            return Ok(Held::new(live));
        }
        live.stop.cancel();
        // Two may not change one draft, or count for one workspace, at a time.
        live.over.cancelled().await;
    }
    *cell = None;
    let (starting, site) = (Arc::clone(ground), site.clone());
    // A task, so that a cell that nobody waits for any more is not lost.
    let started = ground.tasks().spawn(async move {
        let (live, supervised, way_out) = Live::start(&starting, &site).await?;
        let live = Arc::new(live);
        hand_out(starting.keeper(), site, way_out);
        let held = Held::new(&live);
        *cell = Some(Arc::clone(&live));
        drop(cell);
        let supervisor = supervise(Arc::clone(&starting), live, supervised, place);
        starting.tasks().spawn(supervisor);
        Ok(held)
    });
    let lost = |_| Err("The cell was lost while it started".to_owned());
    started.await.unwrap_or_else(lost)
}

/// Offers the way out. Without somebody to serve it the cell has no network.
fn hand_out(keeper: &Keeper, site: Site, way_out: std::net::TcpListener) {
    let set = way_out.set_nonblocking(true);
    if let Ok(listener) = set.and_then(|()| tokio::net::TcpListener::from_std(way_out)) {
        let _ = keeper.exits.try_send(NetworkExit { site, listener });
    }
}

/// Looks after a cell until it has ended.
async fn supervise(
    ground: Arc<Ground>,
    live: Arc<Live>,
    mut supervised: Supervised,
    place: Arc<Place>,
) {
    tokio::select! {
        () = supervised.ended() => {}
        () = live.stop.cancelled() => {}
        () = ground.stop().cancelled() => {}
        () = unused(&live, &place, ground.idle()) => {}
        () = live.observe() => {}
    }
    live.stop.cancel();
    supervised.end().await;
    let mut users = live.users.subscribe();
    // Runs and terminals learn of the end by themselves.
    let _ = users.wait_for(|users| *users == 0).await;
    live.clear().await;
    live.over.cancel();
    let mut cell = place.lock().await;
    if cell.as_ref().is_some_and(|known| Arc::ptr_eq(known, &live)) {
        *cell = None;
    }
}

/// Waits until nobody has used the cell for the time `idle`; then nobody can.
async fn unused(live: &Live, place: &Place, idle: Duration) {
    let mut users = live.users.subscribe();
    loop {
        let _ = users.wait_for(|users| *users == 0).await;
        if tokio::time::timeout(idle, users.changed()).await.is_ok() {
            continue;
        }
        let _place = place.lock().await;
        if *live.users.borrow() == 0 {
            live.stop.cancel();
            return;
        }
    }
}
