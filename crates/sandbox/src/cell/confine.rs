//! What a process gives up: ids, privileges, limits, calls.

use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use landlock::{
    ABI, Access, AccessFs, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError,
    path_beneath_rules,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Gid, Uid, fchown};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, WaitOptions, getrlimit, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit, waitpid,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use seccompiler::BpfProgram;

use super::failure::Step;
use super::filter;
use super::spec::{Common, Failure, INSIDE_ID, Identity, Rlimits, Spec, WORKSPACE};
use super::system::{self, Fork};

/// Becomes the host user that the cell is to be. `streams` are given to that
/// user, so that a program can open its own `/dev/stdout`.
pub(super) fn become_identity(identity: &Identity, streams: &[&dyn AsFd]) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(identity.uid), Gid::from_raw(identity.gid));
    let step = format!("become the workspace's user {}", identity.uid);
    for stream in streams {
        fchown(stream, Some(uid), Some(gid)).step(&step)?;
    }
    set_thread_groups(&[]).step(&step)?;
    set_thread_res_gid(gid, gid, gid).step(&step)?;
    set_thread_res_uid(uid, uid, uid).step(&step)?;
    // The change of user took the files of `/proc/self` from us, among them
    // the id maps that the cell must write.
    set_dumpable_behavior(DumpableBehavior::Dumpable).step(&step)
}

/// Maps our host ids to the ids inside; we must be in a new user namespace.
pub(super) fn map_ids(uid: u32, gid: u32) -> Result<(), Failure> {
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{INSIDE_ID} {uid} 1")),
        ("gid_map", format!("{INSIDE_ID} {gid} 1")),
    ] {
        let path = format!("/proc/self/{file}");
        fs::write(&path, text).step(&format!("write {path}"))?;
    }
    Ok(())
}

/// Makes a user namespace in which root is `to` on the host, for mounting a
/// folder with its ids mapped.
pub(super) fn root_map(to: &Identity) -> Result<OwnedFd, Failure> {
    let step = "make an id map for the workspace's folder";
    let (mut end, hold) = io::pipe().step(step)?;
    match system::fork_into(libc::CLONE_NEWUSER as u64).step(step)? {
        // The namespace needs a process to be in until it is opened.
        Fork::Child => {
            drop(hold);
            let _ = end.read(&mut [0]);
            system::leave(0)
        }
        Fork::Parent(holder, _) => {
            let map = open_map(holder.as_raw_nonzero().get(), to).step(step);
            drop(hold);
            let _ = waitpid(Some(holder), WaitOptions::empty());
            map
        }
    }
}

fn open_map(holder: i32, to: &Identity) -> io::Result<OwnedFd> {
    fs::write(format!("/proc/{holder}/uid_map"), format!("0 {} 1", to.uid))?;
    fs::write(format!("/proc/{holder}/gid_map"), format!("0 {} 1", to.gid))?;
    Ok(fs::File::open(format!("/proc/{holder}/ns/user"))?.into())
}

/// What a program of the cell is confined by, made ready once.
#[derive(Debug)]
pub(super) struct Confinement {
    filters: Vec<BpfProgram>,
    /// The second layer, where the kernel has it.
    landlock: Option<RulesetCreated>,
}

impl Confinement {
    /// Makes it ready; the cell's root must stand already.
    pub(super) fn prepare(common: &Common) -> Result<Self, Failure> {
        Ok(Self {
            filters: common.filters.iter().map(|f| filter::decode(f)).collect(),
            landlock: landlock_rules()
                .map_err(io::Error::other)
                .step("prepare Landlock")?,
        })
    }

    /// Confines this process and all that it starts, for ever, but for
    /// [`limit`].
    pub(super) fn apply(&self) -> Result<(), Failure> {
        set_capabilities(None, keeping(CapabilitySet::empty())).step("drop capabilities")?;
        self.seal()
    }

    fn seal(&self) -> Result<(), Failure> {
        set_no_new_privs(true).step("forbid new privileges")?;
        if let Some(rules) = &self.landlock {
            let rules = rules.try_clone().step("enter Landlock")?;
            rules
                .restrict_self()
                .map_err(io::Error::other)
                .step("enter Landlock")?;
        }
        for program in &self.filters {
            seccompiler::apply_filter(program)
                .map_err(io::Error::other)
                .step("install the system call filter")?;
        }
        Ok(())
    }
}

/// Says again what the mounts say: everything may be read, and only what is
/// the cell's own be written.
fn landlock_rules() -> Result<Option<RulesetCreated>, RulesetError> {
    if system::landlock_version() == 0 {
        return Ok(None);
    }
    let abi = ABI::V3;
    let (read, all) = (AccessFs::from_read(abi), AccessFs::from_all(abi));
    let rules = Ruleset::default()
        .handle_access(all)?
        .create()?
        .add_rules(path_beneath_rules(["/"], read))?
        .add_rules(path_beneath_rules(
            ["/dev", "/proc", "/tmp", WORKSPACE],
            all,
        ))?;
    Ok(Some(rules))
}

fn keeping(kept: CapabilitySet) -> CapabilitySets {
    CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: CapabilitySet::empty(),
    }
}

/// Gives up everything that the cell's first process and its programs must not
/// have. What the first process keeps for itself ends with the program's
/// start: a program of an ordinary user gets none of it.
pub(super) fn give_up(common: &Common, spec: &Spec) -> Result<(), Failure> {
    let confinement = Confinement::prepare(common)?;
    // For measuring directories that the program closed to itself.
    keep_only(CapabilitySet::DAC_READ_SEARCH)?;
    limit(&spec.rlimits, 0)?;
    confinement.seal()
}

/// Drops all capabilities of the cell but these, which programs don't get.
pub(super) fn keep_only(kept: CapabilitySet) -> Result<(), Failure> {
    for capability in 0..u64::BITS {
        let one = CapabilitySet::from_bits_retain(1 << capability);
        if remove_capability_from_bounding_set(one).is_err() {
            break;
        }
    }
    set_capabilities(None, keeping(kept)).step("drop capabilities")
}

/// Ties our life to the launcher's and hides our memory. It comes after the
/// last change of ids, because each such change undoes both.
pub(super) fn tie_to_parent(news: impl AsFd) -> Result<(), Failure> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).step("hide the first process")?;
    let step = "tie the cell to its launcher";
    set_parent_process_death_signal(Some(Signal::KILL)).step(step)?;
    // The launcher may have died before the line above. Then nobody reads news.
    let mut readers = [PollFd::new(&news, PollFlags::empty())];
    poll(
        &mut readers,
        Some(&Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        }),
    )
    .step(step)?;
    if readers[0].revents().contains(PollFlags::ERR) {
        system::leave(1);
    }
    Ok(())
}

/// Limits this process and all that it starts. `others` are the processes that
/// are there already where the kernel counts them with ours.
pub(super) fn limit(rlimits: &Rlimits, others: u64) -> Result<(), Failure> {
    for (resource, value) in [
        (Resource::Core, 0),
        (Resource::Fsize, rlimits.file_bytes),
        (Resource::Nproc, rlimits.processes + others),
        (Resource::Nofile, 65_536),
        (Resource::Memlock, 8 << 20),
        (Resource::Msgqueue, 1 << 20),
    ] {
        // Without CAP_SYS_RESOURCE a limit can only be lowered.
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let value = Some(value.min(most));
        let limit = Rlimit {
            current: value,
            maximum: value,
        };
        setrlimit(resource, limit).step(&format!("limit {resource:?}"))?;
    }
    Ok(())
}
