//! What is run, turned into a command for a cell.

use atelier_base::{RunId, WorkspacePath};
use atelier_sandbox::cell::{Limits, RunCommand};
use atelier_sandbox::runtime::{Language, Mark, Plan, Runtime};

use super::NewRun;
use crate::domain::Domain;
use crate::error::{Error, Result};

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A command line for `sh -c`.
    Command(String),
    /// A program and its arguments.
    Argv(Vec<String>),
    /// A file of the workspace, by its language's interpreter or compiler.
    File(WorkspacePath),
    /// Program text in a language.
    Code {
        /// The language.
        language: String,
        /// The text.
        code: String,
    },
}

/// A run that is ready to start.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) command: RunCommand,
    /// What is run, as a person would write it.
    pub(super) shown: String,
    /// By what the end of its compilation is known, if it is compiled.
    pub(super) mark: Option<Mark>,
}

/// The most environment variables a request may set.
const ENV_VARIABLES: usize = 200;
/// The most code, in bytes: what fits into a command.
const CODE_BYTES: usize = 900 * 1024;

impl Domain {
    /// Turns what a request asks for into a command.
    pub(super) async fn prepare(
        &self,
        new: &NewRun,
        id: RunId,
        limits: Limits,
    ) -> Result<Prepared> {
        check_environment(&new.env)?;
        let build = format!("/tmp/atelier-build-{id}");
        let (plan, shown) = match &new.program {
            Program::Command(line) => {
                let argv = ["sh", "-c", line].map(str::to_owned);
                (Plan::run(argv.into()), line.clone())
            }
            Program::Argv(argv) => (Plan::run(argv.clone()), quoted_all(argv)),
            Program::File(path) => {
                let language = Language::of_file(path).ok_or_else(|| {
                    Error::invalid("path", format!("no language runs `{path}`; use a command"))
                })?;
                let runtime = self.runtime(language, "path").await?;
                // Where the program lies says nothing to the person who asked.
                let shown = quoted_all(&[runtime.program().to_owned(), path.to_string()]);
                (runtime.file_plan(std::slice::from_ref(path), &build), shown)
            }
            Program::Code { language, code } => {
                if code.len() > CODE_BYTES {
                    let detail = format!(
                        "code has at most {CODE_BYTES} bytes; save it as a file and run that"
                    );
                    return Err(Error::invalid("code", detail));
                }
                let known = Language::find(language).ok_or_else(|| unknown(language))?;
                let runtime = self.runtime(known, "language").await?;
                (
                    runtime.code_plan(code, &build),
                    format!("{language} (code)"),
                )
            }
        };
        check_words(&plan)?;
        let mark = plan.compile.is_some().then(new_mark).transpose()?;
        let first = mark.as_ref().map(Mark::line).unwrap_or_default();
        let output_bytes = limits.output_bytes.saturating_add(first.len() as u64);
        Ok(Prepared {
            command: RunCommand {
                argv: plan.into_argv(&build),
                cwd: None,
                env: new.env.clone(),
                stdin: (first + &new.stdin).into_bytes(),
                limits: Limits {
                    output_bytes,
                    ..limits
                },
            },
            shown: shown.chars().take(2_000).collect(),
            mark,
        })
    }

    async fn runtime(&self, language: Language, field: &'static str) -> Result<Runtime> {
        let runtimes = self.host().runtimes().await;
        runtimes
            .into_iter()
            .find(|runtime| runtime.language == language)
            .ok_or_else(|| {
                let detail = format!("{} can't be run on this server", language.as_str());
                Error::invalid(
                    field,
                    format!("{detail}; `GET /api/runtimes` lists what can"),
                )
            })
    }
}

fn unknown(language: &str) -> Error {
    let known: Vec<&str> = Language::ALL.iter().map(|known| known.as_str()).collect();
    let language: String = language.chars().take(60).collect();
    Error::invalid(
        "language",
        format!("`{language}` is not one of {}", known.join(", ")),
    )
}

fn new_mark() -> Result<Mark> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|e| Error::Internal(format!("no randomness: {e}")))?;
    Ok(Mark::new(random))
}

fn check_words(plan: &Plan) -> Result<()> {
    let text = plan.source.as_ref().map(|source| &source.text);
    let mut words = plan.run.iter().chain(plan.compile.iter().flatten());
    let named = plan.run.first().is_some_and(|program| !program.is_empty());
    if !named || words.any(|word| word.contains('\0')) || text.is_some_and(|t| t.contains('\0')) {
        return Err(Error::invalid("argv", "a command has a program and no NUL"));
    }
    Ok(())
}

fn check_environment(env: &[(String, String)]) -> Result<()> {
    if env.len() > ENV_VARIABLES {
        return Err(Error::invalid(
            "env",
            format!("at most {ENV_VARIABLES} variables"),
        ));
    }
    let wrong = env
        .iter()
        .find(|(name, value)| !is_variable(name) || value.contains('\0'));
    match wrong {
        None => Ok(()),
        Some((name, _)) => Err(Error::invalid(
            "env",
            format!(
                "`{}` is not a variable's name, or its value has a NUL",
                name.escape_debug()
            ),
        )),
    }
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Writes a command as a person would.
fn quoted_all(argv: &[String]) -> String {
    let words: Vec<String> = argv.iter().map(|part| quoted(part)).collect();
    words.join(" ")
}

/// Quotes an argument for a shell when it needs it.
fn quoted(part: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !part.is_empty() && part.chars().all(plain) {
        return part.to_owned();
    }
    format!("'{}'", part.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_a_shell_would_take_them() {
        assert_eq!(quoted("a b'c"), r"'a b'\''c'");
        assert_eq!(quoted("--x=1"), "--x=1");
        assert_eq!(quoted(""), "''");
    }
}
