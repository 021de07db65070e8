//! The languages that a file or a piece of code can be run with.

use std::path::PathBuf;

mod driver;
mod language;
mod plan;
mod tool;
mod version;

pub use driver::{Mark, Piece, Splitter};
pub use language::Language;
pub use plan::{Plan, Source};
pub(crate) use tool::tools;
pub(crate) use version::version_in;

/// A language that this machine can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// The language.
    pub language: Language,
    /// What the program says its version is, such as `3.11.2`.
    pub version: Option<String>,
    /// The interpreter or compiler.
    pub command: PathBuf,
}

impl Runtime {
    /// Returns the name of the program, such as `node`.
    pub fn program(&self) -> &str {
        let name = self.command.file_name().and_then(|name| name.to_str());
        name.unwrap_or_default()
    }

    /// Says whether this version of the program can do it.
    fn is_usable(&self) -> bool {
        let least = match (self.language, self.program()) {
            // It takes types away by itself from here on.
            (Language::TypeScript, "node") => [22, 6],
            // It runs a source file from here on.
            (Language::Java, _) => [11, 0],
            // Without a version it does not start in a cell.
            (Language::TypeScript, _) => [0, 0],
            _ => return true,
        };
        let version = self.version.as_deref().map(version::numbers);
        version.is_some_and(|version| version >= least.into())
    }
}

/// Finds the programs in the folders `path` or the system's that may run a
/// language, best first for each, without versions.
pub(crate) fn find(path: &[PathBuf]) -> Vec<Runtime> {
    let there = |program: &str| tool::locate(program, path);
    let mut found = Vec::new();
    for &language in Language::ALL {
        if !language.needs().iter().all(|need| there(need).is_some()) {
            continue;
        }
        let programs = language.programs().iter().filter_map(|name| there(name));
        let candidates = match language {
            // Whether Node can is known when its version is.
            Language::TypeScript => 2,
            _ => 1,
        };
        found.extend(programs.take(candidates).map(|command| Runtime {
            language,
            version: None,
            command,
        }));
    }
    found
}

/// Keeps, of programs whose versions were asked for, the first of each language
/// that can run it.
pub(crate) fn settle(asked: Vec<Runtime>) -> Vec<Runtime> {
    let mut kept: Vec<Runtime> = Vec::new();
    for mut runtime in asked {
        if runtime.language == Language::Go && runtime.version.is_none() {
            runtime.version = tool::go_version(&runtime.command);
        }
        let new = kept.iter().all(|known| known.language != runtime.language);
        if new && runtime.is_usable() {
            kept.push(runtime);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(language: Language, command: &str, version: Option<&str>) -> Runtime {
        Runtime {
            language,
            version: version.map(str::to_owned),
            command: PathBuf::from(command),
        }
    }

    #[test]
    fn only_what_a_program_of_that_version_can_do_is_kept() {
        use Language::{Java, JavaScript, Python, TypeScript};
        for (asked, kept) in [
            (vec![(TypeScript, "node", Some("20.11.1"))], None),
            (vec![(TypeScript, "node", None)], None),
            (vec![(TypeScript, "node", Some("22.5.9"))], None),
            (vec![(TypeScript, "node", Some("22.6.0"))], Some("node")),
            (vec![(TypeScript, "node", Some("24.1.0"))], Some("node")),
            (
                vec![
                    (TypeScript, "node", Some("18.0.0")),
                    (TypeScript, "tsx", Some("4.19.2")),
                ],
                Some("tsx"),
            ),
            (vec![(JavaScript, "node", Some("12.0.0"))], Some("node")),
            (vec![(Python, "python3", None)], Some("python3")),
            (vec![(Java, "java", Some("1.8.0"))], None),
            (vec![(Java, "java", Some("17.0.9"))], Some("java")),
        ] {
            let runtimes = asked
                .iter()
                .map(|(language, program, version)| runtime(*language, program, *version));
            let settled = settle(runtimes.collect());
            let programs: Vec<&str> = settled.iter().map(Runtime::program).collect();
            assert_eq!(programs, Vec::from_iter(kept), "{asked:?}");
        }
    }
}
