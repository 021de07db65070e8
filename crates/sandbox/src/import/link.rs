//! Whether a symbolic link stays inside the tree it is imported with.

/// The longest link target, in bytes (`PATH_MAX`).
pub(super) const TARGET_BYTES: u64 = 4_096;

/// Returns whether a link in a folder `depth` levels below the top can only
/// lead to something inside.
///
/// `..` is taken at the start only. There it steps through real folders,
/// those the link itself is in. Later it could step up from wherever another
/// link leads, and two links that each look harmless would lead out
/// together. Without it every link ends inside, by induction over the links
/// passed on the way.
pub(super) fn stays_inside(depth: usize, target: &[u8]) -> bool {
    if target.is_empty() || target[0] == b'/' || target.contains(&0) || target.contains(&b'\\') {
        return false;
    }
    let mut ups = 0;
    let mut went_down = false;
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if went_down => return false,
            b".." => ups += 1,
            _ => went_down = true,
        }
    }
    ups <= depth
}

#[cfg(test)]
mod tests {
    use super::stays_inside;

    #[test]
    fn links_that_stay_and_links_that_leave() {
        for (depth, target, stays) in [
            (0, "a", true),
            (0, "a/b/c", true),
            (0, "./a", true),
            (1, "../a", true),
            (2, "../../a/b", true),
            (2, ".././../a", true),
            (1, "..", true),
            (0, ".", true),
            (0, "..", false),
            (0, "../a", false),
            (1, "../../a", false),
            (1, "./../../a", false),
            (3, "a/../b", false),
            (3, "a/b/../../../../..", false),
            (0, "/etc/passwd", false),
            (0, "//a", false),
            (0, "", false),
            (0, "a\\..\\b", false),
            (0, "a\0b", false),
        ] {
            assert_eq!(
                stays_inside(depth, target.as_bytes()),
                stays,
                "{depth} {target:?}"
            );
        }
    }
}
