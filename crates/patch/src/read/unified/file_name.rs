//! File names as git and `diff -u` write them.

/// Reads a name of a `---` or `+++` line; `None` is `/dev/null`.
///
/// Spaces at the end are the name's, as git has it, which puts a tab behind
/// them; without a tab a lax reader takes them for slips.
pub(crate) fn name(text: &str, strict: bool) -> Option<String> {
    let bare = if let Some(rest) = text.strip_prefix('"') {
        let end = rest.rfind('"').map_or(text.len(), |at| at + 2);
        unquote(&text[..end])
    } else {
        let (bare, is_ended) = match text.split_once('\t') {
            Some((bare, _)) => (bare, true),
            None => (text, false),
        };
        let bare = if strict { bare } else { without_time(bare) };
        let is_exact = strict || is_ended;
        (if is_exact { bare } else { bare.trim_end() }).to_owned()
    };
    Some(bare).filter(|name| name != "/dev/null")
}

/// Takes off a time that stands behind a name and only a space.
fn without_time(text: &str) -> &str {
    let is_date = |word: &str| {
        let parts: Vec<&str> = word.split('-').collect();
        parts.len() == 3 && parts.iter().all(|part| part.parse::<u16>().is_ok())
    };
    let mut words = text.split(' ');
    let Some(at) = words.position(is_date) else {
        return text;
    };
    let has_time = words.next().is_some_and(|word| word.contains(':'));
    let name = text.splitn(at + 1, ' ').take(at).map(|word| word.len() + 1);
    let end = name.sum::<usize>();
    text.get(..end)
        .filter(|_| has_time && end > 0)
        .unwrap_or(text)
}

/// Returns whether a name has the time 0 behind it, in any time zone.
pub(super) fn is_epoch(text: &str) -> bool {
    let Some((_, time)) = text.split_once('\t') else {
        return false;
    };
    let is_zero = |time: &str| time.contains(":00:00") || time.contains(":30:00");
    (time.starts_with("1970-01-01 ") || time.starts_with("1969-12-31 ")) && is_zero(time)
}

/// Returns whether the first parts of two names are git's marks of the two
/// sides; one side may be missing.
pub(super) fn is_pair(old: Option<&str>, new: Option<&str>, is_git: bool) -> bool {
    const PAIRS: [(&str, &str); 7] = [
        ("a", "b"),
        ("b", "a"),
        ("i", "w"),
        ("w", "i"),
        ("c", "i"),
        ("c", "w"),
        ("o", "w"),
    ];
    let known = if is_git { &PAIRS[..] } else { &PAIRS[..1] };
    let fits = |name: Option<&str>, mark: &str| name.is_none_or(|name| name == mark);
    known
        .iter()
        .any(|(first, second)| fits(old, first) && fits(new, second))
}

/// Splits the names of `diff --git`. Without quotes they can only be told
/// apart when they are the same but for their first part.
pub(crate) fn git_names(text: &str) -> Option<(String, String)> {
    if text.starts_with('"') {
        let end = quoted_length(text)?;
        let new = text[end..].strip_prefix(' ')?;
        return Some((unquote(&text[..end]), unquote(new)));
    }
    let bare = text.trim_end();
    if let Some(middle) = bare.find(" \"").filter(|_| bare.ends_with('"')) {
        return Some((bare[..middle].to_owned(), unquote(&bare[middle + 1..])));
    }
    same_names(text).or_else(|| same_names(bare))
}

/// Returns the length of a quoted name at the start of a text.
fn quoted_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let mut bytes = text.bytes().enumerate().skip(1);
    let end = bytes.find(|(_, byte)| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    end.map(|(at, _)| at + 1)
}

/// Cuts two names apart that are the same but for their first part.
fn same_names(text: &str) -> Option<(String, String)> {
    let middle = text.len() / 2;
    let (old, new) = (text.get(..middle)?, text.get(middle + 1..)?);
    let rest = |name: &'_ str| name.split_once('/').map(|(_, rest)| rest.to_owned());
    let same = old == new || (rest(old).is_some() && rest(old) == rest(new));
    (same && text.as_bytes()[middle] == b' ').then(|| (old.to_owned(), new.to_owned()))
}

/// Undoes git's quoting of a name: `"` around it, C escapes and octal bytes.
/// A name without quotes is what stands there, with the spaces at its end.
pub(crate) fn unquote(text: &str) -> String {
    let Some(inner) = text
        .trim_end()
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return text.to_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        match tail {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = tail;
            }
            [escaped, tail @ ..] => {
                bytes.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'a' => 0x07,
                    b'b' => 0x08,
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    other => *other,
                });
                rest = tail;
            }
            [] => {}
        }
    }
    // A NUL makes a path of what is not UTF-8 be refused.
    String::from_utf8(bytes).unwrap_or_else(|_| "\0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_git_writes_them() {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        for (text, expected) in [
            ("a/x b/x", pair("a/x", "b/x")),
            ("a/x y b/x y", pair("a/x y", "b/x y")),
            ("a/old b/new", None),
            ("\"a/\\303\\274\" \"b/\\303\\274\"", pair("a/ü", "b/ü")),
            ("x y x y", pair("x y", "x y")),
            ("a/q \"b/\\303\\274\"", pair("a/q", "b/ü")),
            ("a/x  b/x ", pair("a/x ", "b/x ")),
            ("a/x b/x  ", pair("a/x", "b/x")),
            ("\"a/\\303\\274 \" \"b/\\303\\274 \"", pair("a/ü ", "b/ü ")),
            ("\"a/q\\\" r\" b/s ", pair("a/q\" r", "b/s ")),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(git_names(text), expected, "{text}");
        }
        assert_eq!(name("/dev/null", true), None);
        assert_eq!(
            name("a/x\t2026-01-01 00:00:00", true),
            Some("a/x".to_owned())
        );
        assert_eq!(name("\"a/q\\\"\\t\"", true), Some("a/q\"\t".to_owned()));
        for (text, strict, expected) in [
            ("a/x \t", false, "a/x "),
            ("a/x ", true, "a/x "),
            ("a/x ", false, "a/x"),
            ("\"a/x \"", false, "a/x "),
            ("a/x 2026-01-01 00:00:00", false, "a/x"),
        ] {
            assert_eq!(name(text, strict).as_deref(), Some(expected), "{text:?}");
        }
        assert_eq!(
            (unquote("x "), unquote("\"x \" ")),
            ("x ".to_owned(), "x ".to_owned())
        );
    }
}
