//! Why no cell could be made, in words that help.

use std::fs;
use std::io;

use super::spec::Failure;

/// A sentence about what failed, and one about what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub cause: String,
    pub fix: Option<String>,
}

impl Refusal {
    /// Returns both as one text.
    pub(super) fn text(&self) -> String {
        match &self.fix {
            Some(fix) => format!("{}. {fix}", self.cause),
            None => self.cause.clone(),
        }
    }
}

/// Explains a failure with this machine's settings.
pub(super) fn explain(failure: &Failure) -> Refusal {
    explain_with(failure, |name| {
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        Some(fs::read_to_string(path).ok()?.trim().to_owned())
    })
}

const APPARMOR: &str = "kernel.apparmor_restrict_unprivileged_userns";
const CLONE: &str = "kernel.unprivileged_userns_clone";
const MOST: &str = "user.max_user_namespaces";

fn explain_with(failure: &Failure, setting: impl Fn(&str) -> Option<String>) -> Refusal {
    let error = match failure.errno {
        0 => "it was not accepted".to_owned(),
        errno => io::Error::from_raw_os_error(errno).to_string(),
    };
    Refusal {
        cause: format!("No cell could be made: can't {}: {error}", failure.step),
        fix: fix(failure, setting),
    }
}

fn fix(failure: &Failure, setting: impl Fn(&str) -> Option<String>) -> Option<String> {
    let step = failure.step.as_str();
    let denied = matches!(failure.errno, libc::EPERM | libc::EACCES);
    let namespaces = step.contains("namespace");
    if step.starts_with("map the ids") {
        return Some(
            "The folder belongs to root, and its file system can't be mounted with mapped ids: \
             give the folder to an ordinary user, or work on a copy"
                .to_owned(),
        );
    }
    if step.starts_with("become") {
        return Some(
            "That user does not exist in this container's user namespace: run the container \
             with a larger id range, or the server as an ordinary user"
                .to_owned(),
        );
    }
    if denied && setting(CLONE).as_deref() == Some("0") {
        return Some(format!("As root, set it to 1: sysctl -w {CLONE}=1"));
    }
    if denied && setting(APPARMOR).as_deref() == Some("1") {
        return Some(format!(
            "AppArmor restricts user namespaces: as root, sysctl -w {APPARMOR}=0, or install a \
             profile for this program with `userns,`"
        ));
    }
    if namespaces && matches!(failure.errno, libc::ENOSPC | libc::EUSERS) {
        let most = setting(MOST).unwrap_or_default();
        return Some(format!(
            "The limit on user namespaces is {most}: as root, sysctl -w {MOST}=65536"
        ));
    }
    if namespaces && matches!(failure.errno, libc::EINVAL | libc::ENOSYS) {
        return Some(
            "The kernel must be 5.12 or newer with user namespaces, and a container must allow \
             the system call clone3"
                .to_owned(),
        );
    }
    denied.then(|| {
        "In a container, allow user namespaces and an unmasked /proc: docker run --security-opt \
         seccomp=unconfined --security-opt apparmor=unconfined --security-opt \
         systempaths=unconfined"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_usual_cause_names_the_setting_that_helps() {
        let none: &[(&str, &str)] = &[];
        for (step, errno, settings, word) in [
            (
                "make the cell's namespaces",
                libc::EPERM,
                &[(CLONE, "0")][..],
                CLONE,
            ),
            (
                "make the cell's namespaces",
                libc::ENOSPC,
                &[(MOST, "0")],
                "is 0",
            ),
            ("make the cell's namespaces", libc::ENOSYS, none, "clone3"),
            (
                "make the cell's namespaces",
                libc::EPERM,
                none,
                "docker run",
            ),
            (
                "write /proc/self/uid_map",
                libc::EPERM,
                &[(APPARMOR, "1")],
                APPARMOR,
            ),
            (
                "mount /proc",
                libc::EPERM,
                &[(APPARMOR, "0")],
                "systempaths",
            ),
            (
                "become the workspace's user 200000",
                libc::EINVAL,
                none,
                "id range",
            ),
            (
                "map the ids of the workspace's folder",
                libc::EINVAL,
                none,
                "copy",
            ),
        ] {
            let failure = Failure {
                step: step.to_owned(),
                errno,
            };
            let setting = |name: &str| {
                let found = settings.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let text = explain_with(&failure, setting).text();
            assert!(text.contains(word), "{text}");
            assert!(text.contains(step), "{text}");
        }
    }
}
