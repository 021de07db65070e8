//! What the product logged during one test.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What was logged, line by line, while [`Logbook::open`]'s guard lives.
///
/// Only the test's own thread is listened to, so that tests beside each other
/// don't mix; their executors have that one thread.
#[derive(Clone, Debug, Default)]
pub struct Logbook(Arc<Mutex<Vec<u8>>>);

impl Logbook {
    /// Listens until the guard is dropped.
    pub(crate) fn open() -> (Self, DefaultGuard) {
        let book = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("info,atelier=trace"))
            .with_ansi(false)
            .with_writer(book.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (book, guard)
    }

    /// Returns all that was logged.
    ///
    /// # Panics
    /// When a thread panicked while it logged.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// Returns the errors, each with all of its lines.
    pub fn errors(&self) -> Vec<String> {
        let mut records: Vec<String> = Vec::new();
        for line in self.text().lines() {
            let begins = line.starts_with(|c: char| c.is_ascii_digit());
            match records.last_mut() {
                Some(record) if !begins => record.push_str(line),
                _ => records.push(line.to_owned()),
            }
        }
        records.retain(|record| record.contains(" ERROR "));
        records
    }

    /// Takes the errors off: the test expects them.
    ///
    /// # Panics
    /// When a thread panicked while it logged.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

impl io::Write for Logbook {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logbook {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
