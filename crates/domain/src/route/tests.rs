use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;

/// A model of provider number `of`; priced at `usd` a million tokens.
fn model(of: u128, name: &str, usd: Option<&str>) -> Model {
    Model {
        provider: provider(of),
        provider_name: format!("P{of}"),
        name: name.to_owned(),
        wire: Wire::OpenAiChat,
        local: false,
        configured: true,
        context_tokens: None,
        max_output_tokens: None,
        parameters: None,
        images: None,
        tools: None,
        reasoning: None,
        fim: None,
        prices: usd.map(|usd| Prices::per_million(usd, usd).unwrap()),
        price_source: PriceSource::Published,
        first_token_ms: None,
        latency_ms: None,
        unreachable: false,
    }
}

fn provider(of: u128) -> ProviderId {
    Uuid::from_u128(of).into()
}

fn need(task: Task) -> Need {
    Need {
        task,
        wanted: None,
        allowed: None,
        workspace_provider: None,
        input_bytes: 4_000,
        max_output_tokens: Some(1_000),
        images: false,
        tools: false,
        fim: false,
        left: Left::default(),
    }
}

/// A large model, a small one and one of our own.
fn models() -> Vec<Model> {
    let large = Model {
        first_token_ms: Some(900),
        context_tokens: Some(200_000),
        images: Some(true),
        ..model(1, "large", Some("15"))
    };
    let small = Model {
        first_token_ms: Some(300),
        context_tokens: Some(32_000),
        images: Some(false),
        ..model(2, "small", Some("0.5"))
    };
    let own = Model {
        local: true,
        fim: Some(true),
        tools: Some(false),
        context_tokens: Some(8_000),
        prices: Some(Prices::FREE),
        price_source: PriceSource::Local,
        ..model(3, "own", None)
    };
    vec![large, small, own]
}

fn refer(of: u128, name: &str) -> ModelRef {
    ModelRef {
        provider: provider(of),
        model: Some(name.to_owned()),
    }
}

/// Routes and returns the names in order with the first one's reason.
fn routed(need: &Need, policy: &Policy, models: &[Model]) -> (Vec<String>, String) {
    let found = route(need, policy, models);
    let name = |at: &usize| models[*at].name.clone();
    let names = found.order.iter().map(|(at, _)| name(at)).collect();
    let reason = found.order.first().map(|(_, why)| why.clone());
    assert_eq!(found.order.len() + found.passed_over.len(), models.len());
    (names, reason.unwrap_or_default())
}

#[test]
fn each_task_goes_where_its_rule_says() {
    let chat = Need {
        workspace_provider: Some(provider(2)),
        ..need(Task::Chat)
    };
    let images = Need {
        images: true,
        ..need(Task::Edit)
    };
    let tools = Need {
        tools: true,
        ..need(Task::Complete)
    };
    let long = Need {
        input_bytes: 400_000,
        ..need(Task::Debug)
    };
    let offline = Policy {
        offline: true,
        ..Policy::default()
    };
    let poor = Left {
        micros: Some(10_000),
        tokens: None,
    };
    let few = Left {
        micros: None,
        tokens: Some(5_100),
    };
    let chosen = Need {
        wanted: Some(refer(2, "small")),
        left: poor,
        ..need(Task::Chat)
    };
    let usual = Policy::default();
    for (case, need, policy, names, reason) in [
        (
            "order",
            need(Task::Plan),
            &usual,
            "large small own",
            "It is the first of your models that fits.",
        ),
        (
            "the workspace's",
            chat,
            &usual,
            "small large own",
            "The workspace is set to it.",
        ),
        (
            "what is cheap",
            need(Task::Summarise),
            &usual,
            "own small large",
            "It is the cheapest that fits; summarise goes to that.",
        ),
        (
            "what is typed",
            need(Task::Complete),
            &usual,
            "own small large",
            "It runs on your own hardware; complete goes there first.",
        ),
        (
            "what is typed, with tools",
            tools,
            &usual,
            "small large",
            "No model of your own hardware fits, where complete goes first.",
        ),
        (
            "images",
            images,
            &usual,
            "large own",
            "It is the first of your models that fits.",
        ),
        (
            "a long one",
            long,
            &usual,
            "large",
            "It is the only model that fits.",
        ),
        (
            "offline",
            need(Task::Chat),
            &offline,
            "own",
            "You are offline, and it runs on your own hardware.",
        ),
        (
            "offline, though another was chosen",
            chosen.clone(),
            &offline,
            "own",
            "You are offline, and it runs on your own hardware.",
        ),
        (
            "little money",
            Need {
                left: poor,
                ..need(Task::Chat)
            },
            &usual,
            "small own",
            "It is the first of your models that fits.",
        ),
        (
            "no money",
            Need {
                left: Left {
                    micros: Some(0),
                    tokens: None,
                },
                ..need(Task::Chat)
            },
            &usual,
            "own",
            "It is the only model that fits.",
        ),
        (
            "few tokens",
            Need {
                left: few,
                ..need(Task::Chat)
            },
            &usual,
            "large small own",
            "It is the first of your models that fits.",
        ),
        (
            "chosen by name",
            chosen,
            &usual,
            "small own",
            "You chose it.",
        ),
        (
            "chosen at home",
            Need {
                wanted: Some(refer(3, "own")),
                ..need(Task::Chat)
            },
            &usual,
            "own",
            "You chose it.",
        ),
        (
            "chosen by name, of a token that may ask two",
            Need {
                wanted: Some(refer(2, "small")),
                allowed: Some(vec![refer(2, "small"), refer(3, "own")]),
                ..need(Task::Chat)
            },
            &usual,
            "small own",
            "You chose it.",
        ),
    ] {
        let (found, why) = routed(&need, policy, &models());
        assert_eq!(found.join(" "), names, "{case}");
        assert_eq!(why, reason, "{case}");
    }
}

#[test]
fn a_persons_rule_stands_over_the_usual_one() {
    let rule = |prefer, models| Policy {
        offline: false,
        rules: BTreeMap::from([(Task::Chat, Rule { prefer, models })]),
    };
    let listed = vec![refer(3, "own"), refer(1, "large")];
    for (policy, names) in [
        (rule(Prefer::Order, listed.clone()), "own large"),
        (rule(Prefer::Fastest, listed), "large own"),
        (rule(Prefer::Fastest, Vec::new()), "small large own"),
        (rule(Prefer::Cheapest, vec![refer(2, "small")]), "small"),
    ] {
        assert_eq!(
            routed(&need(Task::Chat), &policy, &models()).0.join(" "),
            names,
            "{policy:?}"
        );
    }
    let stored = serde_json::to_string(&rule(Prefer::Cheapest, vec![refer(2, "small")])).unwrap();
    let read: Policy = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, rule(Prefer::Cheapest, vec![refer(2, "small")]));
    assert_eq!(
        serde_json::from_str::<Policy>("{}").unwrap(),
        Policy::default()
    );
}

#[test]
fn every_model_that_is_passed_over_says_why() {
    let mut all = models();
    all[1].prices = None;
    all.push(Model {
        configured: false,
        ..model(1, "other", Some("1"))
    });
    let need = Need {
        images: true,
        left: Left {
            micros: Some(100),
            tokens: None,
        },
        ..need(Task::Chat)
    };
    let found = route(&need, &Policy::default(), &all);
    let whys: Vec<&str> = found
        .passed_over
        .iter()
        .map(|(_, why)| why.as_str())
        .collect();
    assert_eq!(
        whys,
        [
            "It could cost $0.075, and the budget has $0.0001 left.",
            "It sees no images.",
            "It is not among the models for chat.",
        ]
    );
    let unpriced = Need {
        images: false,
        ..need
    };
    let found = route(&unpriced, &Policy::default(), &all);
    assert!(found.passed_over.iter().any(|(at, why)| {
        *at == 1 && why == "Its price is not known, and a budget counts money."
    }));
}

#[test]
fn who_could_not_be_reached_comes_last() {
    let mut all = models();
    all[0].unreachable = true;
    let (names, _) = routed(&need(Task::Chat), &Policy::default(), &all);
    assert_eq!(names, ["small", "own", "large"]);
}

#[test]
fn without_a_model_nothing_is_chosen() {
    assert_eq!(
        route(&need(Task::Chat), &Policy::default(), &[]),
        Route::default()
    );
}
