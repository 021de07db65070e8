//! Where in the control group file systems groups can be made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Controller;

/// A directory to make groups in, and what they can limit there.
#[derive(Debug)]
pub(super) struct Place {
    /// The server's own group.
    pub parent: PathBuf,
    /// The name of the group below it that holds those of the cells.
    pub name: String,
    pub controllers: Vec<Controller>,
}

impl Place {
    /// Returns the directory of the group that holds those of the cells.
    pub(super) fn base(&self) -> PathBuf {
        self.parent.join(&self.name)
    }
}

/// What the name of the server's own group ends in, where it must have one.
pub(super) const SERVER: &str = "-server";

const CONTROLLERS: [(Controller, &str); 3] = [
    (Controller::Memory, "memory"),
    (Controller::Pids, "pids"),
    (Controller::Cpu, "cpu"),
];

/// Finds places from the texts of `/proc/self/mountinfo` and
/// `/proc/self/cgroup`, and makes the groups named `name` in them. Returns the
/// version of the control groups too.
pub(super) fn find(mounts: &str, own: &str, name: &str) -> (u8, Vec<Place>) {
    let unified = mounts
        .lines()
        .filter_map(Mount::parse)
        .find(|m| m.kind == "cgroup2");
    let unified = unified.and_then(|mount| version_2(&mount, own, name));
    match unified {
        Some(place) => (2, vec![place]),
        None => (1, version_1(mounts, own, name)),
    }
}

/// A version 2 group can limit only what its parent passes on, and a parent
/// that passes anything on may hold no process itself. So the server moves to
/// a group of its own beside the cells', which works where it was given a
/// whole subtree (systemd's `Delegate=yes`) or is alone in its group.
fn version_2(mount: &Mount<'_>, own: &str, name: &str) -> Option<Place> {
    let parent = mount.directory_of(own, "")?;
    let offered = fs::read_to_string(parent.join("cgroup.controllers")).ok()?;
    let mut controllers = CONTROLLERS.to_vec();
    controllers.retain(|(_, word)| offered.split_whitespace().any(|offer| offer == *word));
    if controllers.is_empty() {
        return None;
    }
    let base = parent.join(name);
    fs::create_dir_all(&base).ok()?;
    let passed = pass_on(&parent, &controllers).or_else(|_| {
        let leaf = parent.join(format!("{name}{SERVER}"));
        fs::create_dir_all(&leaf)?;
        fs::write(leaf.join("cgroup.procs"), "0")?;
        pass_on(&parent, &controllers).inspect_err(|_| {
            let _ = fs::write(parent.join("cgroup.procs"), "0");
            let _ = fs::remove_dir(&leaf);
        })
    });
    if passed.and_then(|()| pass_on(&base, &controllers)).is_err() {
        let _ = fs::remove_dir(&base);
        return None;
    }
    Some(Place {
        parent,
        name: name.to_owned(),
        controllers: controllers
            .iter()
            .map(|(controller, _)| *controller)
            .collect(),
    })
}

/// Says whether version 2 of control groups can limit memory and processes on
/// this machine, whoever may make groups.
pub(super) fn has_controllers(mounts: &str) -> bool {
    let mut mounts = mounts.lines().filter_map(Mount::parse);
    let mount = mounts.find(|mount| mount.kind == "cgroup2");
    let file = mount.map(|mount| Path::new(mount.point).join("cgroup.controllers"));
    let offered = file.and_then(|file| fs::read_to_string(file).ok());
    offered.is_some_and(|offered| {
        let has = |word| offered.split_whitespace().any(|offer| offer == word);
        has("memory") && has("pids")
    })
}

/// Lets the groups below `group` limit with all of these controllers.
pub(super) fn pass_on_all(group: &Path, controllers: &[Controller]) -> io::Result<()> {
    let mut named = CONTROLLERS.to_vec();
    named.retain(|(controller, _)| controllers.contains(controller));
    pass_on(group, &named)
}

fn pass_on(group: &Path, controllers: &[(Controller, &str)]) -> io::Result<()> {
    let words: Vec<_> = controllers
        .iter()
        .map(|(_, word)| format!("+{word}"))
        .collect();
    fs::write(group.join("cgroup.subtree_control"), words.join(" "))
}

fn version_1(mounts: &str, own: &str, name: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for mount in mounts
        .lines()
        .filter_map(Mount::parse)
        .filter(|m| m.kind == "cgroup")
    {
        let mut controllers = CONTROLLERS.to_vec();
        controllers.retain(|(_, word)| mount.options.split(',').any(|option| option == *word));
        let Some((_, word)) = controllers.first() else {
            continue;
        };
        let Some(parent) = mount.directory_of(own, word) else {
            continue;
        };
        let place = Place {
            parent,
            name: name.to_owned(),
            controllers: controllers
                .iter()
                .map(|(controller, _)| *controller)
                .collect(),
        };
        let known = |c| places.iter().any(|place| place.controllers.contains(c));
        if !place.controllers.iter().any(known) && fs::create_dir_all(place.base()).is_ok() {
            places.push(place);
        }
    }
    places
}

/// A line of `/proc/self/mountinfo`; see `proc_pid_mountinfo(5)`.
struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (mount, source) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let mut source = source.split(' ');
        let kind = source.next()?;
        let options = source.nth(1)?;
        Some(Self {
            root,
            point,
            kind,
            options,
        })
    }

    /// Returns the directory of our own group in this mount, from the text of
    /// `/proc/self/cgroup`, where version 2 has an empty controller list.
    fn directory_of(&self, own: &str, controller: &str) -> Option<PathBuf> {
        let path = own.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let names = fields.next()?;
            let ours = names.split(',').any(|name| name == controller);
            fields.next().filter(|_| ours)
        })?;
        // In a container the mount shows a part of the hierarchy only.
        let path = match self.root {
            "/" => path,
            root => path.strip_prefix(root)?,
        };
        let path = path.trim_start_matches('/');
        let outside = path.split('/').any(|part| part == "..");
        (!outside).then(|| Path::new(self.point).join(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount_line(root: &str, point: &Path, kind: &str, options: &str) -> String {
        let point = point.display();
        format!("31 24 0:27 {root} {point} rw,nosuid shared:9 - {kind} {kind} {options}\n")
    }

    #[test]
    fn controllers_are_looked_for_in_the_unified_hierarchy_alone() {
        let top = tempfile::tempdir().unwrap();
        let unified = mount_line("/", top.path(), "cgroup2", "rw");
        let old = mount_line("/", top.path(), "cgroup", "rw,memory,pids");
        let cases = [
            (&unified, "cpuset cpu memory pids\n", true),
            (&unified, "cpu pids\n", false),
            (&unified, "", false),
            (&old, "memory pids", false),
        ];
        for (mounts, offered, expected) in cases {
            fs::write(top.path().join("cgroup.controllers"), offered).unwrap();
            assert_eq!(has_controllers(mounts), expected, "{offered}");
        }
        assert!(!has_controllers(""));
    }

    #[test]
    fn version_1_groups_go_below_our_own() {
        let top = tempfile::tempdir().unwrap();
        let (memory, cpu) = (top.path().join("memory"), top.path().join("cpu,cpuacct"));
        fs::create_dir_all(memory.join("job/7")).unwrap();
        fs::create_dir_all(&cpu).unwrap();
        let mounts = mount_line("/", &memory, "cgroup", "rw,memory")
            + &mount_line("/docker/x", &cpu, "cgroup", "rw,cpu,cpuacct")
            + &mount_line("/", top.path(), "cgroup", "rw,name=systemd");
        let own = "4:memory:/job/7\n3:cpu,cpuacct:/docker/x\n1:name=systemd:/\n0::/\n";
        let (version, places) = find(&mounts, own, "atelier-1");
        assert_eq!(version, 1);
        let bases: Vec<_> = places.iter().map(Place::base).collect();
        assert_eq!(
            bases,
            [memory.join("job/7/atelier-1"), cpu.join("atelier-1")]
        );
        assert!(bases.iter().all(|base| base.is_dir()));
        assert_eq!(places[1].controllers, [Controller::Cpu]);
    }

    #[test]
    fn version_2_is_preferred_where_controllers_are_passed_on() {
        let top = tempfile::tempdir().unwrap();
        let own = top.path().join("user.slice/a.scope");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("cgroup.controllers"), "cpuset cpu io memory pids").unwrap();
        let mounts = mount_line("/", top.path(), "cgroup2", "rw,nsdelegate");
        let (version, places) = find(&mounts, "0::/user.slice/a.scope\n", "atelier-1");
        assert_eq!((version, places.len()), (2, 1));
        assert_eq!(places[0].base(), own.join("atelier-1"));
        let passed = fs::read_to_string(own.join("atelier-1/cgroup.subtree_control")).unwrap();
        assert_eq!(passed, "+memory +pids +cpu");
    }

    #[test]
    fn version_1_is_used_where_version_2_offers_nothing() {
        let top = tempfile::tempdir().unwrap();
        let (old, new) = (top.path().join("pids"), top.path().join("unified"));
        fs::create_dir_all(&old).unwrap();
        fs::create_dir_all(&new).unwrap();
        fs::write(new.join("cgroup.controllers"), "\n").unwrap();
        let mounts =
            mount_line("/", &new, "cgroup2", "rw") + &mount_line("/", &old, "cgroup", "rw,pids");
        let (version, places) = find(&mounts, "8:pids:/\n0::/\n", "atelier-1");
        assert_eq!((version, places.len()), (1, 1));
        assert!(!new.join("atelier-1").exists());
    }

    #[test]
    fn a_group_out_of_sight_is_no_place() {
        let top = tempfile::tempdir().unwrap();
        let mounts = mount_line("/", top.path(), "cgroup", "rw,memory");
        assert!(
            find(&mounts, "4:memory:/../../other\n", "atelier-1")
                .1
                .is_empty()
        );
        assert!(find("", "", "atelier-1").1.is_empty());
    }
}
