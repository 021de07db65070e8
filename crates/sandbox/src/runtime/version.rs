//! Versions, as programs say them.

/// Finds a version number in what a program says to `--version`: the first
/// word with a dot in its number, such as `(v5.36.0)`, else the first number.
pub(crate) fn version_in(text: &str) -> Option<String> {
    let numbers: Vec<&str> = text.split_whitespace().filter_map(number).collect();
    let dotted = numbers.iter().find(|number| number.contains('.'));
    dotted.or(numbers.first()).map(|&number| number.to_owned())
}

/// Returns the number that a word is, without what stands around it.
fn number(word: &str) -> Option<&str> {
    let word = word.trim_start_matches(['(', '"']);
    let word = word.strip_prefix("go").unwrap_or(word);
    let word = word.trim_start_matches('v');
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let end = word.find(|c: char| !c.is_ascii_digit() && c != '.');
    Some(word[..end.unwrap_or(word.len())].trim_end_matches('.'))
}

/// Returns the numbers of a version, for comparing.
pub(super) fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|n| n.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (text, version) in [
            ("Python 3.11.7\n", Some("3.11.7")),
            ("v20.11.1\n", Some("20.11.1")),
            (
                "GNU bash, version 5.2.15(1)-release (x86_64)",
                Some("5.2.15"),
            ),
            (
                "gcc (Debian 12.2.0-14) 12.2.0\nCopyright (C) 2022",
                Some("12.2.0"),
            ),
            (
                "rustc 1.91.0-nightly (a1b2c3d4e 2025-08-20)",
                Some("1.91.0"),
            ),
            ("go version go1.22.1 linux/amd64", Some("1.22.1")),
            ("openjdk 17.0.9 2023-10-17", Some("17.0.9")),
            ("openjdk 21 2023-09-19", Some("21")),
            (
                "\n\nThis is perl 5, version 36, subversion 0 (v5.36.0) built for",
                Some("5.36.0"),
            ),
            ("PHP 8.2.7 (cli) (built: Jun  9 2023)", Some("8.2.7")),
            (
                "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a)",
                Some("3.1.2"),
            ),
            ("deno 2.0.0 (stable)\nv8 12.9", Some("2.0.0")),
            ("usage: sh", None),
        ] {
            assert_eq!(version_in(text).as_deref(), version, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_program_says_a_version_is_short_of_words(text in "\\PC*|[v0-9.(\" \n]{0,60}") {
            if let Some(version) = version_in(&text) {
                let numbered = version.starts_with(|c: char| c.is_ascii_digit());
                let plain = version.chars().all(|c| c.is_ascii_digit() || c == '.');
                proptest::prop_assert!(numbered && plain && !version.ends_with('.'), "{version}");
                numbers(&version);
            }
        }
    }

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(numbers("22.10.0") > numbers("22.6"));
        assert!(numbers("9.1") < numbers("11"));
    }
}
