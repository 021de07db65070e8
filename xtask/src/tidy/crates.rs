//! Which crate may use which: the table in ARCHITECTURE.md, from what the
//! manifests really say.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{process, project};

/// Our crates and which of ours each may use. Data flows one way, from the
/// top of this table to its bottom; a crate that isn't here needs a decision
/// record first.
const MAY_USE: &[(&str, &[&str])] = &[
    ("atelier-base", &[]),
    ("atelier-api", &["atelier-base"]),
    ("atelier-patch", &["atelier-base"]),
    ("atelier-store", &["atelier-base"]),
    ("atelier-sandbox", &["atelier-base"]),
    ("atelier-model", &["atelier-base"]),
    (
        "atelier-domain",
        &[
            "atelier-base",
            "atelier-model",
            "atelier-patch",
            "atelier-sandbox",
            "atelier-store",
        ],
    ),
    (
        "atelier-server",
        &["atelier-api", "atelier-base", "atelier-domain"],
    ),
    ("atelier", ALL_BUT_TESTS),
    ("atelier-tests", ALL_BUT_TESTS),
    ("xtask", &[]),
];

const ALL_BUT_TESTS: &[&str] = &[
    "atelier",
    "atelier-api",
    "atelier-base",
    "atelier-domain",
    "atelier-model",
    "atelier-patch",
    "atelier-sandbox",
    "atelier-server",
    "atelier-store",
];

/// Crates of others that are somebody's business alone, and whose.
/// `atelier-tests` drives all of them from outside, so it is not named.
const ALONE: &[(&str, &[&str])] = &[
    ("anyhow", &["atelier", "xtask"]),
    ("axum", &["atelier-server"]),
    ("axum-extra", &["atelier-server"]),
    ("chacha20poly1305", &["atelier-domain"]),
    ("clap", &["atelier", "xtask"]),
    ("hyper", &["atelier-model", "atelier-server"]),
    ("hyper-util", &["atelier-model", "atelier-server"]),
    ("ignore", &["atelier-sandbox"]),
    ("imara-diff", &["atelier-patch"]),
    ("jiff", &["atelier-base"]),
    ("libc", &["atelier-sandbox"]),
    ("mime_guess", &["atelier-server"]),
    ("reqwest", &["atelier-model"]),
    ("rust-embed", &["atelier-server"]),
    ("rustix", &["atelier-sandbox", "atelier-store"]),
    ("rustls", &["atelier", "atelier-model"]),
    ("seccompiler", &["atelier-sandbox"]),
    ("sqlx", &["atelier-store"]),
    ("tokio-tungstenite", &[]),
    ("toml", &["atelier"]),
    ("tower", &["atelier-server"]),
    ("tower-http", &["atelier-server"]),
    ("tracing-subscriber", &["atelier"]),
    ("utoipa", &["atelier-api", "atelier-server"]),
    ("zip", &["atelier-sandbox"]),
];

/// Crates that must stay pure: no executor, and thereby no I/O worth the name.
const WITHOUT_TOKIO: &[&str] = &["atelier-api", "atelier-base", "atelier-patch", "xtask"];

/// The one crate that may hold `unsafe` code: it speaks to the kernel.
const WITH_UNSAFE: &str = "atelier-sandbox";

/// How many packages the lock file may hold. Raising it is a decision about
/// build time and supply chain, so it is made here, in sight of a reviewer.
const LOCKED_PACKAGES: usize = 450;

/// Complaints about manifests, crate roots and the lock file.
pub(super) fn complaints() -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for package in packages()? {
        complaints.extend(misused(&package));
        complaints.extend(badly_set_up(&package)?);
    }
    let lock = fs::read_to_string(project::top().join("Cargo.lock"))
        .context("could not read Cargo.lock")?;
    complaints.extend(too_many_locked(&lock));
    Ok(complaints)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

fn packages() -> Result<Vec<Package>> {
    let args = ["metadata", "--format-version=1", "--no-deps", "--offline"];
    let printed = process::output(&mut process::cargo(args))?;
    let metadata: Metadata =
        serde_json::from_str(&printed).context("could not read what `cargo metadata` said")?;
    Ok(metadata.packages)
}

/// Dependencies of every kind count: a test that reaches around the table
/// would hide that the table is wrong.
fn misused(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some((_, ours)) = MAY_USE.iter().find(|(of, _)| *of == name) else {
        return vec![format!(
            "crate {name} is in no table: write a decision record and a row in xtask/src/tidy/crates.rs"
        )];
    };
    let mut complaints = Vec::new();
    for dependency in &package.dependencies {
        let used = dependency.name.as_str();
        let is_ours = MAY_USE.iter().any(|(of, _)| *of == used);
        if is_ours && !ours.contains(&used) {
            complaints.push(format!("{name} may not use {used}: data flows one way"));
        }
        if used == "tokio" && WITHOUT_TOKIO.contains(&name) {
            complaints.push(format!("{name} may not use tokio: it stays pure"));
        }
        let owners = ALONE.iter().find(|(of, _)| *of == used);
        if let Some((_, owners)) = owners
            && name != "atelier-tests"
            && !owners.contains(&name)
        {
            complaints.push(format!(
                "{name} may not use {used}: that is for {}",
                if owners.is_empty() {
                    "the integration tests".to_owned()
                } else {
                    owners.join(" and ")
                }
            ));
        }
    }
    complaints
}

fn badly_set_up(package: &Package) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let manifest = fs::read_to_string(&package.manifest_path)
        .with_context(|| format!("could not read {}", package.manifest_path.display()))?;
    if !manifest.contains("[lints]\nworkspace = true") {
        complaints.push(format!("{} lacks `[lints] workspace = true`", package.name));
    }
    for target in &package.targets {
        let is_root = target
            .kind
            .iter()
            .any(|kind| kind == "lib" || kind == "bin");
        if !is_root || package.name == WITH_UNSAFE {
            continue;
        }
        let root = fs::read_to_string(&target.src_path)
            .with_context(|| format!("could not read {}", target.src_path.display()))?;
        if !root.contains("#![forbid(unsafe_code)]") {
            complaints.push(format!(
                "{} lacks `#![forbid(unsafe_code)]`",
                project::shown(&target.src_path)
            ));
        }
    }
    Ok(complaints)
}

fn too_many_locked(lock: &str) -> Option<String> {
    let locked = lock.lines().filter(|line| *line == "[[package]]").count();
    (locked > LOCKED_PACKAGES).then(|| {
        format!("Cargo.lock holds {locked} packages; {LOCKED_PACKAGES} is the most we build")
    })
}

#[cfg(test)]
mod tests {
    use super::{Dependency, LOCKED_PACKAGES, Package, misused, too_many_locked};

    fn package(name: &str, uses: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            manifest_path: "Cargo.toml".into(),
            dependencies: uses
                .iter()
                .map(|name| Dependency {
                    name: (*name).to_owned(),
                })
                .collect(),
            targets: Vec::new(),
        }
    }

    #[test]
    fn the_table_is_enforced() {
        for (name, uses, complaints) in [
            ("atelier-domain", &["atelier-store", "serde"][..], 0),
            ("atelier-domain", &["atelier-server"], 1),
            ("atelier-store", &["atelier-domain", "axum"], 2),
            ("atelier-server", &["atelier-store", "axum"], 1),
            ("atelier-patch", &["tokio"], 1),
            ("atelier-tests", &["sqlx", "axum", "atelier-store"], 0),
            ("atelier-server", &["tokio-tungstenite"], 1),
            ("atelier-surprise", &[], 1),
        ] {
            let found = misused(&package(name, uses));
            assert_eq!(found.len(), complaints, "{name} {uses:?}: {found:?}");
        }
    }

    #[test]
    fn the_lock_file_has_a_ceiling() {
        let lock = |packages| "[[package]]\nname = \"a\"\n".repeat(packages);
        assert_eq!(too_many_locked(&lock(LOCKED_PACKAGES)), None);
        assert!(too_many_locked(&lock(LOCKED_PACKAGES + 1)).is_some());
    }
}
