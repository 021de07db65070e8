//! Puts the launcher of cells into the binary, when one was built for it.

use std::path::PathBuf;
use std::{env, fs, io};

/// Names the launcher's file. Without it cells are launched by the binary
/// itself, which works as well and starts slower.
const LAUNCHER: &str = "ATELIER_LAUNCHER";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-env-changed={LAUNCHER}");
    println!("cargo:rerun-if-changed=build.rs");
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let copy = PathBuf::from(out).join("launcher");
    match env::var_os(LAUNCHER) {
        Some(launcher) => {
            println!("cargo:rerun-if-changed={}", launcher.to_string_lossy());
            fs::copy(launcher, copy).map(drop)
        }
        None => fs::write(copy, ""),
    }
}
