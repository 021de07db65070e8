//! Cloning from a real git server on this machine.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use atelier_base::ErrorKind;
use atelier_sandbox::git::{
    CloneOptions, CloneWatch, Cloned, GitPhase, GitProgress, Networks, Protocols, clone,
};
use atelier_sandbox::import::Staging;
use atelier_sandbox::{FileError, FileResult};
use tokio_util::sync::CancellationToken;

use super::ground::{Ground, limits};
use super::server::Server;

/// What an administrator must allow for a server on this machine.
fn allowed() -> CloneOptions {
    CloneOptions {
        networks: Networks::Any,
        protocols: Protocols::HttpsAndHttp,
        timeout: Duration::from_mins(1),
        ..CloneOptions::default()
    }
}

#[expect(clippy::disallowed_methods, reason = "makes the repository to clone")]
fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.org"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Makes `repositories/project.git` with two commits on the branch `trunk`.
fn repository() -> Ground {
    let ground = Ground::new();
    for n in 0..300 {
        ground.put(
            &format!("work/src/file{n}.txt"),
            format!("content of {n}\n").repeat(20),
        );
    }
    // Does not compress, so that the clone has a size.
    let noise: Vec<u8> = (0..1_500_000_u32)
        .map(|n| {
            n.wrapping_mul(2_654_435_761)
                .rotate_left(n % 32)
                .to_le_bytes()[3]
        })
        .collect();
    ground.put("work/noise.bin", noise);
    ground.put(
        "work/.gitmodules",
        "[submodule \"x\"]\n\tpath = x\n\turl = http://127.0.0.1:1/x\n",
    );
    let work = ground.at("work");
    git(&work, &["init", "-q", "-b", "trunk"]);
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "one"]);
    ground.put("work/README.md", "# Project\n");
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "two"]);
    let bare = ground.at("repositories/project.git");
    fs::create_dir(ground.at("repositories")).unwrap();
    git(
        &work,
        &["clone", "-q", "--bare", ".", bare.to_str().unwrap()],
    );
    ground
}

/// Clones into `NAME` and says what came of it.
fn clone_to(
    ground: &Ground,
    name: &str,
    url: &str,
    options: &CloneOptions,
) -> (FileResult<Cloned>, Vec<GitProgress>) {
    let staging = Staging::create(&ground.at("staging")).unwrap();
    let mut seen = Vec::new();
    let mut progress = |progress| seen.push(progress);
    let mut watch = CloneWatch {
        progress: &mut progress,
        cancel: &CancellationToken::new(),
    };
    let cloned = clone(url, &staging, options, &mut watch);
    if cloned.is_ok() {
        staging.place(&ground.at(name)).unwrap();
    }
    (cloned, seen)
}

#[test]
fn a_repository_is_cloned_with_progress_and_nothing_of_ours_in_it() {
    let ground = repository();
    let server = Server::start(&ground.at("repositories"), CancellationToken::new());
    let url = format!("http://localhost:{}/project.git", server.port());
    let (cloned, seen) = clone_to(&ground, "clone", &url, &allowed());
    let cloned = cloned.unwrap();
    assert_eq!(
        (cloned.branch.as_deref(), cloned.url),
        (Some("trunk"), url.clone())
    );
    let text = fs::read_to_string(ground.at("clone/README.md")).unwrap();
    assert_eq!(text, "# Project\n");
    assert_eq!(fs::read_dir(ground.at("clone/src")).unwrap().count(), 300);
    assert!(
        !ground.at("clone/.git/hooks").exists(),
        "no template, no hooks"
    );
    assert!(!ground.at("clone/x").exists(), "no submodule");
    let config = fs::read_to_string(ground.at("clone/.git/config")).unwrap();
    assert!(
        !config.contains("curlopt") && !config.contains("protocol"),
        "{config}"
    );
    let receiving: Vec<_> = seen
        .iter()
        .filter(|p| p.phase == GitPhase::Receiving)
        .collect();
    assert!(receiving.is_sorted_by(|a, b| a.percent <= b.percent));
    assert_eq!(receiving.last().unwrap().percent, 100);

    let shallow = CloneOptions {
        depth: Some(1),
        ..allowed()
    };
    clone_to(&ground, "shallow", &url, &shallow).0.unwrap();
    assert!(ground.at("shallow/.git/shallow").exists());
}

#[test]
fn failures_are_told_apart_and_leave_nothing() {
    let ground = repository();
    let server = Server::start(&ground.at("repositories"), CancellationToken::new());
    let port = server.port();
    let before = ground.names();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for (url, kind, says) in [
        (
            format!("http://localhost:{port}/nothing.git"),
            ErrorKind::Invalid,
            "no repository",
        ),
        (
            format!("http://localhost:{port}/private/x"),
            ErrorKind::Invalid,
            "needs a sign-in",
        ),
        (
            format!("http://localhost:{port}/moved/project.git"),
            ErrorKind::Unavailable,
            "redirects",
        ),
        (
            format!("http://localhost:{port}/broken/x"),
            ErrorKind::Unavailable,
            "the server failed",
        ),
        (
            format!("http://localhost:{closed}/project.git"),
            ErrorKind::Unavailable,
            "nothing answers",
        ),
        (
            "http://no-such-host.invalid/project.git".to_owned(),
            ErrorKind::Invalid,
            "was not found",
        ),
        (
            format!("https://localhost:{port}/project.git"),
            ErrorKind::Unavailable,
            "certificate",
        ),
    ] {
        let error = clone_to(&ground, "clone", &url, &allowed()).0.unwrap_err();
        assert_eq!(error.kind(), kind, "{url}: {error}");
        assert!(error.to_string().contains(says), "{url}: {error}");
        assert_eq!(ground.names(), before);
    }
}

#[test]
fn nothing_private_is_asked_unless_it_is_allowed() {
    let ground = Ground::new();
    fs::create_dir(ground.at("repositories")).unwrap();
    let server = Server::start(&ground.at("repositories"), CancellationToken::new());
    let public = CloneOptions {
        networks: Networks::Public,
        ..allowed()
    };
    for host in [
        "localhost",
        "127.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ] {
        let url = format!("http://{host}:{}/project.git", server.port());
        let error = clone_to(&ground, "clone", &url, &public).0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{url}: {error}");
    }
    let https_only = CloneOptions {
        protocols: Protocols::Https,
        ..allowed()
    };
    let local = format!("file://{}", ground.at("repositories").display());
    for url in [format!("http://localhost:{}/x", server.port()), local] {
        let error = clone_to(&ground, "clone", &url, &https_only).0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{url}: {error}");
    }
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_clone_that_grows_too_large_is_refused() {
    let ground = repository();
    let server = Server::start(&ground.at("repositories"), CancellationToken::new());
    let url = format!("http://localhost:{}/project.git", server.port());
    let before = ground.names();
    for limits in [limits(1_000_000, 100_000), limits(1 << 30, 200)] {
        let options = CloneOptions {
            limits,
            ..allowed()
        };
        let error = clone_to(&ground, "clone", &url, &options).0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert_eq!(ground.names(), before);
    }
}

#[test]
fn cancelling_and_time_running_out_end_git_itself() {
    let ground = Ground::new();
    fs::create_dir(ground.at("repositories")).unwrap();
    let cancel = CancellationToken::new();
    // This server cancels as soon as it is asked for something slow.
    let server = Server::start(&ground.at("repositories"), cancel.clone());
    let url = format!("http://localhost:{}/slow/x", server.port());
    for (cancel, timeout, expected) in [
        (cancel, Duration::from_mins(1), ErrorKind::Cancelled),
        (
            CancellationToken::new(),
            Duration::from_millis(300),
            ErrorKind::Unavailable,
        ),
    ] {
        let staging = Staging::create(&ground.at("staging")).unwrap();
        let mut watch = CloneWatch {
            progress: &mut |_| {},
            cancel: &cancel,
        };
        let options = CloneOptions {
            timeout,
            ..allowed()
        };
        let error = clone(&url, &staging, &options, &mut watch).unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        assert!(matches!(
            error,
            FileError::Cancelled | FileError::Timeout { .. }
        ));
        // The server's side of the connection ends only when git has.
        server.wait_for_hang_up();
    }
}
