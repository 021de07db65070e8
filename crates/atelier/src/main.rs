//! The `atelier` program; all of it is in the library, so that tests can be
//! the program too.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    atelier::main()
}
