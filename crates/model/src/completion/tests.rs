//! Requests as the servers' references show them.

use serde_json::{Value, json};
use url::Url;

use super::*;

fn asked() -> Completion {
    Completion {
        prefix: "fn add(a: u8, b: u8) -> u8 {\n    ".into(),
        suffix: "\n}\n".into(),
        max_output_tokens: Some(64),
        temperature: Some(0.5),
        top_p: Some(0.25),
        stop: vec!["\n\n".into()],
        seed: Some(7),
        ..Completion::default()
    }
}

fn encoded(asked: &Completion, form: CompletionForm) -> Value {
    let body = body::encode(asked, form, "m").unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn each_form_is_written_as_its_reference_says() {
    let (prefix, suffix) = ("fn add(a: u8, b: u8) -> u8 {\n    ", "\n}\n");
    let marked = format!("<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>");
    for (form, expected) in [
        (
            CompletionForm::Suffix,
            json!({"model": "m", "prompt": prefix, "suffix": suffix, "max_tokens": 64,
                "temperature": 0.5, "top_p": 0.25, "stop": ["\n\n"], "seed": 7, "stream": true,
                "stream_options": {"include_usage": true}}),
        ),
        (
            CompletionForm::Mistral,
            json!({"model": "m", "prompt": prefix, "suffix": suffix, "max_tokens": 64,
                "temperature": 0.5, "top_p": 0.25, "stop": ["\n\n"], "random_seed": 7, "stream": true}),
        ),
        (
            CompletionForm::Infill,
            json!({"input_prefix": prefix, "input_suffix": suffix, "n_predict": 64,
                "temperature": 0.5, "top_p": 0.25, "stop": ["\n\n"], "seed": 7, "cache_prompt": true,
                "stream": true}),
        ),
        (
            CompletionForm::Marks(Marks::Qwen),
            json!({"model": "m", "prompt": marked, "max_tokens": 64, "temperature": 0.5,
                "top_p": 0.25, "stop": ["\n\n", "<|fim_prefix|>", "<|endoftext|>", "<|file_sep|>"], "seed": 7,
                "stream": true, "stream_options": {"include_usage": true}}),
        ),
    ] {
        assert_eq!(encoded(&asked(), form), expected, "{form:?}");
    }
    let bare = Completion {
        prefix: "x".into(),
        ..Completion::default()
    };
    let expected = json!({"model": "m", "prompt": "x", "stream": true,
        "stream_options": {"include_usage": true}});
    assert_eq!(encoded(&bare, CompletionForm::Suffix), expected);
}

#[test]
fn marks_stand_as_each_family_learned_them() {
    for (marks, prompt) in [
        (Marks::Qwen, "<|fim_prefix|>A<|fim_suffix|>B<|fim_middle|>"),
        (Marks::StarCoder, "<fim_prefix>A<fim_suffix>B<fim_middle>"),
        (Marks::CodeLlama, "<PRE> A <SUF>B <MID>"),
        (
            Marks::DeepSeek,
            "<｜fim▁begin｜>A<｜fim▁hole｜>B<｜fim▁end｜>",
        ),
        (Marks::Codestral, "[SUFFIX]B[PREFIX]A"),
    ] {
        assert_eq!(marks.prompt("A", "B"), prompt);
    }
    for (model, marks) in [
        ("Qwen/Qwen2.5-Coder-1.5B", Some(Marks::Qwen)),
        ("qwen2.5-coder:1.5b-base", Some(Marks::Qwen)),
        ("bigcode/starcoder2-3b", Some(Marks::StarCoder)),
        ("codellama/CodeLlama-7b-hf", Some(Marks::CodeLlama)),
        ("deepseek_coder_6.7b", Some(Marks::DeepSeek)),
        ("codestral-2508", Some(Marks::Codestral)),
        ("llama-3.1-8b", None),
        ("qwen3-8b", None),
    ] {
        assert_eq!(Marks::of_model(model), marks, "{model}");
    }
}

#[test]
fn a_conversation_holds_the_gap() {
    let request = body::conversation(&asked());
    assert_eq!(
        request.messages[1].content,
        "fn add(a: u8, b: u8) -> u8 {\n    <CURSOR/>\n}\n"
    );
    assert_eq!(request.max_output_tokens, Some(64));
    assert_eq!(request.stop, ["\n\n"]);
}

#[test]
fn the_form_is_chosen_by_address_and_model() {
    use CompletionForm::{Chat, Infill, Mistral, Suffix};
    let qwen = CompletionForm::Marks(Marks::Qwen);
    for (wire, url, model, form) in [
        (Wire::OpenAiChat, "https://api.openai.com/v1", "gpt-5", Chat),
        (
            Wire::OpenAiChat,
            "https://api.openai.com/v1",
            "gpt-3.5-turbo-instruct",
            Suffix,
        ),
        (
            Wire::OpenAiChat,
            "https://codestral.mistral.ai/v1",
            "codestral-latest",
            Mistral,
        ),
        (
            Wire::OpenAiChat,
            "https://api.mistral.ai/v1",
            "mistral-large-latest",
            Chat,
        ),
        (
            Wire::OpenAiChat,
            "https://api.deepseek.com",
            "deepseek-chat",
            Suffix,
        ),
        (
            Wire::OpenAiChat,
            "http://localhost:11434/v1",
            "qwen2.5-coder:1.5b",
            Suffix,
        ),
        (
            Wire::OpenAiChat,
            "http://gpu:8000/v1",
            "Qwen/Qwen2.5-Coder-7B",
            qwen,
        ),
        (Wire::OpenAiChat, "http://gpu:8000/v1", "llama", Chat),
        (
            Wire::Anthropic,
            "https://api.anthropic.com/v1",
            "claude",
            Chat,
        ),
    ] {
        let endpoint = Endpoint {
            name: "Test".into(),
            base_url: Url::parse(url).unwrap(),
            wire,
            key: None,
            model: model.into(),
            max_output_tokens: None,
            prices: None,
        };
        assert_eq!(CompletionForm::of(&endpoint), form, "{url} {model}");
    }
    let at = CompletionForm::at;
    assert_eq!(at(ServerKind::LlamaCpp, "qwen2.5-coder.gguf"), Infill);
    assert_eq!(at(ServerKind::LlamaCpp, "llama.gguf"), Chat);
    assert_eq!(at(ServerKind::Vllm, "Qwen2.5-Coder-7B"), qwen);
}

#[test]
fn requests_go_where_the_server_has_the_route() {
    for (form, base, url) in [
        (
            CompletionForm::Suffix,
            "http://localhost:11434/v1/",
            "http://localhost:11434/v1/completions",
        ),
        (
            CompletionForm::Suffix,
            "https://api.deepseek.com/v1",
            "https://api.deepseek.com/beta/completions",
        ),
        (
            CompletionForm::Infill,
            "http://localhost:8080/v1",
            "http://localhost:8080/infill",
        ),
        (
            CompletionForm::Infill,
            "http://localhost:8080",
            "http://localhost:8080/infill",
        ),
        (
            CompletionForm::Mistral,
            "https://codestral.mistral.ai/v1",
            "https://codestral.mistral.ai/v1/fim/completions",
        ),
    ] {
        let found = body::url(form, &Url::parse(base).unwrap());
        assert_eq!(found.unwrap().as_str(), url);
    }
    let base = Url::parse("http://localhost/v1").unwrap();
    assert_eq!(body::url(CompletionForm::Chat, &base), None);
}
