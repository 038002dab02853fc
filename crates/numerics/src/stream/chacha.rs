//! The ChaCha8 block function (Bernstein 2008), computed for many blocks at once.
//!
//! One block at a time, the draws of a training step would take as long as a matrix product. Here a
//! vector register holds the same word of neighbouring blocks, and the output keeps that order, so that
//! no transposition is needed.

use pulp::{Arch, Simd, WithSimd};

/// Number of blocks in a group.
pub(super) const BLOCKS: usize = 16;

/// Number of words in a group; word w of block b has index 16 w + b.
pub(super) const WORDS: usize = 16 * BLOCKS;

/// The constant "expand 32-byte k" of the cipher.
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// Number of double rounds in ChaCha8.
const DOUBLE_ROUNDS: usize = 4;

/// Calls `then` with each of these groups of the key's stream (nonce 0) and its index; group i consists of
/// the blocks from 16 i on. `then` is compiled for the vector instructions of this processor.
pub(super) fn with_groups(
    key: [u32; 8],
    groups: std::ops::Range<u64>,
    then: impl FnMut(u64, &[u32; WORDS]),
) {
    Arch::new().dispatch(Groups { key, range: groups, then });
}

struct Groups<T> {
    key: [u32; 8],
    range: std::ops::Range<u64>,
    then: T,
}

impl<T: FnMut(u64, &[u32; WORDS])> WithSimd for Groups<T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut words = [0; WORDS];
        for index in self.range {
            let first = index * BLOCKS as u64;
            for offset in (0..BLOCKS).step_by(lanes::<S>()) {
                blocks(simd, &self.key, first + offset as u64, &mut words[offset..]);
            }
            (self.then)(index, &words);
        }
    }
}

/// Number of blocks computed at a time: the number of words in a register.
const fn lanes<S: Simd>() -> usize {
    size_of::<S::u32s>() / size_of::<u32>()
}

/// Writes one block for each lane of a register, from block `first` on: word w to the words of `out` from
/// w · [`BLOCKS`] on.
#[inline(always)]
fn blocks<S: Simd>(simd: S, key: &[u32; 8], first: u64, out: &mut [u32]) {
    let (low, high) = counters(simd, first);
    let start: [S::u32s; 16] = std::array::from_fn(
        #[inline(always)]
        |word| match word {
            0..4 => simd.splat_u32s(CONSTANTS[word]),
            4..12 => simd.splat_u32s(key[word - 4]),
            12 => low,
            13 => high,
            _ => simd.splat_u32s(0),
        },
    );
    let mut x = start;
    for _ in 0..DOUBLE_ROUNDS {
        // Columns, then diagonals.
        quarter_round::<S, 0, 4, 8, 12>(simd, &mut x);
        quarter_round::<S, 1, 5, 9, 13>(simd, &mut x);
        quarter_round::<S, 2, 6, 10, 14>(simd, &mut x);
        quarter_round::<S, 3, 7, 11, 15>(simd, &mut x);
        quarter_round::<S, 0, 5, 10, 15>(simd, &mut x);
        quarter_round::<S, 1, 6, 11, 12>(simd, &mut x);
        quarter_round::<S, 2, 7, 8, 13>(simd, &mut x);
        quarter_round::<S, 3, 4, 9, 14>(simd, &mut x);
    }
    for (word, out) in out.chunks_mut(BLOCKS).enumerate() {
        let (out, _) = S::as_mut_simd_u32s(&mut out[..lanes::<S>()]);
        out[0] = simd.add_u32s(x[word], start[word]);
    }
}

/// The low and high words of the counters from block `first` on, one in each lane.
#[inline(always)]
fn counters<S: Simd>(simd: S, first: u64) -> (S::u32s, S::u32s) {
    let (mut low, mut high) = ([0; BLOCKS], [0; BLOCKS]);
    for (counter, (low, high)) in (first..).zip(low.iter_mut().zip(&mut high)) {
        (*low, *high) = (counter as u32, (counter >> 32) as u32);
    }
    let (low, high) = (&low[..lanes::<S>()], &high[..lanes::<S>()]);
    (simd.partial_load_u32s(low), simd.partial_load_u32s(high))
}

#[inline(always)]
fn quarter_round<S: Simd, const A: usize, const B: usize, const C: usize, const D: usize>(
    simd: S,
    x: &mut [S::u32s; 16],
) {
    x[A] = simd.add_u32s(x[A], x[B]);
    x[D] = rotate_left(simd, simd.xor_u32s(x[D], x[A]), 16);
    x[C] = simd.add_u32s(x[C], x[D]);
    x[B] = rotate_left(simd, simd.xor_u32s(x[B], x[C]), 12);
    x[A] = simd.add_u32s(x[A], x[B]);
    x[D] = rotate_left(simd, simd.xor_u32s(x[D], x[A]), 8);
    x[C] = simd.add_u32s(x[C], x[D]);
    x[B] = rotate_left(simd, simd.xor_u32s(x[B], x[C]), 7);
}

/// Rotates the bits of each lane to the left.
#[inline(always)]
fn rotate_left<S: Simd>(simd: S, x: S::u32s, bits: u32) -> S::u32s {
    simd.or_u32s(
        simd.wrapping_dyn_shl_u32s(x, simd.splat_u32s(bits)),
        simd.wrapping_dyn_shr_u32s(x, simd.splat_u32s(32 - bits)),
    )
}

#[cfg(test)]
mod tests {
    use rand::rngs::ChaCha8Rng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn group(arch: Arch, key: [u32; 8], index: u64) -> [u32; WORDS] {
        let mut group = [0; WORDS];
        let then = |_, words: &[u32; WORDS]| group = *words;
        arch.dispatch(Groups { key, range: index..index + 1, then });
        group
    }

    #[test]
    fn every_instruction_set_makes_the_same_blocks() {
        let portable = group(Arch::Scalar, [7; 8], 3);
        assert_eq!(group(Arch::new(), [7; 8], 3), portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = pulp::x86::V3::try_new() {
            assert_eq!(group(Arch::V3(v3), [7; 8], 3), portable);
        }
    }

    #[test]
    fn blocks_are_those_of_the_cipher() {
        let key: [u32; 8] = std::array::from_fn(|i| 0x9e37_79b9_u32.wrapping_mul(i as u32 + 1));
        let mut seed = [0; 32];
        for (bytes, word) in seed.chunks_exact_mut(4).zip(key) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        // The second group begins where the counter exceeds 32 bits.
        let far = (1 << 32) / BLOCKS as u64 - 1;
        for groups in [0..2, far..far + 2] {
            let mut rng = ChaCha8Rng::from_seed(seed);
            rng.set_word_pos(u128::from(groups.start) * WORDS as u128);
            let mut expected = groups.clone();
            with_groups(key, groups, |index, words| {
                assert_eq!(Some(index), expected.next());
                for block in 0..BLOCKS {
                    for word in 0..16 {
                        assert_eq!(words[word * BLOCKS + block], rng.next_u32(), "{block} {word}");
                    }
                }
            });
            assert_eq!(expected.next(), None);
        }
    }
}
