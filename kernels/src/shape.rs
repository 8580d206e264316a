//! How many rows and columns a matrix has, and what is wrong with a buffer that does not fit it.

/// Rows × columns of a matrix whose rows are stored one after the other. A vector is a matrix of one row.
///
/// A shape promises that sizes derived from it do not overflow: `rows` times `cols` rounded up to [`Shape::PADDING`]
/// columns fits in a `usize`. Either number may be 0: such a matrix has no elements, and a product with it is all zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    rows: usize,
    cols: usize,
}

impl Shape {
    /// No format's block is longer than this many columns.
    pub const PADDING: usize = 256;

    /// A matrix of `rows` × `cols` elements.
    ///
    /// # Errors
    ///
    /// [`ShapeError::Overflow`] when the elements, padded to whole blocks, cannot be counted in a `usize`.
    pub fn new(rows: usize, cols: usize) -> Result<Self, ShapeError> {
        cols.checked_next_multiple_of(Self::PADDING)
            .and_then(|padded| padded.checked_mul(rows))
            .map(|_| Self { rows, cols })
            .ok_or(ShapeError::Overflow { rows, cols })
    }

    /// A vector of `len` elements: one row.
    ///
    /// # Errors
    ///
    /// As [`Shape::new`].
    pub fn vector(len: usize) -> Result<Self, ShapeError> {
        Self::new(1, len)
    }

    /// The number of rows; in a product, the number of outputs.
    pub fn rows(self) -> usize {
        self.rows
    }

    /// The number of columns; in a product, the number of activations.
    pub fn cols(self) -> usize {
        self.cols
    }

    /// The number of elements, without padding.
    pub fn elements(self) -> usize {
        self.rows * self.cols
    }

    /// Blocks a row, where a block has `block` columns and the last one of a row may be partly used.
    pub(crate) fn blocks_per_row(self, block: usize) -> usize {
        self.cols.div_ceil(block)
    }
}

/// Why an operation refuses its buffers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The matrix has more elements than a `usize` counts.
    #[error("a matrix of {rows} x {cols} elements is larger than the address space")]
    Overflow {
        /// Rows as given.
        rows: usize,
        /// Columns as given.
        cols: usize,
    },
    /// A buffer is longer or shorter than the shape demands.
    #[error("`{buffer}` must hold {expected} elements and holds {actual}")]
    Length {
        /// The parameter's name.
        buffer: &'static str,
        /// The length that the shape demands.
        expected: usize,
        /// The length that was given.
        actual: usize,
    },
    /// An integer sum over this many columns could leave i32.
    #[error("{cols} columns are more than the {limit} over which an i32 sum is exact")]
    TooManyColumns {
        /// Columns as given.
        cols: usize,
        /// The most that is allowed.
        limit: usize,
    },
}

/// Refuses a buffer whose length is not exactly `expected`.
pub(crate) fn check_len(
    buffer: &'static str,
    expected: usize,
    actual: usize,
) -> Result<(), ShapeError> {
    if expected == actual { Ok(()) } else { Err(ShapeError::Length { buffer, expected, actual }) }
}
