//! How fast the real local model is, beside another server of the same
//! weights: `cargo xtask bench --local-model`. What is measured is printed, and
//! never judged.
//!
//! Both sides hold the same weights and 8,192 tokens of context, use as many
//! threads, choose the likeliest token, and write as many. They take turns.
//! The other server waits for its threads as it does by itself. Ours is measured
//! twice: waiting as OpenMP does by itself, which compares the engines, and
//! as Atelier starts it (`GOMP_SPINCOUNT=20000`), so that a person's own
//! programs keep their processors.

use std::time::{Duration, Instant};

use atelier_model::{Delta, Endpoint, Gateway, Message, Request};
use atelier_tests::{bench_runs, real_model, real_model_waiting_actively};

use super::local_model_real::{asked, endpoint, twice};
use super::local_model_real_peer::peer;

/// How many tokens a measured answer has.
const TOKENS: u32 = 64;
/// Longer than any measurement.
const NEVER: Duration = Duration::from_hours(1);

#[tokio::test]
async fn writing() {
    let Some((active, shipped)) = real_model_waiting_actively(NEVER).zip(real_model(NEVER)) else {
        println!("not run: TEST_LOCAL_MODEL_PROGRAM and TEST_LOCAL_MODEL_WEIGHTS are not set");
        return;
    };
    let Some(peer) = peer() else { return };
    let (mut by_itself, mut as_shipped) = (Vec::new(), Vec::new());
    println!("| run | peer, tokens/s | ours | ratio | ours as shipped | ratio |");
    println!("|---|---|---|---|---|---|");
    for run in 0..=bench_runs() {
        let theirs = speed(&active, &peer, run).await;
        let ours = speed(&active, &endpoint(), run).await;
        let shorter = speed(&shipped, &endpoint(), run).await;
        // The first of each loads and warms up.
        if run > 0 {
            let ratios = (ours / theirs, shorter / theirs);
            println!(
                "| {run} | {theirs:.2} | {ours:.2} | {:.2} | {shorter:.2} | {:.2} |",
                ratios.0, ratios.1
            );
            by_itself.push(ratios.0);
            as_shipped.push(ratios.1);
        }
    }
    println!(
        "median ratio of {} runs: {:.2}; as shipped {:.2} (hold: 0.90)",
        by_itself.len(),
        median(&mut by_itself),
        median(&mut as_shipped)
    );
}

#[tokio::test]
async fn filling_in_again() {
    let Some(gateway) = real_model(NEVER) else {
        println!("not run: TEST_LOCAL_MODEL_PROGRAM and TEST_LOCAL_MODEL_WEIGHTS are not set");
        return;
    };
    twice(&gateway, "load").await;
    println!("| file | tokens | first begins after | second | times sooner |");
    println!("|---|---|---|---|---|");
    let mut ratios = Vec::new();
    // The name is in the first line, so that no file is known from another.
    for name in ["rule", "check", "test", "limit", "bound"] {
        let ((first, cold), (_, warm)) = twice(&gateway, name).await;
        let tokens = first.usage.input_tokens;
        println!(
            "| {name} | {tokens} | {cold:.2} s | {warm:.2} s | {:.1} |",
            cold / warm
        );
        ratios.push(cold / warm);
    }
    println!("median: {:.1} times sooner (hold: 5)", median(&mut ratios));
}

/// How many tokens a second come after the first.
async fn speed(gateway: &Gateway, to: &Endpoint, run: usize) -> f64 {
    let request = Request {
        messages: vec![Message::user(format!(
            "Write {} Python functions with long docstrings.",
            run + 20
        ))],
        max_output_tokens: Some(TOKENS),
        temperature: Some(0.0),
        ..Request::default()
    };
    let mut call = asked(gateway, to, &request).await;
    let (mut begun, mut ended, mut written) = (None, None, 0);
    while let Some(delta) = call.next().await {
        match delta.unwrap() {
            Delta::Text(_) => {
                let now = Instant::now();
                begun.get_or_insert(now);
                ended = Some(now);
            }
            Delta::Usage(usage) => written = usage.output_tokens,
            _ => {}
        }
    }
    assert_eq!(written, u64::from(TOKENS), "it writes as much as it may");
    let took = ended.unwrap().duration_since(begun.unwrap());
    f64::from(TOKENS - 1) / took.as_secs_f64()
}

fn median(of: &mut [f64]) -> f64 {
    of.sort_by(f64::total_cmp);
    let middle = of.len() / 2;
    if of.len().is_multiple_of(2) {
        f64::midpoint(of[middle - 1], of[middle])
    } else {
        of[middle]
    }
}
