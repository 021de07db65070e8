//! The doctor's findings, from what a probe saw inside a cell.

use super::cgroup::Kept;
use super::facts::NAMESPACES;
use super::refusal::Refusal;
use super::spec::{Facts, ROOT_FOLDER_ID};
use crate::doctor::{Isolation, Layer, LayerState};

/// What each namespace keeps apart, in the order of [`NAMESPACES`].
const APART: [(&str, &str); 7] = [
    ("user namespace", "users and privileges are the cell's own"),
    (
        "mount namespace",
        "the file tree holds only what is allowed",
    ),
    (
        "process namespace",
        "other processes can't be seen or signalled",
    ),
    (
        "network namespace",
        "there is no network but the cell's own loopback",
    ),
    (
        "IPC namespace",
        "shared memory and message queues are the cell's own",
    ),
    ("host name namespace", "the machine's name is hidden"),
    (
        "control group namespace",
        "the machine's control groups are hidden",
    ),
];

/// Puts the findings together. `own` are the server's namespaces.
pub(super) fn assemble(
    facts: Option<&Facts>,
    refusal: Option<&Refusal>,
    own: &[(String, String)],
    kept: Kept,
) -> Isolation {
    let fix = refusal.and_then(|refusal| refusal.fix.clone());
    let mut layers = namespaces(facts, own, fix.as_deref());
    layers.extend(confinement(facts, fix.as_deref()));
    layers.push(landlock(facts));
    layers.push(host_user(facts));
    layers.extend(limits(kept));
    let missing = |layer: &&Layer| layer.state == LayerState::Missing && layer.name != LANDLOCK;
    let first = layers.iter().find(missing).map(|layer| layer.name);
    let reason = match (refusal, first) {
        (Some(refusal), _) => Some(refusal.text()),
        (None, Some(name)) if facts.is_some() => Some(format!("A cell lacks its {name}")),
        (None, Some(_)) => Some("The cell did not report".to_owned()),
        (None, None) => None,
    };
    Isolation {
        ready: reason.is_none(),
        layers,
        reason,
    }
}

const LANDLOCK: &str = "Landlock";

fn layer(name: &'static str, active: bool, detail: &str, fix: Option<&str>) -> Layer {
    Layer {
        name,
        state: if active {
            LayerState::Active
        } else {
            LayerState::Missing
        },
        detail: if active { detail } else { "not there" }.to_owned(),
        fix: fix.filter(|_| !active).map(str::to_owned),
    }
}

fn namespaces(facts: Option<&Facts>, own: &[(String, String)], fix: Option<&str>) -> Vec<Layer> {
    let find = |list: &[(String, String)], kind: &str| {
        let found = list.iter().find(|(known, _)| known == kind);
        found.map(|(_, number)| number.clone())
    };
    let pairs = NAMESPACES.iter().zip(APART);
    pairs
        .map(|(kind, (name, detail))| {
            let inside = facts.and_then(|facts| find(&facts.namespaces, kind));
            let apart = inside.is_some() && inside != find(own, kind);
            layer(name, apart, detail, fix)
        })
        .collect()
}

fn confinement(facts: Option<&Facts>, fix: Option<&str>) -> [Layer; 3] {
    let status = |key: &str, value: &str| {
        let lines = facts.map_or(&[][..], |facts| &facts.status);
        lines
            .iter()
            .any(|(k, v)| k == key && v.trim_start_matches('0') == value)
    };
    [
        layer(
            "system call filter",
            status("Seccomp", "2"),
            "mounts, namespaces, kernel programs, keys and rare sockets are refused",
            fix,
        ),
        layer(
            "no new privileges",
            status("NoNewPrivs", "1"),
            "set-user-id programs gain nothing",
            fix,
        ),
        layer("capabilities", status("CapBnd", ""), "none can be had", fix),
    ]
}

/// A second layer only: without it the mounts alone keep files apart.
fn landlock(facts: Option<&Facts>) -> Layer {
    let version = facts.map_or(0, |facts| facts.landlock);
    Layer {
        name: LANDLOCK,
        state: match (facts, version) {
            (None, _) => LayerState::Missing,
            (Some(_), 0) => LayerState::Weaker,
            (Some(_), _) => LayerState::Active,
        },
        detail: match (facts, version) {
            (None, _) => "not there".to_owned(),
            (Some(_), 0) => "the kernel has none; the mounts stand alone".to_owned(),
            (Some(_), version) => {
                format!("version {version}; what may be written is said a second time")
            }
        },
        fix: (facts.is_some() && version == 0).then(|| {
            "Use Linux 5.13 or newer, with `landlock` in the kernel's lsm= list".to_owned()
        }),
    }
}

fn host_user(facts: Option<&Facts>) -> Layer {
    let root = rustix::process::geteuid().is_root();
    let (state, detail, fix) = match (facts, root) {
        (None, _) => (LayerState::Missing, "not there".to_owned(), None),
        (Some(_), true) => (
            LayerState::Active,
            format!(
                "a cell is the host user that owns its workspace; {ROOT_FOLDER_ID} over a folder \
                 of root's"
            ),
            None,
        ),
        (Some(_), false) => (
            LayerState::Weaker,
            "cells are this server's own user on the host".to_owned(),
            Some("Start the server as root, which gives each workspace a user".to_owned()),
        ),
    };
    Layer {
        name: "host user",
        state,
        detail,
        fix,
    }
}

fn limits(kept: Kept) -> [Layer; 3] {
    let layer = |name, kept_here, stand_in: &str| {
        let fix = "Let the server make control groups: run it as root, in a session of systemd (which \
                   it asks for a scope), as a systemd service with Delegate=yes, or with: systemd-run --user --scope -p Delegate=yes atelier serve";
        Layer {
            name,
            state: if kept_here {
                LayerState::Active
            } else {
                LayerState::Weaker
            },
            detail: if kept_here {
                format!("kept by control groups, version {}", kept.version)
            } else {
                stand_in.to_owned()
            },
            fix: (!kept_here).then(|| fix.to_owned()),
        }
    };
    [
        layer(
            "memory limit",
            kept.memory,
            "measured 20 times a second, then ended",
        ),
        layer(
            "process limit",
            kept.pids,
            "kept by a limit per user of the cell",
        ),
        layer(
            "processor limit",
            kept.cpu,
            "none; the wall clock ends a run",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Kept = Kept {
        version: 0,
        memory: false,
        pids: false,
        cpu: false,
    };

    fn facts() -> Facts {
        let status = [
            ("CapBnd", "0000000000000000"),
            ("NoNewPrivs", "1"),
            ("Seccomp", "2"),
        ];
        Facts {
            namespaces: NAMESPACES
                .map(|name| (name.to_owned(), "[2]".to_owned()))
                .to_vec(),
            status: status.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
            landlock: 7,
        }
    }

    fn own() -> Vec<(String, String)> {
        NAMESPACES
            .map(|name| (name.to_owned(), "[1]".to_owned()))
            .to_vec()
    }

    #[test]
    fn a_cell_with_every_wall_is_ready_also_without_control_groups() {
        let isolation = assemble(Some(&facts()), None, &own(), NONE);
        assert!(isolation.ready, "{isolation:?}");
        let weaker = isolation
            .layers
            .iter()
            .filter(|l| l.state == LayerState::Weaker);
        assert!(weaker.clone().count() >= 3);
        let landlock = |version| {
            let facts = Facts {
                landlock: version,
                ..facts()
            };
            let isolation = assemble(Some(&facts), None, &own(), NONE);
            let layers = isolation.layers.into_iter();
            (
                isolation.ready,
                layers.filter(|l| l.name == LANDLOCK).collect::<Vec<_>>()[0].state,
            )
        };
        assert_eq!(landlock(7), (true, LayerState::Active));
        assert_eq!(landlock(0), (true, LayerState::Weaker));
        assert!(weaker.into_iter().all(|layer| layer.fix.is_some()));
    }

    #[test]
    fn any_missing_wall_makes_it_unready() {
        for broken in 0..NAMESPACES.len() + 3 {
            let mut facts = facts();
            match broken.checked_sub(NAMESPACES.len()) {
                None => "[1]".clone_into(&mut facts.namespaces[broken].1),
                Some(line) => "0000000000000400".clone_into(&mut facts.status[line].1),
            }
            let isolation = assemble(Some(&facts), None, &own(), NONE);
            assert!(!isolation.ready, "{broken}");
            assert!(isolation.reason.unwrap().contains("lacks"));
        }
    }

    #[test]
    fn a_refusal_is_passed_on_with_what_to_do() {
        let refusal = Refusal {
            cause: "No cell".to_owned(),
            fix: Some("sysctl".to_owned()),
        };
        let isolation = assemble(None, Some(&refusal), &own(), NONE);
        assert!(!isolation.ready);
        assert_eq!(isolation.reason.as_deref(), Some("No cell. sysctl"));
        assert_eq!(isolation.layers[0].fix.as_deref(), Some("sysctl"));
    }
}
