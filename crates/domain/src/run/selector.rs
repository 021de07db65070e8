//! Selectors of versions, as package managers of JavaScript write them: `*`,
//! `3.x`, `^3.9`, `~3.11.2`, `>=3.9 <4`, `3.11 || 3.12`.

/// A version with as many numbers as are given, at most three.
type Numbers = Vec<u64>;

/// Says whether `version` is among those that `selector` selects. One that
/// can't be read selects nothing.
pub(super) fn selects(selector: &str, version: &str) -> bool {
    let version = padded(&numbers_of(version));
    let one_of = |wanted: &str| all_hold(wanted, &version);
    selector.split("||").any(one_of)
}

fn all_hold(wanted: &str, version: &[u64; 3]) -> bool {
    // An operator may stand apart from its version.
    let mut joined = wanted.trim().to_owned();
    for operator in ["^", "~", ">=", "<=", ">", "<", "="] {
        joined = joined.replace(&format!("{operator} "), operator);
    }
    joined.split_whitespace().all(|part| holds(part, version)) && !joined.contains(" - ")
}

fn holds(part: &str, version: &[u64; 3]) -> bool {
    let operators = [">=", "<=", ">", "<", "^", "~", "="];
    let operator = operators
        .iter()
        .find(|operator| part.starts_with(**operator));
    let operator = operator.copied().unwrap_or_default();
    let Some(numbers) = partial(&part[operator.len()..]) else {
        return false;
    };
    let first = padded(&numbers);
    let whole = numbers.len() == 3;
    let below = |after: Option<[u64; 3]>| after.is_none_or(|after| *version < after);
    match operator {
        ">=" => *version >= first,
        ">" if whole => *version > first,
        ">" => !below(next(&numbers)),
        "<" => *version < first,
        "<=" if whole => *version <= first,
        "<=" => below(next(&numbers)),
        "^" => {
            let place = numbers.iter().position(|&number| number > 0);
            let kept = place.map_or(numbers.len(), |place| place + 1);
            *version >= first && below(next(&numbers[..kept]))
        }
        "~" => *version >= first && below(next(&numbers[..numbers.len().min(2)])),
        _ => *version >= first && below(next(&numbers)),
    }
}

/// Reads a version whose later numbers may be missing or stand for any.
fn partial(text: &str) -> Option<Numbers> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut numbers = Numbers::new();
    let mut any = false;
    for word in text.split('.') {
        match word {
            "*" | "x" | "X" => any = true,
            _ if any => return None,
            _ => numbers.push(word.parse().ok()?),
        }
    }
    (numbers.len() <= 3).then_some(numbers)
}

/// Returns the first version that does not begin with these numbers; `None`
/// when all do.
fn next(numbers: &[u64]) -> Option<[u64; 3]> {
    let (last, before) = numbers.split_last()?;
    let mut next = before.to_vec();
    next.push(last.saturating_add(1));
    Some(padded(&next))
}

fn padded(numbers: &[u64]) -> [u64; 3] {
    let mut three = [0; 3];
    for (slot, number) in three.iter_mut().zip(numbers) {
        *slot = *number;
    }
    three
}

fn numbers_of(version: &str) -> Numbers {
    version
        .split('.')
        .map_while(|word| word.parse().ok())
        .collect()
}

/// Writes a version with its three numbers, as selectors need it.
pub(super) fn whole(version: &str) -> String {
    let [major, minor, patch] = padded(&numbers_of(version));
    format!("{major}.{minor}.{patch}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_select_what_they_say() {
        for (selector, version, selected) in [
            ("*", "3.11.2", true),
            ("x", "3.11.2", true),
            ("3.11.2", "3.11.2", true),
            ("=3.11.2", "3.11.2", true),
            ("v3.11.2", "3.11.2", true),
            ("3.11.3", "3.11.2", false),
            ("3", "3.11.2", true),
            ("3.x", "3.11.2", true),
            ("3.11.*", "3.11.2", true),
            ("3.1", "3.11.2", false),
            ("^3.9", "3.11.2", true),
            ("^3.12", "3.11.2", false),
            ("^2.0.0", "3.11.2", false),
            ("^0.2.3", "0.2.9", true),
            ("^0.2.3", "0.3.0", false),
            ("^0.0.3", "0.0.4", false),
            ("~3.11.0", "3.11.2", true),
            ("~3.10", "3.11.2", false),
            ("~3", "3.11.2", true),
            (">=3.9 <4", "3.11.2", true),
            (">= 3.9 < 3.11", "3.11.2", false),
            (">3", "3.11.2", false),
            (">3.11.1", "3.11.2", true),
            ("<=3", "3.11.2", true),
            ("<=3.11.1", "3.11.2", false),
            ("2.7 || 3.11", "3.11.2", true),
            ("2.7 || 3.12", "3.11.2", false),
            ("*", "21", true),
            ("21.0", "21", true),
            ("latest", "3.11.2", false),
            ("3..1", "3.11.2", false),
            ("3.x.1", "3.11.2", false),
            ("1.2.3.4", "1.2.3", false),
            ("99999999999999999999", "3.11.2", false),
        ] {
            assert_eq!(selects(selector, version), selected, "{selector} {version}");
        }
        assert_eq!(whole("21"), "21.0.0");
    }
}
