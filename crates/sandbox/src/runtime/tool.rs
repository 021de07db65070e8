//! Tools that people install outside the system's folders: where they are and
//! which directory must be visible for them to work.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A tool outside the system's folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    /// The directory that holds all of it.
    pub prefix: PathBuf,
    /// The directory that holds its programs.
    pub programs: PathBuf,
}

/// The programs whose installations are looked for.
const PROGRAMS: [&str; 15] = [
    "python3", "node", "cargo", "rustc", "go", "java", "javac", "ruby", "php", "perl", "deno",
    "bun", "tsx", "ts-node", "uv",
];
const SYSTEM: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
const SYSTEM_ROOTS: [&str; 5] = ["/usr", "/bin", "/sbin", "/lib", "/lib64"];

/// Finds the tools in the folders `path` that the system's folders don't hold.
pub(crate) fn tools(path: &[PathBuf]) -> Vec<Tool> {
    let mut found = Vec::new();
    for program in PROGRAMS {
        let tool = locate(program, path).and_then(|file| tool_of(&file));
        found.extend(tool.filter(|tool| !found.contains(tool)));
    }
    found.extend(locate("java", path).and_then(|java| java_settings(&java)));
    found
}

/// Returns the settings of a system's Java, which it does not start without:
/// distributions keep them in a folder of `/etc` of their own.
fn java_settings(java: &Path) -> Option<Tool> {
    let java = fs::canonicalize(java).ok()?;
    let programs = java.parent()?.to_owned();
    let rules = programs.parent()?.join("conf/security/java.security");
    let rules = fs::canonicalize(rules).ok()?;
    let name = rules.strip_prefix("/etc").ok()?.components().next()?;
    let folder = Path::new("/etc").join(name);
    let own = name.as_os_str().to_str()?.starts_with("java");
    (own && folder.is_dir()).then_some(Tool {
        prefix: folder,
        programs,
    })
}

/// Finds `program` in the folders `path`, then in the system's, and follows
/// what stands in for it to the program itself.
pub(crate) fn locate(program: &str, path: &[PathBuf]) -> Option<PathBuf> {
    let system = SYSTEM.iter().map(Path::new);
    let mut folders = path.iter().map(PathBuf::as_path).chain(system);
    folders.find_map(|folder| actual(&folder.join(program), program))
}

fn actual(file: &Path, program: &str) -> Option<PathBuf> {
    if !file.is_absolute() || !is_program(file) {
        return None;
    }
    if SYSTEM_ROOTS.iter().any(|root| file.starts_with(root)) {
        return Some(file.to_owned());
    }
    let folder = file.parent()?;
    if folder.ends_with("shims") {
        let root = folder.parent()?;
        return behind_shim(root, program).or_else(|| behind_asdf(root, file, program));
    }
    let target = fs::canonicalize(file).ok()?;
    if target.file_name()? == "rustup" {
        return behind_rustup(folder, program);
    }
    // A program may choose what it does by its name: keep it where it exists.
    let named = target.with_file_name(program);
    Some(if is_program(&named) { named } else { target })
}

/// pyenv and its kin put scripts before programs; the global version is named
/// in the file `version`.
fn behind_shim(root: &Path, program: &str) -> Option<PathBuf> {
    let versions = fs::read_to_string(root.join("version")).ok()?;
    versions.split_whitespace().find_map(|version| {
        let file = root
            .join("versions")
            .join(version)
            .join("bin")
            .join(program);
        is_program(&file).then_some(file)
    })
}

/// asdf's scripts name the tools and versions that have the program; the home
/// folder's `.tool-versions` says which of them is meant.
fn behind_asdf(root: &Path, shim: &Path, program: &str) -> Option<PathBuf> {
    let script = fs::read_to_string(shim).ok()?;
    let versions = root.parent().map(|home| home.join(".tool-versions"));
    let versions = versions.and_then(|file| fs::read_to_string(file).ok());
    let versions = versions.unwrap_or_default();
    let words = |line: &'_ str| -> Option<(String, String)> {
        let mut words = line.split_whitespace().map(str::to_owned);
        words.next().zip(words.next())
    };
    let meant: Vec<_> = versions.lines().filter_map(words).collect();
    let named = script
        .lines()
        .filter_map(|line| line.strip_prefix("# asdf-plugin:"));
    let mut tools: Vec<_> = named.filter_map(words).collect();
    tools.sort_by_key(|tool| !meant.contains(tool));
    tools.into_iter().find_map(|(tool, version)| {
        let installed = root.join("installs").join(tool).join(version);
        ["bin", "go/bin"]
            .map(|folder| installed.join(folder).join(program))
            .into_iter()
            .find(|file| is_program(file))
    })
}

/// Returns the version of a Go compiler, which stands in a file of its
/// installation: it does not know `--version`.
pub(super) fn go_version(command: &Path) -> Option<String> {
    let command = fs::canonicalize(command).ok()?;
    let top = command.parent()?.parent()?;
    let text = fs::read_to_string(top.join("VERSION")).ok()?;
    super::version_in(text.lines().next()?)
}

/// rustup's programs start the default toolchain's, named in `settings.toml`.
fn behind_rustup(folder: &Path, program: &str) -> Option<PathBuf> {
    let home = folder.parent()?.parent()?.join(".rustup");
    let settings = fs::read_to_string(home.join("settings.toml")).ok()?;
    let line = settings
        .lines()
        .find(|line| line.starts_with("default_toolchain"))?;
    let name = line.split('"').nth(1)?;
    let file = home.join("toolchains").join(name).join("bin").join(program);
    is_program(&file).then_some(file)
}

fn is_program(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Returns what must be visible for `file` to work; `None` for the system's.
fn tool_of(file: &Path) -> Option<Tool> {
    let file = fs::canonicalize(file).ok()?;
    if SYSTEM_ROOTS.iter().any(|root| file.starts_with(root)) {
        return None;
    }
    let programs = file.parent()?.to_owned();
    let prefix = match programs.parent() {
        Some(prefix) if programs.ends_with("bin") && !holds_more(prefix) => prefix.to_owned(),
        _ => programs.clone(),
    };
    (!holds_more(&prefix)).then_some(Tool { prefix, programs })
}

/// Whether a directory holds more than one tool: a home folder, or the shared
/// folder of many tools, among whose files are credentials.
fn holds_more(directory: &Path) -> bool {
    let shared = [
        ".local", ".cargo", ".config", "opt", "home", "root", "mnt", "srv", "var",
    ];
    let named = |name: &std::ffi::OsStr| shared.iter().any(|shared| *shared == name);
    let home = [".ssh", ".bashrc", ".profile", ".gitconfig"];
    directory.file_name().is_none_or(named)
        || directory.parent() == Some(Path::new("/home"))
        || home.iter().any(|file| directory.join(file).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn installations_outside_the_system_are_found_whole() {
        let top = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(top.path()).unwrap().join("ana");
        program(&home.join(".pyenv/shims/python3"));
        program(&home.join(".pyenv/versions/3.13.0/bin/python3"));
        fs::write(home.join(".pyenv/version"), "3.13.0\n").unwrap();
        program(&home.join(".nvm/versions/node/v22/bin/node"));
        program(&home.join(".cargo/bin/rustup"));
        std::os::unix::fs::symlink("rustup", home.join(".cargo/bin/cargo")).unwrap();
        program(&home.join(".rustup/toolchains/stable-x/bin/cargo"));
        let settings = "version = \"12\"\ndefault_toolchain = \"stable-x\"\n";
        fs::write(home.join(".rustup/settings.toml"), settings).unwrap();
        let path = [".pyenv/shims", ".nvm/versions/node/v22/bin", ".cargo/bin"];
        let path = path.map(|folder| home.join(folder));

        // Not what this machine has.
        let prefixes = tools(&path).into_iter().map(|tool| tool.prefix);
        let prefixes: Vec<_> = prefixes.filter(|path| path.starts_with(&home)).collect();
        let expected = [
            ".pyenv/versions/3.13.0",
            ".nvm/versions/node/v22",
            ".rustup/toolchains/stable-x",
        ];
        assert_eq!(prefixes, expected.map(|folder| home.join(folder)));
        let python = locate("python3", &path);
        assert_eq!(
            python,
            Some(home.join(".pyenv/versions/3.13.0/bin/python3"))
        );
    }

    #[test]
    fn each_kind_of_version_manager_is_seen_through() {
        let top = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(top.path()).unwrap().join("ana");
        let shim = |name: &str, lines: &str| {
            let file = home.join(".asdf/shims").join(name);
            program(&file);
            fs::write(
                file,
                format!("#!/usr/bin/env bash\n{lines}exec asdf exec\n"),
            )
            .unwrap();
        };
        shim(
            "ruby",
            "# asdf-plugin: ruby 3.2.0\n# asdf-plugin: ruby 3.3.0\n",
        );
        shim("go", "# asdf-plugin: golang 1.22.1\n");
        shim("php", "# asdf-plugin: php 8.3.0\n");
        fs::write(home.join(".tool-versions"), "golang 1.22.1\nruby 3.3.0\n").unwrap();
        let installs = home.join(".asdf/installs");
        program(&installs.join("ruby/3.2.0/bin/ruby"));
        program(&installs.join("ruby/3.3.0/bin/ruby"));
        program(&installs.join("golang/1.22.1/go/bin/go"));
        fs::write(
            installs.join("golang/1.22.1/go/VERSION"),
            "go1.22.1\ntime 2024\n",
        )
        .unwrap();
        program(&home.join(".sdkman/candidates/java/21.0.1-tem/bin/javac"));
        std::os::unix::fs::symlink("21.0.1-tem", home.join(".sdkman/candidates/java/current"))
            .unwrap();
        program(&home.join(".rbenv/shims/perl"));
        fs::write(home.join(".rbenv/version"), "5.40\n").unwrap();
        program(&home.join(".rbenv/versions/5.40/bin/perl"));
        let path = [
            ".asdf/shims",
            ".sdkman/candidates/java/current/bin",
            ".rbenv/shims",
        ];
        let path = path.map(|folder| home.join(folder));

        for (name, file, prefix) in [
            (
                "ruby",
                ".asdf/installs/ruby/3.3.0/bin/ruby",
                ".asdf/installs/ruby/3.3.0",
            ),
            (
                "go",
                ".asdf/installs/golang/1.22.1/go/bin/go",
                ".asdf/installs/golang/1.22.1/go",
            ),
            (
                "javac",
                ".sdkman/candidates/java/21.0.1-tem/bin/javac",
                ".sdkman/candidates/java/21.0.1-tem",
            ),
            (
                "perl",
                ".rbenv/versions/5.40/bin/perl",
                ".rbenv/versions/5.40",
            ),
        ] {
            let found = locate(name, &path).unwrap();
            assert_eq!(found, home.join(file), "{name}");
            assert_eq!(tool_of(&found).unwrap().prefix, home.join(prefix), "{name}");
        }
        // Its shim is there, but nothing behind it.
        let php = locate("php", &path);
        assert!(php.is_none_or(|file| file.starts_with("/usr")));
        let go = locate("go", &path).unwrap();
        assert_eq!(go_version(&go).as_deref(), Some("1.22.1"));
    }

    #[test]
    fn a_home_folder_is_never_a_tool() {
        let top = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(top.path()).unwrap().join("ana");
        program(&home.join("bin/deno"));
        fs::write(home.join(".profile"), "").unwrap();
        program(&home.join(".local/bin/uv"));
        let path = [home.join("bin"), home.join(".local/bin")];
        let prefixes: Vec<_> = tools(&path).into_iter().map(|tool| tool.prefix).collect();
        for folder in ["bin", ".local/bin"] {
            assert!(prefixes.contains(&home.join(folder)));
        }
        program(&home.join("bun"));
        let tools = tools(std::slice::from_ref(&home));
        assert!(tools.iter().all(|tool| tool.prefix != home), "{tools:?}");
    }

    #[test]
    fn relative_folders_and_plain_files_are_passed_over() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("node"), "").unwrap();
        let path = [PathBuf::from("bin"), top.path().to_owned()];
        let node = locate("node", &path);
        assert!(node.is_none_or(|file| file.starts_with("/usr") || file.starts_with("/bin")));
    }
}
