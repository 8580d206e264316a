//! Cuts rows out of a matrix and blocks out of a row.
//!
//! Kernels work on whole blocks only. A row that does not end with one gets its last elements copied into a block of zeros:
//!
//! ```text
//! cols = 70, N = 32      |------ 32 ------|------ 32 ------|- 6 -|
//! full                   [      0         ][      1        ]
//! tail                                                      [ 6, then 26 zeros ]
//! ```
//!
//! A zero changes neither an absolute maximum nor a sum, so no kernel has a second loop for tails.

/// A row of values as blocks of `N`.
pub(crate) struct Blocks<'a, T, const N: usize> {
    full: &'a [[T; N]],
    tail: Option<[T; N]>,
}

impl<'a, T: Copy + Default, const N: usize> Blocks<'a, T, N> {
    #[inline(always)]
    pub(crate) fn of(row: &'a [T]) -> Self {
        let (full, rest) = row.as_chunks::<N>();
        let mut tail = [T::default(); N];
        if let Some(front) = tail.get_mut(..rest.len()) {
            front.copy_from_slice(rest);
        }
        Self { full, tail: (!rest.is_empty()).then_some(tail) }
    }

    /// All blocks in order.
    #[inline(always)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[T; N]> {
        self.full.iter().chain(&self.tail)
    }
}

// A vector kernel calls its body for full blocks and for the tail, each in a place where it can be inlined.
#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
impl<'a, T, const N: usize> Blocks<'a, T, N> {
    /// The blocks that the row fills.
    #[inline(always)]
    pub(crate) fn full(&self) -> &'a [[T; N]] {
        self.full
    }

    /// The row's last elements and zeros after them; none where the row ends with a block.
    #[inline(always)]
    pub(crate) fn tail(&self) -> Option<&[T; N]> {
        self.tail.as_ref()
    }
}

/// The rows of a matrix, each `stride` long. Rows of length 0 are not counted: there are no bytes to tell their number.
#[inline(always)]
pub(crate) fn rows<T>(matrix: &[T], stride: usize) -> impl Iterator<Item = &[T]> {
    matrix.chunks_exact(stride.max(1))
}

/// As [`rows`], to write to.
#[inline(always)]
pub(crate) fn rows_mut<T>(matrix: &mut [T], stride: usize) -> impl Iterator<Item = &mut [T]> {
    matrix.chunks_exact_mut(stride.max(1))
}

/// Fills `row`, which is shorter than a block, with the front of one.
#[inline(always)]
pub(crate) fn copy_front<T: Copy, const N: usize>(row: &mut [T], block: &[T; N]) {
    for (to, from) in row.iter_mut().zip(block) {
        *to = *from;
    }
}
