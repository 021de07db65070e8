//! What every test of a query needs: both engines, and rows to put in.

mod rows;

use std::sync::Arc;

use atelier_base::{Clock, Ids, ManualClock, Timestamp, WorkspacePath};
use uuid::Uuid;

use crate::testing::TestDatabase;
use crate::{Error, FileRow, Reader, Result, Store, TurnRow, WorkspaceRow, Writer};

/// Runs each test on SQLite and, when `TEST_DATABASE_URL` names a server, on
/// Postgres.
macro_rules! both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($fixture:ident) $story:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn story($fixture: &$crate::harness::Fixture) $story

            #[tokio::test]
            async fn on_sqlite() {
                let fixture = $crate::harness::Fixture::sqlite().await;
                story(&fixture).await;
                fixture.check().await;
            }

            #[tokio::test]
            async fn on_postgres() {
                let Some(fixture) = $crate::harness::Fixture::postgres().await else {
                    println!("not run: TEST_DATABASE_URL is not set");
                    return;
                };
                story(&fixture).await;
                fixture.check().await;
            }
        }
    )*};
}

/// An empty store, with seeded ids and a clock that only tests move.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) database: TestDatabase,
    pub(crate) ids: Ids,
    pub(crate) clock: ManualClock,
}

/// Makes a path of text that is one.
pub(crate) fn path(text: &str) -> WorkspacePath {
    WorkspacePath::new(text).unwrap()
}

impl Fixture {
    pub(crate) async fn sqlite() -> Self {
        Self::over(TestDatabase::sqlite().await.unwrap()).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        match TestDatabase::postgres_from_environment().await.unwrap() {
            Some(database) => Some(Self::over(database).await),
            None => None,
        }
    }

    async fn over(database: TestDatabase) -> Self {
        let clock = ManualClock::new(Timestamp::from_micros(1_767_225_600_000_000));
        Self {
            store: database.open().await.unwrap(),
            database,
            ids: Ids::seeded(Arc::new(clock.clone()), 7),
            clock,
        }
    }

    /// Checks what must hold after any story: every reference has its row.
    pub(crate) async fn check(&self) {
        if self.store.engine() == crate::Engine::Sqlite {
            let broken: Vec<String> = self
                .read(async |r| r.values("PRAGMA foreign_key_check", "table", vec![]).await)
                .await;
            assert_eq!(broken, Vec::<String>::new());
        }
        self.store.close().await;
    }

    pub(crate) async fn read<T>(&self, work: impl AsyncFnOnce(&mut Reader) -> Result<T>) -> T {
        self.store.read(work).await.unwrap()
    }

    pub(crate) async fn write<T>(&self, work: impl AsyncFnOnce(&mut Writer) -> Result<T>) -> T {
        self.store.write(work).await.unwrap()
    }

    pub(crate) async fn write_fails(
        &self,
        work: impl AsyncFnOnce(&mut Writer) -> Result<()>,
    ) -> Error {
        self.store.write(work).await.unwrap_err()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn id<T: From<Uuid>>(&self) -> T {
        self.ids.next()
    }

    /// Inserts a person with a workspace.
    pub(crate) async fn workspace(&self) -> WorkspaceRow {
        let user = self.user();
        self.write(async |tx| {
            tx.insert_user(&user).await?;
            tx.insert_workspace(&self.new_workspace(user.id)).await
        })
        .await
    }

    /// Inserts a conversation with a running turn.
    pub(crate) async fn turn(&self, workspace: &WorkspaceRow) -> TurnRow {
        let conversation = self.conversation(workspace.id);
        let turn = self.new_turn(workspace, &conversation);
        self.write(async |tx| {
            tx.insert_conversation(&conversation).await?;
            tx.insert_turn(&turn).await
        })
        .await;
        turn
    }

    /// Inserts files, each with a version of its path as content.
    pub(crate) async fn files(&self, workspace: &WorkspaceRow, paths: &[&str]) -> Vec<FileRow> {
        let transaction = self.transaction(workspace);
        let mut files = Vec::new();
        let mut versions = Vec::new();
        for text in paths {
            let mut file = self.file(workspace.id, text);
            let version = self.version(&file, transaction.id, text.as_bytes());
            file.current_version_id = Some(version.id);
            versions.push(version);
            files.push(file);
        }
        self.write(async |tx| {
            assert!(tx.insert_transaction(&transaction).await?);
            tx.insert_files(&files).await?;
            tx.insert_versions(&versions).await
        })
        .await;
        files
    }
}
