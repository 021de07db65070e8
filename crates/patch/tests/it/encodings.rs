//! Files that are not UTF-8.

use std::collections::BTreeMap;

use atelier_base::WorkspacePath;
use atelier_patch::{
    Encoding, Entry, Format, PatchError, PlannedFile, Source, SourceError, decode, diff, merge,
    parse, patch_text, plan, splice,
};

use crate::story::{lax, path};

/// One file, and what is declared of it.
struct One {
    bytes: Vec<u8>,
    declared: Option<&'static str>,
}

impl Source for One {
    fn read(&self, at: &WorkspacePath) -> Result<Entry, SourceError> {
        Ok(if *at == path("f") {
            Entry::File {
                bytes: self.bytes.clone(),
                executable: false,
            }
        } else {
            Entry::Missing
        })
    }

    fn declared_encoding(&self, _: &WorkspacePath) -> Option<Encoding> {
        self.declared.map(|name| name.parse().unwrap())
    }
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn changed(
    bytes: &[u8],
    declared: Option<&'static str>,
    old: &str,
    new: &str,
) -> Result<PlannedFile, PatchError> {
    let edits = serde_json::json!([{ "path": "f", "old": old, "new": new }]).to_string();
    let source = One {
        bytes: bytes.to_vec(),
        declared,
    };
    let patch = parse(&edits, &lax(Format::Edits)).unwrap();
    plan(&patch, &source).map(|mut plan| plan.files.remove(0))
}

#[test]
fn files_are_written_back_in_their_own_encoding() {
    let (before, after) = (
        "\u{feff}a\r\n\u{e9}\u{1f600}\nb\nc\nd",
        "\u{feff}a\r\n\u{20ac}\n\u{a0a}\nb\nc\nd",
    );
    for (encode, name) in [
        (u16::to_le_bytes as fn(u16) -> [u8; 2], "utf-16le"),
        (u16::to_be_bytes, "utf-16be"),
    ] {
        let (old, new) = (utf16(before, encode), utf16(after, encode));
        let file = changed(&old, None, "\u{e9}\u{1f600}", "\u{20ac}\n\u{a0a}").unwrap();
        assert_eq!(file.after.as_deref(), Some(&new[..]), "{name}");
        assert_eq!((file.encoding.as_str(), file.binary), (name, false));
        assert_eq!(file.hunks.len(), 1);
        let hunk = file.hunks[0];
        assert_eq!((hunk.old_start, hunk.old_lines, hunk.new_lines), (1, 1, 2));
        // Taken or not, the bytes are those of one side.
        assert_eq!(splice(&old, &new, &file.hunks, &[true]), new);
        assert_eq!(splice(&old, &new, &file.hunks, &[false]), old);
        assert_eq!(diff(&old, &new).len(), 1);
        assert_eq!(merge(&old, &new, &old).bytes, new);
        let theirs = utf16("\u{feff}A\r\n\u{e9}\u{1f600}\nb\nc\nd", encode);
        let merged = merge(&old, &new, &theirs);
        assert_eq!(merged.conflicts.len(), 1);
        let text = decode(&merged.bytes, file.encoding).unwrap();
        assert!(
            text.starts_with("<<<<<<< ours\r\na\r\n\u{20ac}\n"),
            "{text}"
        );
        let theirs = utf16(&before.replace("\nd", "\nD"), encode);
        let merged = merge(&old, &new, &theirs);
        assert_eq!(merged.bytes, utf16(&after.replace("\nd", "\nD"), encode));
        let shown = decode(&new, file.encoding).unwrap();
        assert_eq!(shown, after.trim_start_matches('\u{feff}'));
    }
}

#[test]
fn a_declared_encoding_is_kept() {
    let latin = |declared, old: &str, new: &str| {
        let file = changed(b"caf\xe9\r\n\x80\n", declared, old, new)?;
        Ok::<_, PatchError>((file.after.unwrap(), file.encoding.to_string()))
    };
    let windows = latin(Some("windows-1252"), "caf\u{e9}", "th\u{e9} \u{20ac}").unwrap();
    assert_eq!(
        windows,
        (b"th\xe9 \x80\r\n\x80\n".to_vec(), "windows-1252".to_owned())
    );
    let strict = latin(Some("latin1"), "caf\u{e9}", "th\u{e9}").unwrap();
    assert_eq!(
        strict,
        (b"th\xe9\r\n\x80\n".to_vec(), "iso-8859-1".to_owned())
    );
    let cyrillic = latin(Some("koi8-r"), "caf\u{418}", "\u{414}\u{430}").unwrap();
    assert_eq!(cyrillic.0, b"\xe4\xc1\r\n\x80\n");
    // What the encoding lacks is refused by name, and never replaced.
    let lacking = latin(Some("latin1"), "caf\u{e9}", "x\n\u{20ac}").unwrap_err();
    assert_eq!(lacking.code(), "encoding");
    assert!(
        lacking.detail.contains("`\u{20ac}` (U+20AC); line 2"),
        "{}",
        lacking.detail
    );
    // A file that isn't what is declared of it.
    let wrong = latin(Some("windows-874"), "caf", "x").map(|_| ());
    assert_eq!(wrong, Ok(()));
    let undefined = changed(b"ab\xdb", Some("windows-874"), "ab", "x").unwrap_err();
    assert!(
        undefined.detail.contains("WINDOWS-874 from byte 2"),
        "{}",
        undefined.detail
    );
}

#[test]
fn a_patch_may_have_its_files_bytes_in_it() {
    let latin: Option<Encoding> = Some("latin1".parse().unwrap());
    let diff = b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-caf\xe9\n+th\xe9\n";
    assert_eq!(patch_text(diff, None), None);
    let text = patch_text(diff, latin).unwrap();
    let source = One {
        bytes: b"caf\xe9\n".to_vec(),
        declared: Some("latin1"),
    };
    let plan = plan(&parse(&text, &lax(Format::Auto)).unwrap(), &source).unwrap();
    assert_eq!(plan.files[0].after.as_deref(), Some(&b"th\xe9\n"[..]));
    let wide = utf16("\u{feff}--- a\r\n", u16::to_le_bytes);
    assert_eq!(patch_text(&wide, None).as_deref(), Some("--- a\r\n"));
    // UTF-8 stays UTF-8, whatever is declared of the files.
    assert_eq!(
        patch_text("\u{e9}".as_bytes(), latin).as_deref(),
        Some("\u{e9}")
    );
}

#[test]
fn nothing_is_guessed() {
    let refused = changed(b"caf\xe9\n", None, "caf", "x").unwrap_err();
    assert_eq!(refused.code(), "encoding");
    assert!(
        refused.detail.contains("UTF-8 from byte 3"),
        "{}",
        refused.detail
    );
    let odd = changed(b"\xff\xfea\0b", None, "a", "x").unwrap_err();
    assert!(
        odd.detail.contains("UTF-16LE from byte 4"),
        "{}",
        odd.detail
    );
    let half = changed(b"\xff\xfea\0\x00\xd8b\0", None, "a", "x").unwrap_err();
    assert!(
        half.detail.contains("UTF-16LE from byte 4"),
        "{}",
        half.detail
    );
    let wide = changed(b"\xff\xfe\0\0a\0\0\0", None, "a", "x").unwrap_err();
    assert_eq!(wide.code(), "binary");
    let declared = changed(b"a\0", Some("latin1"), "a", "x").unwrap_err();
    assert_eq!(declared.code(), "binary");
    // A mark of UTF-16 goes before what is declared.
    let marked = changed(b"\xff\xfea\0", Some("latin1"), "a", "x").unwrap();
    assert_eq!(marked.after.as_deref(), Some(&b"\xff\xfex\0"[..]));
    // Surrogates alone and a mark within are what they are.
    let mark = changed(b"\xef\xbb\xbfa\n", None, "a", "\u{feff}b").unwrap();
    assert_eq!(
        mark.after.as_deref(),
        Some("\u{feff}\u{feff}b\n".as_bytes())
    );
    assert_eq!(mark.encoding, Encoding::Utf8);
    let map = BTreeMap::from([(path("f"), b"x".to_vec())]);
    assert_eq!(map.declared_encoding(&path("f")), None);
}
