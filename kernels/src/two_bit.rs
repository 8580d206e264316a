//! Four two-bit codes in a byte, least significant bits first: both formats share this.
//!
//! ```text
//! bit      7 6   5 4   3 2   1 0
//! code     c3    c2    c1    c0        byte i holds elements 4i … 4i+3
//! ```

/// Puts four codes, each below 4, into a byte.
#[inline(always)]
pub(crate) const fn pack([c0, c1, c2, c3]: [u8; 4]) -> u8 {
    c0 | c1 << 2 | c2 << 4 | c3 << 6
}

/// Takes the four codes of a byte apart.
#[inline(always)]
pub(crate) const fn unpack(byte: u8) -> [u8; 4] {
    [byte & 3, byte >> 2 & 3, byte >> 4 & 3, byte >> 6]
}

/// The four values of every byte, for a format whose code `c` means `values[c]`.
#[expect(
    clippy::indexing_slicing,
    reason = "computed by the compiler, where a wrong index is an error of the build"
)]
pub(crate) const fn table(values: [f32; 4]) -> [[f32; 4]; 256] {
    let mut table = [[0.0; 4]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut place = 0;
        while place < 4 {
            table[byte][place] = values[unpack(byte as u8)[place] as usize];
            place += 1;
        }
        byte += 1;
    }
    table
}

/// The entry of a [`table`] for a byte.
#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    reason = "a byte cannot point outside of a table of 256, and the compiler knows it"
)]
pub(crate) fn values(table: &[[f32; 4]; 256], byte: u8) -> [f32; 4] {
    table[usize::from(byte)]
}
