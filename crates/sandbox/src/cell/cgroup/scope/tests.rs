//! Against the real bus with a stand-in for systemd, and against lies.

use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use proptest::prelude::*;

use super::*;

/// A bus of one's own.
struct Bus {
    daemon: Child,
    folder: tempfile::TempDir,
}

impl Bus {
    /// `None` when this machine has none.
    #[expect(clippy::disallowed_methods, reason = "tests start what they talk to")]
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        let configuration = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
             <busconfig><type>session</type><listen>unix:path={}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
             </policy></busconfig>",
            socket.display()
        );
        let file = folder.path().join("bus.conf");
        std::fs::write(&file, configuration).unwrap();
        let daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", file.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn();
        let mut daemon = daemon.ok()?;
        // It listens when it says where.
        let mut byte = [0];
        daemon
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut byte)
            .unwrap();
        Some(Self { daemon, folder })
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("bus")
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// Signs in to the bus as systemd.
fn stand_in(bus: &Path) -> UnixStream {
    let mut stream = UnixStream::connect(bus).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    sign_in(&mut stream).unwrap();
    let call = |member, signature, body| Call {
        destination: "org.freedesktop.DBus",
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        member,
        signature,
        body,
    };
    call("Hello", "", Wire::default())
        .make(&mut stream, 1)
        .unwrap();
    let mut name = Wire::default();
    name.text("org.freedesktop.systemd1");
    name.number(0);
    call("RequestName", "su", name)
        .make(&mut stream, 2)
        .unwrap();
    stream
}

/// Waits for the call of a scope; returns who asks, the call's number and the
/// bytes of its arguments.
fn asked(stream: &mut UnixStream) -> (String, u32, Vec<u8>) {
    loop {
        let mut head = [0; 16];
        stream.read_exact(&mut head).unwrap();
        let number = |at| number_at(&head, at).unwrap() as usize;
        let mut fields = vec![0; number(12).next_multiple_of(8)];
        stream.read_exact(&mut fields).unwrap();
        let mut body = vec![0; number(4)];
        stream.read_exact(&mut body).unwrap();
        let wanted = b"StartTransientUnit";
        if head[1] == METHOD_CALL && fields.windows(wanted.len()).any(|part| part == wanted) {
            // The bus adds the sender (field 7), such as `:1.3`.
            let at = fields.windows(4).position(|part| part == [7, 1, b's', 0]);
            let sender = text_at(&fields, at.unwrap() + 4).unwrap().to_owned();
            return (sender, number_at(&head, 8).unwrap(), body);
        }
    }
}

fn reply(stream: &mut UnixStream, to: &str, serial: u32, refusal: Option<&str>) {
    let mut body = Wire::default();
    body.text(refusal.unwrap_or("/org/freedesktop/systemd1/job/1"));
    let kind = if refusal.is_some() {
        ERROR
    } else {
        METHOD_RETURN
    };
    let mut message = Wire(vec![b'l', kind, 0, 1]);
    message.number(u32::try_from(body.0.len()).unwrap());
    message.number(3);
    message.array(8, |fields| {
        fields.align(8);
        fields.0.push(5);
        fields.signature("u");
        fields.number(serial);
        fields.field(6, "s", to);
        fields.field(8, "g", if refusal.is_some() { "s" } else { "o" });
        if refusal.is_some() {
            fields.field(4, "s", "org.freedesktop.DBus.Error.AccessDenied");
        }
    });
    message.align(8);
    message.0.extend_from_slice(&body.0);
    stream.write_all(&message.0).unwrap();
}

/// The bus closes the connection of who sends what is no message.
#[test]
fn a_scope_is_asked_for_over_the_real_bus() {
    let Some(bus) = Bus::start() else {
        let _ = writeln!(
            io::stderr(),
            "NOT TESTED: dbus-daemon, which this machine does not have"
        );
        return;
    };
    let none = ask(&bus.socket(), "atelier-7.scope", 7).unwrap_err();
    assert!(
        none.to_string().contains("org.freedesktop.systemd1"),
        "{none}"
    );
    for refusal in [None, Some("Interactive authentication required.")] {
        let mut manager = stand_in(&bus.socket());
        let answering = thread::spawn(move || {
            let (who, serial, body) = asked(&mut manager);
            reply(&mut manager, &who, serial, refusal);
            body
        });
        let answer = ask(&bus.socket(), "atelier-70007.scope", 70_007);
        let said = answer.err().map(|error| error.to_string());
        assert_eq!(said.as_deref(), refusal);
        let body = answering.join().unwrap();
        assert_eq!(text_at(&body, 0), Some("atelier-70007.scope"));
        let holds = |part: &[u8]| body.windows(part.len()).any(|found| found == part);
        assert!(holds(b"PIDs\0\x02au\0") && holds(&70_007_u32.to_le_bytes()));
        assert!(holds(b"Delegate\0\x01b\0"));
    }
}

/// A peer that is no bus: whatever it says, the asking ends with a reason.
#[test]
fn a_peer_that_lies_is_an_error() {
    let cases: [(&[u8], &str); 5] = [
        (b"REJECTED EXTERNAL\r\n", "does not let us in"),
        (&[b'x'; 2_000], "too long"),
        (b"OK 0\r\nB234567890123456", "can't be read"),
        (
            b"OK 0\r\nl\x02\0\x01\xff\xff\xff\xff\0\0\0\0\0\0\0\0",
            "can't be read",
        ),
        (b"OK 0\r\nl\x02", ""),
    ];
    for (said, reason) in cases {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        let listener = UnixListener::bind(&socket).unwrap();
        let said = said.to_vec();
        let peer = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // The other side may have gone already.
            let _ = stream.write_all(&said);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let error = ask(&socket, "atelier-1.scope", 1).unwrap_err().to_string();
        assert!(error.contains(reason), "{reason}: {error}");
        peer.join().unwrap();
    }
    assert!(ask(Path::new("/no/bus"), "atelier-1.scope", 1).is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_fail(kind: u8, bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
        let cut = cut.min(bytes.len());
        let _ = Message::parse(kind, &bytes[..cut], &bytes[cut..]);
        let _ = Message::read(&mut bytes.as_slice());
    }

    #[test]
    fn a_message_is_read_as_it_was_written(serial: u32, text in "[a-z.]{0,40}") {
        let call = Call {
            destination: "a.b",
            path: "/a",
            interface: "a.b",
            member: "C",
            signature: "s",
            body: { let mut body = Wire::default(); body.text(&text); body },
        };
        let message = Message::read(&mut call.message(serial).as_slice()).unwrap();
        let read = Message { kind: METHOD_CALL, answers: None, error: None, text: Some(text) };
        prop_assert_eq!(message, read);
    }
}
