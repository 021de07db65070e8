//! A plan of several steps as the one command that a cell takes.
//!
//! Two commands may or may not share a cell and its `/tmp`, so a small shell
//! script does all steps in one: it writes the source, compiles, says that the
//! compiler is done, and becomes the program, which so has its own exit status
//! and signals.
//!
//! How it says so must not be forgeable: the compiler prints what the source
//! wants it to, and the program anything. The script therefore writes a random
//! word, which it reads from the first line of standard input and keeps in a
//! variable: it stands in no argument and no environment, where `/proc` would
//! show it, and it is gone when the script becomes the program. What stands
//! before the word on standard error is the compiler's, what stands after it
//! the program's; the compiler's standard output goes to standard error, so
//! that all of standard output is the program's. A failed compiler is the end
//! of the script, without the word.

use crate::cell::{Output, Stream};

use super::Plan;

/// The most output of the program held back until the compiler's end is seen,
/// in bytes. The word is in the pipe before the program starts; it is late only
/// by how the two pipes are read.
const HELD: usize = 256 * 1024;
/// The most bytes of one argument; the kernel takes 128 KiB.
const ARGUMENT: usize = 120_000;

/// Takes: the build folder, the source's name, how many pieces it has, the
/// pieces, how many words the compiler's command has, those, and the program's.
/// Folders that ended runs of this cell left are deleted first: a folder is
/// somebody's as long as the process named beside it, which becomes the
/// program, is alive.
const SCRIPT: &str = r#"
for old in /tmp/atelier-build-*/; do
    [ -d "$old" ] || continue
    old=${old%/}
    kill -0 "$(cat "$old.pid" 2>/dev/null)" 2>/dev/null || rm -rf -- "$old" "$old.pid"
done
build=$1 source=$2 count=$3
shift 3
echo $$ >"$build.pid" && mkdir -- "$build" || exit 125
if [ "$count" -gt 0 ]; then
    : >"$build/$source" || exit 125
    while [ "$count" -gt 0 ]; do
        printf %s "$1" >>"$build/$source" || exit 125
        shift
        count=$((count - 1))
    done
fi
count=$1 compile= word=1
shift
if [ "$count" -gt 0 ]; then
    IFS= read -r mark
    while [ "$word" -le "$count" ]; do
        compile="$compile \"\${$word}\""
        word=$((word + 1))
    done
    eval "$compile" </dev/null >&2 || exit
    shift "$count"
    printf '%s\n' "$mark" >&2
fi
exec "$@"
"#;

impl Plan {
    /// Returns the one command that does all of the plan in a cell, in the
    /// build folder `build`, which the plan was made with. Its standard input
    /// begins with [`Mark::line`] when the plan compiles.
    pub fn into_argv(self, build: &str) -> Vec<String> {
        if self.is_simple() {
            return self.run;
        }
        let mut argv: Vec<String> = ["sh", "-c", SCRIPT, "atelier-build", build]
            .map(str::to_owned)
            .into();
        let (name, text) = self
            .source
            .map_or_else(Default::default, |source| (source.name, source.text));
        let pieces = pieces(&text);
        argv.extend([name, pieces.len().to_string()]);
        argv.extend(pieces.into_iter().map(str::to_owned));
        let compile = self.compile.unwrap_or_default();
        argv.push(compile.len().to_string());
        argv.extend(compile);
        argv.extend(self.run);
        argv
    }
}

/// Cuts a text into pieces that fit into an argument each.
fn pieces(mut text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.floor_char_boundary(ARGUMENT));
        pieces.push(piece);
        text = rest;
    }
    pieces
}

/// The word by which the end of a compilation is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// Makes the mark of 16 random bytes.
    pub fn new(random: [u8; 16]) -> Self {
        let digits = random.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        Self(digits.collect())
    }

    /// Returns the first line of standard input.
    pub fn line(&self) -> String {
        format!("{}\n", self.0)
    }
}

/// Some of what a plan that compiles wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Output of the stage that goes on.
    Output(Output),
    /// The compiler ended well and the program starts.
    Compiled,
}

/// Tells what the compiler wrote from what the program wrote.
#[derive(Debug)]
pub struct Splitter {
    mark: Vec<u8>,
    /// Whether the mark was seen.
    marked: bool,
    /// Whether the compiler's end was told.
    compiled: bool,
    /// The end of standard error that may begin the mark.
    tail: Vec<u8>,
    /// The program's output that came before the mark was seen.
    held: Vec<Output>,
}

impl Splitter {
    /// Makes what looks for `mark`.
    pub fn new(mark: &Mark) -> Self {
        Self {
            mark: mark.line().into_bytes(),
            marked: false,
            compiled: false,
            tail: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Takes the next output and returns what it is, in order.
    pub fn take(&mut self, output: Output) -> Vec<Piece> {
        match output.stream {
            Stream::Stdout => self.take_stdout(output),
            Stream::Stderr if self.marked => vec![Piece::Output(output)],
            Stream::Stderr => self.take_stderr(output.bytes),
        }
    }

    /// Returns what was held back, at the end of all output.
    pub fn end(&mut self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = stderr(std::mem::take(&mut self.tail)).into_iter().collect();
        if !self.held.is_empty() {
            pieces.extend(self.compiled());
        }
        pieces
    }

    fn take_stdout(&mut self, output: Output) -> Vec<Piece> {
        if self.compiled {
            return vec![Piece::Output(output)];
        }
        self.held.push(output);
        let held: usize = self.held.iter().map(|piece| piece.bytes.len()).sum();
        if held > HELD {
            return self.compiled();
        }
        Vec::new()
    }

    fn take_stderr(&mut self, added: Vec<u8>) -> Vec<Piece> {
        let mut bytes = std::mem::take(&mut self.tail);
        bytes.extend(added);
        let found = bytes
            .windows(self.mark.len())
            .position(|window| window == self.mark);
        let Some(at) = found else {
            let begun = self.begun(&bytes);
            self.tail = bytes.split_off(bytes.len() - begun);
            return stderr(bytes).into_iter().collect();
        };
        self.marked = true;
        let rest = bytes.split_off(at + self.mark.len());
        bytes.truncate(at);
        let mut pieces: Vec<Piece> = stderr(bytes).into_iter().collect();
        pieces.extend(self.compiled());
        pieces.extend(stderr(rest));
        pieces
    }

    /// Tells the compiler's end, once, and what was held back until it. That
    /// the program wrote to standard output says as much as the mark does.
    fn compiled(&mut self) -> Vec<Piece> {
        let told = std::mem::replace(&mut self.compiled, true);
        let told = (!told).then_some(Piece::Compiled);
        let held = std::mem::take(&mut self.held);
        told.into_iter()
            .chain(held.into_iter().map(Piece::Output))
            .collect()
    }

    /// Returns how many bytes at the end may be the beginning of the mark.
    fn begun(&self, bytes: &[u8]) -> usize {
        let most = bytes.len().min(self.mark.len() - 1);
        let begins = |count: &usize| bytes.ends_with(&self.mark[..*count]);
        (1..=most).rev().find(begins).unwrap_or(0)
    }
}

fn stderr(bytes: Vec<u8>) -> Option<Piece> {
    let stream = Stream::Stderr;
    (!bytes.is_empty()).then_some(Piece::Output(Output { stream, bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stream: Stream, bytes: &[u8]) -> Output {
        let bytes = bytes.to_vec();
        Output { stream, bytes }
    }

    fn mark() -> Mark {
        Mark::new(*b"0123456789abcdef")
    }

    /// Feeds standard error in chunks and returns what the compiler and the
    /// program wrote, and whether the end of the compiler was seen.
    fn split(text: &[u8], chunk: usize) -> (Vec<u8>, Vec<u8>, bool) {
        let mut splitter = Splitter::new(&mark());
        let mut pieces = Vec::new();
        for chunk in text.chunks(chunk) {
            pieces.extend(splitter.take(output(Stream::Stderr, chunk)));
        }
        pieces.extend(splitter.end());
        let (mut stages, mut compiled) = ([Vec::new(), Vec::new()], false);
        for piece in pieces {
            match piece {
                Piece::Compiled => compiled = true,
                Piece::Output(output) => stages[usize::from(compiled)].extend(output.bytes),
            }
        }
        let [compiler, program] = stages;
        (compiler, program, compiled)
    }

    #[test]
    fn the_mark_is_found_however_the_output_is_cut() {
        let line = mark().line();
        let almost = &line[..line.len() - 1];
        // A compiler that prints much of the mark, and a program that prints it.
        let text = format!("warning: x\n{almost}{almost}\r{line}oops {line}end");
        let compiler = format!("warning: x\n{almost}{almost}\r");
        for chunk in 1..=text.len() {
            let (first, second, compiled) = split(text.as_bytes(), chunk);
            assert!(compiled);
            assert_eq!(String::from_utf8(first).unwrap(), compiler, "{chunk}");
            assert_eq!(
                String::from_utf8(second).unwrap(),
                format!("oops {line}end")
            );
        }
    }

    #[test]
    fn without_the_mark_all_is_the_compilers() {
        let line = mark().line();
        for text in ["", "error: no\n", &line[..20]] {
            for chunk in 1..30 {
                let expected = (text.as_bytes().to_vec(), Vec::new(), false);
                assert_eq!(split(text.as_bytes(), chunk), expected);
            }
        }
    }

    #[test]
    fn standard_output_waits_for_the_mark_but_not_without_bound() {
        let mut splitter = Splitter::new(&mark());
        assert_eq!(splitter.take(output(Stream::Stdout, b"early")), []);
        let pieces = splitter.take(output(Stream::Stderr, mark().line().as_bytes()));
        let early = Piece::Output(output(Stream::Stdout, b"early"));
        assert_eq!(pieces, [Piece::Compiled, early]);
        let mut splitter = Splitter::new(&mark());
        let big = output(Stream::Stdout, &vec![b'x'; HELD]);
        assert_eq!(splitter.take(big.clone()), []);
        let pieces = splitter.take(big.clone());
        assert_eq!((&pieces[0], pieces.len()), (&Piece::Compiled, 3));
        assert_eq!(splitter.end(), []);
        // The end of the compiler is told once, also when the mark is lost.
        let late = splitter.take(output(Stream::Stderr, mark().line().as_bytes()));
        assert_eq!(late, []);
        let mut splitter = Splitter::new(&mark());
        assert_eq!(splitter.take(output(Stream::Stdout, b"early")), []);
        let early = Piece::Output(output(Stream::Stdout, b"early"));
        assert_eq!(splitter.end(), [Piece::Compiled, early]);
    }

    #[test]
    fn long_sources_are_cut_between_characters() {
        let text = "ü".repeat(ARGUMENT);
        let cut = pieces(&text);
        assert_eq!(cut.concat(), text);
        assert!(cut.iter().all(|piece| piece.len() <= ARGUMENT));
    }
}
