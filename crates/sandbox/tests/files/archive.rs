//! A writer of zip archives that takes no care at all.

/// One entry, as wrong as a test wants it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) content: Vec<u8>,
    /// The Unix mode with its type; 0 for none.
    pub(crate) mode: u32,
    /// What the headers say the unpacked size is, if it is a lie.
    pub(crate) said: Option<u32>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) bad_checksum: bool,
}

impl Entry {
    pub(crate) fn new(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            content: content.as_ref().to_vec(),
            mode: 0o100_644,
            said: None,
            // The name is UTF-8.
            flags: 0x0800,
            method: 0,
            bad_checksum: false,
        }
    }

    pub(crate) fn link(name: &str, target: &str) -> Self {
        Self {
            mode: 0o120_777,
            ..Self::new(name, target)
        }
    }

    fn fixed_fields(&self) -> Vec<u8> {
        let size = u32::try_from(self.content.len()).unwrap();
        let checksum = crc32(&self.content) ^ u32::from(self.bad_checksum);
        let mut out = Vec::new();
        for short in [20, self.flags, self.method, 0, 0x21] {
            out.extend(short.to_le_bytes());
        }
        for long in [checksum, size, self.said.unwrap_or(size)] {
            out.extend(long.to_le_bytes());
        }
        out.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        out
    }
}

/// Writes the entries one after the other, then the directory.
pub(crate) fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = u32::try_from(out.len()).unwrap();
        out.extend(b"PK\x03\x04");
        out.extend(entry.fixed_fields());
        out.extend(0_u16.to_le_bytes());
        out.extend(&entry.name);
        out.extend(&entry.content);
        add_to_directory(&mut directory, entry, offset);
    }
    finish(out, &directory, entries.len())
}

/// Writes one file and a directory that names it many times.
pub(crate) fn overlapping(times: u32) -> Vec<u8> {
    let entry = Entry::new("0", "x".repeat(1_000));
    let mut out = archive(std::slice::from_ref(&entry));
    out.truncate(30 + 1 + 1_000);
    let mut directory = Vec::new();
    for n in 0..times {
        let name = n.to_string().into_bytes();
        add_to_directory(
            &mut directory,
            &Entry {
                name,
                ..entry.clone()
            },
            0,
        );
    }
    finish(out, &directory, times as usize)
}

fn add_to_directory(directory: &mut Vec<u8>, entry: &Entry, offset: u32) {
    // Made by Unix, so that the mode counts.
    directory.extend(b"PK\x01\x02\x14\x03");
    directory.extend(entry.fixed_fields());
    directory.extend([0; 8]);
    directory.extend((entry.mode << 16).to_le_bytes());
    directory.extend(offset.to_le_bytes());
    directory.extend(&entry.name);
}

fn finish(mut out: Vec<u8>, directory: &[u8], count: usize) -> Vec<u8> {
    let start = u32::try_from(out.len()).unwrap();
    let count = u16::try_from(count).unwrap().to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
