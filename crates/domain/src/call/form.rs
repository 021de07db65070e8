//! In which form a model is asked to write edits.
//!
//! A small model copies lines it is to replace with mistakes, so that its
//! blocks fit nowhere, but writes a whole file without losing any, or the lines
//! that a person selected. A large one wastes its time and the person's money
//! on what does not change.

use std::borrow::Cow;

use atelier_model::{Request, Role};

use super::Wish;

/// A model with fewer parameters is a small one.
const SMALL: u64 = 4_000_000_000;

/// In which form a model writes edits best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EditForm {
    /// Blocks of lines to search for and to put in their place.
    Blocks,
    /// Files from their first line to their last.
    WholeFiles,
    /// The lines that a person selected, anew.
    Selection,
}

impl EditForm {
    /// Returns the form for a model of so many parameters, or nobody said how
    /// many, that is asked about so many selections.
    pub(crate) fn of(parameters: Option<u64>, selections: usize) -> Self {
        match (parameters, selections) {
            (Some(count), 0) if count < SMALL => Self::WholeFiles,
            (Some(count), 1) if count < SMALL => Self::Selection,
            // Nor can a small one write a whole file of which it sees parts.
            _ => Self::Blocks,
        }
    }

    /// How many bytes a model is told of either, at most.
    pub(super) const LONGEST: u64 = Self::Blocks.rules().len() as u64;

    /// Returns what a model is told of it.
    pub(super) const fn rules(self) -> &'static str {
        match self {
            Self::Blocks => include_str!("blocks.md"),
            Self::WholeFiles => include_str!("whole_files.md"),
            Self::Selection => include_str!("selection.md"),
        }
    }

    /// Returns a wish with what a model is told of it behind `head`, with
    /// which the rules of the request begin.
    pub(super) fn told<'w>(self, wish: &'w Wish, head: Option<&str>) -> Cow<'w, Wish> {
        let (Some(head), Wish::Answer(request)) = (head, wish) else {
            return Cow::Borrowed(wish);
        };
        let mut request: Request = request.clone();
        let first = request.messages.first_mut();
        if let Some(rules) = first.filter(|said| said.role == Role::System) {
            let whole = rules.content.starts_with(head);
            let at = if whole { head.len() } else { 0 };
            rules.content.insert_str(at, self.rules());
        }
        Cow::Owned(Wish::Answer(request))
    }
}

#[cfg(test)]
mod tests {
    use atelier_model::Message;

    use super::*;

    #[test]
    fn the_form_follows_the_size_of_the_model() {
        for (parameters, form, with_selection) in [
            (None, EditForm::Blocks, EditForm::Blocks),
            (Some(SMALL - 1), EditForm::WholeFiles, EditForm::Selection),
            (Some(SMALL), EditForm::Blocks, EditForm::Blocks),
            (Some(480_000_000_000), EditForm::Blocks, EditForm::Blocks),
        ] {
            let of = |selections| EditForm::of(parameters, selections);
            let forms = [form, with_selection, EditForm::Blocks];
            assert_eq!([of(0), of(1), of(2)], forms, "{parameters:?}");
        }
    }

    #[test]
    fn no_form_takes_longer_to_tell_than_is_counted() {
        for form in [EditForm::Blocks, EditForm::WholeFiles, EditForm::Selection] {
            assert!(form.rules().len() as u64 <= EditForm::LONGEST, "{form:?}");
        }
    }

    #[test]
    fn the_rules_stand_behind_the_head_and_nowhere_else() {
        let wish = Wish::Answer(Request {
            messages: vec![Message::system("Head.\nTree"), Message::user("Head.\n")],
            ..Request::default()
        });
        let form = EditForm::WholeFiles;
        let Cow::Owned(Wish::Answer(told)) = form.told(&wish, Some("Head.\n")) else {
            panic!("nothing was told");
        };
        let expected = format!("Head.\n{}Tree", form.rules());
        assert_eq!(told.messages[0].content, expected);
        assert_eq!(told.messages[1].content, "Head.\n");
        assert_eq!(*form.told(&wish, None), wish);
    }
}
