//! Documents as the providers' references show them.

use serde_json::{Value, json};

use super::*;
use crate::price::LongPrices;

fn named(id: &str) -> ModelFacts {
    ModelFacts::named(id).unwrap()
}

#[test]
fn kinds_are_told_by_host_and_by_owner() {
    for (host, kind) in [
        ("api.openai.com", Some(ServerKind::OpenAi)),
        ("eu.api.openai.com", Some(ServerKind::OpenAi)),
        ("api.anthropic.com", Some(ServerKind::Anthropic)),
        (
            "generativelanguage.googleapis.com",
            Some(ServerKind::Gemini),
        ),
        ("openrouter.ai", Some(ServerKind::OpenRouter)),
        ("codestral.mistral.ai", Some(ServerKind::Mistral)),
        ("api.deepseek.com", Some(ServerKind::DeepSeek)),
        ("notopenai.com", None),
        ("openai.com.example", None),
        ("localhost", None),
    ] {
        assert_eq!(ServerKind::of_host(host), kind, "{host}");
    }
    for (owner, kind) in [
        ("vllm", Some(ServerKind::Vllm)),
        ("tensorrt_llm", Some(ServerKind::TensorRtLlm)),
        ("somebody", None),
    ] {
        assert_eq!(ServerKind::of_owner(owner), kind, "{owner}");
    }
}

#[test]
fn lists_of_compatible_servers_are_read() {
    let vllm = json!({"object": "list", "data": [{
        "id": "Qwen/Qwen3-8B", "object": "model", "created": 1_740_000_000, "owned_by": "vllm",
        "root": "Qwen/Qwen3-8B", "parent": null, "max_model_len": 40_960, "permission": []}]});
    let llamacpp = json!({"object": "list", "data": [{
        "id": "qwen.gguf", "object": "model", "created": 1_735_142_223, "owned_by": "llamacpp",
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "meta": {"vocab_type": 2, "n_vocab": 128_256, "n_ctx_train": 131_072}}]});
    let mistral = json!({"object": "list", "data": [
        {"id": "codestral-latest", "object": "model", "owned_by": "mistralai",
            "capabilities": {"completion_chat": true, "completion_fim": true,
                "function_calling": true, "fine_tuning": false, "vision": false},
            "max_context_length": 262_144},
        {"id": "mistral-embed", "object": "model", "owned_by": "mistralai",
            "capabilities": {"completion_chat": false, "completion_fim": false,
                "function_calling": false, "vision": false},
            "max_context_length": 8_192}]});
    let trt = json!({"object": "list", "data": [{"id": "TinyLlama-1.1B-Chat-v1.0",
        "object": "model", "created": 1_740_000_000, "owned_by": "tensorrt_llm"}]});
    for (list, models, kind) in [
        (
            vllm,
            vec![ModelFacts {
                context_tokens: Some(40_960),
                ..named("Qwen/Qwen3-8B")
            }],
            Some(ServerKind::Vllm),
        ),
        (
            llamacpp,
            vec![ModelFacts {
                context_tokens: Some(131_072),
                images: Some(true),
                ..named("qwen.gguf")
            }],
            Some(ServerKind::LlamaCpp),
        ),
        (
            mistral,
            vec![ModelFacts {
                context_tokens: Some(262_144),
                images: Some(false),
                tools: Some(true),
                fim: Some(true),
                ..named("codestral-latest")
            }],
            Some(ServerKind::Mistral),
        ),
        (
            trt,
            vec![named("TinyLlama-1.1B-Chat-v1.0")],
            Some(ServerKind::TensorRtLlm),
        ),
        (json!([{"id": "a"}]), vec![named("a")], None),
        (
            json!({"models": [{"name": "a", "model": "a"}]}),
            vec![named("a")],
            None,
        ),
        (json!({"object": "list", "data": null}), vec![], None),
        (
            json!({"data": [{"id": ""}, {"id": 3}, "x", {"id": "x".repeat(257)}]}),
            vec![],
            None,
        ),
    ] {
        assert_eq!(compatible(&list), Some((models, kind)), "{list}");
    }
    for other in [json!({"hello": "world"}), json!("hello"), Value::Null] {
        assert_eq!(compatible(&other), None, "{other}");
    }
}

#[test]
fn openrouter_tells_what_its_models_take_and_cost() {
    let pricing = json!({"prompt": "0.000003", "completion": "0.000015", "request": "0",
        "image": "0.0048", "input_cache_read": "0.0000003", "input_cache_write": "0.00000375"});
    let list = json!({"data": [
        {"id": "anthropic/claude-sonnet-4", "context_length": 200_000,
            "architecture": {"input_modalities": ["image", "text"],
                "output_modalities": ["text"]},
            "pricing": pricing,
            "top_provider": {"context_length": 200_000, "max_completion_tokens": 64_000},
            "supported_parameters": ["max_tokens", "reasoning", "tools"]},
        {"id": "openrouter/auto", "context_length": 2_000_000,
            "pricing": {"prompt": "-1", "completion": "-1"},
            "top_provider": {"max_completion_tokens": null}},
        {"id": "google/gemini-2.5-pro",
            "pricing": {"prompt": "0.00000125", "completion": "0.00001", "overrides": [
                {"min_prompt_tokens": 200_001, "prompt": "0.0000025", "completion": "0.000015"},
                {"utc_start": "16:30", "utc_end": "00:30", "min_prompt_tokens": 400_000, "prompt": "0.000002"}]}},
        {"id": "some/image-maker",
            "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]}},
    ]});
    let prices = Prices::per_million("3", "15").unwrap();
    let prices = prices.with_cached_input("0.3").unwrap();
    let prices = prices.with_cache_write("3.75").unwrap();
    let expected = vec![
        ModelFacts {
            context_tokens: Some(200_000),
            max_output_tokens: Some(64_000),
            images: Some(true),
            tools: Some(true),
            reasoning: Some(true),
            prices: Some(prices),
            ..named("anthropic/claude-sonnet-4")
        },
        ModelFacts {
            context_tokens: Some(2_000_000),
            ..named("openrouter/auto")
        },
        ModelFacts {
            prices: Some(Prices {
                long: Some(LongPrices {
                    from_tokens: 200_000,
                    input_picos_per_token: 2_500_000,
                    output_picos_per_token: Some(15_000_000),
                    cached_input_picos_per_token: None,
                }),
                ..Prices::per_million("1.25", "10").unwrap()
            }),
            ..named("google/gemini-2.5-pro")
        },
    ];
    assert_eq!(openrouter(&list), Some(expected));
    assert_eq!(openrouter(&json!({"error": {}})), None);
}

#[test]
fn prices_per_token_are_read_exactly() {
    for (text, picos) in [
        ("0.000003", Some(3_000_000)),
        ("0.0000000375", Some(37_500)),
        ("8e-7", Some(800_000)),
        ("1.5E-07", Some(150_000)),
        ("0", Some(0)),
        // Rounded up: never cheaper than it is.
        ("0.0000000000001", Some(1)),
        ("1e-99", Some(1)),
        ("-1", None),
        ("1", None),
        ("1e99", None),
        ("", None),
        (".", None),
        ("free", None),
        ("1e", None),
    ] {
        assert_eq!(lists::picos_per_token(text), picos, "{text}");
    }
}

#[test]
fn anthropic_and_gemini_give_pages() {
    let capabilities = json!({"image_input": {"supported": true},
        "thinking": {"supported": true, "types": {}}});
    let list = json!({"data": [
            {"type": "model", "id": "claude-opus-4", "display_name": "Claude Opus 4",
                "created_at": "2025-05-14T00:00:00Z", "lifecycle": "active",
                "max_input_tokens": 200_000, "max_tokens": 32_000,
                "capabilities": capabilities},
            {"type": "model", "id": "claude-1", "lifecycle": "retired"}],
        "has_more": true, "first_id": "claude-opus-4", "last_id": "claude-1"});
    let opus = ModelFacts {
        context_tokens: Some(200_000),
        max_output_tokens: Some(32_000),
        images: Some(true),
        tools: Some(true),
        reasoning: Some(true),
        fim: Some(false),
        ..named("claude-opus-4")
    };
    let page = Page {
        models: vec![opus],
        next: Some("claude-1".into()),
    };
    assert_eq!(anthropic(&list), Some(page));
    let last = json!({"data": [], "has_more": false, "last_id": null});
    assert_eq!(anthropic(&last), Some(Page::default()));

    let list = json!({"models": [
            {"name": "models/gemini-2.5-flash", "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 65_536, "thinking": true,
                "supportedGenerationMethods": ["generateContent", "countTokens"]},
            {"name": "models/embedding-001", "inputTokenLimit": 2_048,
                "supportedGenerationMethods": ["embedContent"]}],
        "nextPageToken": "more"});
    let flash = ModelFacts {
        context_tokens: Some(1_048_576),
        max_output_tokens: Some(65_536),
        reasoning: Some(true),
        fim: Some(false),
        ..named("gemini-2.5-flash")
    };
    let page = Page {
        models: vec![flash],
        next: Some("more".into()),
    };
    assert_eq!(gemini(&list), Some(page));
    assert_eq!(gemini(&json!({"models": []})), Some(Page::default()));
}

#[test]
fn ollama_shows_what_a_model_can() {
    let shown = json!({
        "parameters": "stop                           \"<|im_end|>\"",
        "model_info": {"general.architecture": "qwen2", "qwen2.context_length": 32_768,
                       "general.parameter_count": 7_615_616_512_u64},
        "capabilities": ["completion", "tools", "insert"]});
    // What it was trained for is not what the server gives it.
    let expected = ModelFacts {
        context_tokens: Some(4_096),
        context_assumed: true,
        parameters: Some(7_615_616_512),
        images: Some(false),
        tools: Some(true),
        reasoning: Some(false),
        fim: Some(true),
        ..named("q:7b")
    };
    assert_eq!(ollama_model("q:7b", &shown, None), Some(expected.clone()));
    let told = |context_tokens| ModelFacts {
        context_tokens: Some(context_tokens),
        context_assumed: false,
        ..expected.clone()
    };
    let running = json!({"models": [{"model": "q:7b", "context_length": 16_384}]});
    let loaded = ollama_loaded(&running).get("q:7b").copied();
    assert_eq!(ollama_model("q:7b", &shown, loaded), Some(told(16_384)));
    let mut cloud = shown.clone();
    cloud["remote_host"] = json!("https://ollama.com:443");
    assert_eq!(ollama_model("q:7b", &cloud, None), Some(told(32_768)));
    let mut set = shown.clone();
    set["parameters"] = json!("num_ctx                        8192\nstop  \"x\"");
    assert_eq!(ollama_model("q:7b", &set, None), Some(told(8_192)));
    assert_eq!(ollama_model("q:7b", &set, loaded), Some(told(16_384)));
    let embeds = json!({"capabilities": ["embedding"]});
    assert_eq!(ollama_model("e", &embeds, None), None);
    // An older server says nothing of capabilities.
    assert_eq!(ollama_model("old", &json!({}), None), Some(named("old")));
    let tags = json!({"models": [{"name": "a:latest", "model": "a:latest"}, {"name": "b"}]});
    assert_eq!(
        ollama_names(&tags),
        Some(vec![named("a:latest"), named("b")])
    );
}

#[test]
fn lm_studio_and_llamacpp_tell_of_their_own() {
    let list = json!({"object": "list", "data": [
        {"id": "qwen2-vl-7b-instruct", "object": "model", "type": "vlm", "state": "not-loaded",
            "max_context_length": 32_768},
        {"id": "llama", "type": "llm", "state": "loaded", "max_context_length": 131_072,
            "loaded_context_length": 4_096, "capabilities": ["tool_use"]},
        {"id": "nomic", "type": "embeddings", "max_context_length": 2_048}]});
    let expected = vec![
        ModelFacts {
            context_tokens: Some(32_768),
            images: Some(true),
            ..named("qwen2-vl-7b-instruct")
        },
        ModelFacts {
            context_tokens: Some(4_096),
            images: Some(false),
            tools: Some(true),
            ..named("llama")
        },
    ];
    assert_eq!(lm_studio(&list), Some(expected));

    let document = json!({"default_generation_settings": {"id": 0, "n_ctx": 8_192},
        "total_slots": 4, "modalities": {"vision": true},
        "chat_template_caps": {"supports_tools": true}});
    let mut models = [ModelFacts {
        context_tokens: Some(131_072),
        ..named("m")
    }];
    assert!(props(&document, &mut models));
    let expected = ModelFacts {
        context_tokens: Some(8_192),
        images: Some(true),
        tools: Some(true),
        ..named("m")
    };
    assert_eq!(models, [expected]);
    assert!(!props(&json!({"error": "not found"}), &mut models));
}

#[test]
fn models_are_sorted_and_named_once() {
    let models = ["b", "a", "b"].map(named).to_vec();
    let found = Capabilities::new(ServerKind::Other, models);
    let names: Vec<_> = found.models.iter().map(|model| &*model.id).collect();
    assert_eq!(names, ["a", "b"]);
}
