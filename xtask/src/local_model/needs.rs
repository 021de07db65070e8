//! What building the local model's program needs besides the product's own
//! tools.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::{apt, process};

/// The program that is needed, and Debian's package of it.
const NEEDS: [(&str, &str); 3] = [("cmake", "cmake"), ("clang", "clang"), ("g++", "g++")];
/// Debian's package of the library that is needed.
const LIBCLANG: &str = "libclang-dev";

/// The packages that are missing.
pub(super) fn missing() -> Vec<&'static str> {
    let programs = NEEDS
        .iter()
        .filter(|(program, _)| process::find(program).is_none())
        .map(|(_, package)| *package);
    programs
        .chain((!has_libclang()).then_some(LIBCLANG))
        .collect()
}

/// Installs what is missing, after saying so.
///
/// # Errors
/// It can't be installed here; the message says what to do.
pub(super) fn install() -> Result<()> {
    for package in missing() {
        println!("local model: {package} is missing; it is installed now");
        apt::install_one_of(&[package], "llama.cpp is built with it")?;
    }
    Ok(())
}

fn has_libclang() -> bool {
    let named = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name());
        names
            .into_iter()
            .any(|name| is_libclang(&name.to_string_lossy()))
    };
    let usual = [
        "/usr/lib64",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
    ];
    let versions = (10..30).map(|version| format!("/usr/lib/llvm-{version}/lib"));
    let mut folders = usual.map(str::to_owned).into_iter().chain(versions);
    folders.any(|folder| named(Path::new(&folder)))
}

/// Says whether a file is the library, such as `libclang.so.1` or
/// `libclang-14.so.14`, and not the one for programs in C++.
fn is_libclang(name: &str) -> bool {
    let rest = name.strip_prefix("libclang");
    rest.is_some_and(|rest| rest.contains(".so") && !rest.starts_with("-cpp"))
}

#[cfg(test)]
mod tests {
    use super::is_libclang;

    #[test]
    fn the_library_is_told_from_its_neighbours() {
        for name in ["libclang.so", "libclang.so.1", "libclang-14.so.14.0.6"] {
            assert!(is_libclang(name), "{name}");
        }
        for name in ["libclang-cpp.so.14", "libclangBasic.a", "libclang_rt.a"] {
            assert!(!is_libclang(name), "{name}");
        }
    }
}
