//! A parser of server-sent events, after the WHATWG HTML standard, §9.2.6
//! "Interpreting an event stream", with two liberties that servers need: an
//! event at the very end counts without its blank line, and the value of a
//! field named `error` (older llama.cpp) counts as the data `{"error":…}`.
//!
//! It takes bytes cut anywhere and gives the data of whole events. Event
//! names, ids and reconnection times are of no use here and dropped.

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The parser's state between two chunks.
#[derive(Debug)]
pub(crate) struct Parser {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    after_cr: bool,
    first_line: bool,
    limit: usize,
}

/// An event or line longer than the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Parser {
    /// Makes a parser that holds at most `limit` bytes of an event.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            after_cr: false,
            first_line: true,
            limit,
        }
    }

    /// Takes the next bytes and appends the data of each event they complete.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        events: &mut Vec<String>,
    ) -> Result<(), TooLong> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) {
            self.push(&bytes[..end])?;
            self.end_line(events);
            let crlf = bytes[end..].starts_with(b"\r\n");
            self.after_cr = &bytes[end..] == b"\r";
            bytes = &bytes[end + 1 + usize::from(crlf)..];
        }
        self.push(bytes)
    }

    /// Ends the stream: what is pending becomes a last event.
    pub(crate) fn finish(&mut self, events: &mut Vec<String>) {
        self.end_line(events);
        self.end_line(events);
    }

    fn push(&mut self, part: &[u8]) -> Result<(), TooLong> {
        if self.data.len() + self.line.len() + part.len() > self.limit {
            return Err(TooLong);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<String>) {
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.first_line) && line.starts_with(BOM) {
            line.drain(..BOM.len());
        }
        if line.is_empty() {
            if std::mem::take(&mut self.has_data) {
                events.push(String::from_utf8_lossy(&self.data).into_owned());
            }
            self.data.clear();
        } else {
            self.field(&line);
        }
        // Give the buffer back, so that a stream allocates it once.
        line.clear();
        self.line = line;
    }

    fn field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|b| *b == b':');
        let (name, value) = match colon {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &line[line.len()..]),
        };
        let (before, after): (&[u8], &[u8]) = match name {
            b"data" => (b"", b""),
            b"error" => (b"{\"error\":", b"}"),
            _ => return,
        };
        if self.has_data {
            self.data.push(b'\n');
        }
        self.has_data = true;
        let value = value.strip_prefix(b" ").unwrap_or(value);
        for part in [before, value, after] {
            self.data.extend_from_slice(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(chunks: &[&[u8]]) -> Vec<String> {
        let mut parser = Parser::new(1_000);
        let mut events = Vec::new();
        for chunk in chunks {
            parser.feed(chunk, &mut events).unwrap();
        }
        parser.finish(&mut events);
        events
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        for (stream, expected) in [
            ("data: a\n\ndata: b\n\n", vec!["a", "b"]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", vec!["a", "b"]),
            ("data: a\r\rdata: b\r\r", vec!["a", "b"]),
            ("data:a\n\n", vec!["a"]),
            ("data:  a\n\n", vec![" a"]),
            ("data: a\ndata: b\n\n", vec!["a\nb"]),
            ("data\n\n", vec![""]),
            ("data\ndata\n\n", vec!["\n"]),
            (": comment\n\ndata: a\n\n", vec!["a"]),
            ("data: a\n: comment\ndata: b\n\n", vec!["a\nb"]),
            ("event: x\nid: 1\nretry: 5\ndata: a\n\n", vec!["a"]),
            ("event: ping\n\n", vec![]),
            ("\u{feff}data: a\n\n", vec!["a"]),
            ("data: a", vec!["a"]),
            ("data: a\n", vec!["a"]),
            ("error: {}\n\n", vec![r#"{"error":{}}"#]),
            ("", vec![]),
        ] {
            assert_eq!(parse(&[stream.as_bytes()]), expected, "{stream:?}");
        }
    }

    #[test]
    fn a_cut_at_any_byte_changes_nothing() {
        let stream = "\u{feff}: hi\r\ndata: ä€😀\r\ndata: 2\r\n\r\ndata: x\r\rdata: y\n\n";
        let stream = stream.as_bytes();
        let whole = parse(&[stream]);
        assert_eq!(whole, ["ä€😀\n2", "x", "y"]);
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let cut = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(parse(&cut), whole, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn an_event_past_the_limit_is_refused_however_it_is_built() {
        let long_line = [b'x'; 101];
        let many_lines = "data: 123456789\n".repeat(20);
        for stream in [&long_line[..], many_lines.as_bytes()] {
            let mut parser = Parser::new(100);
            let mut events = Vec::new();
            assert_eq!(parser.feed(stream, &mut events), Err(TooLong));
        }
        let mut parser = Parser::new(100);
        let mut events = Vec::new();
        let short = "data: 123456789\n\n".repeat(1_000);
        assert_eq!(parser.feed(short.as_bytes(), &mut events), Ok(()));
        assert_eq!(events.len(), 1_000);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_cut_give_the_same_events(
            bytes in proptest::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b'd'), any::<u8>()], 0..200),
            size in 1_usize..20,
        ) {
            let mut prefixed = b"data: ".to_vec();
            prefixed.extend(bytes);
            let chunks: Vec<&[u8]> = prefixed.chunks(size).collect();
            prop_assert_eq!(parse(&chunks), parse(&[&prefixed]));
        }
    }
}
