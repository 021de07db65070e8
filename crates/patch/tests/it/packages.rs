//! The same answers as git's on what people really changed: from one published
//! version of a package to the next, for every package that the project's own
//! lock file has in several versions.
//!
//! Cargo has those on every machine on which the tests are built; nothing else
//! is fetched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use atelier_base::{WorkspacePath, limit};
use atelier_patch::{
    Change, Entry, Format, ParseOptions, Plan, Source, SourceError, merge, parse, plan, unified,
};

use crate::oracle::{both_merges, git};
use crate::story::{lax, strict};

/// The fewest steps from version to version that must be there: the lock file
/// has more, and with much fewer these tests would test nothing.
const STEPS: usize = 8;

/// Files with their content and whether they may be executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tree(BTreeMap<WorkspacePath, (Vec<u8>, bool)>);

impl Source for Tree {
    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError> {
        if let Some((bytes, executable)) = self.0.get(path) {
            return Ok(Entry::File {
                bytes: bytes.clone(),
                executable: *executable,
            });
        }
        let is_folder = self.0.keys().any(|other| other.is_within(path));
        Ok(if is_folder {
            Entry::Directory
        } else {
            Entry::Missing
        })
    }
}

impl Tree {
    /// Reads the regular files below a folder, git's own aside.
    fn read_from(folder: &Path) -> Self {
        let mut tree = Self::default();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() && name != ".git" {
                    folders.push(entry.path());
                } else if kind.is_file() && name != ".cargo-ok" {
                    let path = entry.path();
                    let text = path.strip_prefix(folder).unwrap().to_str().unwrap();
                    let mode = entry.metadata().unwrap().permissions().mode();
                    let file = (fs::read(&path).unwrap(), mode & 0o100 != 0);
                    tree.0.insert(text.parse().unwrap(), file);
                }
            }
        }
        tree
    }

    /// Makes a folder have these files and no others, git's own aside.
    fn write_to(&self, folder: &Path) {
        for path in Self::read_from(folder).0.keys() {
            fs::remove_file(folder.join(path.as_str())).unwrap();
        }
        for (path, (bytes, executable)) in &self.0 {
            let path = folder.join(path.as_str());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            let mode = if *executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    /// Returns the tree with a plan carried out.
    fn with(&self, plan: &Plan) -> Self {
        let mut files = self.clone();
        for file in &plan.files {
            match &file.change {
                Change::Rename { from } => files.0.remove(from),
                _ => files.0.remove(&file.path),
            };
        }
        for file in &plan.files {
            if let Some(after) = &file.after {
                let entry = (after.clone(), file.executable);
                files.0.insert(file.path.clone(), entry);
            }
        }
        files
    }

    /// Returns the first path at which two trees differ.
    fn first_difference<'a>(&'a self, other: &'a Self) -> Option<&'a WorkspacePath> {
        let mut paths = self.0.keys().chain(other.0.keys());
        paths.find(|path| self.0.get(path) != other.0.get(path))
    }
}

/// Returns the folders of each package's versions, oldest first, of those that
/// the lock file has in several.
fn packages() -> BTreeMap<String, Vec<PathBuf>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo knows where it has the packages' sources"
    )]
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "no packages: {errors}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let is_used = |id: &serde_json::Value| nodes.iter().any(|node| node["id"] == *id);
    let mut packages: BTreeMap<String, Vec<(Vec<u32>, PathBuf)>> = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        if package["source"].is_string() && is_used(&package["id"]) {
            let text = |name: &str| package[name].as_str().unwrap();
            let numbers = text("version").split(['.', '-', '+']);
            let version = numbers.map_while(|number| number.parse().ok()).collect();
            let manifest = Path::new(text("manifest_path"));
            let folder = manifest.parent().unwrap().to_path_buf();
            let versions = packages.entry(text("name").to_owned()).or_default();
            versions.push((version, folder));
        }
    }
    packages.retain(|_, versions| versions.len() > 1);
    let sorted = packages.into_iter().map(|(name, mut versions)| {
        versions.sort();
        let folders = versions.into_iter().map(|(_, folder)| folder);
        (name, folders.collect())
    });
    sorted.collect()
}

/// A repository with one tree as its last but one commit and another as its
/// last.
fn repository(before: &Tree, after: &Tree) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| assert!(git(folder.path(), arguments).0, "{arguments:?}");
    run(&["init", "--quiet"]);
    // What a package says of its own files' endings is not what it has.
    let rules = folder.path().join(".git/info/attributes");
    fs::create_dir_all(rules.parent().unwrap()).unwrap();
    fs::write(
        rules,
        "* -text -eol -ident -filter -working-tree-encoding\n",
    )
    .unwrap();
    for tree in [before, after] {
        tree.write_to(folder.path());
        run(&["add", "--all", "--force"]);
        let who = ["-c", "user.name=a", "-c", "user.email=a@localhost"];
        let commit = ["commit", "--quiet", "--allow-empty", "--message=x"];
        run(&[&who[..], &commit].concat());
    }
    folder
}

/// Checks that a diff of git makes of `before` what git makes of it.
fn check_diff(
    name: &str,
    repository: &Path,
    before: &Tree,
    (from, to, options): (&str, &str, ParseOptions),
) -> Tree {
    let arguments = ["diff", "--binary", "-M", "-C"];
    let (_, diff) = git(repository, &[&arguments[..], &[from, to]].concat());
    let diff = String::from_utf8(diff).unwrap();
    assert!(diff.len() <= limit::PATCH_BYTES, "{name}: {}", diff.len());
    before.write_to(repository);
    fs::write(repository.join(".git/change.diff"), &diff).unwrap();
    let (taken, _) = git(repository, &["apply", ".git/change.diff"]);
    assert!(taken, "{name}: git refuses its own diff");
    let theirs = Tree::read_from(repository);
    let planned = parse(&diff, &options).and_then(|patch| plan(&patch, before));
    let planned = planned.unwrap_or_else(|error| panic!("{name}: {error}"));
    let ours = before.with(&planned);
    assert_eq!(ours.first_difference(&theirs), None, "{name}");
    if !planned.files.iter().any(|file| file.binary) {
        before.write_to(repository);
        fs::write(repository.join(".git/ours.diff"), unified(&planned)).unwrap();
        let (taken, _) = git(repository, &["apply", ".git/ours.diff"]);
        assert!(taken, "{name}: git refuses our diff");
        let again = Tree::read_from(repository);
        assert_eq!(again.first_difference(&theirs), None, "{name}: our diff");
    }
    theirs
}

#[test]
fn from_version_to_version_and_back_as_git_does_it() {
    let mut steps = 0;
    for (name, versions) in packages() {
        for pair in versions.windows(2) {
            let [before, after] = [&pair[0], &pair[1]].map(|folder| Tree::read_from(folder));
            let folder = repository(&before, &after);
            let way = ("HEAD~1", "HEAD", strict(Format::Unified));
            let forth = check_diff(&name, folder.path(), &before, way);
            assert_eq!(forth.first_difference(&after), None, "{name}");
            let way = ("HEAD", "HEAD~1", lax(Format::Auto));
            let back = check_diff(&name, folder.path(), &after, way);
            assert_eq!(back.first_difference(&before), None, "{name}");
            steps += 1;
        }
    }
    assert!(steps >= STEPS, "only {steps} steps from version to version");
}

#[test]
fn versions_are_merged_as_git_merges_them() {
    let (mut merges, mut clean) = (0, 0);
    for (name, versions) in packages() {
        let trees: Vec<Tree> = versions
            .iter()
            .map(|folder| Tree::read_from(folder))
            .collect();
        for (path, base) in &trees[0].0 {
            let Some(ours) = trees[1].0.get(path) else {
                continue;
            };
            let published = trees.get(2).and_then(|tree| tree.0.get(path));
            let theirs = published.map_or_else(|| edited(&base.0), |file| file.0.clone());
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
            let texts = [text(&base.0), text(&ours.0), text(&theirs)];
            let [Some(base), Some(ours), Some(theirs)] = texts else {
                continue;
            };
            let (mine, git) = both_merges(&base, &ours, &theirs);
            let both_clean = mine.1 && git.1;
            assert!(
                !mine.1 || (git.1 && mine.0 == git.0),
                "{name}/{path}: merged to something else than git's"
            );
            // And back: what theirs brought goes, what ours brought stays. (Two
            // published versions may have brought the same.)
            if both_clean && published.is_none() {
                let undone = merge(theirs.as_bytes(), mine.0.as_bytes(), base.as_bytes());
                let is_ours = undone.bytes == ours.as_bytes();
                assert!(
                    is_ours || !undone.conflicts.is_empty(),
                    "{name}/{path}: undone"
                );
            }
            merges += 1;
            clean += usize::from(both_clean);
        }
    }
    assert!(
        merges >= 40 && clean >= 20,
        "{clean} clean ones of {merges}"
    );
}

/// Returns a file with every fortieth line changed, followed by another, or
/// both.
fn edited(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, line) in atelier_patch::lines(bytes).enumerate() {
        match at % 120 {
            20 => out.extend_from_slice(b"// changed\n"),
            60 => out.extend([line, b"// added\n"].concat()),
            100 => out.extend_from_slice(b"// changed\n// and more\n"),
            _ => out.extend_from_slice(line),
        }
    }
    out
}
