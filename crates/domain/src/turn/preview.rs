//! Shows an answer's changes while it is written.
//!
//! What is shown is an event like any other, stored before it is sent, so it
//! is bounded: the answer's text says all of it anyway.

use atelier_base::WorkspacePath;
use atelier_patch::ParseOptions;
use atelier_patch::stream::{PreviewHunk, Reader};

use crate::event::TurnEvent;
use crate::proposal::kind_word;

/// The most changes of an answer that are shown before it is whole.
const HUNKS: usize = 200;
/// The most removed and the most added lines of one, and bytes of a line.
const LINES: usize = 100;
const LINE_BYTES: usize = 400;

/// What is shown of an answer so far.
pub(super) struct Preview {
    pub(super) reader: Reader,
    shown: usize,
}

impl Preview {
    pub(super) fn new(sole_path: Option<WorkspacePath>) -> Self {
        let options = ParseOptions {
            sole_path,
            ..ParseOptions::default()
        };
        Self {
            reader: Reader::new(options),
            shown: 0,
        }
    }

    /// Adds events for what is whole only because the answer is.
    pub(super) fn end(&mut self, events: &mut Vec<TurnEvent>) {
        let none = Reader::new(ParseOptions::default());
        let hunks = std::mem::replace(&mut self.reader, none).finish();
        self.show(hunks, events);
    }

    /// Adds events for changes that became whole; returns their size.
    pub(super) fn show(&mut self, hunks: Vec<PreviewHunk>, events: &mut Vec<TurnEvent>) -> usize {
        let mut bytes = 0;
        let room = HUNKS.saturating_sub(self.shown);
        for hunk in hunks.into_iter().filter(|hunk| hunk.done).take(room) {
            self.shown += 1;
            let mut cut = hunk.cut;
            let removed = bounded(hunk.removed, &mut cut);
            let added = bounded(hunk.added, &mut cut);
            bytes += removed.iter().chain(&added).map(String::len).sum::<usize>();
            events.push(TurnEvent::EditPreview {
                path: hunk.path.map(|path| path.to_string()),
                kind: kind_word(hunk.kind).to_owned(),
                removed,
                added,
                cut,
            });
        }
        bytes
    }
}

fn bounded(lines: Vec<String>, cut: &mut bool) -> Vec<String> {
    *cut |= lines.len() > LINES;
    let short = |line: String| {
        if line.len() <= LINE_BYTES {
            return line;
        }
        *cut = true;
        let end = line.floor_char_boundary(LINE_BYTES);
        line.get(..end).unwrap_or_default().to_owned()
    };
    lines.into_iter().take(LINES).map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_bounded() {
        let mut preview = Preview::new(None);
        let mut events = Vec::new();
        let long = format!("{}€\n", "x".repeat(LINE_BYTES - 1)).repeat(LINES + 1);
        let block =
            |text: &str| format!("a.txt\n<<<<<<< SEARCH\nold\n=======\n{text}>>>>>>> REPLACE\n");
        let hunks = preview.reader.push(&block(&long));
        assert!(preview.show(hunks, &mut events) <= LINES * LINE_BYTES + 3);
        let [
            TurnEvent::EditPreview {
                path,
                removed,
                added,
                cut,
                ..
            },
        ] = events.as_slice()
        else {
            panic!("{events:?}")
        };
        assert_eq!(
            (path.as_deref(), removed.as_slice(), *cut),
            (Some("a.txt"), ["old".to_owned()].as_slice(), true)
        );
        assert!(added.len() == LINES && added.iter().all(|line| line.len() < LINE_BYTES));
        for _ in 0..2 * HUNKS {
            let hunks = preview.reader.push(&block("new\n"));
            preview.show(hunks, &mut events);
        }
        assert_eq!(events.len(), HUNKS);
    }
}
