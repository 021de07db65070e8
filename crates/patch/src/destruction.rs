//! Whether a plan throws away so much that a person must say so first.
//!
//! A patch can be right in every line and still be a disaster: a whole-file
//! answer that ends in "… the rest stays as it is", or a clean-up that
//! deletes half the tree. Neither is refused; whoever applies it is asked.

use std::fmt;

use atelier_base::WorkspacePath;

use crate::line::{count, lines};
use crate::plan::{Change, Plan, PlannedFile};

/// How much may be lost without asking. Lines are counted before and after,
/// so that rewriting a file, or moving it, loses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// The most files deleted or emptied. A moved file is not deleted.
    pub deleted_files: u32,
    /// The largest share of its lines that a file which stays may lose, in
    /// percent; see `lost_lines`.
    pub lost_percent: u8,
    /// The fewest lines a file must lose for its share to matter: most of a
    /// short file is soon gone, and soon read.
    pub lost_lines: u32,
    /// The most lines lost in all files together, deleted ones included.
    pub total_lines: u32,
}

impl Default for Thresholds {
    /// 10 files; half of a file and 30 lines of it; 2,000 lines together.
    fn default() -> Self {
        Self {
            deleted_files: 10,
            lost_percent: 50,
            lost_lines: 30,
            total_lines: 2_000,
        }
    }
}

/// What a plan destroys beyond the thresholds.
///
/// `Display` is the whole list of reasons for a person, one a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destruction {
    /// The reasons; none when the plan is not destructive.
    pub reasons: Vec<Loss>,
}

/// One way in which a plan destroys much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Many files are deleted or emptied.
    Files {
        /// How many.
        deleted: u32,
        /// How many need no asking.
        allowed: u32,
    },
    /// A file that stays loses most of its lines.
    Lines {
        /// The file, by its path afterwards.
        path: WorkspacePath,
        /// How many lines it had.
        before: u32,
        /// How many it keeps or gets.
        after: u32,
    },
    /// Many lines are lost in all files together.
    Total {
        /// How many.
        lost: u32,
        /// How many need no asking.
        allowed: u32,
    },
}

impl Destruction {
    /// Weighs a plan. Takes one pass over the bytes of its files.
    pub fn of(plan: &Plan, thresholds: &Thresholds) -> Self {
        let losses: Vec<FileLoss<'_>> = plan.files.iter().filter_map(FileLoss::of).collect();
        let deleted = count(losses.iter().filter(|loss| loss.is_gone).count());
        let mut reasons = Vec::new();
        if deleted > thresholds.deleted_files {
            reasons.push(Loss::Files {
                deleted,
                allowed: thresholds.deleted_files,
            });
        }
        let shrunk = losses.iter().filter(|loss| loss.is_large(thresholds));
        reasons.extend(shrunk.map(|loss| Loss::Lines {
            path: loss.path.clone(),
            before: loss.before,
            after: loss.after,
        }));
        let lost = losses.iter().map(FileLoss::lost);
        let lost = lost.fold(0, u32::saturating_add);
        if lost > thresholds.total_lines {
            reasons.push(Loss::Total {
                lost,
                allowed: thresholds.total_lines,
            });
        }
        Self { reasons }
    }

    /// Returns whether a person must be asked.
    pub const fn is_destructive(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// How many lines one file had and has.
struct FileLoss<'a> {
    path: &'a WorkspacePath,
    before: u32,
    after: u32,
    is_deleted: bool,
    /// Whether it is deleted, or nothing is left in it.
    is_gone: bool,
}

impl<'a> FileLoss<'a> {
    /// Returns `None` for a file that loses nothing. Bytes that are not text
    /// have no lines to lose; such a file is only ever lost whole.
    fn of(file: &'a PlannedFile) -> Option<Self> {
        if matches!(file.change, Change::Create | Change::Copy { .. }) {
            return None;
        }
        let before = file.before.as_deref().unwrap_or_default();
        let after = file.after.as_deref().unwrap_or_default();
        let is_deleted = file.change == Change::Delete;
        let is_gone = is_deleted || (after.is_empty() && !before.is_empty());
        let lines_of = |bytes| {
            if file.binary {
                0
            } else {
                count(lines(bytes).count())
            }
        };
        let loss = Self {
            path: &file.path,
            before: lines_of(before),
            after: lines_of(after),
            is_deleted,
            is_gone,
        };
        (is_gone || loss.lost() > 0).then_some(loss)
    }

    fn lost(&self) -> u32 {
        self.before.saturating_sub(self.after)
    }

    fn is_large(&self, thresholds: &Thresholds) -> bool {
        let lost = u64::from(self.lost());
        let allowed = u64::from(self.before) * u64::from(thresholds.lost_percent);
        // A deletion says what it does; emptying a file doesn't.
        !self.is_deleted && self.lost() >= thresholds.lost_lines.max(1) && lost * 100 > allowed
    }
}

impl fmt::Display for Destruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, reason) in self.reasons.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { deleted, allowed } => {
                write!(
                    f,
                    "it deletes {deleted} files; more than {allowed} need a yes"
                )
            }
            Self::Lines {
                path,
                before,
                after,
            } => write!(f, "`{path}` would keep {after} of its {before} lines"),
            Self::Total { lost, allowed } => {
                write!(
                    f,
                    "{lost} lines would be lost; more than {allowed} need a yes"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Change, Destruction, Loss, Plan, PlannedFile, Thresholds};
    use crate::{ParseOptions, parse, plan};

    const FEW: Thresholds = Thresholds {
        deleted_files: 2,
        lost_percent: 50,
        lost_lines: 10,
        total_lines: 100,
    };

    /// A file, its lines before, and its lines after; `None` deletes it.
    type Resized = (&'static str, usize, Option<usize>);

    fn text(lines: usize) -> String {
        let lines: Vec<_> = (0..lines).map(|n| format!("line {n}\n")).collect();
        lines.concat()
    }

    fn planned(change: Change, before: String, after: Option<String>) -> PlannedFile {
        let after = after.map(String::into_bytes);
        let before = Some(before.into_bytes());
        PlannedFile::of("a".parse().unwrap(), change, before, after, false)
    }

    /// Weighs giving each file its new number of lines.
    fn weigh(files: &[Resized]) -> Vec<String> {
        let files = files.iter().map(|(path, before, after)| PlannedFile {
            path: path.parse().unwrap(),
            ..match after {
                Some(after) => planned(Change::Modify, text(*before), Some(text(*after))),
                None => planned(Change::Delete, text(*before), None),
            }
        });
        let plan = Plan {
            files: files.collect(),
        };
        let destruction = Destruction::of(&plan, &FEW);
        assert_eq!(
            destruction.is_destructive(),
            !destruction.reasons.is_empty()
        );
        destruction.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_thresholds_are_the_last_numbers_that_need_no_asking() {
        let table: [(&[Resized], &[&str]); 12] = [
            (&[], &[]),
            (&[("a", 9, None), ("b", 9, None)], &[]),
            (
                &[("a", 9, None), ("b", 9, None), ("c", 9, None)],
                &["it deletes 3 files; more than 2 need a yes"],
            ),
            (
                &[("a", 5, Some(0)), ("b", 9, None), ("c", 9, None)],
                &["it deletes 3 files; more than 2 need a yes"],
            ),
            (&[("a", 40, Some(20))], &[]),
            (
                &[("a", 40, Some(19))],
                &["`a` would keep 19 of its 40 lines"],
            ),
            (&[("a", 18, Some(9))], &[]),
            (&[("a", 10, Some(1))], &[]),
            (&[("a", 10, Some(0))], &["`a` would keep 0 of its 10 lines"]),
            (&[("a", 40, Some(400))], &[]),
            (&[("a", 100, None)], &[]),
            (
                &[("a", 90, Some(50)), ("b", 61, None)],
                &["101 lines would be lost; more than 100 need a yes"],
            ),
        ];
        for (files, reasons) in table {
            assert_eq!(weigh(files), reasons, "{files:?}");
        }
    }

    #[test]
    fn a_rewrite_a_move_or_a_copy_loses_nothing() {
        let from = || "b".parse().unwrap();
        let other = text(5_000).replace("line", "other");
        for (change, after) in [
            (Change::Modify, other.clone()),
            (Change::Rename { from: from() }, other),
            (Change::Copy { from: from() }, "short\n".to_owned()),
        ] {
            let files = vec![planned(change, text(5_000), Some(after))];
            let destruction = Destruction::of(&Plan { files }, &Thresholds::default());
            assert_eq!(destruction, Destruction::default(), "{destruction}");
        }
    }

    #[test]
    fn an_answer_that_left_out_the_rest_is_noticed() {
        let tree = BTreeMap::from([("a.js".parse().unwrap(), text(300).into_bytes())]);
        let lazy = "a.js\n```js\nline 0\n// and so on\n```\n";
        let plan = plan(&parse(lazy, &ParseOptions::default()).unwrap(), &tree).unwrap();
        let destruction = Destruction::of(&plan, &Thresholds::default());
        let lost = Loss::Lines {
            path: "a.js".parse().unwrap(),
            before: 300,
            after: 2,
        };
        assert_eq!(destruction.reasons, [lost]);
    }
}
