//! Steps that the AVX2 kernels of both formats share.
//!
//! Everything here is `inline(always)`: a body becomes AVX2 code only where it is inlined into a function that pulp has
//! compiled for AVX2, and a call that is not inlined would pass every vector through memory.

use pulp::{cast, f32x4, f32x8, f64x4, i32x8, x86::V3};

/// Packs 32 codes (each 0 to 3, in order) into 8 bytes.
///
/// AVX2 packs within its two 128-bit lanes, so narrowing shuffles the order, and forgetting to undo it writes some elements
/// twice and loses others. Followed for 32 codes in four vectors a, b, c, d:
///
/// ```text
///                         low lane               high lane
/// a                       0–3                    4–7                (element numbers; b has 8–15, and so on)
/// narrow to bytes         0–3 8–11 16–19 24–27   4–7 12–15 20–23 28–31
/// × (1, 4), add pairs     i16: c0 + 4·c1, c2 + 4·c3
/// × (1, 16), add pairs    i32: the finished byte of each four
///                         B0 B2 B4 B6            B1 B3 B5 B7
/// low | high << 8         B0B1 B2B3 B4B5 B6B7    in order again, as 16-bit numbers, whose low byte x86 stores first
/// ```
#[inline(always)]
pub(crate) fn pack(simd: V3, [a, b, c, d]: [i32x8; 4]) -> [u8; 8] {
    let avx2 = simd.avx2;
    let ab = avx2._mm256_packs_epi32(cast(a), cast(b));
    let cd = avx2._mm256_packs_epi32(cast(c), cast(d));
    let codes = avx2._mm256_packs_epi16(ab, cd);
    let pairs = avx2._mm256_maddubs_epi16(codes, simd.avx._mm256_set1_epi16(0x0401));
    let bytes = avx2._mm256_madd_epi16(pairs, simd.avx._mm256_set1_epi32(0x0010_0001));
    let [even, odd]: [[u32; 4]; 2] = cast(bytes);
    let mut packed = [0; 4];
    for ((packed, even), odd) in packed.iter_mut().zip(even).zip(odd) {
        *packed = (even | odd << 8) as u16;
    }
    cast(packed)
}

/// Looks up 16 codes, element 0 in the lowest bits of `word`, in a table that both lanes of `values` hold.
///
/// ```text
/// word in every element, shifted right by 0, 2, 4, … 14:  element j has code j in its two lowest bits
/// permutevar looks at these two bits alone:               no mask is needed
/// ```
#[inline(always)]
pub(crate) fn lookup16(simd: V3, word: u32, values: f32x8) -> [f32x8; 2] {
    const LOW: [u32; 8] = [0, 2, 4, 6, 8, 10, 12, 14];
    const HIGH: [u32; 8] = [16, 18, 20, 22, 24, 26, 28, 30];
    let word = simd.splat_u32x8(word);
    let low = simd.shr_dyn_u32x8(word, cast(LOW));
    let high = simd.shr_dyn_u32x8(word, cast(HIGH));
    [
        cast(simd.avx._mm256_permutevar_ps(cast(values), cast(low))),
        cast(simd.avx._mm256_permutevar_ps(cast(values), cast(high))),
    ]
}

/// [`lookup16`] twice: 8 bytes of codes to 32 values in order.
#[inline(always)]
pub(crate) fn lookup32(simd: V3, bytes: [u8; 8], values: f32x8) -> [f32x8; 4] {
    let [low, high]: [[u8; 4]; 2] = cast(bytes);
    let [a, b] = lookup16(simd, u32::from_le_bytes(low), values);
    let [c, d] = lookup16(simd, u32::from_le_bytes(high), values);
    [a, b, c, d]
}

/// A table of four values in both lanes, for [`lookup16`].
#[inline(always)]
pub(crate) fn in_both_lanes([a, b, c, d]: [f32; 4]) -> f32x8 {
    f32x8(a, b, c, d, a, b, c, d)
}

/// Adds eight f32 sums to f64 sums, of which each takes two.
#[inline(always)]
pub(crate) fn add_to_f64(simd: V3, sums: f64x4, addend: f32x8) -> f64x4 {
    let [low, high]: [f32x4; 2] = cast(addend);
    let low = simd.convert_f32x4_to_f64x4(low);
    let high = simd.convert_f32x4_to_f64x4(high);
    simd.add_f64x4(sums, simd.add_f64x4(low, high))
}

/// The sum of four sums, in a fixed order.
#[inline(always)]
pub(crate) fn total(sums: f64x4) -> f64 {
    (sums.0 + sums.1) + (sums.2 + sums.3)
}
