//! Every edit format in, one edit transaction out.
//!
//! A model or a person writes a patch in one of several formats; [`parse`]
//! reads it, [`plan`] finds every hunk's place and computes every file's new
//! bytes, all or nothing, [`select`] keeps only the accepted hunks, and
//! [`merge`] brings in what somebody else wrote meanwhile.
//!
//! The crate is pure: no files, no clock, no processes. What it patches it
//! reads through [`Source`]. Three rules hold everywhere: a hunk has one
//! place or is refused, bytes that no hunk changes stay as they are, and a
//! match that is not exact says so in its [`MatchLabel`].
//!
//! ```
//! # use std::collections::BTreeMap;
//! # use atelier_base::WorkspacePath;
//! # use atelier_patch::{ParseOptions, parse, plan};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let answer = "
//! greet.py
//! ```python
//! <<<<<<< SEARCH
//! print('hello')
//! =======
//! print('good day')
//! >>>>>>> REPLACE
//! ```";
//! let path: WorkspacePath = "greet.py".parse()?;
//! let tree = BTreeMap::from([(path, b"def greet():\n    print('hello')\n".to_vec())]);
//! let patch = parse(answer, &ParseOptions::default())?;
//! let plan = plan(&patch, &tree)?;
//! let after = plan.files[0].after.as_deref();
//! assert_eq!(after, Some(&b"def greet():\n    print('good day')\n"[..]));
//! assert_eq!(plan.files[0].hunks[0].label.to_string(), "indent+4");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod apply;
mod binary;
mod destruction;
mod diff;
mod edit;
mod encoding;
mod error;
mod find;
mod label;
mod line;
mod merge;
mod onto;
mod plan;
mod print;
mod read;
mod select;
mod sheet;
mod source;
pub mod stream;
mod style;

pub use binary::BinaryChange;
pub use destruction::{Destruction, Loss, Thresholds};
pub use diff::{Hunk, HunkKind, diff, splice};
pub use edit::{
    Anchor, EditBody, EditHunk, EditLine, FileEdit, Format, LineOp, ParseOptions, Patch,
    UnknownFormat,
};
pub use encoding::{Encoding, UnknownEncoding, decode, encode, patch_text};
pub use error::{Divergence, ErrorCode, Evidence, PatchError};
pub use label::{IndentUnit, MatchLabel, UnknownLabel};
pub use line::{Ending, Lines, is_binary, lines};
pub use merge::{Conflict, Merge, merge};
pub use onto::{Clash, ClashPlace, OntoError, onto};
pub use plan::{Change, Plan, PlannedFile, plan};
pub use print::unified;
pub use read::parse;
pub use read::passage::{Passage, parse_rewrite};
pub use read::unnamed::parse_unnamed;
pub use select::{Selected, select};
pub use source::{Entry, Source, SourceError};
pub use style::Style;
