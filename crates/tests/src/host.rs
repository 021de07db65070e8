//! A host whose cells are of paper: their ports are servers of the test.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use atelier_sandbox::cell::{CellState, ListeningPort, Output, Report, RunCommand, Site};
use atelier_sandbox::doctor::Isolation;
use atelier_sandbox::host::{BoxFuture, CellError, Host, NetworkExit};
use atelier_sandbox::runtime::Runtime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Cells that run nothing: what listens in them are servers of the test, and
/// their programs are the test too.
#[derive(Clone, Debug)]
pub struct PaperCells(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    open: Mutex<HashMap<Site, BTreeMap<u16, SocketAddr>>>,
    exits: mpsc::Sender<NetworkExit>,
    taken: Mutex<Option<mpsc::Receiver<NetworkExit>>>,
}

impl Default for PaperCells {
    fn default() -> Self {
        let (exits, taken) = mpsc::channel(16);
        Self(Arc::new(Inner {
            open: Mutex::default(),
            exits,
            taken: Mutex::new(Some(taken)),
        }))
    }
}

impl PaperCells {
    /// Starts the cell of a directory and returns where its programs find
    /// their proxy.
    ///
    /// # Panics
    /// When nothing can listen, or nobody takes the way out.
    pub async fn start(&self, site: &Site) -> SocketAddr {
        self.0.open.lock().unwrap().entry(site.clone()).or_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = site.clone();
        let exit = NetworkExit { site, listener };
        self.0.exits.send(exit).await.unwrap();
        address
    }

    /// Lets a server of the test listen on a port of a running cell.
    ///
    /// # Panics
    /// When the cell does not run.
    pub fn listen(&self, files: &Path, port: u16, server: SocketAddr) {
        let mut open = self.0.open.lock().unwrap();
        let ports = open.get_mut(&Site::workspace(files)).unwrap();
        ports.insert(port, server);
    }

    /// Ends what listens on a port.
    ///
    /// # Panics
    /// When the cell does not run.
    pub fn close(&self, files: &Path, port: u16) {
        let mut open = self.0.open.lock().unwrap();
        let ports = open.get_mut(&Site::workspace(files)).unwrap();
        ports.remove(&port);
    }
}

impl Host for PaperCells {
    fn run<'a>(
        &'a self,
        _: &'a Site,
        _: RunCommand,
        _: CancellationToken,
        _: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        panic!("nothing runs in a cell of paper")
    }

    fn connect<'a>(
        &'a self,
        site: &'a Site,
        port: u16,
    ) -> BoxFuture<'a, Result<TcpStream, CellError>> {
        let server = self
            .0
            .open
            .lock()
            .unwrap()
            .get(site)
            .and_then(|ports| ports.get(&port).copied());
        Box::pin(async move {
            let server = server.ok_or_else(|| CellError::new("nothing listens there"))?;
            TcpStream::connect(server)
                .await
                .map_err(|error| CellError::new(error.to_string()))
        })
    }

    fn state<'a>(&'a self, site: &'a Site) -> BoxFuture<'a, Option<CellState>> {
        let open = self.0.open.lock().unwrap();
        let state = open.get(site).map(|ports| CellState {
            ports: ports
                .keys()
                .map(|&port| ListeningPort {
                    port,
                    program: Some("paper".to_owned()),
                })
                .collect(),
            ..CellState::default()
        });
        Box::pin(async move { state })
    }

    fn stop<'a>(&'a self, site: &'a Site) -> BoxFuture<'a, ()> {
        self.0.open.lock().unwrap().remove(site);
        Box::pin(async {})
    }

    fn take_exits(&self) -> Option<mpsc::Receiver<NetworkExit>> {
        self.0.taken.lock().unwrap().take()
    }

    fn isolation(&self) -> BoxFuture<'_, Isolation> {
        Box::pin(async {
            Isolation {
                ready: true,
                layers: Vec::new(),
                reason: None,
            }
        })
    }

    fn runtimes(&self) -> BoxFuture<'_, Vec<Runtime>> {
        Box::pin(async { Vec::new() })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
