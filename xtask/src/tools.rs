//! The programs a fresh machine must have before anything can be built.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// The oldest Node.js that the front end's tools run on.
const NODE: (u32, u32) = (20, 19);

struct Tool {
    program: &'static str,
    sentence: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "rustc",
        sentence: "The Rust compiler is missing. Install it from https://rustup.rs.",
    },
    Tool {
        program: "cc",
        sentence: "A C compiler is missing (SQLite and the TLS library are C). Install it with: sudo apt-get install build-essential",
    },
    Tool {
        program: "node",
        sentence: "Node.js 20.19 or newer is missing (it builds the front end). Install it from https://nodejs.org or with: sudo apt-get install nodejs",
    },
    Tool {
        program: "npm",
        sentence: "npm is missing (it fetches the front end's packages). It comes with Node.js; on Debian: sudo apt-get install npm",
    },
    Tool {
        program: "git",
        sentence: "git is missing (workspaces are imported with it). Install it with: sudo apt-get install git",
    },
    Tool {
        program: "python3",
        sentence: "python3 is missing (Python files run with it). Install it with: sudo apt-get install python3",
    },
];

/// Checks that every needed program is there and new enough.
///
/// # Errors
/// One message with a sentence for each program that is missing or too old.
pub(crate) fn check() -> Result<()> {
    let mut sentences: Vec<String> = TOOLS
        .iter()
        .filter(|tool| process::find(tool.program).is_none())
        .map(|tool| tool.sentence.to_owned())
        .collect();
    // Only Node's version decides; the search path alone answers for the
    // others, because starting each of them would cost half a second.
    if process::find("node").is_some() {
        let version = process::output(Command::new("node").arg("--version"))?;
        sentences.extend(complaint_about_node(version.trim()));
    }
    if sentences.is_empty() {
        return Ok(());
    }
    bail!(
        "this machine lacks tools:\n  - {}",
        sentences.join("\n  - ")
    )
}

fn complaint_about_node(version: &str) -> Option<String> {
    let (major, minor) = NODE;
    match major_and_minor(version) {
        Some(found) if found >= NODE => None,
        Some(_) => Some(format!(
            "Node.js {version} is too old: version {major}.{minor} or newer is needed. Install it from https://nodejs.org."
        )),
        None => Some(format!(
            "`node --version` answered {version:?}, which is no version. Reinstall Node.js from https://nodejs.org."
        )),
    }
}

fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.');
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::complaint_about_node;

    #[test]
    fn node_is_judged_by_its_version() {
        for good in ["v20.19.0", "v20.20.2", "v24.1.0", "v100.0.0"] {
            assert_eq!(complaint_about_node(good), None, "{good}");
        }
        for bad in ["v18.19.1", "v20.18.3", "v9.0.0", "", "command not found"] {
            assert!(complaint_about_node(bad).is_some(), "{bad}");
        }
    }
}
