//! The `atelier` program, built with the tests: they start it, kill it, and
//! let their own cells be made by it.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    atelier::main()
}
