//! [`TestApp`]: the whole product in a test, and the callers that use it.
//!
//! A story asks the real router over a real socket, with a real store, real
//! cells and a scripted model behind it; only the clock is the test's own.
//! [`on_both_engines!`] runs it on SQLite and, when `TEST_DATABASE_URL` names
//! a server, on Postgres. What must hold after every story is checked by
//! [`TestApp::finish`], what must hold of every answer by [`Caller`].
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the ground that tests stand on fails by panicking, as tests do"
)]

mod app;
mod beside;
mod caller;
mod calls;
mod host;
mod local;
mod logbook;
mod names;
mod program;
mod screen;
mod setup;
mod stage;
mod stream;

pub use app::TestApp;
pub use beside::Beside;
pub use caller::{Caller, Reply};
pub use calls::{Ran, question};
pub use host::PaperCells;
pub use local::{
    LocalSetup, WEIGHTS, bench_runs, helpers, local_program, peer_of_real_model, real_files,
    real_model, real_model_waiting_actively,
};
pub use logbook::Logbook;
pub use names::FakeNames;
pub use program::{Ended, Server, kill_program, program, run_program, start_program};
pub use screen::Screen;
pub use setup::{Setup, is_root};
pub use stage::{Puppet, Stage};
pub use stream::{Events, Socket};

/// How long a test waits for what must happen, before it fails. Long, because
/// it is never waited out on a machine that is only busy.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(2);

/// Waits for what must happen within [`PATIENCE`].
///
/// # Panics
/// When it does not.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// Waits, within [`PATIENCE`], for what nobody announces.
///
/// # Panics
/// When it does not happen.
pub async fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    within(what, async {
        while !happened() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Runs each story on SQLite and, when `TEST_DATABASE_URL` names a server, on
/// Postgres. `app` is a [`TestApp`]; a closure behind it changes its
/// [`Setup`].
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident $(, $change:expr)?) $story:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn story($app: &$crate::TestApp) $story

            async fn run(setup: $crate::Setup) {
                $(let setup = { let change: fn($crate::Setup) -> $crate::Setup = $change; change(setup) };)?
                let app = setup.start().await;
                story(&app).await;
                app.finish().await;
            }

            #[tokio::test]
            async fn on_sqlite() {
                run($crate::Setup::sqlite().await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                match $crate::Setup::postgres().await {
                    Some(setup) => run(setup).await,
                    None => println!("not run: TEST_DATABASE_URL is not set"),
                }
            }
        }
    )*};
}
