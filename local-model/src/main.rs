//! The helper program that runs the embedded code model.
//!
//! It loads one file of weights, reads questions from standard input, a line
//! each, and writes what the model says to standard output, a line an event;
//! see [`protocol`]. It ends when its input ends, at once. It keeps no file,
//! opens no connection and knows nothing of who asks.
#![forbid(unsafe_code)]

mod engine;
#[path = "../../crates/model/src/local/protocol.rs"]
mod protocol;
mod queue;
mod slot;
mod text;

use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use engine::{Engine, Settings};
use protocol::{Ask, Code, Event, LINE_BYTES, Order, Reason};
use queue::Queue;

const USAGE: &str = "usage: atelier-local-model --weights FILE [--context TOKENS] [--threads N]";

fn main() -> ExitCode {
    let settings = match settings(std::env::args().skip(1)) {
        Ok(settings) => settings,
        Err(wrong) => {
            let _ = writeln!(io::stderr(), "{wrong}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let queue = Arc::new(Queue::default());
    let waiting = Arc::clone(&queue);
    // It ends the program when the input ends, whatever the model is doing.
    std::thread::spawn(move || listen(&waiting));
    match Engine::serve(&settings, &queue) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&Event::Failed {
                id: None,
                code: Code::Broken,
                message,
            });
            ExitCode::FAILURE
        }
    }
}

/// Writes an event. When nobody reads any more there is nothing left to do.
fn say(event: &Event) {
    let mut out = io::stdout().lock();
    let written = serde_json::to_writer(&mut out, event)
        .map_err(io::Error::from)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    if written.is_err() {
        std::process::exit(0);
    }
}

/// Takes orders until there are no more.
fn listen(queue: &Queue) {
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(read) if read > 0 && line.len() <= LINE_BYTES => {}
            _ => std::process::exit(0),
        }
        match serde_json::from_slice::<Order<Ask>>(&line) {
            Ok(Order::Ask { id, ask }) => {
                if !queue.push(id, ask) {
                    say(&Event::Failed {
                        id: Some(id),
                        code: Code::Busy,
                        message: "too many questions wait for the local model".to_owned(),
                    });
                }
            }
            Ok(Order::Cancel { id }) => {
                if queue.cancel(id) {
                    say(&Event::Done {
                        id,
                        reason: Reason::Cancelled,
                        tokens: 0,
                    });
                }
            }
            Err(error) => say(&Event::Failed {
                id: None,
                code: Code::Invalid,
                message: format!("an order could not be read: {error}"),
            }),
        }
    }
}

/// Reads the command line.
fn settings(mut words: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut weights = None;
    let mut context = 8_192;
    let mut threads = default_threads();
    while let Some(word) = words.next() {
        let value = words.next().ok_or(format!("{word} needs a value"))?;
        let number = || {
            let number = value.parse::<u32>().ok().filter(|number| *number > 0);
            number.ok_or(format!("{word} needs a number above zero"))
        };
        match word.as_str() {
            "--weights" => weights = Some(PathBuf::from(value)),
            "--context" => context = number()?.clamp(512, 32_768),
            "--threads" => threads = number()?.min(256),
            _ => return Err(format!("{word} is not known")),
        }
    }
    Ok(Settings {
        weights: weights.ok_or("--weights is missing")?,
        context,
        threads,
    })
}

/// All processors of a small machine, half of those of a larger one: there
/// they are often two to a core, and somebody works there besides.
fn default_threads() -> u32 {
    let there = std::thread::available_parallelism().map_or(1, usize::from);
    let wanted = if there <= 4 { there } else { there.div_ceil(2) };
    u32::try_from(wanted).unwrap_or(1).min(16)
}

#[cfg(test)]
mod tests {
    use super::settings;

    fn read(line: &str) -> Result<super::Settings, String> {
        settings(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_command_line_is_checked() {
        let good = read("--weights w.gguf --context 4096 --threads 2").unwrap();
        assert_eq!((good.context, good.threads), (4_096, 2));
        assert_eq!(read("--weights w --context 9").unwrap().context, 512);
        for bad in [
            "",
            "--weights",
            "--context 0 --weights w",
            "--x y --weights w",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
