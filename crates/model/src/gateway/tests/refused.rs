//! Requests that a server refuses: what is sent again, and what isn't.

use super::*;

#[tokio::test]
async fn what_went_out_last_is_known_though_it_was_refused_too() {
    let unknown = "Unrecognized request argument: stream_options";
    let turns = [Turn::error(400, unknown), Turn::error(500, "down")];
    let fake = FakeModel::local(Script::of(turns)).await.unwrap();
    let gateway = gateway(GatewayOptions::default());
    let mut prepared = gateway.prepare(&endpoint(&fake.url()), &ask("hi")).unwrap();
    let first = prepared.body().clone();
    let refused = gateway.send(&mut prepared, CancellationToken::new()).await;
    assert!(matches!(refused, Err(Error::Overloaded { .. })));
    let sent: Vec<_> = fake.requests().iter().map(|r| r.raw.clone()).collect();
    assert_eq!(sent, [first, prepared.body().clone()]);
    fake.assert_finished();
}

#[tokio::test]
async fn stream_options_are_left_out_for_servers_that_refuse_them() {
    let fake = FakeModel::local(Script::of([
        Turn::error(400, "Unrecognized request argument: stream_options"),
        Turn::of([Step::text("eight ch"), Step::NoUsage]),
        Turn::text("again"),
    ]))
    .await
    .unwrap();
    let gateway = gateway(GatewayOptions::default());
    let mut prepared = gateway.prepare(&endpoint(&fake.url()), &ask("hi")).unwrap();
    let at_most = prepared.at_most();
    let call = gateway
        .send(&mut prepared, CancellationToken::new())
        .await
        .unwrap();
    let body = prepared.body().clone();
    let answer = call.collect().await.unwrap();
    let usage = Usage {
        input_tokens: at_most.input_tokens,
        output_tokens: 8,
        estimated: true,
        ..Usage::default()
    };
    assert_eq!((answer.text.as_str(), answer.usage), ("eight ch", usage));
    // From now on it is left out from the start, and what is stored is right.
    let prepared = gateway.prepare(&endpoint(&fake.url()), &ask("hi")).unwrap();
    let stored = prepared.body().clone();
    gateway
        .stream(prepared, CancellationToken::new())
        .await
        .unwrap();
    let requests = fake.requests();
    assert_eq!(requests[0].body["stream_options"]["include_usage"], true);
    assert_eq!(requests[1].raw, body);
    assert_eq!(requests[1].body.get("stream_options"), None);
    assert_eq!(requests[2].raw, stored);
    assert_eq!(requests.len(), 3);
    fake.assert_finished();
}

#[tokio::test]
async fn no_other_refusal_is_sent_again() {
    let script = Script::of([Turn::error(400, "no such parameter: tools").repeat()]);
    let fake = FakeModel::local(script).await.unwrap();
    let (_, error) = deltas(&gateway(GatewayOptions::default()), &fake.url(), "hi").await;
    assert!(matches!(error, Some(Error::BadRequest { status: 400, .. })));
    assert_eq!(fake.requests().len(), 1);
}
