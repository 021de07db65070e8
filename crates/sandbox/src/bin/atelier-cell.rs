//! The launcher as a program of its own, for tests and measurements. The
//! product's binary calls the same function when it is started as one.

use std::process::ExitCode;

fn main() -> ExitCode {
    atelier_sandbox::cell::cell_main()
}
