//! What is done to run a file or a piece of code: perhaps a compilation, and
//! then the program.

use atelier_base::WorkspacePath;

use super::{Language, Runtime};

/// The most bytes of code given as one argument; the kernel takes 128 KiB.
const ARGUMENT: usize = 120_000;

/// The steps to run a file or a piece of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// A file to write first.
    pub source: Option<Source>,
    /// The command that compiles, for a compiled language.
    pub compile: Option<Vec<String>>,
    /// The command that runs.
    pub run: Vec<String>,
}

/// A file to write before the first command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name in the build folder.
    pub name: String,
    /// What is in it.
    pub text: String,
}

impl Plan {
    /// Makes the plan of one command.
    pub fn run(argv: Vec<String>) -> Self {
        Self {
            source: None,
            compile: None,
            run: argv,
        }
    }

    /// Says whether it takes a build folder and more than one step.
    pub fn is_simple(&self) -> bool {
        self.source.is_none() && self.compile.is_none()
    }
}

impl Runtime {
    /// Plans how files of the workspace are run from its top: the first is
    /// where the program begins, the others are compiled with it where the
    /// language does that. What is built goes into the folder `build`.
    pub fn file_plan(&self, files: &[WorkspacePath], build: &str) -> Plan {
        // `./` keeps a name that begins with a dash from being an option.
        let files = files.iter().map(|path| format!("./{path}"));
        self.plan(files.collect(), build)
    }

    /// Plans how a piece of code is run: given to the interpreter where it
    /// takes code and the code is short, else as a file in the folder `build`.
    pub fn code_plan(&self, code: &str, build: &str) -> Plan {
        if code.len() <= ARGUMENT
            && let Some(flags) = self.eval()
        {
            let words = std::iter::once(self.path()).chain(flags.iter().copied());
            let words = words.chain(std::iter::once(code)).map(str::to_owned);
            return Plan::run(words.collect());
        }
        let name = match (self.language, self.language.extensions().first()) {
            // The usual name of the file with the public class.
            (Language::Java, _) => "Main.java".to_owned(),
            (_, Some(extension)) => format!("main.{extension}"),
            (_, None) => "main".to_owned(),
        };
        let plan = self.plan(vec![format!("{build}/{name}")], build);
        let text = code.to_owned();
        Plan {
            source: Some(Source { name, text }),
            ..plan
        }
    }

    fn plan(&self, files: Vec<String>, build: &str) -> Plan {
        let product = format!("{build}/program");
        let words =
            |words: &[&str]| -> Vec<String> { words.iter().map(|&word| word.to_owned()).collect() };
        let before = match self.language {
            Language::C | Language::Cpp => words(&[self.path(), "-o", &product]),
            Language::Rust => words(&[self.path(), "--edition=2021", "-o", &product]),
            Language::Go => words(&[
                "env",
                "CGO_ENABLED=0",
                "GOTOOLCHAIN=local",
                self.path(),
                "build",
                "-o",
                &product,
            ]),
            _ => {
                let mut run = words(&[self.path()]);
                run.extend(self.run_flags().iter().map(|&flag| flag.to_owned()));
                run.extend(files.into_iter().take(1));
                return Plan::run(run);
            }
        };
        let mut compile = before;
        match self.language {
            // The other files of Rust are modules of the first.
            Language::Rust => compile.extend(files.into_iter().take(1)),
            _ => compile.extend(files),
        }
        if matches!(self.language, Language::C | Language::Cpp) {
            compile.push("-lm".to_owned());
        }
        Plan {
            source: None,
            compile: Some(compile),
            run: vec![product],
        }
    }

    /// Returns what stands between the interpreter and the file.
    fn run_flags(&self) -> &'static [&'static str] {
        match (self.language, self.program()) {
            (Language::TypeScript, "node") => &STRIP,
            (Language::TypeScript, "deno") => &["run", "--allow-all", "--no-prompt"],
            _ => &[],
        }
    }

    /// Returns what stands between the interpreter and code, if it takes any.
    fn eval(&self) -> Option<&'static [&'static str]> {
        Some(match (self.language, self.program()) {
            (Language::Python | Language::Shell, _) => &["-c"],
            (Language::TypeScript, "node") => &[STRIP[0], STRIP[1], "-e"],
            (Language::TypeScript, "deno") => &["eval", "--ext=ts"],
            (Language::JavaScript | Language::TypeScript | Language::Ruby | Language::Perl, _) => {
                &["-e"]
            }
            // PHP's code is a file with its tag; the others need a compiler.
            _ => return None,
        })
    }

    fn path(&self) -> &str {
        self.command.to_str().unwrap_or_default()
    }
}

/// Node takes types away with the first, and says nothing of it with the
/// second.
const STRIP: [&str; 2] = [
    "--experimental-strip-types",
    "--disable-warning=ExperimentalWarning",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn runtime(language: Language, command: &str) -> Runtime {
        Runtime {
            language,
            version: None,
            command: PathBuf::from(command),
        }
    }

    #[test]
    fn a_file_that_looks_like_an_option_is_a_file() {
        let path = WorkspacePath::new("-c.py").unwrap();
        for (language, command) in [
            (Language::Python, "/usr/bin/python3"),
            (Language::C, "/usr/bin/gcc"),
        ] {
            let plan = runtime(language, command).file_plan(std::slice::from_ref(&path), "/b");
            let argv = plan.compile.unwrap_or(plan.run);
            assert_eq!(argv[0], command);
            assert!(argv.contains(&"./-c.py".to_owned()), "{argv:?}");
            assert!(!argv.contains(&"-c.py".to_owned()), "{argv:?}");
        }
    }

    #[test]
    fn interpreters_take_short_code_and_files_of_long_code() {
        for (language, command, argv) in [
            (Language::Python, "/p/python3", "/p/python3 -c 1"),
            (Language::JavaScript, "/p/node", "/p/node -e 1"),
            (Language::Perl, "/p/perl", "/p/perl -e 1"),
            (Language::TypeScript, "/p/deno", "/p/deno eval --ext=ts 1"),
            (Language::TypeScript, "/p/tsx", "/p/tsx -e 1"),
        ] {
            let runtime = runtime(language, command);
            let plan = runtime.code_plan("1", "/b");
            assert_eq!(
                plan,
                Plan::run(argv.split(' ').map(str::to_owned).collect())
            );
            let long = "1".repeat(ARGUMENT + 1);
            let plan = runtime.code_plan(&long, "/b");
            let source = plan.source.unwrap();
            assert_eq!(source.text, long);
            assert_eq!(plan.run.last(), Some(&format!("/b/{}", source.name)));
        }
    }

    #[test]
    fn what_is_compiled_goes_to_the_build_folder() {
        for (language, command, compile) in [
            (Language::C, "/p/gcc", "/p/gcc -o /b/program /b/main.c -lm"),
            (
                Language::Cpp,
                "/p/g++",
                "/p/g++ -o /b/program /b/main.cpp -lm",
            ),
            (
                Language::Rust,
                "/p/rustc",
                "/p/rustc --edition=2021 -o /b/program /b/main.rs",
            ),
            (
                Language::Go,
                "/p/go",
                "env CGO_ENABLED=0 GOTOOLCHAIN=local /p/go build -o /b/program /b/main.go",
            ),
        ] {
            let plan = runtime(language, command).code_plan("x", "/b");
            assert_eq!(plan.compile.unwrap().join(" "), compile);
            assert_eq!(plan.run, ["/b/program"]);
        }
        let java = runtime(Language::Java, "/p/java").code_plan("x", "/b");
        assert_eq!(
            (java.compile, java.run.join(" ")),
            (None, "/p/java /b/Main.java".to_owned())
        );
    }

    #[test]
    fn files_beside_the_first_are_compiled_with_it() {
        let files = ["a.c", "lib/b.c"].map(|path| WorkspacePath::new(path).unwrap());
        let plan = runtime(Language::C, "gcc").file_plan(&files, "../b");
        let compile = plan.compile.unwrap().join(" ");
        assert_eq!(compile, "gcc -o ../b/program ./a.c ./lib/b.c -lm");
        let plan = runtime(Language::Python, "python3").file_plan(&files, "../b");
        assert_eq!(plan.run, ["python3", "./a.c"]);
    }
}
