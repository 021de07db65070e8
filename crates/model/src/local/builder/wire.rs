//! What is said between the server and who builds the local model's program in
//! a source checkout: one JSON document a line, in both directions.
//!
//! `cargo xtask run` compiles this very file, so that the two can't disagree;
//! it therefore names nothing but serde.

use serde::{Deserialize, Serialize};

/// The version of what is said here.
pub(crate) const VERSION: u32 = 1;

/// What can be done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Work {
    /// Build the program and put it where the server looks for it.
    Program,
    /// Join the weights from packages of their parts.
    Weights,
}

/// What the server wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Want {
    /// Begin. What is under way already goes on.
    Begin {
        /// What.
        work: Work,
        /// Whether packages of the system may be installed for it.
        install: bool,
    },
    /// Stop.
    Stop {
        /// What.
        work: Work,
    },
}

/// What the server learns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum News {
    /// There is somebody; said first.
    Hello {
        /// The version of this protocol.
        version: u32,
        /// Whether the person who started it all asked for the local model.
        begin: bool,
    },
    /// It goes on.
    Step {
        /// The work.
        work: Work,
        /// What is being done, in a few words.
        what: String,
        /// How much of the work is done, in percent, where that is known.
        percent: Option<u8>,
        /// The last line that the tools said.
        line: Option<String>,
    },
    /// It can't begin without packages of the system.
    Needs {
        /// The packages.
        packages: Vec<String>,
        /// The command that installs them.
        command: String,
        /// Whether it can be run here, once somebody agrees.
        installable: bool,
    },
    /// The work is done.
    Done {
        /// The work.
        work: Work,
        /// The file that came of it.
        file: String,
    },
    /// The work ended without success.
    Failed {
        /// The work.
        work: Work,
        /// Why, for people.
        message: String,
    },
}
