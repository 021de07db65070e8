//! Lists by cursor.

use std::str::FromStr;

use atelier_base::limit;

use crate::error::{Error, Result};

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default)]
pub struct Page {
    cursor: Option<String>,
    limit: Option<u32>,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct PageOf<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
}

impl Page {
    /// Checks what a request asks for.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the limit is 0 or above [`limit::PAGE_ITEMS`].
    pub fn new(cursor: Option<String>, limit: Option<u32>) -> Result<Self> {
        if limit.is_some_and(|limit| limit == 0 || limit > limit::PAGE_ITEMS) {
            return Err(Error::invalid(
                "limit",
                format!("a page has 1 to {} items", limit::PAGE_ITEMS),
            ));
        }
        Ok(Self { cursor, limit })
    }

    /// Returns how many items the page has at most.
    pub(crate) fn limit(&self) -> u32 {
        self.limit.unwrap_or(limit::PAGE_DEFAULT)
    }

    /// Returns the same page, with so many items when nobody said how many.
    pub(crate) fn or(self, limit: u32) -> Self {
        Self {
            limit: self.limit.or(Some(limit)),
            ..self
        }
    }

    /// Reads the cursor.
    pub(crate) fn cursor_as<T: FromStr>(&self) -> Result<Option<T>> {
        let parse = |text: &String| {
            text.parse()
                .map_err(|_| Error::invalid("cursor", "the cursor is not one that a list gave"))
        };
        self.cursor.as_ref().map(parse).transpose()
    }

    /// Cuts a list that was read one item further than the page goes.
    pub(crate) fn cut<T>(&self, mut items: Vec<T>, cursor: impl Fn(&T) -> String) -> PageOf<T> {
        let limit = self.limit() as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        PageOf { items, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_with_a_cursor_only_when_there_is_more() {
        let page = Page::new(None, Some(2)).unwrap();
        let cut = page.cut(vec![1, 2, 3], ToString::to_string);
        assert_eq!(
            (cut.items, cut.next_cursor),
            (vec![1, 2], Some("2".to_owned()))
        );
        let cut = page.cut(vec![1, 2], ToString::to_string);
        assert_eq!((cut.items, cut.next_cursor), (vec![1, 2], None));
        assert!(Page::new(None, Some(0)).is_err());
        assert!(Page::new(None, Some(5_001)).is_err());
        assert!(
            Page::new(Some("x".to_owned()), None)
                .unwrap()
                .cursor_as::<u32>()
                .is_err()
        );
    }
}
