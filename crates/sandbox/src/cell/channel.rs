//! Messages with descriptors, over a Unix socket.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, MemfdFlags};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most descriptors of one message.
const DESCRIPTORS: usize = 16;
/// The most bytes of a text that lies in a memory file.
const TEXT_BYTES: u64 = 16 << 20;

/// Sends `bytes`, of which there is at least one, and copies of `descriptors`.
pub(super) fn send(
    socket: impl AsFd,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut message = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !message.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::from_raw_os_error(libc::E2BIG));
    }
    let bytes = [IoSlice::new(bytes)];
    sendmsg(socket, &bytes, &mut message, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives at most `buffer.len()` bytes; 0 of them when the other side is
/// gone.
pub(super) fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = [IoSliceMut::new(buffer)];
    let received = recvmsg(socket, &mut bytes, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let descriptors = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    Ok((received.bytes, descriptors.collect()))
}

/// Writes `value` into a memory file, so that its size never blocks whoever
/// sends it.
pub(super) fn write_down(value: &impl Serialize) -> io::Result<OwnedFd> {
    let text = serde_json::to_vec(value)?;
    let mut file = File::from(rustix::fs::memfd_create("cell", MemfdFlags::CLOEXEC)?);
    file.write_all(&text)?;
    file.rewind()?;
    Ok(file.into())
}

/// Reads what [`write_down`] wrote. Anything but a file, which could make the
/// reader wait, is refused.
pub(super) fn read_back<T: DeserializeOwned>(file: OwnedFd) -> io::Result<T> {
    let status = rustix::fs::fstat(&file)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let size = u64::try_from(status.st_size).unwrap_or(0).min(TEXT_BYTES);
    // One more, so that the end is seen without growing.
    let mut text = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    File::from(file).take(TEXT_BYTES).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}
