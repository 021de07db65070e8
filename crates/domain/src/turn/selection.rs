//! Lines of files that a person selected for a question: checked before the
//! turn begins, shown to the model alone of their files, and kept with the turn.

use atelier_base::{VersionId, WorkspaceId, WorkspacePath, limit};
use atelier_patch::{ErrorCode, FileEdit, Format, ParseOptions, Passage, Patch, PatchError};

use super::gathered::sole_path;
use super::{Going, NewTurn};
use crate::call::EditForm;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{LineRange, Selection};
use crate::file::Content;

/// How many selections a question may bring along.
const SELECTIONS: usize = 20;
/// What another form of edit than a plain block has in it.
const MARKS: [&str; 2] = ["<<<<<<< SEARCH", "*** Begin Patch"];

/// Lines of a file that a person selects for a question.
#[derive(Clone, Debug)]
pub struct NewSelection {
    /// The file.
    pub path: WorkspacePath,
    /// The version whose lines they are; the current one when `None`.
    pub version: Option<VersionId>,
    /// The lines.
    pub lines: LineRange,
}

/// Selected lines that are there.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    pub(super) path: WorkspacePath,
    pub(super) version: VersionId,
    pub(super) lines: LineRange,
}

impl Selected {
    /// Returns it as events and turns show it.
    pub(super) fn shown(&self) -> Selection {
        Selection {
            path: self.path.to_string(),
            version_id: Some(self.version.as_uuid()),
            lines: self.lines,
        }
    }
}

impl Domain {
    /// Looks up what a person selected for a question.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a file that is not there or not text, a version
    /// that is not the file's, lines that the version doesn't have, and a file
    /// that comes along in another way too; [`Error::TooLarge`].
    pub(super) async fn require_selections(&self, new: &NewTurn) -> Result<Vec<Selected>> {
        if new.selections.len() > SELECTIONS {
            return Err(wrong(format!("at most {SELECTIONS} selections")));
        }
        let mut found: Vec<Selected> = Vec::new();
        let mut bytes = 0;
        for wanted in &new.selections {
            let path = &wanted.path;
            if new.files.contains(path) {
                return Err(wrong(format!(
                    "`{path}` comes along whole already; send either all of it or lines of it"
                )));
            }
            let version = self.version_selected(new.workspace, wanted).await?;
            if found
                .iter()
                .any(|other| other.path == *path && other.version != version)
            {
                return Err(wrong(format!(
                    "the selections of `{path}` are of different versions; select again"
                )));
            }
            let text = self.text_seen(path, version).await?;
            bytes += lines_of(&text, wanted.lines)
                .ok_or_else(|| outside(path, &text, wanted.lines))?
                .len();
            found.push(Selected {
                path: path.clone(),
                version,
                lines: wanted.lines,
            });
        }
        if bytes > limit::CONTEXT_BYTES {
            return Err(Error::TooLarge {
                what: "what is selected".to_owned(),
                limit: "512 KiB".to_owned(),
            });
        }
        Ok(found)
    }

    async fn version_selected(
        &self,
        workspace: WorkspaceId,
        wanted: &NewSelection,
    ) -> Result<VersionId> {
        let path = &wanted.path;
        let (file, version) = self
            .store()
            .read(async |tx| {
                let file = tx.find_live_by_path(workspace, path).await?;
                let version = match wanted.version {
                    Some(version) => tx.find_version(version).await?,
                    None => None,
                };
                Ok::<_, Error>((file, version))
            })
            .await?;
        let file = file.ok_or_else(|| wrong(format!("there is no file `{path}`")))?;
        match wanted.version {
            Some(wanted) => version
                .filter(|version| version.file_id == file.id)
                .map(|_| wanted)
                .ok_or_else(|| wrong(format!("`{path}` has no such version; select again"))),
            None => file.current_version_id.ok_or_else(|| not_text(path)),
        }
    }

    /// Returns the whole text of a version of which a model sees something.
    pub(super) async fn text_seen(
        &self,
        path: &WorkspacePath,
        version: VersionId,
    ) -> Result<String> {
        match self.version_content(version).await? {
            Content::Text(text) => Ok(text),
            Content::Binary | Content::TooLarge | Content::None => Err(not_text(path)),
        }
    }

    /// Reads the edits of an answer in the form in which they were asked for.
    pub(super) async fn read_edits(
        &self,
        going: &Going,
        answer: &str,
        form: EditForm,
    ) -> Result<Edits> {
        if let (EditForm::Selection, [selected]) = (form, going.selections.as_slice()) {
            let text = self.text_seen(&selected.path, selected.version).await?;
            let is_marked = |mark| answer.contains(mark) && !text.contains(mark);
            if !MARKS.into_iter().any(is_marked) {
                let passage = Passage {
                    path: &selected.path,
                    text: &text,
                    first: selected.lines.first,
                    last: selected.lines.last,
                };
                return Ok(atelier_patch::parse_rewrite(answer, &passage).into());
            }
        }
        let options = ParseOptions {
            format: Format::Auto,
            strict: false,
            sole_path: sole_path(going),
        };
        let patch = match atelier_patch::parse(answer, &options) {
            Ok(patch) => patch,
            // Small models forget a name now and then.
            Err(error) if error.kind == ErrorCode::NoEdits && form == EditForm::WholeFiles => {
                let patch = self.read_unnamed(going, answer).await?;
                return Ok(Ok(patch).into());
            }
            Err(error) => return Ok(Err(error).into()),
        };
        // Who saw some lines of a file would write it without the others.
        let in_part = patch.edits.iter().find_map(|edit| match edit {
            FileEdit::Replace { path, .. } => {
                let selected = |selected: &&Selected| selected.path == *path;
                going.selections.iter().find(selected)
            }
            _ => None,
        });
        Ok(match in_part {
            None => Edits::Patch(patch),
            Some(Selected { path, .. }) => Edits::Refused {
                code: "seen_in_part",
                detail: format!(
                    "The answer writes `{path}` as a whole, of which it was given only the selected lines."
                ),
                path: Some(path.clone()),
            },
        })
    }

    /// Reads an answer that names no file, for the only one it was given.
    async fn read_unnamed(&self, going: &Going, answer: &str) -> Result<Option<Patch>> {
        let mut seen = going.seen.iter();
        let (Some((path, version)), None) = (seen.next(), seen.next()) else {
            return Ok(None);
        };
        let text = self.text_seen(path, *version).await?;
        Ok(atelier_patch::parse_unnamed(answer, path, &text))
    }
}

/// What an answer asks for.
pub(super) enum Edits {
    /// Nothing.
    None,
    Patch(Patch),
    Refused {
        code: &'static str,
        detail: String,
        path: Option<WorkspacePath>,
    },
}

impl From<Result<Option<Patch>, PatchError>> for Edits {
    fn from(read: Result<Option<Patch>, PatchError>) -> Self {
        match read {
            Ok(Some(patch)) => Self::Patch(patch),
            Ok(None) => Self::None,
            Err(error) if error.kind == ErrorCode::NoEdits => Self::None,
            Err(error) => Self::Refused {
                code: error.code(),
                detail: error.to_string(),
                path: error.path,
            },
        }
    }
}

/// Returns lines of a text, the last with its newline if it has one; `None`
/// when the text doesn't have them.
pub(super) fn lines_of(text: &str, lines: LineRange) -> Option<&str> {
    let (first, last) = (lines.first.checked_sub(1)?, lines.last);
    // Where each line ends, in bytes.
    let mut ends = text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    });
    let start = match first {
        0 => 0,
        _ => ends.nth(first as usize - 1)?,
    };
    let end = ends.nth(last.checked_sub(lines.first)? as usize)?;
    text.get(start..end)
}

/// Writes selections as a turn's row keeps them.
pub(super) fn written(selections: &[Selected]) -> Result<String> {
    let shown: Vec<Selection> = selections.iter().map(Selected::shown).collect();
    serde_json::to_string(&shown)
        .map_err(|e| Error::Internal(format!("selections can't be written: {e}")))
}

/// Reads selections as a turn's row keeps them.
pub(super) fn read(selections: &str) -> Result<Vec<Selection>> {
    serde_json::from_str(selections)
        .map_err(|e| Error::Internal(format!("the selections of a turn can't be read: {e}")))
}

fn wrong(detail: String) -> Error {
    Error::invalid("selections", detail)
}

fn not_text(path: &WorkspacePath) -> Error {
    wrong(format!("`{path}` is not a file with text"))
}

fn outside(path: &WorkspacePath, text: &str, lines: LineRange) -> Error {
    let LineRange { first, last } = lines;
    wrong(match text.split_inclusive('\n').count() {
        _ if first == 0 => "lines are counted from 1".to_owned(),
        _ if last < first => format!("the last line, {last}, is above the first, {first}"),
        0 => format!("`{path}` is empty"),
        1 => format!("`{path}` has one line; lines {first} to {last} are outside of it"),
        count => format!("`{path}` has {count} lines; lines {first} to {last} are outside of it"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_out_whole() {
        for (text, (first, last), lines) in [
            ("a\nb\nc\n", (1, 1), Some("a\n")),
            ("a\nb\nc\n", (2, 3), Some("b\nc\n")),
            ("a\r\nb\r\nc", (2, 3), Some("b\r\nc")),
            ("a", (1, 1), Some("a")),
            ("a\n", (2, 2), None),
            ("a\n", (1, 2), None),
            ("a\nb\n", (2, 1), None),
            ("a\n", (0, 1), None),
            ("", (1, 1), None),
            ("a\n", (u32::MAX, u32::MAX), None),
        ] {
            assert_eq!(
                lines_of(text, LineRange { first, last }),
                lines,
                "{text:?}, {first}"
            );
        }
    }
}
