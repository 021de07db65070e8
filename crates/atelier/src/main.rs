//! The `atelier` program; all of it is in the library, so that tests can be
//! the program too.
#![forbid(unsafe_code)]

/// Thousands of open streams are small pieces that are taken and given back by
/// all threads. The system's allocator keeps more of them from the system, and
/// takes longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    atelier::main()
}
