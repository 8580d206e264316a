//! QK256 with AVX2, int8 activations: exact integer sums.
//!
//! The activations are taken apart once a call, so that no weight has to be moved:
//!
//! ```text
//! byte i of a block holds codes of columns 4i, 4i+1, 4i+2, 4i+3      plane p holds q[4i + p] at place i
//!
//! for each plane p:   codes  = bytes >> 2p & 3
//!                     v      = table[codes]           value + 2 = 0, 1, 3, 4: unsigned, as maddubs wants it
//!                     pairs += maddubs(v, plane p)    i16: at most 2·4·128 a step, 8 steps a block, 8192 < 2¹⁵
//! for each block:     sums  += madd(pairs, 1)         i32
//! at the end:         y      = Σ sums − 2·Σ q         takes the «+ 2» out again
//! ```

use pulp::{NullaryFnOnce, cast, i16x16, i32x8, u8x32, x86::V3};

use super::{BLOCK, BLOCK_BYTES, View};
use crate::{blocks::Blocks, tier::Ran};

/// The activations of a block, every fourth one together.
type Planes = [[i8; BLOCK_BYTES]; 4];

pub(super) fn gemv(simd: V3, matrix: View<'_>, q: &[i8], y: &mut [i32]) -> Ran {
    let planes: Vec<Planes> = Blocks::of(q).iter().map(take_apart).collect();
    let offset = 2 * q.iter().copied().map(i32::from).sum::<i32>();
    let planes = planes.as_slice();
    simd.vectorize(Gemv { simd, matrix, planes, offset, y });
    Ran::avx2("qk256_gemv_int8_avx2")
}

fn take_apart(q: &[i8; BLOCK]) -> Planes {
    let mut planes = [[0; BLOCK_BYTES]; 4];
    for (p, plane) in planes.iter_mut().enumerate() {
        for (to, from) in plane.iter_mut().zip(q.iter().skip(p).step_by(4)) {
            *to = *from;
        }
    }
    planes
}

struct Gemv<'a> {
    simd: V3,
    matrix: View<'a>,
    planes: &'a [Planes],
    offset: i32,
    y: &'a mut [i32],
}

impl NullaryFnOnce for Gemv<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, matrix, planes, offset, y } = self;
        for (y, blocks) in y.iter_mut().zip(matrix.rows()) {
            let mut sums = simd.splat_i32x8(0);
            for (bytes, planes) in blocks.iter().zip(planes) {
                let pairs = block_pairs(simd, bytes, planes);
                let widened =
                    simd.multiply_wrapping_add_adjacent_i16x16(pairs, simd.splat_i16x16(1));
                sums = simd.wrapping_add_i32x8(sums, widened);
            }
            *y = total(sums) - offset;
        }
    }
}

/// Σ (value + 2)·q over a block in sixteen partial sums.
#[inline(always)]
fn block_pairs(simd: V3, bytes: &[u8; BLOCK_BYTES], planes: &Planes) -> i16x16 {
    let [low, high]: [i16x16; 2] = cast(*bytes);
    let [p0, p1, p2, p3] = planes;
    let mut pairs = simd.splat_i16x16(0);
    pairs = add_plane(simd, pairs, [low, high], p0);
    pairs = add_plane(simd, pairs, shifted::<2>(simd, [low, high]), p1);
    pairs = add_plane(simd, pairs, shifted::<4>(simd, [low, high]), p2);
    add_plane(simd, pairs, shifted::<6>(simd, [low, high]), p3)
}

/// Moves a plane's codes to the lowest bits. What 16-bit shifts drag over from the neighbour byte is masked off later.
#[inline(always)]
fn shifted<const BITS: i32>(simd: V3, bytes: [i16x16; 2]) -> [i16x16; 2] {
    bytes.map(|half| simd.shr_const_i16x16::<BITS>(half))
}

#[inline(always)]
fn add_plane(simd: V3, mut pairs: i16x16, bytes: [i16x16; 2], plane: &[i8; BLOCK_BYTES]) -> i16x16 {
    /// value + 2 for each code, repeated because a lookup happens in 16-byte lanes.
    const VALUES_PLUS_2: [u8; 4] = [0, 1, 3, 4];
    let table: u8x32 = cast([VALUES_PLUS_2; 8]);
    let q: [i16x16; 2] = cast(*plane);
    for (bytes, q) in bytes.into_iter().zip(q) {
        let codes = simd.and_u8x32(cast(bytes), simd.splat_u8x32(3));
        let values = simd.avx2._mm256_shuffle_epi8(cast(table), cast(codes));
        let products = simd.avx2._mm256_maddubs_epi16(values, cast(q));
        pairs = simd.wrapping_add_i16x16(pairs, cast(products));
    }
    pairs
}

/// The sum of eight sums. It fits: see [`super::MAX_INT8_COLS`].
#[inline(always)]
fn total(sums: i32x8) -> i32 {
    let sums: [i32; 8] = cast(sums);
    sums.into_iter().sum()
}
