//! The terminal's size.

/// Narrow enough to read, and never wider than the terminal.
pub(super) fn terminal_width() -> usize {
    const WIDEST: usize = 110;
    let columns = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    columns.map_or(WIDEST, |columns| columns.clamp(40, WIDEST))
}
