//! Names of hosts that only tests know.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use atelier_domain::network::Names;
use atelier_sandbox::host::BoxFuture;

/// Resolves the names it was told, each time with its next answer. No other
/// name has an address.
#[derive(Clone, Debug, Default)]
pub struct FakeNames(Arc<std::sync::Mutex<HashMap<String, Answers>>>);

#[derive(Debug, Default)]
struct Answers {
    /// In the order in which they are given; the last one stays.
    addresses: Vec<Vec<IpAddr>>,
    asked: usize,
}

impl FakeNames {
    /// Gives a name its answers.
    ///
    /// # Panics
    /// When one is no address.
    pub fn insert(&self, name: &str, answers: &[&[&str]]) {
        let addresses = answers
            .iter()
            .map(|answer| answer.iter().map(|a| a.parse().unwrap()).collect())
            .collect();
        let answers = Answers {
            addresses,
            asked: 0,
        };
        self.0.lock().unwrap().insert(name.to_owned(), answers);
    }

    /// Returns how often a name was asked for.
    ///
    /// # Panics
    /// When a test panicked meanwhile.
    pub fn asked(&self, name: &str) -> usize {
        self.0.lock().unwrap().get(name).map_or(0, |a| a.asked)
    }

    fn answer(&self, name: &str) -> Option<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(name)?;
        let last = answers.addresses.len().checked_sub(1)?;
        let answer = answers.addresses[answers.asked.min(last)].clone();
        answers.asked += 1;
        Some(answer)
    }
}

impl Names for FakeNames {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let answer = self.answer(name);
        Box::pin(async move { answer.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}
