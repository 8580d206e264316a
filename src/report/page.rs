//! A page of Markdown, block by block, with the blank lines that every reader needs.

/// Blocks of Markdown. What is put in has been escaped already.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn heading(&mut self, level: usize, text: &str) {
        self.gap();
        self.0.push_str(&"#".repeat(level));
        self.0.push(' ');
        self.0.push_str(text);
        self.0.push('\n');
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.gap();
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// Nothing for no items.
    pub(super) fn bullets(&mut self, items: impl IntoIterator<Item = String>) {
        self.list(items.into_iter().map(|item| format!("- {item}\n")));
    }

    /// Numbered from 1; nothing for no items.
    pub(super) fn numbered(&mut self, items: impl IntoIterator<Item = String>) {
        self.list(items.into_iter().zip(1..).map(|(item, number)| format!("{number}. {item}\n")));
    }

    /// Nothing for no rows.
    pub(super) fn table<const N: usize>(
        &mut self,
        columns: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return;
        }
        self.gap();
        self.row(&columns.map(str::to_owned));
        self.row(&columns.map(|_| "---".to_owned()));
        for row in rows {
            self.row(&row);
        }
    }

    /// A block that is whole already, such as a fence.
    pub(super) fn block(&mut self, block: &str) {
        self.gap();
        self.0.push_str(block);
    }

    /// A command that a person may copy.
    pub(super) fn command(&mut self, command: &str) {
        self.block(&super::escape::block("sh", command, 1, super::limits::COMMAND));
    }

    /// Folded away under a summary, which must be our own words: readers do not escape it.
    pub(super) fn fold(&mut self, summary: &str, inside: impl FnOnce(&mut Self)) {
        self.gap();
        self.0.push_str("<details><summary>");
        self.0.push_str(summary);
        self.0.push_str("</summary>\n");
        inside(self);
        self.0.push_str("\n</details>\n");
    }

    pub(super) fn rule(&mut self) {
        self.gap();
        self.0.push_str("---\n");
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn list(&mut self, items: impl Iterator<Item = String>) {
        let mut items = items.peekable();
        if items.peek().is_some() {
            self.gap();
            self.0.extend(items);
        }
    }

    fn row(&mut self, cells: &[String]) {
        for cell in cells {
            self.0.push_str("| ");
            self.0.push_str(cell);
            self.0.push(' ');
        }
        self.0.push_str("|\n");
    }

    fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }
}
