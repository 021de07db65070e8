//! The binary: its command line, its configuration, and the wiring of the
//! other crates into a server.
//!
//! Only here are environment variables read and is standard output written.
#![forbid(unsafe_code)]

mod admin;
mod apply;
mod config;
mod doctor;
mod fake;
mod key;
mod local;
mod lock;
mod machine;
mod model;
mod run;
mod serve;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The hidden argument that turns the program into a cell's first process.
const CELL: &str = "__cell";

/// The AI coding workspace you own.
#[derive(Debug, Parser)]
#[command(name = "atelier", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves workspaces and prints a one-time sign-in link.
    Serve(config::ServeArguments),
    /// Applies a patch from standard input to a directory, all or nothing.
    ///
    /// Exit status: 0 applied, 1 refused and nothing changed, 2 usage.
    Apply(apply::Arguments),
    /// Runs one command in a cell over the current directory.
    ///
    /// Exit status: the command's own; 125 when the cell could not be made.
    Run(run::Arguments),
    /// Says what isolation, models, disk and git this machine gives, and the
    /// exact setting for what is missing.
    ///
    /// Exit status: 0 all well, 1 something essential is missing.
    Doctor(doctor::Arguments),
    /// Serves a scripted model, for development and tests without a key.
    FakeModel(fake::Arguments),
    /// The weights of the model that runs on this machine.
    Model(model::Arguments),
    /// Sign-in links and exports.
    Admin(admin::Arguments),
}

/// Runs the program.
pub fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == CELL)
    {
        return atelier_sandbox::cell::cell_main();
    }
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => serve::main(arguments),
        Command::Apply(arguments) => return apply::main(&arguments),
        Command::Run(arguments) => return run::main(arguments),
        Command::Doctor(arguments) => doctor::main(&arguments),
        Command::FakeModel(arguments) => fake::main(&arguments),
        Command::Model(arguments) => model::main(arguments),
        Command::Admin(arguments) => admin::main(arguments),
    };
    done.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

/// Writes a line to standard output. A reader that went away is no error.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes an error to standard error.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "atelier: {text}");
}
