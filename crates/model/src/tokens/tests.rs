use serde_json::json;
use url::Url;

use super::*;
use crate::message::{Carried, Message, ToolCall};
use crate::request::Tool;

fn endpoint(url: &str, wire: Wire, model: &str) -> Endpoint {
    Endpoint {
        name: "OpenAI".to_owned(),
        base_url: Url::parse(url).unwrap(),
        wire,
        key: None,
        model: model.to_owned(),
        max_output_tokens: None,
        prices: None,
    }
}

#[test]
fn a_model_of_openais_own_has_a_public_tokeniser() {
    let of = |model: &str| {
        Tokeniser::of(&endpoint(
            "https://api.openai.com/v1",
            Wire::OpenAiChat,
            model,
        ))
    };
    for model in [
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-4o-2024-11-20",
        "gpt-4.1-nano",
        "gpt-5",
        "gpt-5.1",
        "gpt-5-mini",
        "o1",
        "o3-mini",
        "o4-mini",
        "chatgpt-4o-latest",
        "ft:gpt-4o-mini-2024-07-18:org::id",
    ] {
        assert_eq!(of(model), Some(Tokeniser::O200k), "{model}");
    }
    for model in [
        "gpt-4",
        "gpt-4-turbo",
        "gpt-4-0613",
        "gpt-3.5-turbo",
        "gpt-3.5-turbo-0125",
        "ft:gpt-3.5-turbo:org::id",
    ] {
        assert_eq!(of(model), Some(Tokeniser::Cl100k), "{model}");
    }
    for model in [
        "gpt-6",
        "gpt-4.9",
        "gpt-50",
        "o5",
        "o1x",
        "codex-next",
        "claude-sonnet-4-5",
        "",
    ] {
        assert_eq!(of(model), None, "{model}");
    }
    for (url, wire) in [
        ("https://proxy.example/v1", Wire::OpenAiChat),
        ("http://127.0.0.1:9/v1", Wire::OpenAiChat),
        ("https://openrouter.ai/api/v1", Wire::OpenRouter),
        ("https://api.openai.com/v1", Wire::Anthropic),
    ] {
        assert_eq!(
            Tokeniser::of(&endpoint(url, wire, "gpt-4o")),
            None,
            "{url} {wire:?}"
        );
    }
    let responses = endpoint("https://api.openai.com/v1", Wire::OpenAiResponses, "gpt-5");
    assert_eq!(Tokeniser::of(&responses), Some(Tokeniser::O200k));
}

/// The counts are those of OpenAI's own examples.
#[test]
fn texts_have_the_published_counts() {
    let o200k = Tokeniser::O200k.load().unwrap();
    let cl100k = Tokeniser::Cl100k.load().unwrap();
    for (text, new, old) in [
        ("", 0, 0),
        ("hello world", 2, 2),
        ("tiktoken is great!", 6, 6),
        ("antidisestablishmentarianism", 6, 6),
        ("2 + 2 = 4", 7, 7),
        ("お誕生日おめでとう", 8, 9),
        // A mark of the model's own is a text like any other.
        ("<|endoftext|>", 7, 7),
    ] {
        assert_eq!(
            (o200k.count(text), cl100k.count(text)),
            (new, old),
            "{text}"
        );
    }
}

#[test]
fn a_long_text_is_counted_in_time_and_never_low() {
    let o200k = Tokeniser::O200k.load().unwrap();
    for (what, text) in [
        (
            "code",
            "fn main() {\n    println!(\"{}\", 1 + 1);\n}\n".repeat(900),
        ),
        ("blanks", format!("{}a", " ".repeat(300_000))),
        ("lines", "\n".repeat(100_000)),
        ("one word", "ab".repeat(50_000)),
        ("signs of three bytes", "漢字".repeat(20_000)),
    ] {
        let (cut, pieces) = (o200k.count(&text), text.len() / PIECE_BYTES + 1);
        assert!(
            cut <= text.len() as u64,
            "{what}: {cut} tokens of {} bytes",
            text.len()
        );
        if what != "blanks" {
            let whole = o200k.0.count_ordinary(&text) as u64;
            let most = whole + CUT * 2 * pieces as u64;
            assert!(
                (whole..=most).contains(&cut),
                "{what}: {cut}, and whole {whole}"
            );
        }
    }
}

/// What OpenAI's API reported for these messages, of its cookbook on counting
/// tokens: 129 for GPT-3.5 and GPT-4, 124 for GPT-4o.
#[test]
fn a_conversation_is_bounded_by_what_the_provider_counted() {
    let said = [
        "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
        "New synergies will help drive top-line growth.",
        "Things working well together will increase revenue.",
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
        "Let's talk later when we're less busy about how to do better.",
        "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    ];
    let request = Request {
        messages: said.map(Message::user).to_vec(),
        ..Request::default()
    };
    for (tokeniser, counted) in [(Tokeniser::O200k, 124), (Tokeniser::Cl100k, 129)] {
        let most = tokeniser.load().unwrap().input_at_most(&request).unwrap();
        assert!(
            (counted..counted * 2).contains(&most),
            "{tokeniser:?}: {most}"
        );
    }
}

/// What OpenAI's API reported for this tool and these messages, of the same
/// cookbook: 105 for GPT-3.5 and GPT-4, 101 for GPT-4o.
#[test]
fn tools_count_at_least_what_the_provider_counted() {
    let request = Request {
        messages: vec![
            Message::system(
                "You are a helpful assistant that can answer to questions about the weather.",
            ),
            Message::user("What's the weather like in San Francisco?"),
        ],
        tools: vec![Tool {
            name: "get_current_weather".to_owned(),
            description: "Get the current weather in a given location".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "location": { "type": "string", "description": "The city and state, e.g. San Francisco, CA" },
                    "unit": { "type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"] }
                },
                "required": ["location"]
            }),
        }],
        ..Request::default()
    };
    let o200k = Tokeniser::O200k.load().unwrap();
    assert!(o200k.input_at_most(&request).unwrap() > 101);
    let without = Request {
        tools: Vec::new(),
        ..request.clone()
    };
    let tools = o200k.input_at_most(&request).unwrap() - o200k.input_at_most(&without).unwrap();
    assert!(tools > TOOLS_FRAME + 80, "{tools}");
    let call = ToolCall {
        id: "call_1".to_owned(),
        name: "get_current_weather".to_owned(),
        arguments: r#"{"location":"San Francisco, CA"}"#.to_owned(),
    };
    let mut longer = request.clone();
    longer.messages.push(Message::assistant("", vec![call]));
    assert!(o200k.input_at_most(&longer) > o200k.input_at_most(&request));
    longer
        .messages
        .push(Message::assistant("", Vec::new()).with_carried(vec![carried()]));
    assert_eq!(
        o200k.input_at_most(&longer),
        None,
        "what is sealed can't be counted"
    );
}

fn carried() -> Carried {
    Carried {
        wire: Wire::OpenAiResponses,
        model: "gpt-5".to_owned(),
        text_bytes: 0,
        calls: 0,
        value: json!({}),
    }
}

/// The rules are OpenAI's: 765 and 1,105 tokens are its examples of tiles,
/// 1,452 of patches, and 48,169 is the most for the one that is dear.
#[test]
fn an_image_counts_for_what_is_published_at_most() {
    let most = |model: &str| {
        image_at_most(&endpoint(
            "https://api.openai.com/v1",
            Wire::OpenAiChat,
            model,
        ))
    };
    for model in [
        "gpt-4o",
        "gpt-4o-2024-11-20",
        "gpt-4.1-nano",
        "o4-mini",
        "o1",
    ] {
        assert_eq!(most(model), Some(5_000), "{model}");
    }
    let (tiles, patches) = (85 + 170 * 8, 1_536 * 246 / 100);
    assert!(IMAGE > tiles && IMAGE > patches);
    for model in [
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
        "gpt-5.4",
        "gpt-4",
        "gpt-6",
    ] {
        assert_eq!(most(model), None, "{model}");
    }
}
