//! What a person wants of routing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::{ModelRef, Task};

/// Which models tasks go to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Whether nothing may leave for another machine.
    pub offline: bool,
    /// The rules that a person changed.
    pub rules: BTreeMap<Task, Rule>,
}

/// Which models one task goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Which of those that fit comes first.
    pub prefer: Prefer,
    /// The models in question, in order; every provider's own when empty.
    #[serde(with = "refs")]
    pub models: Vec<ModelRef>,
}

/// Which of the models that fit comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// The first in the order of the rule, of the workspace, of the providers.
    #[default]
    Order,
    /// The cheapest.
    Cheapest,
    /// The one that answered soonest of late.
    Fastest,
    /// One on hardware of the person's own.
    Local,
}

impl Policy {
    /// Returns the rule of a task: the person's, or the one it comes with.
    pub fn rule(&self, task: Task) -> Rule {
        self.rules.get(&task).cloned().unwrap_or_else(|| Rule {
            prefer: usual(task),
            models: Vec::new(),
        })
    }
}

/// What a task prefers when nobody said. What is typed can't wait for another
/// machine and is asked for at every pause; what is made shorter needs no more
/// than a small model.
const fn usual(task: Task) -> Prefer {
    match task {
        Task::Chat | Task::Plan | Task::Edit | Task::Debug | Task::Explain | Task::Refactor => {
            Prefer::Order
        }
        Task::Complete => Prefer::Local,
        Task::Summarise | Task::CommitMessage => Prefer::Cheapest,
    }
}

/// The stored form of references to models.
mod refs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use uuid::Uuid;

    use crate::call::ModelRef;

    #[derive(Serialize, Deserialize)]
    struct Stored {
        provider: Uuid,
        model: Option<String>,
    }

    pub(super) fn serialize<S: Serializer>(models: &[ModelRef], to: S) -> Result<S::Ok, S::Error> {
        let stored = models.iter().map(|model| Stored {
            provider: model.provider.as_uuid(),
            model: model.model.clone(),
        });
        stored.collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<ModelRef>, D::Error> {
        let stored = Vec::<Stored>::deserialize(from)?;
        let models = stored.into_iter().map(|stored| ModelRef {
            provider: stored.provider.into(),
            model: stored.model,
        });
        Ok(models.collect())
    }
}
