//! Servers of each kind, by the documents that they are known by.

use serde_json::{Value, json};
use url::Url;

use crate::capabilities::{Capabilities, ServerKind};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::fake::{FakeModel, Script};
use crate::gateway::{Gateway, GatewayOptions};
use crate::wire::Wire;

async fn server(documents: &[(&str, Value)]) -> FakeModel {
    let none = Script::default().with_models([]);
    let script = documents.iter().fold(none, |script, (path, document)| {
        script.with_document(path, document.clone())
    });
    FakeModel::local(script).await.unwrap()
}

async fn probe(fake: &FakeModel, wire: Wire) -> Result<Capabilities, Error> {
    let gateway = Gateway::new(GatewayOptions::default()).unwrap();
    let endpoint = Endpoint {
        name: "Fake".into(),
        base_url: Url::parse(&fake.url()).unwrap(),
        wire,
        key: None,
        model: String::new(),
        max_output_tokens: None,
        prices: None,
    };
    gateway.probe(&endpoint).await
}

#[tokio::test]
async fn servers_are_told_apart_and_asked_for_what_only_they_tell() {
    let listed = |owner: &str| json!({"object": "list", "data": [{"id": "m", "object": "model", "owned_by": owner}]});
    let show = json!({"model_info": {"qwen2.context_length": 32_768},
        "capabilities": ["completion", "tools", "insert"]});
    let props = json!({"default_generation_settings": {"n_ctx": 8_192},
        "modalities": {"vision": true}});
    let studio = json!({"data": [{"id": "m", "type": "vlm", "max_context_length": 4_096}]});
    let tags = json!({"models": [{"model": "m"}]});
    for (documents, kind, context, asked) in [
        (
            vec![
                ("/v1/models", listed("library")),
                ("/api/tags", tags.clone()),
                ("/api/show", show.clone()),
            ],
            ServerKind::Ollama,
            Some(4_096),
            4,
        ),
        // Its list is empty in its own way until a model is there.
        (
            vec![
                ("/v1/models", json!({"object": "list", "data": null})),
                ("/api/version", json!({"version": "0.12.0"})),
                ("/api/tags", tags),
                ("/api/show", show),
                (
                    "/api/ps",
                    json!({"models": [{"model": "m", "context_length": 16_384}]}),
                ),
            ],
            ServerKind::Ollama,
            Some(16_384),
            5,
        ),
        (
            vec![
                ("/v1/models", listed("llamacpp")),
                ("/props", props.clone()),
            ],
            ServerKind::LlamaCpp,
            Some(8_192),
            2,
        ),
        (
            vec![("/v1/models", listed("somebody")), ("/props", props)],
            ServerKind::LlamaCpp,
            Some(8_192),
            4,
        ),
        (
            vec![
                ("/v1/models", listed("organization_owner")),
                ("/api/v0/models", studio),
            ],
            ServerKind::LmStudio,
            Some(4_096),
            2,
        ),
        (
            vec![("/v1/models", listed("tensorrt_llm"))],
            ServerKind::TensorRtLlm,
            None,
            1,
        ),
        (
            vec![("/v1/models", listed("vllm"))],
            ServerKind::Vllm,
            None,
            1,
        ),
        (
            vec![("/v1/models", listed("me"))],
            ServerKind::Other,
            None,
            4,
        ),
    ] {
        let fake = server(&documents).await;
        let found = probe(&fake, Wire::OpenAiChat).await.unwrap();
        let models: Vec<_> = found
            .models
            .iter()
            .map(|m| (&*m.id, m.context_tokens))
            .collect();
        assert_eq!(
            (found.kind, models),
            (kind, vec![("m", context)]),
            "{documents:?}"
        );
        assert_eq!(fake.requests().len(), asked, "{documents:?}");
    }
}

#[tokio::test]
async fn a_server_without_a_list_has_no_models() {
    let fake = server(&[]).await;
    let found = probe(&fake, Wire::OpenAiChat).await.unwrap();
    assert_eq!(found, Capabilities::new(ServerKind::Other, Vec::new()));
}

#[tokio::test]
async fn providers_lists_are_read_to_their_last_page() {
    let page = json!({"data": [{"type": "model", "id": "claude"}], "has_more": true,
        "last_id": "claude"});
    let fake = server(&[("/v1/models", page)]).await;
    let found = probe(&fake, Wire::Anthropic).await.unwrap();
    assert_eq!((found.kind, found.models.len()), (ServerKind::Anthropic, 1));
    // A list without an end is given up at last.
    assert_eq!(fake.requests().len(), super::PAGES);
    let page = json!({"models": [{"name": "models/gemini",
        "supportedGenerationMethods": ["generateContent"]}]});
    let fake = server(&[("/v1/models", page)]).await;
    let found = probe(&fake, Wire::Gemini).await.unwrap();
    assert_eq!(
        (found.kind, &*found.models[0].id),
        (ServerKind::Gemini, "gemini")
    );
    assert_eq!(fake.requests().len(), 1);
    let list = json!({"data": [{"id": "a/b", "pricing": {"prompt": "0", "completion": "0"}}]});
    let fake = server(&[("/v1/models", list)]).await;
    let found = probe(&fake, Wire::OpenRouter).await.unwrap();
    assert_eq!(found.kind, ServerKind::OpenRouter);
    assert!(found.models[0].prices.is_some());
}

#[tokio::test]
async fn a_wrong_key_is_an_error() {
    let fake = FakeModel::local(Script::default().with_key("k"))
        .await
        .unwrap();
    for wire in [Wire::OpenAiChat, Wire::Anthropic, Wire::Gemini] {
        let refused = probe(&fake, wire).await;
        assert!(
            matches!(refused, Err(Error::Unauthorized { .. })),
            "{refused:?}"
        );
    }
}
