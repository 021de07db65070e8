//! Archives, good and hostile.

use std::fs;
use std::io::{Cursor, Write};

use atelier_base::ErrorKind;
use atelier_sandbox::FileResult;
use atelier_sandbox::import::{Imported, Limits, Progress, Staging, TopFolder, Watch, unzip};
use tokio_util::sync::CancellationToken;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::archive::{Entry, archive, overlapping};
use super::ground::{Ground, limits, tree};

fn import(ground: &Ground, bytes: Vec<u8>, limits: Limits) -> FileResult<Imported> {
    ground
        .import(|staging, watch| unzip(Cursor::new(bytes), staging, limits, TopFolder::Keep, watch))
}

/// Imports what must be refused and checks that it left no trace.
fn refuse(what: &str, bytes: Vec<u8>, limits: Limits) -> ErrorKind {
    let ground = Ground::new();
    let before = ground.names();
    let error = import(&ground, bytes, limits).expect_err(what);
    assert_eq!(ground.names(), before, "{what}");
    error.kind()
}

#[test]
fn an_archive_is_unpacked() {
    let ground = Ground::new();
    let entries = [
        Entry::new("README.md", "# Read me"),
        Entry::new("src/", ""),
        Entry {
            mode: 0o100_755,
            ..Entry::new("src/run.sh", "#!/bin/sh\n")
        },
        Entry::new("deep/er/ünï/日本.txt", "deep"),
        Entry::link("src/link", "../README.md"),
        Entry {
            mode: 0,
            ..Entry::new("no-mode", "n")
        },
        Entry::new(".git/config", "[core]"),
        Entry::new(".git/hooks/post-checkout", "evil"),
        Entry::new("sub/.Atelier/x", "x"),
    ];
    let imported = import(&ground, archive(&entries), Limits::default()).unwrap();
    let found = tree(&ground.at("imported"));
    let found: Vec<_> = found.iter().filter(|(_, what)| *what != "folder").collect();
    let found: Vec<_> = found
        .iter()
        .map(|(name, what)| (name.as_str(), what.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("README.md", "# Read me"),
            ("deep/er/ünï/日本.txt", "deep"),
            ("no-mode", "n"),
            ("src/link", "link ../README.md"),
            ("src/run.sh", "#!/bin/sh\n"),
        ]
    );
    assert_eq!(
        imported.total,
        Progress {
            files: 9,
            bytes: 24
        }
    );
    assert_eq!(imported.notes.len(), 3);
}

#[test]
fn a_common_top_folder_is_stripped_only_when_asked_and_common() {
    let common = [
        Entry::new("top/", ""),
        Entry::new("top/a", "A"),
        Entry::new("top/b/c", "C"),
    ];
    let mixed = [Entry::new("top/a", "A"), Entry::new("top-not", "B")];
    for (entries, top, names) in [
        (&common[..], TopFolder::Strip, vec!["a", "b", "b/c"]),
        (
            &common[..],
            TopFolder::Keep,
            vec!["top", "top/a", "top/b", "top/b/c"],
        ),
        (
            &mixed[..],
            TopFolder::Strip,
            vec!["top", "top-not", "top/a"],
        ),
    ] {
        let ground = Ground::new();
        let bytes = archive(entries);
        ground
            .import(|staging, watch| {
                unzip(Cursor::new(bytes), staging, Limits::default(), top, watch)
            })
            .unwrap();
        assert_eq!(
            tree(&ground.at("imported")).into_keys().collect::<Vec<_>>(),
            names
        );
    }
    // A link is judged by where it lands, not by where the archive had it.
    let links = [Entry::new("top/a", "A"), Entry::link("top/link", "../a")];
    let ground = Ground::new();
    let error = ground
        .import(|staging, watch| {
            unzip(
                Cursor::new(archive(&links)),
                staging,
                Limits::default(),
                TopFolder::Strip,
                watch,
            )
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

/// Parts of names that lead somewhere else, each put in several places.
const HOSTILE: [&str; 40] = [
    "..",
    ".",
    "",
    "../..",
    "../../../../../../tmp/atelier-escaped",
    "...\\..",
    "..\\",
    "\\",
    "a\\b",
    "C:\\x",
    "\\\\host\\share",
    "\0",
    "a\0b",
    "..\0",
    "\n",
    "a\rb",
    "\x1b[2J",
    "\x7f",
    "\u{85}",
    "/",
    "//",
    "/etc/passwd",
    "./..",
    "../.",
    "..//..",
    "a/..",
    "a/../..",
    "a/./b",
    "a//b",
    "C:/x",
    ".git",
    ".GIT",
    ".git.",
    ".git ",
    "git~1",
    ".git::$INDEX_ALLOCATION",
    ".g\u{200c}it",
    ".atelier",
    ".Atelier ",
    ".atelier/journal",
];

#[test]
fn two_hundred_hostile_names_write_nothing() {
    let long = "n".repeat(256);
    let deep = "d/".repeat(70) + "f";
    let mut names: Vec<String> = HOSTILE
        .iter()
        .flat_map(|bad| {
            [
                (*bad).to_owned(),
                format!("a/{bad}"),
                format!("{bad}/b"),
                format!("a/{bad}/b"),
                format!("a/b/c/{bad}/"),
            ]
        })
        .collect();
    names.extend([
        long.clone(),
        format!("a/{long}"),
        deep,
        "x/".repeat(600) + "y",
    ]);
    assert!(names.len() >= 200);
    for name in names {
        let ground = Ground::new();
        let before = ground.names();
        let entry = Entry::new(&name, "hostile");
        match import(&ground, archive(&[entry]), Limits::default()) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Invalid, "{name:?}: {error}");
                let text = error.to_string();
                assert!(!text.contains(['\0', '\n', '\x1b', '\r']), "{text:?}");
                assert_eq!(ground.names(), before, "{name:?}");
            }
            Ok(imported) => {
                let written = tree(&ground.at("imported"));
                let skipped = imported.notes.len() == 1 && written.is_empty();
                // `a/` and `C:` are a folder and a name like any other.
                let harmless = ["a/", "/b", "a/b/c//"].contains(&name.as_str())
                    || name.contains("/C:/")
                    || written.values().all(|what| what == "folder");
                assert!(skipped || harmless, "{name:?}: {written:?}");
                let outside = ground.names();
                assert!(
                    outside
                        .iter()
                        .all(|n| n == "files" || n.starts_with("imported"))
                );
            }
        }
        assert!(!std::path::Path::new("/tmp/atelier-escaped").exists());
    }
}

#[test]
fn archives_that_lie_are_refused() {
    let good = Entry::new("good", "good");
    let with = |entry: Entry| archive(&[good.clone(), entry]);
    let file = || Entry::new("bad", "content");
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("not an archive", b"#!/bin/sh\nexit\n".repeat(100)),
        (
            "half an archive",
            archive(std::slice::from_ref(&good))[20..].to_vec(),
        ),
        (
            "encrypted",
            with(Entry {
                flags: 0x0801,
                ..file()
            }),
        ),
        (
            "unknown method",
            with(Entry {
                method: 14,
                ..file()
            }),
        ),
        (
            "deflated garbage",
            with(Entry {
                method: 8,
                ..file()
            }),
        ),
        (
            "wrong checksum",
            with(Entry {
                bad_checksum: true,
                ..file()
            }),
        ),
        (
            "smaller than said",
            with(Entry {
                said: Some(8),
                ..file()
            }),
        ),
        (
            "larger than said",
            with(Entry {
                said: Some(6),
                ..file()
            }),
        ),
        ("twice", with(good.clone())),
        ("a file and a folder", with(Entry::new("good/inner", "x"))),
        (
            "a folder and a file",
            archive(&[Entry::new("d/a", ""), Entry::new("d", "")]),
        ),
        (
            "a FIFO",
            with(Entry {
                mode: 0o010_644,
                ..file()
            }),
        ),
        (
            "a device",
            with(Entry {
                mode: 0o020_644,
                ..file()
            }),
        ),
        (
            "a socket",
            with(Entry {
                mode: 0o140_644,
                ..file()
            }),
        ),
        (
            "a folder without a slash",
            with(Entry {
                mode: 0o040_755,
                ..file()
            }),
        ),
        ("overlapping entries", overlapping(50)),
        ("an absolute link", with(Entry::link("l", "/etc/passwd"))),
        ("a link up", with(Entry::link("l", ".."))),
        ("a link further up", with(Entry::link("a/l", "../../x"))),
        (
            "a link down and up",
            with(Entry::link("a/l", "b/../../../x")),
        ),
        ("an empty link", with(Entry::link("l", ""))),
        (
            "an endless link",
            with(Entry::link("l", &"x".repeat(5_000))),
        ),
        (
            "a file through a link",
            archive(&[
                Entry::link("l", "d"),
                Entry::new("d/", ""),
                Entry::new("l/x", "x"),
            ]),
        ),
        (
            "a file over a link",
            archive(&[Entry::link("l", "d"), Entry::new("l", "x")]),
        ),
        (
            "a link over a folder",
            archive(&[Entry::new("l/x", "x"), Entry::link("l", "d")]),
        ),
    ];
    for (what, bytes) in table {
        assert_eq!(
            refuse(what, bytes, Limits::default()),
            ErrorKind::Invalid,
            "{what}"
        );
    }
    for names in [["good", "GOOD"], ["d/a", "D/b"], ["ü/a", "Ü/a"]] {
        let bytes = archive(&names.map(|name| Entry::new(name, "x")));
        assert_eq!(
            refuse("case", bytes, Limits::default()),
            ErrorKind::Conflict
        );
    }
}

#[test]
fn archives_over_the_limits_are_refused() {
    let many: Vec<_> = (0..50).map(|n| Entry::new(format!("f{n}"), "x")).collect();
    assert_eq!(
        refuse("many", archive(&many), limits(1_000, 49)),
        ErrorKind::TooLarge
    );
    assert_eq!(
        refuse("much", archive(&many), limits(49, 50)),
        ErrorKind::TooLarge
    );
    import(&Ground::new(), archive(&many), limits(50, 50)).unwrap();
    // 40,000 names of one byte each: what they cost to read counts, too.
    assert_eq!(
        refuse("names", overlapping(40_000), limits(1 << 30, 100)),
        ErrorKind::TooLarge
    );
    let folders = archive(&[Entry::new("a/b/c/d/e/f", "x")]);
    assert_eq!(
        refuse("folders", folders, limits(100, 5)),
        ErrorKind::TooLarge
    );
}

/// 20 MB of nothing, which deflates to 20 kB.
fn bomb() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file("bomb", SimpleFileOptions::default())
        .unwrap();
    let chunk = vec![0; 1 << 20];
    for _ in 0..20 {
        writer.write_all(&chunk).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_bomb_is_stopped_at_the_limit_even_when_it_lies() {
    let bytes = bomb();
    assert!(bytes.len() < 1 << 16);
    assert_eq!(
        refuse("bomb", bytes.clone(), limits(1 << 20, 10)),
        ErrorKind::TooLarge
    );
    // The directory says 100 bytes; only unpacking shows that it lies.
    let mut lying = bytes;
    let at = lying
        .windows(4)
        .rposition(|four| four == b"PK\x01\x02")
        .unwrap();
    lying[at + 24..at + 28].copy_from_slice(&100_u32.to_le_bytes());
    let ground = Ground::new();
    let staging = Staging::create(&ground.at("staging")).unwrap();
    let cancel = CancellationToken::new();
    let mut watch = Watch {
        progress: &mut |_| {},
        cancel: &cancel,
    };
    let limits = limits(1 << 20, 10);
    let error = unzip(
        Cursor::new(lying),
        &staging,
        limits,
        TopFolder::Keep,
        &mut watch,
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    let written: u64 = fs::read_dir(staging.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(written <= 101, "{written}");
}

#[test]
fn every_cut_of_an_archive_is_refused_or_whole() {
    let bytes = archive(&[
        Entry::new("a", "content of a"),
        Entry::new("b/c", "content of c"),
    ]);
    for cut in 0..bytes.len() {
        refuse("cut", bytes[..cut].to_vec(), Limits::default());
    }
}

#[test]
fn cancelling_stops_within_a_file() {
    let ground = Ground::new();
    let before = ground.names();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let mut watch = Watch {
        progress: &mut |_| {},
        cancel: &cancel,
    };
    let staging = Staging::create(&ground.at("staging")).unwrap();
    let bytes = archive(&[Entry::new("a", "x")]);
    let error = unzip(
        Cursor::new(bytes),
        &staging,
        Limits::default(),
        TopFolder::Keep,
        &mut watch,
    )
    .unwrap_err();
    drop(staging);
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(ground.names(), before);
}
