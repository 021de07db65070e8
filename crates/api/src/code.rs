//! Every error code a client can meet, in one table. A code never changes its
//! meaning; programs may rely on it, people read the sentence.

macro_rules! codes {
    ($($name:ident $text:literal $status:literal $title:literal;)*) => {
        /// A stable name for a kind of failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the code as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Returns the HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// Returns the sentence that titles it.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    NotSignedIn "not_signed_in" 401 "You are not signed in.";
    SignInLinkInvalid "sign_in_link_invalid" 401 "The sign-in link is wrong, used or expired.";
    BudgetExceeded "budget_exceeded" 402 "A budget does not last for this.";
    OriginRefused "origin_refused" 403 "The request came from a page of another origin.";
    HostRefused "host_refused" 403 "The request names a host this server does not answer for.";
    Denied "denied" 403 "You may not do this.";
    NotFound "not_found" 404 "There is no such thing here.";
    MethodNotAllowed "method_not_allowed" 405 "This address does not take that method.";
    Conflict "conflict" 409 "It changed since you last looked.";
    StaleVersion "stale_version" 409 "The file has a newer version than the one you edited.";
    PathTaken "path_taken" 409 "Something with this path exists already.";
    NameTaken "name_taken" 409 "Something with this name exists already.";
    MergeConflict "merge_conflict" 409 "The proposal and your own edits change the same lines.";
    ProposalDecided "proposal_decided" 409 "The proposal was decided already.";
    TurnRunning "turn_running" 409 "The conversation has a turn running already.";
    TooLarge "too_large" 413 "It is larger than the limit.";
    UnsupportedMediaType "unsupported_media_type" 415 "The body is in a form this address does not take.";
    Invalid "invalid" 422 "The input is not valid.";
    PathInvalid "path_invalid" 422 "The path can't be used.";
    PatchInvalid "patch_invalid" 422 "The patch can't be read or does not fit the files.";
    LockedPath "locked_path" 422 "The file is locked for assistants.";
    ImportRefused "import_refused" 422 "The project can't be imported.";
    SecretFound "secret_found" 422 "The request holds a secret that may not leave.";
    ModelRefused "model_refused" 422 "The model's service refuses the request as it is.";
    ContextTooLong "context_too_long" 422 "It is longer than what the model reads.";
    ModelNotConfigured "model_not_configured" 422 "No model is configured.";
    NoModelFits "no_model_fits" 422 "None of the configured models fits this.";
    PriceUnknown "price_unknown" 422 "The model's price is not known, and a budget counts money.";
    PreconditionRequired "precondition_required" 428 "Say which version you edited, with If-Match.";
    ConfirmationRequired "confirmation_required" 428 "It destroys much; a person must confirm that.";
    TooMany "too_many" 429 "Too many at once; try again later.";
    ModelBusy "model_busy" 429 "The model's service was asked too much of late.";
    Cancelled "cancelled" 499 "The request was cancelled.";
    Internal "internal" 500 "Something failed in the server.";
    ModelFailed "model_failed" 502 "The model's service failed.";
    ModelMisconfigured "model_misconfigured" 502 "The model's key, account or address does not work.";
    Unavailable "unavailable" 503 "Something this needs is not available now.";
    IsolationUnavailable "isolation_unavailable" 503 "This machine can't isolate runs, so none is started.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_snake_case_and_errors() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} stands twice", code.as_str());
            assert!(
                code.as_str()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_')
            );
            assert!((400..600).contains(&code.status()));
            assert!(code.title().ends_with('.'));
        }
    }
}
