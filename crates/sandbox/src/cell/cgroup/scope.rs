//! Asking systemd for a control group of our own.
//!
//! Where version 2 of control groups is ruled by systemd, a process may make
//! groups only below one that was delegated to it. A transient scope is such a
//! group, and is asked for over D-Bus: the user's manager on the session's
//! bus, the system's on the system's. That is one call, so the few types of
//! the wire form that it needs are written here (see the D-Bus specification,
//! "Message Protocol"); a library for it brings seventeen packages.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the bus may take for one answer, and the move after it.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// The most bytes of a line and of a message, and how many messages may come
/// before the answer.
const LINE_BYTES: usize = 1_024;
const MESSAGE_BYTES: usize = 64 * 1024;
const MESSAGES: usize = 64;

/// Asks the manager on the bus whose socket is `bus` to put this process into
/// a scope with groups of its own, and waits until it is there.
pub(super) fn enter(bus: &Path) -> io::Result<()> {
    let own = || std::fs::read_to_string("/proc/self/cgroup");
    let before = own()?;
    let process = std::process::id();
    ask(bus, &format!("atelier-{process}.scope"), process)?;
    let last = Instant::now() + PATIENCE;
    while own()? == before {
        if Instant::now() > last {
            return Err(io::Error::other("it was promised, and did not come"));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

/// Asks for a scope named `unit` with one process in it.
fn ask(bus: &Path, unit: &str, process: u32) -> io::Result<()> {
    let mut stream = UnixStream::connect(bus)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    sign_in(&mut stream)?;
    let hello = Call {
        destination: "org.freedesktop.DBus",
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        member: "Hello",
        signature: "",
        body: Wire::default(),
    };
    hello.make(&mut stream, 1)?;
    let start = Call {
        destination: "org.freedesktop.systemd1",
        path: "/org/freedesktop/systemd1",
        interface: "org.freedesktop.systemd1.Manager",
        member: "StartTransientUnit",
        signature: "ssa(sv)a(sa(sv))",
        body: scope(unit, process),
    };
    start.make(&mut stream, 2)
}

/// Says who we are; the kernel vouches for it.
fn sign_in(stream: &mut UnixStream) -> io::Result<()> {
    let user = rustix::process::geteuid().as_raw().to_string();
    // Its digits are those of `0x30` to `0x39` in the hexadecimal form.
    let user: String = user.chars().flat_map(|digit| ['3', digit]).collect();
    stream.write_all(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes())?;
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
        if line.len() > LINE_BYTES {
            return Err(invalid("its greeting is too long"));
        }
    }
    if !line.starts_with(b"OK ") {
        return Err(invalid("it does not let us in"));
    }
    stream.write_all(b"BEGIN\r\n")
}

/// The arguments of `StartTransientUnit`: name, mode, properties, no others.
fn scope(unit: &str, process: u32) -> Wire {
    let mut body = Wire::default();
    body.text(unit);
    body.text("fail");
    body.array(8, |properties| {
        properties.property("Description", "s", |value| value.text("Atelier's cells"));
        properties.property("PIDs", "au", |value| {
            value.array(4, |list| list.number(process));
        });
        properties.property("Delegate", "b", |value| value.number(1));
        // It is gone with its last process, failed or not.
        properties.property("CollectMode", "s", |value| {
            value.text("inactive-or-failed");
        });
    });
    body.array(8, |_| {});
    body
}

/// A method call.
struct Call<'a> {
    destination: &'a str,
    path: &'a str,
    interface: &'a str,
    member: &'a str,
    signature: &'a str,
    body: Wire,
}

impl Call<'_> {
    /// Sends the call and waits for its answer.
    fn make(&self, stream: &mut UnixStream, serial: u32) -> io::Result<()> {
        stream.write_all(&self.message(serial))?;
        for _ in 0..MESSAGES {
            match Message::read(stream)?.answer(serial) {
                None => {}
                Some(Ok(())) => return Ok(()),
                Some(Err(reason)) => return Err(io::Error::other(reason)),
            }
        }
        Err(invalid("it says much and answers nothing"))
    }

    fn message(&self, serial: u32) -> Vec<u8> {
        let mut message = Wire(vec![b'l', METHOD_CALL, 0, 1]);
        message.number(u32::try_from(self.body.0.len()).unwrap_or(u32::MAX));
        message.number(serial);
        message.array(8, |fields| {
            fields.field(1, "o", self.path);
            fields.field(2, "s", self.interface);
            fields.field(3, "s", self.member);
            fields.field(6, "s", self.destination);
            if !self.signature.is_empty() {
                fields.field(8, "g", self.signature);
            }
        });
        message.align(8);
        message.0.extend_from_slice(&self.body.0);
        message.0
    }
}

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;

/// Bytes in the wire form, little-endian.
#[derive(Debug, Default)]
struct Wire(Vec<u8>);

impl Wire {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn number(&mut self, value: u32) {
        self.align(4);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
    }

    fn signature(&mut self, signature: &str) {
        self.0
            .push(u8::try_from(signature.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(signature.as_bytes());
        self.0.push(0);
    }

    /// Writes an array whose elements begin at multiples of `alignment`. Its
    /// length does not count what is left free before the first.
    fn array(&mut self, alignment: usize, fill: impl FnOnce(&mut Self)) {
        self.number(0);
        let length = self.0.len() - 4;
        self.align(alignment);
        let begin = self.0.len();
        fill(self);
        let bytes = u32::try_from(self.0.len() - begin).unwrap_or(u32::MAX);
        self.0[length..length + 4].copy_from_slice(&bytes.to_le_bytes());
    }

    fn property(&mut self, name: &str, signature: &str, fill: impl FnOnce(&mut Self)) {
        self.align(8);
        self.text(name);
        self.signature(signature);
        fill(self);
    }

    fn field(&mut self, code: u8, signature: &str, value: &str) {
        self.align(8);
        self.0.push(code);
        self.signature(signature);
        match signature {
            "g" => self.signature(value),
            _ => self.text(value),
        }
    }
}

/// A message that came.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    kind: u8,
    /// The call that it answers.
    answers: Option<u32>,
    error: Option<String>,
    /// The text that its body begins with.
    text: Option<String>,
}

impl Message {
    fn read(stream: &mut impl Read) -> io::Result<Self> {
        let mut head = [0; 16];
        stream.read_exact(&mut head)?;
        let fields = number_at(&head, 12).unwrap_or(u32::MAX) as usize;
        let body = number_at(&head, 4).unwrap_or(u32::MAX) as usize;
        if head[0] != b'l' || fields > MESSAGE_BYTES || body > MESSAGE_BYTES {
            return Err(invalid("its message can't be read"));
        }
        let mut rest = vec![0; fields.next_multiple_of(8) + body];
        stream.read_exact(&mut rest)?;
        let (fields, body) = (&rest[..fields], &rest[fields.next_multiple_of(8)..]);
        Self::parse(head[1], fields, body).ok_or_else(|| invalid("its message can't be read"))
    }

    /// Reads the fields of a header: code, type and value, each at a multiple
    /// of eight.
    fn parse(kind: u8, fields: &[u8], body: &[u8]) -> Option<Self> {
        let mut message = Self {
            kind,
            answers: None,
            error: None,
            text: None,
        };
        let mut at = 0;
        while at < fields.len() {
            let (code, signature) = (*fields.get(at)?, signature_at(fields, at + 1)?);
            at += 3 + signature.len();
            match signature {
                "u" => {
                    at = at.next_multiple_of(4);
                    let number = number_at(fields, at)?;
                    message.answers = message.answers.or((code == 5).then_some(number));
                    at += 4;
                }
                "s" | "o" => {
                    at = at.next_multiple_of(4);
                    let text = text_at(fields, at)?;
                    at += 5 + text.len();
                    if code == 4 {
                        message.error = Some(text.to_owned());
                    }
                }
                "g" => {
                    let value = signature_at(fields, at)?;
                    at += 2 + value.len();
                    if code == 8 && value.starts_with('s') {
                        message.text = text_at(body, 0).map(str::to_owned);
                    }
                }
                _ => return None,
            }
            at = at.next_multiple_of(8);
        }
        Some(message)
    }

    /// Returns the answer that this is to the call `serial`; `None` for
    /// anything else.
    fn answer(self, serial: u32) -> Option<Result<(), String>> {
        if self.answers != Some(serial) {
            return None;
        }
        match self.kind {
            METHOD_RETURN => Some(Ok(())),
            ERROR => {
                let name = self.error.unwrap_or_default();
                Some(Err(self.text.unwrap_or(name)))
            }
            _ => None,
        }
    }
}

fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn text_at(bytes: &[u8], at: usize) -> Option<&str> {
    let length = number_at(bytes, at)? as usize;
    let begin = at.checked_add(4)?;
    std::str::from_utf8(bytes.get(begin..begin.checked_add(length)?)?).ok()
}

fn signature_at(bytes: &[u8], at: usize) -> Option<&str> {
    let length = usize::from(*bytes.get(at)?);
    std::str::from_utf8(bytes.get(at + 1..at + 1 + length)?).ok()
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests;
