//! A page of Markdown, block by block, with the blank lines that every reader needs.

/// Blocks of Markdown. What is put in has been escaped already.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    limit: Option<Limit>,
}

/// How many rows a table or a list may have, and where a reader finds the others.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    /// Rows of each table and items of each list.
    pub(super) rows: usize,
    /// Where the rest stands, as Markdown: «the full report», with its link.
    pub(super) rest: String,
}

impl Limit {
    fn more(&self, left_out: usize) -> String {
        format!("and {left_out} more in {}", self.rest)
    }
}

impl Page {
    /// A page whose tables and lists end after so many rows, and say so.
    pub(super) fn limited(limit: Option<Limit>) -> Self {
        Self { text: String::new(), limit }
    }

    pub(super) fn heading(&mut self, level: usize, text: &str) {
        self.gap();
        self.text.push_str(&"#".repeat(level));
        self.text.push(' ');
        self.text.push_str(text);
        self.text.push('\n');
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.gap();
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Nothing for no items.
    pub(super) fn bullets(&mut self, items: impl IntoIterator<Item = String>) {
        let (items, left_out) = self.within(items.into_iter().collect());
        self.list(items.into_iter().map(|item| format!("- {item}\n")));
        self.rest(left_out);
    }

    /// Bullets of which the first stand open and the others are folded away under their count.
    pub(super) fn long_bullets(
        &mut self,
        items: Vec<String>,
        open: usize,
        summary: impl FnOnce(usize) -> String,
    ) {
        let (mut items, left_out) = self.within(items);
        let folded = items.split_off(items.len().min(open));
        self.list(items.into_iter().map(|item| format!("- {item}\n")));
        if !folded.is_empty() {
            self.fold(&summary(folded.len()), |page| page.bullets(folded));
        }
        self.rest(left_out);
    }

    /// Numbered from 1; nothing for no items.
    pub(super) fn numbered(&mut self, items: impl IntoIterator<Item = String>) {
        let (items, left_out) = self.within(items.into_iter().collect());
        self.list(items.into_iter().zip(1..).map(|(item, number)| format!("{number}. {item}\n")));
        self.rest(left_out);
    }

    /// Nothing for no rows.
    pub(super) fn table<const N: usize>(
        &mut self,
        columns: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let (rows, left_out) = self.within(rows.into_iter().collect());
        self.rows(columns, &rows);
        self.rest(left_out);
    }

    /// A table of which the first rows stand open and the others are folded away under their
    /// count.
    pub(super) fn long_table<const N: usize>(
        &mut self,
        columns: [&str; N],
        rows: Vec<[String; N]>,
        open: usize,
        summary: impl FnOnce(usize) -> String,
    ) {
        let (mut rows, left_out) = self.within(rows);
        let folded = rows.split_off(rows.len().min(open));
        self.rows(columns, &rows);
        if !folded.is_empty() {
            self.fold(&summary(folded.len()), |page| page.table(columns, folded));
        }
        self.rest(left_out);
    }

    /// A block that is whole already, such as a fence.
    pub(super) fn block(&mut self, block: &str) {
        self.gap();
        self.text.push_str(block);
    }

    /// A command that a person may copy.
    pub(super) fn command(&mut self, command: &str) {
        self.block(&super::escape::block("sh", command, 1, super::limits::COMMAND));
    }

    /// Folded away under a summary, which must be our own words: readers do not escape it.
    pub(super) fn fold(&mut self, summary: &str, inside: impl FnOnce(&mut Self)) {
        self.gap();
        self.text.push_str("<details><summary>");
        self.text.push_str(summary);
        self.text.push_str("</summary>\n");
        inside(self);
        self.text.push_str("\n</details>\n");
    }

    pub(super) fn rule(&mut self) {
        self.gap();
        self.text.push_str("---\n");
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// What may be shown, and how many are left out.
    fn within<T>(&self, mut items: Vec<T>) -> (Vec<T>, usize) {
        let all = items.len();
        items.truncate(self.limit.as_ref().map_or(all, |limit| limit.rows));
        let left_out = all - items.len();
        (items, left_out)
    }

    fn rest(&mut self, left_out: usize) {
        let more = self.limit.as_ref().filter(|_| left_out > 0).map(|limit| limit.more(left_out));
        if let Some(more) = more {
            self.paragraph(&format!("… {more}."));
        }
    }

    fn list(&mut self, items: impl Iterator<Item = String>) {
        let mut items = items.peekable();
        if items.peek().is_some() {
            self.gap();
            self.text.extend(items);
        }
    }

    fn rows<const N: usize>(&mut self, columns: [&str; N], rows: &[[String; N]]) {
        if rows.is_empty() {
            return;
        }
        self.gap();
        self.row(&columns.map(str::to_owned));
        self.row(&columns.map(|_| "---".to_owned()));
        for row in rows {
            self.row(row);
        }
    }

    fn row(&mut self, cells: &[String]) {
        for cell in cells {
            self.text.push_str("| ");
            self.text.push_str(cell);
            self.text.push(' ');
        }
        self.text.push_str("|\n");
    }

    fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }
}
