//! A git server: a bare repository's files over plain http, which is all that
//! git's "dumb" protocol needs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

/// Serves `/project.git`. Whatever is asked below `/slow` is never answered.
pub(crate) struct GitServer {
    address: SocketAddr,
    served: Arc<Served>,
    _tasks: TaskTracker,
}

struct Served {
    folder: TempDir,
    asked: Notify,
    left: Notify,
}

impl GitServer {
    /// Makes a repository with these files and serves it.
    pub(crate) async fn start(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_repository(folder.path(), files);
        let served = Arc::new(Served {
            folder,
            asked: Notify::new(),
            left: Notify::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&served));
        let tasks = TaskTracker::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            served,
            _tasks: tasks,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/project.git", self.address)
    }

    pub(crate) fn slow_url(&self) -> String {
        format!("http://{}/slow/project.git", self.address)
    }

    /// Waits until something is asked below `/slow`.
    pub(crate) async fn asked(&self) {
        self.served.asked.notified().await;
    }

    /// Waits until whoever asked below `/slow` is gone.
    pub(crate) async fn left(&self) {
        self.served.left.notified().await;
    }
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    if path.starts_with("slow/") {
        let _gone = Gone(Arc::clone(&served));
        served.asked.notify_one();
        return std::future::pending().await;
    }
    match tokio::fs::read(served.folder.path().join(path)).await {
        Ok(bytes) => Body::from(bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

struct Gone(Arc<Served>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.left.notify_one();
    }
}

fn make_repository(folder: &Path, files: &[(&str, &str)]) {
    let work = folder.join("work");
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "--quiet", "--initial-branch=main"]);
    for (path, text) in files {
        let place = work.join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, text).unwrap();
    }
    git(&work, &["add", "."]);
    git(&work, &["commit", "--quiet", "--message=first"]);
    git(
        folder,
        &["clone", "--quiet", "--bare", "work", "project.git"],
    );
    git(&folder.join("project.git"), &["update-server-info"]);
}

#[expect(clippy::disallowed_methods, reason = "tests make their repositories")]
fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    let made = std::process::Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(identity)
        .args(arguments)
        .output()
        .unwrap();
    assert!(made.status.success(), "git {arguments:?}: {made:?}");
}
