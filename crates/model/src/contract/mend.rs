//! What the providers' own models refuse, and what is asked of them instead.

use serde_json::{Value, json};

use super::*;
use crate::fake::{Script, Step, Turn};
use crate::request::{Effort, Tool, ToolChoice};

fn wishes() -> Request {
    Request {
        messages: vec![Message::system("rules"), Message::user("hi")],
        temperature: Some(0.2),
        top_p: Some(0.5),
        max_output_tokens: Some(100),
        stop: vec!["END".into()],
        effort: Some(Effort::Minimal),
        ..Request::default()
    }
}

fn with_tools(tool_choice: ToolChoice) -> Request {
    Request {
        messages: vec![Message::system("rules"), Message::user("hi")],
        tools: vec![Tool {
            name: "read".into(),
            description: "reads".into(),
            parameters: json!({"type": "object"}),
        }],
        tool_choice,
        cache: true,
        ..Request::default()
    }
}

/// Asks a model, and returns what went out first and last, and how often.
async fn asked(wire: Wire, model: &str, request: &Request) -> (Value, Value, usize) {
    let fake = FakeModel::local(Script::of([Turn::text("ok")]))
        .await
        .unwrap();
    let seen = ask(&gateway(), &endpoint(&fake, wire, model), request).await;
    assert_eq!((&*seen.text, seen.error), ("ok", None), "{wire} {model}");
    fake.assert_finished();
    let requests = fake.requests();
    let (first, last) = (&requests[0], &requests[requests.len() - 1]);
    (first.body.clone(), last.body.clone(), requests.len())
}

#[tokio::test]
async fn settings_that_a_reasoning_model_refuses_are_left_out() {
    use Wire::{OpenAiChat as Chat, OpenAiResponses as Responses};
    for (wire, model, left, effort) in [
        (Chat, "gpt-5", json!([null, null, null]), json!("minimal")),
        // With no thought at all, how the answer is drawn can be set.
        (Chat, "gpt-5.1", json!([0.2, 0.5, null]), json!("none")),
        (Chat, "gpt-5.6", json!([0.2, 0.5, null]), json!("none")),
        (Chat, "o3", json!([null, null, null]), json!("low")),
        (Chat, "gpt-4o", json!([0.2, 0.5, ["END"]]), Value::Null),
        (
            Responses,
            "gpt-5",
            json!([null, null, null]),
            json!("minimal"),
        ),
        (Responses, "gpt-5.5", json!([0.2, 0.5, null]), json!("none")),
        (Responses, "o3", json!([null, null, null]), json!("low")),
        (Responses, "gpt-4o", json!([0.2, 0.5, null]), Value::Null),
    ] {
        let (_, last, _) = asked(wire, model, &wishes()).await;
        let mut found = json!([last["temperature"], last["top_p"], last["stop"]]);
        for heat in &mut found.as_array_mut().unwrap()[..2] {
            // Sent with the digits that 32 bits have.
            *heat = heat.as_f64().map_or(Value::Null, |heat| {
                json!((heat * 1_000.0).round() / 1_000.0)
            });
        }
        assert_eq!(found, left, "{wire} {model}");
        let said = match wire {
            Chat => &last["reasoning_effort"],
            _ => &last["reasoning"]["effort"],
        };
        assert_eq!(said, &effort, "{wire} {model}");
    }
}

#[tokio::test]
async fn settings_that_were_refused_once_are_not_sent_again() {
    let fake = FakeModel::local(Script::of([Turn::text("ok").repeat()]));
    let (fake, gateway) = (fake.await.unwrap(), gateway());
    let to = endpoint(&fake, Wire::OpenAiChat, "gpt-5");
    let mut times = Vec::new();
    for temperature in [0.2, 0.2, 0.7, 0.7] {
        let before = fake.requests().len();
        let request = Request {
            temperature: Some(temperature),
            ..wishes()
        };
        assert_eq!(ask(&gateway, &to, &request).await.text, "ok");
        times.push(fake.requests().len() - before);
    }
    // Another temperature may be taken, so it is tried; what is refused
    // besides is known as soon as nothing else differs.
    assert_eq!(times, [5, 1, 3, 1]);
}

#[tokio::test]
async fn the_limit_has_its_new_name_where_the_old_one_is_refused() {
    // The fake is no host of OpenAI's, as a proxy or Azure is none.
    let (first, last, _) = asked(Wire::OpenAiChat, "gpt-5.4", &wishes()).await;
    assert_eq!(first["max_tokens"], 100);
    assert_eq!(
        (&last["max_tokens"], &last["max_completion_tokens"]),
        (&Value::Null, &json!(100))
    );
    let (_, last, _) = asked(Wire::OpenAiChat, "gpt-4o", &wishes()).await;
    assert_eq!(last["max_tokens"], 100);
}

#[tokio::test]
async fn tools_are_called_without_thought_where_both_are_refused() {
    for (model, effort, times, sent) in [
        ("gpt-5.6", None, 2, json!("none")),
        ("gpt-5.6", Some(Effort::High), 2, json!("none")),
        ("gpt-5.4", Some(Effort::High), 2, json!("none")),
        ("gpt-5.4", None, 1, Value::Null),
        ("gpt-5.2", Some(Effort::High), 1, json!("high")),
    ] {
        let request = Request {
            effort,
            ..with_tools(ToolChoice::Auto)
        };
        let (_, last, asked) = asked(Wire::OpenAiChat, model, &request).await;
        assert_eq!(
            (&last["reasoning_effort"], asked),
            (&sent, times),
            "{model} {effort:?}"
        );
        assert!(last["tools"].is_array());
    }
}

#[tokio::test]
async fn a_call_that_can_not_be_forced_is_asked_for_in_words() {
    let named = ToolChoice::Tool("read".into());
    for (choice, words) in [
        (ToolChoice::Required, "Answer by calling one of the tools."),
        (named, "Answer by calling the tool `read`."),
    ] {
        let request = with_tools(choice);
        for model in ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1"] {
            let (first, last, times) = asked(Wire::Anthropic, model, &request).await;
            assert_eq!(times, 2, "{model}");
            assert_eq!(last["tool_choice"], json!({"type": "auto"}));
            // The rules stay as they are cached.
            assert_eq!(last["system"][0], first["system"][0]);
            assert_eq!(last["system"][1], json!({"type": "text", "text": words}));
            assert_eq!(last["thinking"]["display"], "summarized");
        }
        let (_, last, times) = asked(Wire::Anthropic, "claude-haiku-5-5", &request).await;
        assert_eq!(times, 1);
        assert!(matches!(
            last["tool_choice"]["type"].as_str(),
            Some("any" | "tool")
        ));
        let routed = "anthropic/claude-opus-5.5";
        let (_, last, times) = asked(Wire::OpenRouter, routed, &request).await;
        assert_eq!((times, &last["tool_choice"]), (2, &Value::Null));
        assert!(last["messages"][0].to_string().contains(words));
    }
}

#[tokio::test]
async fn what_a_model_says_between_calls_is_shown() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    for model in ["claude-opus-5-5", "claude-sonnet-5", "claude-haiku-5-5"] {
        for effort in [None, Some(Effort::Minimal), Some(Effort::High)] {
            fake.push(Turn::of([
                Step::reasoning("Now I read the file."),
                Step::tool_call("read", json!({"path": "a"})),
            ]));
            let request = Request {
                effort,
                ..with_tools(ToolChoice::Auto)
            };
            let seen = ask(&gateway, &endpoint(&fake, Wire::Anthropic, model), &request).await;
            assert_eq!(seen.reasoning, "Now I read the file.", "{model} {effort:?}");
        }
    }
    // Those that think only when asked are not asked.
    fake.push(Turn::text("ok"));
    let to = endpoint(&fake, Wire::Anthropic, "claude-opus-4-8");
    ask(&gateway, &to, &with_tools(ToolChoice::Auto)).await;
    assert!(fake.requests().pop().unwrap().body["thinking"].is_null());
    fake.assert_finished();
}

#[tokio::test]
async fn a_refused_least_of_thinking_becomes_a_little() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let to = endpoint(&fake, Wire::Gemini, "gemini-3-fake");
    let request = Request {
        effort: Some(Effort::Minimal),
        ..Request {
            messages: vec![Message::user("hi")],
            ..Request::default()
        }
    };
    let refused = "Thinking level MINIMAL is not supported for this model.";
    fake.push(Turn::error(400, refused));
    fake.push(Turn::text("ok"));
    assert_eq!(ask(&gateway(), &to, &request).await.text, "ok");
    let level = "/generationConfig/thinkingConfig/thinkingLevel";
    let levels: Vec<_> = fake
        .requests()
        .iter()
        .map(|r| r.body.pointer(level).cloned())
        .collect();
    assert_eq!(levels, [Some(json!("minimal")), Some(json!("low"))]);
    fake.assert_finished();
}

#[tokio::test]
async fn a_test_asks_for_as_much_as_every_model_takes() {
    let script = Script::of([Turn::text("ok")]).with_models([]);
    let fake = FakeModel::local(script).await.unwrap();
    let to = endpoint(&fake, Wire::OpenRouter, "openai/gpt-5.6");
    assert_eq!(gateway().check(&to).await.unwrap(), Vec::<String>::new());
    fake.assert_finished();
}
