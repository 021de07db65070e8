//! In whatever order calls begin and end, and the server with them, no budget
//! is passed, and what is noted of it is what its calls say.

mod book;
mod steps;

use atelier_store::testing::TestDatabase;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use self::book::Book;
use self::steps::{Case, case};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 1_500,
        ..ProptestConfig::default()
    }
}

/// Plays a case, all of it in one thread, so that it is the same every time.
fn play(case: &Case, database: impl AsyncFnOnce() -> Option<TestDatabase>) -> TestCaseResult {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let Some(database) = database().await else {
            println!("not run: TEST_DATABASE_URL is not set");
            return Ok(());
        };
        let mut book = Book::open(database, case.limits).await;
        for step in &case.steps {
            book.play(step).await?;
            book.check().await?;
        }
        book.close().await
    })
}

proptest! {
    #![proptest_config(config(24))]
    #[test]
    fn no_order_of_calls_passes_a_budget_on_sqlite(case in case()) {
        play(&case, async || Some(TestDatabase::sqlite().await.unwrap()))?;
    }
}

proptest! {
    #![proptest_config(config(4))]
    #[test]
    fn no_order_of_calls_passes_a_budget_on_postgres(case in case()) {
        play(&case, async || TestDatabase::postgres_from_environment().await.unwrap())?;
    }
}
