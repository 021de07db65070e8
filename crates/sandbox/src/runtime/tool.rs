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
const PROGRAMS: [&str; 12] = [
    "python3", "node", "cargo", "rustc", "go", "java", "ruby", "php", "perl", "deno", "bun", "uv",
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
    found
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
        return behind_shim(folder.parent()?, program);
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

        let prefixes: Vec<_> = tools(&path).into_iter().map(|tool| tool.prefix).collect();
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
