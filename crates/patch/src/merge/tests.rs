use super::*;

fn text(base: &str, ours: &str, theirs: &str) -> (String, usize) {
    let merged = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
    (
        String::from_utf8(merged.bytes).unwrap(),
        merged.conflicts.len(),
    )
}

#[test]
fn changes_apart_are_both_taken() {
    let base = "a\nb\nc\nd\ne\n";
    for (ours, theirs, expected) in [
        ("A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n"),
        (
            "a\nb\nc\nd\ne\nf\n",
            "0\na\nb\nc\nd\ne\n",
            "0\na\nb\nc\nd\ne\nf\n",
        ),
        ("b\nc\nd\ne\n", "a\nb\nc\nd\n", "b\nc\nd\n"),
        (base, "x\n", "x\n"),
        ("x\n", base, "x\n"),
        ("a\nX\nc\nd\ne\n", "a\nX\nc\nd\ne\n", "a\nX\nc\nd\ne\n"),
    ] {
        assert_eq!(
            text(base, ours, theirs),
            (expected.to_owned(), 0),
            "{ours:?}"
        );
    }
}

#[test]
fn changes_of_the_same_lines_are_a_conflict() {
    let (merged, conflicts) = text("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n");
    let expected = "a\n<<<<<<< ours\nX\n||||||| base\nb\n=======\nY\n>>>>>>> theirs\nc\n";
    assert_eq!((merged.as_str(), conflicts), (expected, 1));
    let merged = merge(b"a\nb\nc\n", b"a\nX\nc\n", b"a\nY\nY\nc\n");
    let conflict = Conflict {
        base: 1..2,
        ours: 1..2,
        theirs: 1..3,
    };
    assert_eq!(merged.conflicts, [conflict]);
}

#[test]
fn markers_end_as_the_lines_around_do() {
    let (merged, _) = text("a\r\nb\r\n", "a\r\nX\r\n", "a\r\nY");
    let expected =
        "a\r\n<<<<<<< ours\r\nX\r\n||||||| base\r\nb\r\n=======\r\nY\r\n>>>>>>> theirs\r\n";
    assert_eq!(merged, expected);
}
