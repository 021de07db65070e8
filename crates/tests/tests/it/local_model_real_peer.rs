//! Another server of the local model's weights, asked as any provider is: the
//! adapter for what speaks OpenAI's format, against a real model.

use atelier_model::{
    Completion, CompletionForm, Delta, Endpoint, Error, Message, Prices, Request, ToolChoice, Wire,
};
use atelier_tests::peer_of_real_model;
use tokio_util::sync::CancellationToken;

use super::local_model_real::{asked, endpoint, model, reading};

/// The other server.
pub(super) fn peer() -> Option<Endpoint> {
    let url = peer_of_real_model();
    if url.is_none() {
        println!("not run: TEST_LOCAL_MODEL_PEER is not set");
    }
    Some(Endpoint {
        name: "Peer".to_owned(),
        base_url: url?,
        wire: Wire::OpenAiChat,
        prices: Some(Prices::FREE),
        ..endpoint()
    })
}

#[tokio::test]
async fn the_same_weights_answer_elsewhere() {
    let Some((gateway, peer)) = model().zip(peer()) else {
        return;
    };
    gateway.check(&peer).await.unwrap();
    let request = Request {
        messages: vec![Message::user(
            "What is 2 + 2? Answer with the number alone.",
        )],
        max_output_tokens: Some(8),
        temperature: Some(0.0),
        ..Request::default()
    };
    for to in [endpoint(), peer] {
        let answer = asked(&gateway, &to, &request).await.collect().await;
        let answer = answer.unwrap();
        assert_eq!(answer.text.trim(), "4", "{}", to.name);
        assert!(answer.usage.output_tokens > 0 && !answer.usage.estimated);
    }
}

/// There the model must not keep to a tool's schema, and writes its call as
/// text; what comes is what it wrote.
#[tokio::test]
async fn they_are_told_of_tools_elsewhere() {
    let Some((gateway, peer)) = model().zip(peer()) else {
        return;
    };
    let request = Request {
        messages: vec![Message::user("What is in the file src/main.rs?")],
        tools: vec![reading()],
        tool_choice: ToolChoice::Required,
        max_output_tokens: Some(128),
        temperature: Some(0.0),
        ..Request::default()
    };
    let answer = asked(&gateway, &peer, &request).await.collect().await;
    let answer = answer.unwrap();
    let calls = answer.tool_calls.iter();
    let calls: Vec<&str> = calls
        .flat_map(|call| [&*call.name, &*call.arguments])
        .collect();
    let said = format!("{}{}", answer.text, calls.concat());
    assert!(
        said.contains("read_file") && said.contains("src/main.rs"),
        "{answer:?}"
    );
    assert!(answer.usage.output_tokens > 0 && !answer.usage.estimated);
}

#[tokio::test]
async fn they_fill_in_elsewhere() {
    let Some((gateway, peer)) = model().zip(peer()) else {
        return;
    };
    let place = Completion {
        prefix: "def add(a, b):\n    return ".to_owned(),
        suffix: "\n\n\nprint(add(1, 2))\n".to_owned(),
        form: Some(CompletionForm::Infill),
        max_output_tokens: Some(16),
        temperature: Some(0.0),
        stop: vec!["\n".to_owned()],
        ..Completion::default()
    };
    let cancel = CancellationToken::new();
    let call = gateway.complete(&peer, &place, cancel).await.unwrap();
    assert_eq!(call.collect().await.unwrap().text.trim(), "a + b");
}

#[tokio::test]
async fn they_stop_elsewhere() {
    let Some((gateway, peer)) = model().zip(peer()) else {
        return;
    };
    let endless = Request {
        messages: vec![Message::user("Count from 1 to 5000, one number a line.")],
        ..Request::default()
    };
    let prepared = gateway.prepare(&peer, &endless).unwrap();
    let cancel = CancellationToken::new();
    let mut call = gateway.stream(prepared, cancel.clone()).await.unwrap();
    while !matches!(call.next().await, Some(Ok(Delta::Text(_)))) {}
    cancel.cancel();
    assert!(matches!(call.next().await, Some(Err(Error::Cancelled))));
    drop(call);
    // It answers one after another: the next is answered once it has stopped.
    let request = Request {
        messages: vec![Message::user("Say yes.")],
        max_output_tokens: Some(4),
        ..Request::default()
    };
    let answer = asked(&gateway, &peer, &request).await.collect().await;
    assert!(!answer.unwrap().text.is_empty());
}
