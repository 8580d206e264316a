//! Lists, which GitHub gives a hundred at a time.

use serde::de::DeserializeOwned;

use super::{CallError, Client, call::Call, caller::read, judge::next_page};

/// Items on a page, GitHub's most.
const ITEMS: usize = 100;
/// Pages that are read of one list. What is longer is not what this gate asks for.
const PAGES: u32 = 100;

/// A page of a list.
pub(super) trait Page: DeserializeOwned {
    /// How many items stand on it.
    fn count(&self) -> usize;
}

impl<T: DeserializeOwned> Page for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }
}

/// The pages of a list, one after the other.
pub(super) struct Pages<'a> {
    client: &'a Client,
    call: Call,
    /// The next page, counted from 1; none after the last.
    next: Option<u32>,
}

impl Client {
    /// The pages of a list.
    pub(super) fn pages(&self, call: Call) -> Pages<'_> {
        Pages { client: self, call, next: Some(1) }
    }
}

impl Pages<'_> {
    /// The next page; none after the last.
    pub(super) async fn next<T: Page>(&mut self) -> Result<Option<T>, CallError> {
        let Some(number) = self.next.filter(|number| *number <= PAGES) else {
            return Ok(None);
        };
        let joint = if self.call.path.contains('?') { '&' } else { '?' };
        let mut call = self.call.clone();
        call.path = format!("{}{joint}per_page={ITEMS}&page={number}", call.path);
        let answer = self.client.call(&call).await?;
        let page: T = read(&call, &answer)?;
        // Not every server that speaks like GitHub sends links.
        let more = match answer.headers.contains_key("link") {
            true => next_page(&answer.headers).is_some(),
            false => page.count() == ITEMS,
        };
        self.next = more.then_some(number + 1);
        Ok(Some(page))
    }
}
