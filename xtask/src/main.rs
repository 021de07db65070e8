//! The project's own commands, started as `cargo xtask <command>`.
//!
//! Everything a person or a CI machine does with this repository is a command
//! here; there are no shell scripts beside it. The crate uses none of the
//! product's crates, so that it compiles in seconds on a fresh machine.
#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a developer's tool: it starts compilers, reads their environment and reports on the terminal"
)]

mod apt;
mod bench;
mod check;
mod clients;
mod fuzz;
mod local_model;
mod openapi;
mod postgres;
mod prices;
mod process;
mod project;
mod run;
mod scratch;
mod test;
mod tidy;
mod tools;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything that changed and start the server on 127.0.0.1:7340.
    Run {
        /// Also get the local model, while the server runs: build its program
        /// and fetch its weights (1.1 GB).
        #[arg(long)]
        local_model: bool,
        /// Arguments for `atelier serve`, after `--`.
        #[arg(last = true)]
        serve_args: Vec<String>,
    },
    /// Run everything that must pass, from nothing; the last line is `N passed, N failed`.
    Test {
        /// Instead, build the local model's program, get its weights (1.1 GB)
        /// and let it answer, also beside another server of them.
        #[arg(long)]
        local_model: bool,
    },
    /// Build the program of the local model and put it beside the server's.
    LocalModel,
    /// Build it for a server that asks over standard input.
    #[command(hide = true)]
    LocalModelBuilder {
        /// Ask it to.
        #[arg(long)]
        begin: bool,
    },
    /// Run the quick subset of `test`, for before a commit.
    Check,
    /// Check the rules that no compiler knows: crate and layer tables, names, sizes.
    Tidy,
    /// Write the OpenAPI document and the TypeScript types made from it.
    Openapi {
        /// Change nothing; fail when a written file is stale.
        #[arg(long)]
        check: bool,
    },
    /// Make the table of published prices anew from the package that has them.
    Prices,
    /// Measure the whole product beside its peers and print the tables.
    Bench {
        /// Samples of each case; 30 if nothing is said, and 10 of the local
        /// model's.
        #[arg(long)]
        samples: Option<usize>,
        /// Instead, measure the local model beside another server of its weights.
        #[arg(long)]
        local_model: bool,
    },
    /// Try made-up inputs on the readers of patches, the planner and the merge.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1440))]
        minutes: u32,
        /// Which targets; all, if none is named.
        targets: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run {
            local_model,
            serve_args,
        } => run::run(local_model, &serve_args),
        Command::Test { local_model: true } => local_model::test(),
        Command::Bench {
            local_model: true,
            samples,
        } => local_model::bench(samples.unwrap_or(10)),
        Command::Test { local_model: false } => return test::run(),
        Command::LocalModel => local_model::build().map(drop),
        Command::LocalModelBuilder { begin } => local_model::serve(begin),
        Command::Check => return check::run(),
        Command::Tidy => tidy::run(),
        Command::Openapi { check: true } => openapi::check(),
        Command::Openapi { check: false } => openapi::write(),
        Command::Prices => prices::write(),
        Command::Bench { samples, .. } => bench::run(samples.unwrap_or(30)),
        Command::Fuzz { minutes, targets } => fuzz::run(minutes, &targets),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
