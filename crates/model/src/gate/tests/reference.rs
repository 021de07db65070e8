//! The same search as plainly as it can be written, to compare with.

use std::collections::BTreeSet;

use super::super::form::{Pattern, patterns};
use super::super::shape;
use super::*;

/// Returns where the bytes stand that are left without what breaks lines; and
/// without what joins pieces, if there is some.
fn kept(text: &[u8]) -> Vec<Vec<usize>> {
    let breaks =
        |byte: Option<&u8>| byte.is_none_or(|byte| b" \t\r\n\x0b\x0c\"'`\\,:>|".contains(byte));
    let joins = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let begins = before.is_none_or(|byte| *byte == b'\n');
        let apart = breaks(before) && breaks(text.get(at + 1));
        text[at] == b'+' && (begins || apart) || text[at] == b'-' && begins
    };
    // A dash and a space begin the items of a list.
    let counts =
        |at: usize| text[at] == b'+' || text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
    let plain: Vec<usize> = (0..text.len())
        .filter(|at| !breaks(text.get(*at)))
        .collect();
    if (0..text.len()).any(|at| joins(at) && counts(at)) {
        let joined = plain.iter().copied().filter(|at| !joins(*at)).collect();
        return vec![plain, joined];
    }
    vec![plain]
}

/// Returns each place of a pattern in a view.
fn covered(text: &[u8], searched: &[Vec<usize>], pattern: &Pattern) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    for places in searched {
        for window in places.windows(pattern.bytes().len()) {
            let found = window
                .iter()
                .zip(pattern.bytes())
                .all(|(at, byte)| text[*at] == *byte);
            if found {
                all.extend(pattern.stands(text, window[0]..window[window.len() - 1] + 1));
            }
        }
    }
    all
}

/// Returns each place of a secret.
fn reference(values: &[String], text: &str) -> BTreeSet<(usize, usize)> {
    let mut all = BTreeSet::new();
    let patterns = values.iter().flat_map(|value| patterns(0, value));
    let (raw, dense): (Vec<_>, Vec<_>) = patterns.partition(Pattern::is_raw);
    let raw: Vec<Pattern> = raw.into_iter().map(Pattern::raw).collect();
    let mut view = View::of(text.as_bytes());
    for _ in 0..=DEPTH {
        let mut tell = |place: Range<usize>| {
            let place = view.source(place);
            all.insert((place.start, place.end));
        };
        shape::find(view.bytes(), &mut |_, place| tell(place));
        let text = view.bytes();
        let (plain, without) = ([(0..text.len()).collect()], kept(text));
        for (patterns, searched) in [(&raw, &plain[..]), (&dense, &without)] {
            for pattern in patterns {
                covered(text, searched, pattern)
                    .into_iter()
                    .for_each(&mut tell);
            }
        }
        match view.decoded() {
            Ok(decoded) => view = decoded,
            Err(_) => break,
        }
    }
    all
}

/// A piece of text in which a secret may stand, written in some way.
fn piece() -> impl Strategy<Value = (usize, usize, usize, String)> {
    (
        0..2_usize,
        0..12_usize,
        3..60_usize,
        "[ -~\\n\u{e9}+-]{0,30}",
    )
}

fn write(value: &str, how: usize, width: usize) -> String {
    match how {
        0 => value.to_owned(),
        1 => json(value),
        2 => STANDARD.encode(value),
        3 => wrapped(&STANDARD.encode(format!("x{value}")), width, "\n"),
        4 => wrapped(&URL_SAFE_NO_PAD.encode(format!("xy{value}")), width, "\n+"),
        5 => json(&wrapped(&hexed(value), width, "\" +\n \"")),
        6 => hexed(value).to_uppercase(),
        7 => unicode(value),
        8 => STANDARD.encode(STANDARD.encode(format!("a:{value}"))),
        9 => percent(value, |at, _| at % 2 == 0),
        10 => value
            .bytes()
            .map(|byte| format!("{byte}, "))
            .collect::<Vec<_>>()
            .concat(),
        _ => json(&json(&wrapped(value, width, "\n-"))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What the plain search finds is found, and nothing else.
    #[test]
    fn the_search_finds_what_a_plain_one_finds(
        values in prop::collection::vec("[!-~é]{8,12}|[ -~]{8,40}|[a-c\\\\\" ]{8,20}", 2),
        pieces in prop::collection::vec(piece(), 1..5),
        whole in 0..3_usize,
    ) {
        let mut text = String::new();
        for (value, how, width, around) in pieces {
            text.push_str(&around);
            text.push_str(&write(&values[value], how, width));
        }
        for _ in 0..whole {
            text = json(&text);
        }
        let known: Vec<Known> = values.iter().map(|value| known("S", value)).collect();
        let found = Gate::new(&known).scan(&text);
        let places = reference(&values, &text);
        for &(start, end) in &places {
            let met = found.iter().any(|f| f.place.start < end && start < f.place.end);
            prop_assert!(met, "{:?} is missed in {:?}", &text.get(start..end), text);
        }
        for finding in &found {
            for at in finding.place.clone() {
                // The neighbours of base64 have some bits of the secret.
                let near = places.iter().any(|(start, end)| (start.saturating_sub(24)..end + 24).contains(&at));
                prop_assert!(near, "{:?} at {} is no secret in {:?}", finding, at, text);
            }
        }
    }

    /// Each byte of a view came from bytes that stand for it.
    #[test]
    fn a_view_tells_where_its_bytes_came_from(
        text in "(\\\\[nrt\"\\\\/]|\\\\u00[0-9a-f]{2}|\\\\ud83d\\\\ude00|%[0-7][0-9a-f]|[a-cé%\\\\]){0,40}",
    ) {
        let Ok(view) = View::of(text.as_bytes()).decoded() else { return Ok(()) };
        let mut end = 0;
        for here in 0..view.bytes().len() {
            let place = view.source(here..here + 1);
            prop_assert!(place.start == end || here > 0 && place == view.source(here - 1..here), "{text:?}");
            let from = View::of(&text.as_bytes()[place.clone()]);
            let from = from.decoded().unwrap_or_else(|plain| plain);
            prop_assert!(from.bytes().contains(&view.bytes()[here]), "{text:?}");
            end = place.end;
        }
        prop_assert_eq!(end, text.len());
    }
}
