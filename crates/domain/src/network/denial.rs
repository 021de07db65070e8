//! What the network refused lately, for a person to grant it.

use std::collections::HashMap;

use atelier_base::{Timestamp, WorkspaceId};
use parking_lot::Mutex;
use std::time::Duration;
use url::Host;

use super::resource::{Resource, narrowest};

/// The most refusals that are remembered of a workspace.
const REMEMBERED: usize = 100;
/// The most announcements of a workspace within [`WINDOW`]: a program that
/// tries a thousand hosts is not worth a thousand stored events.
const ANNOUNCED: u32 = 20;
const WINDOW: Duration = Duration::from_mins(1);

/// A host that programs in a workspace were not let to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// How often.
    pub count: u64,
    /// When last.
    pub last_at: Timestamp,
}

impl Denial {
    /// Returns the grant that would allow it, and no more.
    pub fn resource(&self) -> String {
        narrowest(&self.host, self.port).to_string()
    }
}

/// What was refused, by workspace. It lives as long as the server does.
#[derive(Debug, Default)]
pub(crate) struct Denials(Mutex<HashMap<WorkspaceId, Refused>>);

#[derive(Debug, Default)]
struct Refused {
    denials: Vec<Denial>,
    window: Option<Timestamp>,
    announced: u32,
}

impl Denials {
    /// Counts a refusal; true when it is one to announce.
    pub(crate) fn record(
        &self,
        workspace: WorkspaceId,
        host: &Host,
        port: u16,
        now: Timestamp,
    ) -> bool {
        let mut all = self.0.lock();
        let refused = all.entry(workspace).or_default();
        let known = refused
            .denials
            .iter_mut()
            .find(|denial| denial.host == *host && denial.port == port);
        if let Some(denial) = known {
            denial.count += 1;
            denial.last_at = now;
            return false;
        }
        if refused.denials.len() >= REMEMBERED {
            let oldest = refused.denials.iter().map(|denial| denial.last_at).min();
            refused
                .denials
                .retain(|denial| Some(denial.last_at) != oldest);
        }
        refused.denials.push(Denial {
            host: host.clone(),
            port,
            count: 1,
            last_at: now,
        });
        refused.announces(now)
    }

    /// Returns what was refused, the latest first.
    pub(crate) fn list(&self, workspace: WorkspaceId) -> Vec<Denial> {
        let mut denials = self
            .0
            .lock()
            .get(&workspace)
            .map(|refused| refused.denials.clone())
            .unwrap_or_default();
        denials.sort_by_key(|denial| std::cmp::Reverse(denial.last_at));
        denials
    }

    /// Forgets what is granted now.
    pub(crate) fn forget(&self, workspace: WorkspaceId, granted: &Resource) {
        if let Some(refused) = self.0.lock().get_mut(&workspace) {
            refused
                .denials
                .retain(|denial| !granted.allows(&denial.host, denial.port));
        }
    }
}

impl Refused {
    fn announces(&mut self, now: Timestamp) -> bool {
        if self.window.is_none_or(|since| now.since(since) > WINDOW) {
            self.window = Some(now);
            self.announced = 0;
        }
        self.announced += 1;
        self.announced <= ANNOUNCED
    }
}

#[cfg(test)]
mod tests {
    use super::super::resource::canonical;
    use super::*;
    use atelier_base::{Clock as _, ManualClock};

    #[test]
    fn refusals_are_counted_and_bounded() {
        let clock = ManualClock::new(Timestamp::from_micros(1));
        let denials = Denials::default();
        let workspace = WorkspaceId::from_uuid(uuid::Uuid::nil());
        let record = |host: &str, port| {
            denials.record(workspace, &canonical(host).unwrap(), port, clock.now())
        };
        assert!(record("a.test", 443));
        assert!(!record("a.test", 443), "known already");
        assert!(record("a.test", 22));
        let listed: Vec<(u16, u64)> = denials
            .list(workspace)
            .iter()
            .map(|denial| (denial.port, denial.count))
            .collect();
        assert_eq!(listed, [(22, 1), (443, 2)]);
        denials.forget(workspace, &Resource::parse("a.test").unwrap());
        assert_eq!(denials.list(workspace).len(), 1);

        let announced = (0..500)
            .filter(|n| record(&format!("h{n}.test"), 443))
            .count();
        assert!(announced < 20, "{announced}");
        let listed = denials.list(workspace);
        assert_eq!(listed.len(), REMEMBERED);
        assert_eq!(listed[0].host.to_string(), "h499.test");
        clock.advance(WINDOW * 2);
        assert!(record("later.test", 443), "a later one is announced again");
    }
}
