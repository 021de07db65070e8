//! Whatever a provider may honestly count of a request, it costs no more than
//! its bound.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::completion::Completion;
use crate::delta::Usage;
use crate::gateway::{Gateway, GatewayOptions, Prepared};
use crate::message::ToolCall;
use crate::price::{LongPrices, Prices, cost};
use crate::request::{Effort, ResponseForm, Tool};

/// The most that any provider documents for an image, and for tools.
const DEAREST_IMAGE: u64 = 48_169;
const DEAREST_TOOLS: u64 = 700;

fn endpoint(wire: Wire, model: &str, most: Option<u32>) -> Endpoint {
    Endpoint {
        name: wire.as_str().into(),
        base_url: Url::parse("https://host.test/v1").unwrap(),
        wire,
        key: None,
        model: model.into(),
        max_output_tokens: most,
        prices: None,
    }
}

fn place() -> impl Strategy<Value = Endpoint> {
    let wires = prop_oneof![
        Just((Wire::OpenAiChat, "gpt-x")),
        Just((Wire::OpenAiResponses, "gpt-x")),
        Just((Wire::OpenRouter, "anthropic/claude-sonnet-4")),
        Just((Wire::Anthropic, "claude-sonnet-4-5")),
        Just((Wire::Anthropic, "claude-opus-4-6")),
        Just((Wire::Gemini, "gemini-2.5-pro")),
    ];
    (wires, proptest::option::of(1_u32..200_000))
        .prop_map(|((wire, model), most)| endpoint(wire, model, most))
}

fn image() -> impl Strategy<Value = Image> {
    let base64 = (1_usize..4_000).prop_map(|fours| ImageSource::Base64("QUJD".repeat(fours)));
    let url = Just(ImageSource::Url("https://host.test/a.png".into()));
    prop_oneof![base64, url].prop_map(|source| Image {
        media_type: "image/png".into(),
        source,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let call = |id: u8| ToolCall {
        id: format!("c{id}"),
        name: "read".into(),
        arguments: r#"{"path":"a"}"#.into(),
    };
    let text = prop_oneof!["[ -~\n]{0,200}", "\\PC{0,80}"];
    (0_u8..5, text, vec(image(), 0..3), 0_u8..3).prop_map(move |(role, text, images, id)| {
        match role {
            0 => Message::system(text),
            1 => Message::assistant(text, vec![call(id)]),
            // Without a call before it, nothing of it leaves.
            2 => Message::tool(format!("c{id}"), text).with_images(images),
            _ => Message::user(text).with_images(images),
        }
    })
}

fn request() -> impl Strategy<Value = Request> {
    let tool = Tool {
        name: "read".into(),
        description: "Reads.".into(),
        parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}}),
    };
    let effort = proptest::option::of(prop_oneof![Just(Effort::Minimal), Just(Effort::High)]);
    let limit = proptest::option::of(prop_oneof![0_u32..20, 0_u32..300_000]);
    (
        vec(message(), 1..6),
        0_usize..3,
        limit,
        effort,
        any::<[bool; 2]>(),
    )
        .prop_map(
            move |(messages, tools, max_output_tokens, effort, [cache, json])| Request {
                messages,
                tools: vec![tool.clone(); tools],
                max_output_tokens,
                effort,
                cache,
                response: if json {
                    ResponseForm::Json
                } else {
                    ResponseForm::Text
                },
                ..Request::default()
            },
        )
}

fn prices() -> impl Strategy<Value = Prices> {
    let price = || 0_u64..100_000_000;
    let long = (0_u64..100_000, price(), proptest::option::of(price())).prop_map(
        |(from_tokens, input, output)| LongPrices {
            from_tokens,
            input_picos_per_token: input,
            output_picos_per_token: output,
            cached_input_picos_per_token: None,
        },
    );
    let other = || proptest::option::of(price());
    (
        price(),
        price(),
        other(),
        other(),
        proptest::option::of(long),
    )
        .prop_map(|(input, output, cached, written, long)| Prices {
            input_picos_per_token: input,
            output_picos_per_token: output,
            cached_input_picos_per_token: cached,
            cache_write_picos_per_token: written,
            long,
        })
}

/// What a provider may count of a body: a token for each byte of the texts in
/// it, keys included, the dearest image for each image, and what it says of
/// tools itself; and an answer as long as the body allows.
fn honest(prepared: &Prepared, to: &Endpoint) -> (u64, Option<u64>) {
    let body: Value = serde_json::from_slice(prepared.body()).unwrap();
    let mut read = 0;
    read_all(&body, &mut read);
    if body.get("tools").is_some() {
        read += DEAREST_TOOLS;
    }
    let limits = [
        "/max_tokens",
        "/max_completion_tokens",
        "/max_output_tokens",
        "/generationConfig/maxOutputTokens",
    ];
    let limit = limits.iter().find_map(|at| body.pointer(at)?.as_u64());
    (read, limit.or(to.max_output_tokens.map(u64::from)))
}

fn read_all(value: &Value, read: &mut u64) {
    match value {
        Value::String(text) => *read += text.len() as u64,
        Value::Array(list) => list.iter().for_each(|value| read_all(value, read)),
        Value::Object(map) if is_image(map) => *read += DEAREST_IMAGE,
        Value::Object(map) => {
            for (key, value) in map {
                *read += key.len() as u64;
                read_all(value, read);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_image(map: &serde_json::Map<String, Value>) -> bool {
    let kind = map.get("type").and_then(Value::as_str);
    matches!(kind, Some("image" | "image_url" | "input_image"))
        || map.contains_key("inlineData")
        || map.contains_key("fileData")
}

fn gateway() -> &'static Gateway {
    static GATEWAY: LazyLock<Gateway> =
        LazyLock::new(|| Gateway::new(GatewayOptions::default()).unwrap());
    &GATEWAY
}

/// Any usage of at most so many tokens.
fn usage(input: u64, output: u64, parts: [Index; 5]) -> Usage {
    let part = |of: u64, at: Index| at.index(usize::try_from(of).unwrap() + 1) as u64;
    let [most, cached, written, said, thought] = parts;
    // Mostly all of it, which is the hardest.
    let input = input - part(input, most) / 4;
    let cached_input_tokens = part(input, cached);
    Usage {
        input_tokens: input,
        cached_input_tokens,
        cache_write_tokens: part(input - cached_input_tokens, written),
        output_tokens: output - part(output, said) / 4,
        reasoning_tokens: part(output, thought) / 2,
        charged_micros: None,
        estimated: false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_honest_count_costs_more_than_the_bound(
        to in place(), request in request(), prices in prices(), parts in any::<[Index; 5]>(),
    ) {
        let prepared = gateway().prepare(&to, &request).unwrap();
        let most = prepared.at_most();
        let (input, output) = honest(&prepared, &to);
        prop_assert_eq!(most.output_tokens.map(u64::from), output);
        // Without any limit nobody can say what an answer may cost.
        let output = output.unwrap_or(9_999);
        let all = Usage { input_tokens: input, output_tokens: output, ..Usage::default() };
        for usage in [all, usage(input, output, parts)] {
            prop_assert!(usage.input_tokens <= most.input_tokens, "{usage:?} {most:?}");
            let (spent, bound) = (cost(&usage, &prices), prices.at_most(most.input_tokens, output));
            prop_assert!(spent <= bound, "{spent} is more than {bound}: {usage:?}");
        }
    }

    #[test]
    fn no_honest_count_of_a_filling_costs_more_than_the_bound(
        to in place(), prefix in "\\PC{1,80}", suffix in "\\PC{0,80}",
        limit in proptest::option::of(0_u32..300), prices in prices(),
    ) {
        let asked = Completion { prefix, suffix, max_output_tokens: limit, ..Completion::default() };
        let prepared = gateway().prepare_completion(&to, &asked).unwrap();
        let most = prepared.at_most();
        let (input, output) = honest(&prepared, &to);
        prop_assert_eq!(most.output_tokens.map(u64::from), output);
        let output = output.unwrap_or(9_999);
        let all = Usage { input_tokens: input, output_tokens: output, ..Usage::default() };
        prop_assert!(input <= most.input_tokens);
        prop_assert!(cost(&all, &prices) <= prices.at_most(most.input_tokens, output));
    }
}

#[test]
fn an_image_counts_for_itself_and_not_for_its_bytes() {
    let screenshot = Image {
        media_type: "image/png".into(),
        source: ImageSource::Base64("QUJD".repeat(350_000)),
    };
    let message = Message::user("what is this?").with_images(vec![screenshot]);
    let request = Request {
        messages: vec![message],
        ..Request::default()
    };
    for wire in [
        Wire::OpenAiChat,
        Wire::OpenAiResponses,
        Wire::OpenRouter,
        Wire::Anthropic,
        Wire::Gemini,
    ] {
        let to = endpoint(wire, "m", Some(1_000));
        let prepared = gateway().prepare(&to, &request).unwrap();
        assert!(prepared.body().len() > 1_400_000, "{wire}");
        let most = prepared.at_most();
        assert_eq!(most.image_tokens, IMAGE, "{wire}");
        assert!(most.input_tokens < IMAGE + 500, "{wire}: {most:?}");
    }
    let own = Endpoint {
        base_url: Url::parse("https://api.openai.com/v1").unwrap(),
        ..endpoint(Wire::OpenAiChat, "gpt-4.1", None)
    };
    let most = gateway().prepare(&own, &request).unwrap().at_most();
    assert_eq!(most.image_tokens, 5_000, "what OpenAI publishes");
}

#[test]
fn the_least_answer_that_a_provider_takes_is_reserved() {
    for (wire, wanted, most, stated) in [
        (Wire::OpenAiResponses, Some(1), None, Some(16)),
        (Wire::OpenAiResponses, Some(17), Some(9), Some(17)),
        (Wire::OpenAiResponses, None, Some(9), Some(9)),
        (Wire::Anthropic, Some(0), None, Some(1)),
        (Wire::Anthropic, Some(50), Some(9), Some(9)),
        (Wire::Anthropic, None, None, Some(4_096)),
        (Wire::Gemini, Some(50), Some(9), Some(9)),
        (Wire::OpenAiChat, Some(1), None, Some(1)),
        (Wire::OpenAiChat, None, None, None),
    ] {
        let request = Request {
            messages: vec![Message::user("hi")],
            max_output_tokens: wanted,
            ..Request::default()
        };
        let to = endpoint(wire, "m", most);
        let bound = gateway().prepare(&to, &request).unwrap().at_most();
        assert_eq!(bound.output_tokens, stated, "{wire} {wanted:?} of {most:?}");
    }
}
