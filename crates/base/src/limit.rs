//! Limits on what comes from outside. Each is checked where the data enters.

/// The longest workspace path, in bytes (`PATH_MAX` leaves room for the root).
pub const PATH_BYTES: usize = 1_024;
/// The longest single name in a path, in bytes (`NAME_MAX` on Linux).
pub const NAME_BYTES: usize = 255;
/// The deepest directory nesting in a workspace.
pub const PATH_DEPTH: usize = 64;
/// The largest file the editor and the edit engine take as text, in bytes.
pub const TEXT_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// The largest JSON request body, in bytes: a text file, escaped.
pub const JSON_BODY_BYTES: usize = 18 * 1024 * 1024;
/// The largest patch, in bytes.
pub const PATCH_BYTES: usize = 4 * 1024 * 1024;
/// The largest number of files one patch may touch.
pub const PATCH_FILES: usize = 1_000;
/// The largest number of hunks in one patch.
pub const PATCH_HUNKS: usize = 10_000;
/// The longest message a person may send to the assistant, in bytes.
pub const MESSAGE_BYTES: usize = 256 * 1024;
/// The longest answer kept from a model, in bytes; a longer one is cut off.
pub const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The most bytes of workspace files put into one request to a model.
pub const CONTEXT_BYTES: usize = 512 * 1024;
/// The default ceiling of an imported tree, unpacked, in bytes.
pub const IMPORT_BYTES: u64 = 500 * 1024 * 1024;
/// The default ceiling of the number of files in an imported tree.
pub const IMPORT_FILES: u64 = 100_000;
/// The largest page of a list.
pub const PAGE_ITEMS: u32 = 5_000;
/// The page size when none is asked for.
pub const PAGE_DEFAULT: u32 = 100;
/// The longest name a person gives to something, in characters.
pub const NAME_CHARS: usize = 120;
