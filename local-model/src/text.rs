//! From the bytes of tokens to the text that is shown: whole characters, and
//! nothing of what ends the answer.

/// The most characters that are compared with the text after the place that is
/// filled in.
const OVERLAP_CHARS: usize = 200;

/// Turns the bytes of tokens into pieces of text, and finds the end.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Texts that end the answer.
    stop: Vec<String>,
    /// The line after the place, which ends the answer when it comes again.
    repeat: Option<String>,
    /// What follows the place; empty when nothing does.
    until: String,
    /// Bytes of a character that isn't whole yet.
    bytes: Vec<u8>,
    /// Text that may turn out to belong to what ends the answer.
    held: String,
    ended: bool,
}

impl Writer {
    /// Makes a writer for one answer.
    pub(crate) fn new(stop: &[String], until: &str) -> Self {
        let until: String = until.chars().take(OVERLAP_CHARS).collect();
        Self {
            stop: stop.iter().filter(|s| !s.is_empty()).cloned().collect(),
            repeat: repeated_line(&until),
            until,
            bytes: Vec::new(),
            held: String::new(),
            ended: false,
        }
    }

    /// Takes the bytes of a token and returns what can be shown.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> String {
        self.bytes.extend_from_slice(bytes);
        self.move_whole_characters();
        if let Some(at) = self.end() {
            self.ended = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let keep = self.stop.iter().chain(&self.repeat).chain([&self.until]);
        let keep = keep.map(|end| overlap(&self.held, end)).max();
        let shown = self.held.len() - keep.unwrap_or(0);
        self.held.drain(..shown).collect()
    }

    /// Returns whether a text that ends the answer has come.
    pub(crate) const fn ended(&self) -> bool {
        self.ended
    }

    /// Ends the answer, because the model has, and returns what is left of it.
    pub(crate) fn finish(mut self) -> String {
        let repeated = overlap(&self.held, &self.until);
        self.held.truncate(self.held.len() - repeated);
        self.held
    }

    /// Where the answer ends, when what ends it has come.
    fn end(&self) -> Option<usize> {
        let stop = self
            .stop
            .iter()
            .filter_map(|stop| self.held.find(stop.as_str()));
        // The line break before the line belongs to it, unless the place was
        // at its very beginning.
        let own = usize::from(!self.until.starts_with('\n'));
        let repeat = self.repeat.iter();
        let repeat = repeat.filter_map(|line| Some(self.held.find(line.as_str())? + own));
        stop.chain(repeat).min()
    }

    fn move_whole_characters(&mut self) {
        loop {
            match std::str::from_utf8(&self.bytes) {
                Ok(text) => {
                    self.held.push_str(text);
                    self.bytes.clear();
                    return;
                }
                Err(error) => {
                    let whole = error.valid_up_to();
                    let text = String::from_utf8_lossy(&self.bytes[..whole]).into_owned();
                    self.held.push_str(&text);
                    let Some(wrong) = error.error_len() else {
                        self.bytes.drain(..whole);
                        return;
                    };
                    self.held.push(char::REPLACEMENT_CHARACTER);
                    self.bytes.drain(..whole + wrong);
                }
            }
        }
    }
}

/// The line after the place, when it says enough to tell that the model has
/// gone past the place and repeats what is there.
fn repeated_line(until: &str) -> Option<String> {
    let line = until.lines().find(|line| !line.trim().is_empty())?;
    let whole = until
        .split_once(line)
        .is_some_and(|(_, rest)| rest.starts_with('\n'));
    let said = line.trim().chars().count();
    (whole && said >= 8).then(|| format!("\n{line}\n"))
}

/// The length of the longest end of `text` that `end` begins with.
fn overlap(text: &str, end: &str) -> usize {
    let from = text.len().saturating_sub(end.len());
    (from..text.len())
        .filter(|at| text.is_char_boundary(*at))
        .find(|at| end.starts_with(&text[*at..]))
        .map_or(0, |at| text.len() - at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of an answer that comes in pieces of `size` bytes.
    fn shown(answer: &str, size: usize, stop: &[&str], until: &str) -> (String, bool) {
        let stop: Vec<String> = stop.iter().map(|&s| s.to_owned()).collect();
        let mut writer = Writer::new(&stop, until);
        let mut text = String::new();
        for bytes in answer.as_bytes().chunks(size) {
            text.push_str(&writer.take(bytes));
            if writer.ended() {
                return (text, true);
            }
        }
        text.push_str(&writer.finish());
        (text, false)
    }

    #[test]
    fn answers_end_where_they_should_wherever_they_are_cut() {
        let block = "    return total\n\n\ndef other():\n";
        for (answer, stop, until, expected) in [
            ("a + b", &[][..], "", "a + b"),
            ("grüße 🌍!", &[], "", "grüße 🌍!"),
            ("one\ntwo", &["\n"], "", "one"),
            ("x = 1```\nmore", &["\n\n", "```"], "", "x = 1"),
            ("ab``c", &["```"], "", "ab``c"),
            ("a, b)", &[], ")\n", "a, b"),
            ("a, b):", &[], ")\n", "a, b):"),
            ("sum(x)\n    return total\n", &[], block, "sum(x)\n"),
            (
                "    total = 1\n",
                &[],
                "\n    return total",
                "    total = 1",
            ),
            (
                "t = 0\n    return total\n\n\nx",
                &[],
                "    return total\n",
                "t = 0\n",
            ),
            (
                "t = 0\n    return total\nx",
                &[],
                "\n    return total\n",
                "t = 0",
            ),
            ("", &["x"], "y", ""),
        ] {
            for size in 1..=answer.len().max(1) {
                let (text, _) = shown(answer, size, stop, until);
                assert_eq!(text, expected, "{answer:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_marks() {
        let mut writer = Writer::new(&[], "");
        let mut text = writer.take(b"a\xff\xf0\x9f");
        text.push_str(&writer.take(b"b"));
        assert_eq!(text, "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn the_end_is_told() {
        assert!(shown("a\nb", 1, &["\n"], "").1);
        assert!(!shown("ab", 1, &["\n"], "").1);
    }
}
