//! Changing which models tasks go to.

use std::collections::BTreeMap;

use atelier_store::ModelPolicyRow;

use super::{Policy, Rule};
use crate::call::{ModelRef, Task};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};

/// The most models of a rule, and characters of a model's name.
const MODELS: usize = 20;
const NAME_CHARS: usize = 200;

impl Domain {
    /// Returns which models the asker's tasks go to.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn get_model_policy(&self, ctx: &Ctx) -> Result<Policy> {
        Ok(self.known(ctx).await?.policy.clone())
    }

    /// Changes which models the asker's tasks go to, for the next call. Tasks
    /// that `rules` does not name go back to what they came with.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a rule with too many models, and
    /// [`Error::NotFound`] for a model of a provider that the asker has not.
    pub async fn set_model_policy(
        &self,
        ctx: &Ctx,
        offline: bool,
        rules: BTreeMap<Task, Rule>,
    ) -> Result<Policy> {
        let owner = ctx.person()?;
        for rule in rules.values() {
            if rule.models.len() > MODELS {
                let detail = format!("a task has at most {MODELS} models");
                return Err(Error::invalid("tasks", detail));
            }
            for model in &rule.models {
                self.check_ref(ctx, model).await?;
            }
        }
        let policy = Policy { offline, rules };
        let row = ModelPolicyRow {
            owner_id: owner,
            policy: serde_json::to_string(&policy)
                .map_err(|e| Error::Internal(format!("a policy can't be written: {e}")))?,
            updated_at: self.now(),
        };
        self.store()
            .write(async |tx| tx.put_model_policy(&row).await)
            .await?;
        self.catalogues().forget();
        Ok(policy)
    }

    /// Checks that a reference may be kept: its provider is the asker's, and
    /// its model has a name.
    pub(crate) async fn check_ref(&self, ctx: &Ctx, model: &ModelRef) -> Result<()> {
        // Most are of a provider that is known already, which costs no reading.
        let known = self.known(ctx).await?;
        if !known
            .models
            .iter()
            .any(|listed| listed.provider == model.provider)
        {
            self.endpoint(ctx, model.provider).await?;
        }
        match &model.model {
            Some(name) if name.trim().is_empty() || name.chars().count() > NAME_CHARS => {
                Err(Error::invalid(
                    "model",
                    format!("a model's name has 1 to {NAME_CHARS} characters"),
                ))
            }
            Some(name) if name.chars().any(char::is_control) => Err(Error::invalid(
                "model",
                "a model's name has no control characters",
            )),
            Some(_) | None => Ok(()),
        }
    }
}
