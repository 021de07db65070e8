//! Each form of filling in, played by the fake.

use tokio_util::sync::CancellationToken;
use url::Url;

use crate::completion::{Completion, CompletionForm, Marks};
use crate::delta::FinishReason;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::fake::{ErrorStep, FakeModel, Form, Script, Step, Turn, UsageStep};
use crate::gateway::{Gateway, GatewayOptions};
use crate::wire::Wire;

const FORMS: [(CompletionForm, &str); 5] = [
    (CompletionForm::Suffix, "/v1/completions"),
    (CompletionForm::Infill, "/infill"),
    (CompletionForm::Mistral, "/v1/fim/completions"),
    (CompletionForm::Marks(Marks::Qwen), "/v1/completions"),
    (CompletionForm::Chat, "/v1/chat/completions"),
];

fn endpoint(fake: &FakeModel) -> Endpoint {
    Endpoint {
        name: "Fake".into(),
        base_url: Url::parse(&fake.url()).unwrap(),
        wire: Wire::OpenAiChat,
        key: None,
        model: "coder".into(),
        max_output_tokens: None,
        prices: None,
    }
}

fn gap(form: CompletionForm) -> Completion {
    Completion {
        prefix: "let grüße = ".into(),
        suffix: ";\n".into(),
        form: Some(form),
        max_output_tokens: Some(32),
        stop: vec!["\n\n".into()],
        ..Completion::default()
    }
}

#[tokio::test]
async fn every_form_fills_in_however_the_bytes_come() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = Gateway::new(GatewayOptions::default()).unwrap();
    let usage = UsageStep {
        input: 12,
        cached: 8,
        output: 3,
        ..UsageStep::default()
    };
    for (form, path) in FORMS {
        for (crlf, cut_bytes) in [(false, None), (true, Some(1))] {
            let written = Form {
                crlf,
                cut_bytes,
                keep_alive: crlf,
            };
            let steps = [Step::text("\"世界 😀\""), Step::Usage(usage)];
            fake.push(Turn::of(steps).written(written));
            let call = gateway
                .complete(&endpoint(&fake), &gap(form), CancellationToken::new())
                .await
                .unwrap();
            let answer = call.collect().await.unwrap();
            let counts = (
                answer.usage.input_tokens,
                answer.usage.cached_input_tokens,
                answer.usage.output_tokens,
            );
            assert_eq!(answer.text, "\"世界 😀\"", "{form:?}");
            assert_eq!(answer.reason, FinishReason::Stop, "{form:?}");
            assert_eq!(counts, (12, 8, 3), "{form:?}");
            assert_eq!(fake.requests().pop().unwrap().path, path);
        }
    }
    fake.assert_finished();
}

#[tokio::test]
async fn an_end_and_a_break_are_told_apart_in_every_form() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = Gateway::new(GatewayOptions::default()).unwrap();
    let half = || Step::text("half");
    for (form, _) in FORMS {
        for (last, code) in [
            (Step::Finish("length".into()), None),
            (Step::Cut, Some("model_cut")),
            (Step::End, Some("model_cut")),
            (Step::Error(ErrorStep::default()), Some("model_failed")),
        ] {
            fake.push(Turn::of([half(), last.clone()]));
            let call = gateway
                .complete(&endpoint(&fake), &gap(form), CancellationToken::new())
                .await
                .unwrap();
            let ended = call.collect().await;
            let shown = format!("{form:?} {last:?}");
            assert_eq!(ended.as_ref().err().map(Error::code), code, "{shown}");
            if let Ok(answer) = ended {
                assert_eq!(answer.reason, FinishReason::Length, "{shown}");
            }
        }
    }
    fake.assert_finished();
}

#[tokio::test]
async fn nothing_to_fill_in_is_refused_before_it_is_sent() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = Gateway::new(GatewayOptions::default()).unwrap();
    let nothing = Completion {
        form: Some(CompletionForm::Suffix),
        ..Completion::default()
    };
    let refused = gateway.prepare_completion(&endpoint(&fake), &nothing);
    assert!(matches!(refused, Err(Error::InvalidRequest { .. })));
    let nameless = Endpoint {
        model: " ".into(),
        ..endpoint(&fake)
    };
    let refused = gateway.prepare_completion(&nameless, &gap(CompletionForm::Suffix));
    assert!(matches!(refused, Err(Error::InvalidRequest { .. })));
}
