//! The languages: their names, files and programs.

use atelier_base::WorkspacePath;

macro_rules! languages {
    ($($(#[$doc:meta])* $name:ident $word:literal aliases $aliases:expr, files $files:expr, programs $programs:expr, needs $needs:expr;)*) => {
        /// A language that can be run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Language {
            $($(#[$doc])* $name,)*
        }

        impl Language {
            /// Every language.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the word for it, such as `python`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Returns the usual other names of it.
            pub fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$name => $aliases,)* }
            }

            /// Returns the extensions of its files, without the dot.
            pub fn extensions(self) -> &'static [&'static str] {
                match self { $(Self::$name => $files,)* }
            }

            /// Returns the programs that run or compile it, best first.
            pub(super) fn programs(self) -> &'static [&'static str] {
                match self { $(Self::$name => $programs,)* }
            }

            /// Returns the programs that those need beside them.
            pub(super) fn needs(self) -> &'static [&'static str] {
                match self { $(Self::$name => $needs,)* }
            }
        }
    };
}

languages! {
    /// Python 3.
    Python "python" aliases &["python3", "py"], files &["py"], programs &["python3", "python"], needs &[];
    /// JavaScript on Node.
    JavaScript "javascript" aliases &["js", "node", "nodejs", "node-javascript"], files &["js", "mjs", "cjs"], programs &["node"], needs &[];
    /// TypeScript, whose types are taken away and not checked.
    TypeScript "typescript" aliases &["ts", "node-typescript"], files &["ts", "mts", "cts"], programs &["node", "tsx", "ts-node", "deno", "bun"], needs &[];
    /// Bourne shell: bash where there is one.
    Shell "shell" aliases &["sh", "bash"], files &["sh", "bash"], programs &["bash", "sh"], needs &[];
    /// C.
    C "c" aliases &["gcc"], files &["c"], programs &["gcc", "cc", "clang"], needs &[];
    /// C++.
    Cpp "cpp" aliases &["c++", "g++", "cxx"], files &["cpp", "cc", "cxx", "c++"], programs &["g++", "c++", "clang++"], needs &[];
    /// Rust, which needs a linker.
    Rust "rust" aliases &["rs"], files &["rs"], programs &["rustc"], needs &["cc"];
    /// Go.
    Go "go" aliases &["golang"], files &["go"], programs &["go"], needs &[];
    /// Java, from its source, for which the compiler must be there.
    Java "java" aliases &["jdk"], files &["java"], programs &["java"], needs &["javac"];
    /// Ruby.
    Ruby "ruby" aliases &["rb"], files &["rb"], programs &["ruby"], needs &[];
    /// PHP.
    Php "php" aliases &["php8"], files &["php"], programs &["php"], needs &[];
    /// Perl.
    Perl "perl" aliases &["pl"], files &["pl"], programs &["perl"], needs &[];
}

impl Language {
    /// Finds a language by its name or a usual other name of it.
    pub fn find(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let known = |language: &Self| {
            language.as_str() == name || language.aliases().contains(&name.as_str())
        };
        Self::ALL.iter().copied().find(known)
    }

    /// Finds the language of a file by its extension.
    pub fn of_file(path: &WorkspacePath) -> Option<Self> {
        let extension = path.extension()?.to_ascii_lowercase();
        Self::ALL
            .iter()
            .copied()
            .find(|language| language.extensions().contains(&extension.as_str()))
    }

    /// Says whether a program in it is compiled before it runs, as a stage of
    /// its own.
    pub fn is_compiled(self) -> bool {
        matches!(self, Self::C | Self::Cpp | Self::Rust | Self::Go)
    }

    /// Says whether its programs refuse or misread a file without one of its
    /// extensions.
    pub fn needs_extension(self) -> bool {
        self.is_compiled() || matches!(self, Self::TypeScript | Self::Java)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_name_and_extension() {
        for (file, language) in [
            ("a/b.py", Some(Language::Python)),
            ("x.MJS", Some(Language::JavaScript)),
            ("x.ts", Some(Language::TypeScript)),
            ("run.sh", Some(Language::Shell)),
            ("a.c", Some(Language::C)),
            ("a.cc", Some(Language::Cpp)),
            ("a.h", None),
            ("src/main.rs", Some(Language::Rust)),
            ("Main.java", Some(Language::Java)),
            ("README", None),
            (".py", None),
        ] {
            let path = WorkspacePath::new(file).unwrap();
            assert_eq!(Language::of_file(&path), language, "{file}");
        }
        assert_eq!(Language::find("cobol"), None);
        assert_eq!(Language::find("C++"), Some(Language::Cpp));
    }

    #[test]
    fn a_name_or_extension_means_one_language() {
        let mut names = std::collections::BTreeSet::new();
        let mut files = std::collections::BTreeSet::new();
        for language in Language::ALL {
            for name in [language.as_str()].iter().chain(language.aliases()) {
                assert!(names.insert(*name), "{name} stands twice");
                assert_eq!(Language::find(name), Some(*language));
            }
            for file in language.extensions() {
                assert!(files.insert(*file), "{file} stands twice");
            }
        }
    }
}
