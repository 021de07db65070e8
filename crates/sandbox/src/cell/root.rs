//! Which parts of this machine a cell may see: found once, in the server.

use std::fs;
use std::path::{Path, PathBuf};

use super::spec::Root;
use crate::runtime;

/// System directories beside `/usr`: links to it on most machines.
const TOP: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// What programs need of `/etc` that is no secret and differs by machine.
const ETC_DIRECTORIES: [&str; 3] = ["/etc/alternatives", "/etc/ssl/certs", "/etc/pki/tls/certs"];
const ETC_FILES: [&str; 6] = [
    "/etc/ld.so.cache",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/openssl.cnf",
];
/// The folders of programs in every cell, after those of tools.
const SYSTEM_PATH: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// Finds the parts, with the tools in the folders `path`.
pub(super) fn find(path: &[PathBuf]) -> Root {
    let mut root = Root::default();
    for top in TOP {
        match fs::read_link(top) {
            Ok(target) => root.links.extend(link(top, &target)),
            Err(_) if Path::new(top).is_dir() => root.directories.push(top.to_owned()),
            Err(_) => {}
        }
    }
    root.directories.push("/usr".to_owned());
    let there = |path: &&str| fs::metadata(path).is_ok();
    let etc = ETC_DIRECTORIES.iter().copied().filter(there);
    root.directories.extend(etc.map(str::to_owned));
    let etc = ETC_FILES.iter().copied().filter(there);
    root.files.extend(etc.map(str::to_owned));
    if let Ok(zone) = fs::read_link("/etc/localtime") {
        root.links.extend(link("/etc/localtime", &zone));
    }
    for tool in runtime::tools(path) {
        add(&mut root.tools, &tool.prefix);
        add(&mut root.path, &tool.programs);
    }
    keep_outermost(&mut root.tools);
    root.path.extend(SYSTEM_PATH.map(str::to_owned));
    root
}

fn link(path: &str, target: &Path) -> Option<(String, String)> {
    Some((path.to_owned(), target.to_str()?.to_owned()))
}

/// Adds what is new. A path that is not UTF-8 is left out: it can't be told to
/// the launcher.
fn add(list: &mut Vec<String>, item: &Path) {
    if let Some(item) = item
        .to_str()
        .filter(|item| list.iter().all(|known| known != item))
    {
        list.push(item.to_owned());
    }
}

/// Drops what lies within another directory of the list.
fn keep_outermost(list: &mut Vec<String>) {
    let all = list.clone();
    list.retain(|path| {
        !all.iter()
            .any(|other| other != path && Path::new(path).starts_with(other))
    });
}
