//! What is reserved for a request, and who else is asked when that is too
//! much.

use atelier_base::{BudgetId, Clock as _, Ids, ManualClock, Timestamp};
use atelier_model::{Image, ImageSource, Message, Prices, Request, Tokeniser, Tool, Wire};
use atelier_store::testing::TestDatabase;
use atelier_store::{BudgetPeriod, BudgetRow, BudgetScope};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::call::{ModelRef, Task};
use crate::testing;

struct Bench {
    domain: Domain,
    ctx: Ctx,
    ids: Ids,
    _database: TestDatabase,
    _folder: TempDir,
}

/// Starts with a budget of so many micro-dollars or tokens.
async fn bench(limit_micros: Option<i64>, limit_tokens: Option<u64>) -> Bench {
    let clock = ManualClock::new(Timestamp::from_micros(1_769_731_200_000_000));
    let ids = Ids::seeded(Arc::new(clock.clone()), 7);
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::sqlite().await.unwrap();
    let store = database.open().await.unwrap();
    let domain = testing::start(store.clone(), folder.path(), &clock, &ids).await;
    let ctx = testing::person(&store, &clock, ids.next()).await;
    let budget = BudgetRow {
        id: ids.next::<BudgetId>(),
        owner_id: ctx.person().unwrap(),
        scope: BudgetScope::User,
        subject_id: None,
        period: BudgetPeriod::Total,
        limit_micros,
        limit_tokens,
        created_at: clock.now(),
        updated_at: clock.now(),
    };
    let set = store.write(async |tx| tx.insert_budget(&budget).await);
    set.await.unwrap();
    Bench {
        domain,
        ctx,
        ids,
        _database: database,
        _folder: folder,
    }
}

impl Bench {
    fn chosen(&self, model: &str, prices: Option<Prices>) -> Chosen {
        let url = "https://api.openai.com/v1";
        Chosen {
            provider: self.ids.next(),
            endpoint: Endpoint {
                name: model.to_owned(),
                base_url: self.domain.gateway().parse_base_url(url).unwrap(),
                wire: Wire::OpenAiChat,
                key: None,
                model: model.to_owned(),
                max_output_tokens: Some(8_192),
                prices,
            },
            local: prices == Some(Prices::FREE),
            reason: "It fits.".to_owned(),
            edits: EditForm::Blocks,
        }
    }

    /// Asks the first of these models that may answer, and says which and
    /// which are left.
    async fn first(&self, ask: &Ask, routes: &[Chosen]) -> Result<(String, usize)> {
        let mut routes: VecDeque<Chosen> = routes.to_vec().into();
        let asked = self.domain.attempt_next(&self.ctx, ask, &mut routes, None);
        let attempt = asked.await?;
        Ok((attempt.chosen.endpoint.model.clone(), routes.len()))
    }
}

fn says(message: Message) -> Request {
    Request {
        messages: vec![message],
        max_output_tokens: Some(100),
        ..Request::default()
    }
}

#[tokio::test]
async fn a_request_that_fits_no_budget_goes_to_the_next_model_that_does() {
    let bench = bench(Some(50_000), None).await;
    let dear = bench.chosen("dear", Some(Prices::per_million("3", "15").unwrap()));
    let nobody_knows = bench.chosen("unheard-of", None);
    let free = bench.chosen("free", Some(Prices::FREE));
    let image = Image {
        media_type: "image/png".to_owned(),
        source: ImageSource::Base64("QUJD".repeat(1_000)),
    };
    // Both are more than a nickel's worth, and neither is text.
    let mut tools = says(Message::user("hi"));
    tools.tools = vec![Tool {
        name: "read".to_owned(),
        description: String::new(),
        parameters: json!({ "type": "object", "description": "x".repeat(40_000) }),
    }];
    let image = says(Message::user("hi").with_images(vec![image]));
    for request in [tools, image] {
        let mut ask = Ask::new(Task::Chat, request);
        let routes = [
            dear.clone(),
            nobody_knows.clone(),
            free.clone(),
            dear.clone(),
        ];
        assert_eq!(
            bench.first(&ask, &routes).await.unwrap(),
            ("free".to_owned(), 1)
        );
        let refused = bench.first(&ask, &routes[..2]).await.unwrap_err();
        assert!(
            matches!(refused, Error::BudgetExceeded(_)),
            "the first says why"
        );
        let refused = bench.first(&ask, &routes[1..2]).await.unwrap_err();
        assert!(matches!(refused, Error::PriceUnknown { .. }), "{refused}");
        // The one that was chosen, or none.
        ask.wanted = Some(ModelRef {
            provider: dear.provider,
            model: None,
        });
        let refused = bench.first(&ask, &routes).await.unwrap_err();
        assert!(matches!(refused, Error::BudgetExceeded(_)), "{refused}");
    }
}

#[tokio::test]
async fn what_is_told_of_edits_is_counted_as_well() {
    const HEAD: &str = "You are the assistant.\n";
    let bench = bench(None, Some(20_000)).await;
    let public = bench.chosen("gpt-4o", Some(Prices::FREE));
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(1_000);
    for most in [Some(500), None] {
        let request = Request {
            messages: vec![Message::system(HEAD), Message::user(&text)],
            max_output_tokens: most,
            ..Request::default()
        };
        let mut ask = Ask::new(Task::Edit, request);
        ask.edits_after = Some(HEAD);
        let attempt = bench.domain.attempt(&bench.ctx, &ask, public.clone(), None);
        let attempt = attempt.await.unwrap();
        let Wish::Answer(told) = public.edits.told(&ask.wish, Some(HEAD)).into_owned() else {
            panic!("it is a conversation");
        };
        let counter = Tokeniser::of(&public.endpoint).unwrap().load().unwrap();
        let expected = counter.input_at_most(&told).unwrap();
        assert_eq!(attempt.bound.input_tokens, expected, "{most:?}");
        bench.domain.settle().await;
        drop(attempt);
        bench.domain.settle().await;
    }
}
