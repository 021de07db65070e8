//! Reading how many tests passed and failed from what a runner printed.

use std::iter::Sum;

/// Who printed the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `test result: ok. 3 passed; 0 failed; …`, once for each test binary.
    Cargo,
    /// `Tests  1 failed | 3 passed (4)`.
    Vitest,
    /// `3 passed, 0 failed`, the form in which this project's own runners end.
    Own,
}

/// Passed and failed tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
}

impl Tally {
    /// One check without counts of its own.
    pub(crate) fn of_check(ok: bool) -> Self {
        Self {
            passed: u64::from(ok),
            failed: u64::from(!ok),
        }
    }

    /// The counts in a runner's output. A runner that failed, or printed no
    /// counts, without naming a failed test (it didn't compile, it crashed)
    /// counts as one failure: nothing that went wrong adds up to zero.
    pub(crate) fn of_tests(format: Format, said: &str, ok: bool) -> Self {
        let counts: Vec<Self> = said
            .lines()
            .filter_map(|line| in_line(format, &without_colours(line)))
            .collect();
        let nothing_ran = counts.is_empty();
        let mut tally: Self = counts.into_iter().sum();
        if (!ok || nothing_ran) && tally.failed == 0 {
            tally.failed = 1;
        }
        tally
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |sum, one| Self {
            passed: sum.passed + one.passed,
            failed: sum.failed + one.failed,
        })
    }
}

fn in_line(format: Format, line: &str) -> Option<Tally> {
    let counts = match format {
        Format::Cargo => line.strip_prefix("test result: ")?,
        Format::Vitest => line.trim_start().strip_prefix("Tests ")?,
        Format::Own => line,
    };
    let passed = number_before(counts, "passed");
    let failed = number_before(counts, "failed");
    match format {
        Format::Own if line != own_form(passed?, failed?) => None,
        Format::Cargo | Format::Own => Some(Tally {
            passed: passed?,
            failed: failed?,
        }),
        Format::Vitest if passed.or(failed).is_none() => None,
        Format::Vitest => Some(Tally {
            passed: passed.unwrap_or_default(),
            failed: failed.unwrap_or_default(),
        }),
    }
}

fn own_form(passed: u64, failed: u64) -> String {
    format!("{passed} passed, {failed} failed")
}

fn number_before(counts: &str, word: &str) -> Option<u64> {
    let mut before = None;
    for token in counts.split(|c: char| !c.is_ascii_alphanumeric()) {
        if token == word {
            return before;
        }
        if !token.is_empty() {
            before = token.parse().ok();
        }
    }
    None
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = escape.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::{Format, Tally};

    #[test]
    fn counts_are_read_from_each_runners_output() {
        let cargo = "running 2 tests\ntest a ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\
                     test result: FAILED. 5 passed; 1 failed; 0 ignored; finished in 0.01s\n";
        let vitest = " Test Files  1 failed | 2 passed (3)\n      Tests  \u{1b}[31m1 failed\u{1b}[39m | \u{1b}[32m11 passed\u{1b}[39m (12)\n";
        let quiet = " Test Files  2 passed (2)\n      Tests  7 passed (7)\n";
        let own = "story 1 passed, nearly\n4 passed, 2 failed\n";
        for (format, said, ok, passed, failed) in [
            (Format::Cargo, cargo, false, 7, 1),
            (Format::Vitest, vitest, false, 11, 1),
            (Format::Vitest, quiet, true, 7, 0),
            (Format::Own, own, false, 4, 2),
        ] {
            assert_eq!(
                Tally::of_tests(format, said, ok),
                Tally { passed, failed },
                "{said}"
            );
        }
    }

    #[test]
    fn a_runner_that_fails_or_says_nothing_is_a_failure() {
        let good = "test result: ok. 2 passed; 0 failed; 0 ignored\n";
        let failed_after = Tally::of_tests(Format::Cargo, good, false);
        assert_eq!((failed_after.passed, failed_after.failed), (2, 1));
        assert_eq!(Tally::of_tests(Format::Cargo, "", true).failed, 1);
        assert_eq!(Tally::of_tests(Format::Vitest, "boom", false).failed, 1);
    }
}
