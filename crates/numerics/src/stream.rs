//! Named random streams.
//!
//! A draw depends on its name and index, not on the draws before it. The name (seed, purpose, layer,
//! sublayer, epoch, batch) is the key of a ChaCha8 generator, and the index is the position in its output.
//! So an additional stage, thread or resumed run changes no other draws, and no two names share a
//! stream.
//!
//! ```
//! use numerics::{Purpose, Stream};
//! const HIDDEN: Purpose = Purpose::new("hidden");
//! let stream = Stream::new(7, HIDDEN).epoch(3);
//! let mut whole = [0.0_f32; 100];
//! stream.fill_uniform(0, &mut whole);
//! let mut tail = [0.0_f32; 40];
//! stream.fill_uniform(60, &mut tail);
//! assert_eq!(whole[60..], tail);
//! ```

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use self::chacha::WORDS;
use crate::Real;

mod chacha;

/// The purpose of a stream: a label of at most twelve bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose([u8; 12]);

impl Purpose {
    /// The purpose with this label.
    ///
    /// # Panics
    /// If the label is longer than twelve bytes; in a constant this is an error at compile time.
    #[must_use]
    pub const fn new(label: &str) -> Self {
        let label = label.as_bytes();
        assert!(label.len() <= 12, "a purpose has at most twelve bytes");
        let mut bytes = [0; 12];
        let mut i = 0;
        while i < label.len() {
            bytes[i] = label[i];
            i += 1;
        }
        Purpose(bytes)
    }
}

/// The name of a random stream. It holds no state and can be copied freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    seed: u64,
    purpose: Purpose,
    layer: u16,
    sublayer: u16,
    epoch: u32,
    batch: u32,
}

impl Stream {
    /// The stream of this seed and purpose, for layer, epoch and batch 0.
    #[must_use]
    pub const fn new(seed: u64, purpose: Purpose) -> Self {
        Stream { seed, purpose, layer: 0, sublayer: 0, epoch: 0, batch: 0 }
    }

    /// The same stream for a layer of a stack, below 2¹⁶.
    #[must_use]
    pub const fn layer(self, layer: usize) -> Self {
        Stream { layer: layer as u16, ..self }
    }

    /// The same stream for a numbered part of the work in a layer, such as a Gibbs step, below 2¹⁶.
    #[must_use]
    pub const fn sublayer(self, sublayer: usize) -> Self {
        Stream { sublayer: sublayer as u16, ..self }
    }

    /// The same stream for an epoch.
    #[must_use]
    pub const fn epoch(self, epoch: usize) -> Self {
        Stream { epoch: epoch as u32, ..self }
    }

    /// The same stream for a batch.
    #[must_use]
    pub const fn batch(self, batch: usize) -> Self {
        Stream { batch: batch as u32, ..self }
    }

    /// A generator at the beginning of the stream, for draws whose number is not known beforehand. It yields
    /// the same words as the methods below, in a different order, so a stream should be used with either this
    /// method or those.
    #[must_use]
    pub fn rng(&self) -> ChaCha8Rng {
        let mut seed = [0; 32];
        for (bytes, word) in seed.chunks_exact_mut(4).zip(self.key()) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(seed)
    }

    /// The key: a one-to-one function of the name.
    fn key(&self) -> [u32; 8] {
        let label: [u32; 3] = std::array::from_fn(|i| {
            u32::from_le_bytes(std::array::from_fn(|byte| self.purpose.0[4 * i + byte]))
        });
        [
            self.seed as u32,
            (self.seed >> 32) as u32,
            label[0],
            label[1],
            label[2],
            u32::from(self.layer) | u32::from(self.sublayer) << 16,
            self.epoch,
            self.batch,
        ]
    }

    /// Fills `values` with the elements of the stream from `first` on, uniform in [0, 1).
    pub fn fill_uniform<F: Real>(&self, first: usize, values: &mut [F]) {
        self.with_uniforms(first, values, |value: &mut F, uniform: F| *value = uniform);
    }

    /// Adds independent draws from N(0, 1) to `values` by the transform of Box & Muller (1958); element i
    /// uses the uniform elements 2 (`first` + i) and the next one of the stream.
    ///
    /// ```
    /// # use numerics::{Purpose, Stream};
    /// let stream = Stream::new(7, Purpose::new("noise"));
    /// let mut noisy = [5.0_f64; 1000];
    /// stream.add_normal(0, &mut noisy);
    /// let mean = noisy.iter().sum::<f64>() / 1000.0;
    /// assert!((mean - 5.0).abs() < 0.2); // six standard errors
    /// ```
    pub fn add_normal<F: Real>(&self, first: usize, values: &mut [F]) {
        const CHUNK: usize = 128;
        let mut uniforms = [F::zero(); 2 * CHUNK];
        for (chunk, values) in values.chunks_mut(CHUNK).enumerate() {
            let uniforms = &mut uniforms[..2 * values.len()];
            self.fill_uniform(2 * (first + chunk * CHUNK), uniforms);
            for (value, pair) in values.iter_mut().zip(uniforms.as_chunks::<2>().0) {
                // 1 − u is in (0, 1], so its logarithm is finite.
                let radius = (F::of(-2.0) * (F::one() - pair[0]).ln()).sqrt();
                *value += radius * (F::of(std::f64::consts::TAU) * pair[1]).cos();
            }
        }
    }

    /// Replaces each probability in `values` by 1 with that probability and by 0 otherwise; element
    /// i uses the stream's element `first` + i.
    ///
    /// A probability of 0 or below never gives 1; a probability of 1 or above always does.
    pub fn bernoulli_in_place<F: Real>(&self, first: usize, values: &mut [F]) {
        self.with_uniforms(first, values, |p: &mut F, uniform: F| {
            *p = if uniform < *p { F::one() } else { F::zero() };
        });
    }

    /// Calls `f` with each value and a uniform number, in a vectorised loop. Numbers are generated 256 at a
    /// time, so calls with many values are the cheapest.
    #[inline]
    pub fn with_uniforms<F: Real, T>(
        &self,
        first: usize,
        mut values: &mut [T],
        f: impl Fn(&mut T, F),
    ) {
        let groups = first / WORDS..(first + values.len()).div_ceil(WORDS);
        let mut skip = first % WORDS;
        chacha::with_groups(
            self.key(),
            groups.start as u64..groups.end as u64,
            #[inline(always)]
            |_, words| {
                let words = &words[skip..];
                let n = words.len().min(values.len());
                let (now, later) = std::mem::take(&mut values).split_at_mut(n);
                for (value, &word) in now.iter_mut().zip(words) {
                    f(value, F::uniform(word));
                }
                (values, skip) = (later, 0);
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    const A: Purpose = Purpose::new("a");
    const B: Purpose = Purpose::new("b");

    fn first_words(stream: Stream) -> [u32; 2] {
        let mut rng = stream.rng();
        [rng.next_u32(), rng.next_u32()]
    }

    /// Pins the draws, so that a seed written down by a user keeps its meaning. The numbers were computed
    /// from the definition of the cipher, in Python: they are the first words of ChaCha with four double
    /// rounds, block counter and nonce 0, and the key `struct.pack("<Q12sIII", 42, b"a", 1, 2, 3)`.
    /// Element i is word ⌊i / 16⌋ of block i mod 16.
    #[test]
    fn draws_are_pinned() {
        let stream = Stream::new(42, A).layer(1).epoch(2).batch(3);
        assert_eq!(first_words(stream), PINNED);
        let mut uniform = [0.0_f64; 17];
        stream.fill_uniform(0, &mut uniform);
        assert_eq!([uniform[0], uniform[16]], PINNED.map(|word| f64::from(word) / 2_f64.powi(32)));
    }
    const PINNED: [u32; 2] = [1_746_364_400, 4_218_363_494];

    #[test]
    fn elements_do_not_depend_on_how_they_are_asked_for() {
        let stream = Stream::new(3, B);
        let mut whole = vec![0.0_f32; 1500];
        stream.fill_uniform(0, &mut whole);
        for (first, n) in [(0, 1), (5, 0), (250, 10), (256, 256), (511, 2), (700, 800)] {
            let mut part = vec![0.0; n];
            stream.fill_uniform(first, &mut part);
            assert_eq!(part, whole[first..first + n], "{n} from {first}");
        }
    }

    #[test]
    fn every_part_of_the_name_counts() {
        let s = Stream::new(1, A);
        let names = [
            s,
            Stream::new(2, A),
            Stream::new(1, B),
            s.layer(1),
            s.sublayer(1),
            s.epoch(1),
            s.batch(1),
        ];
        for (i, a) in names.iter().enumerate() {
            for b in &names[..i] {
                assert_ne!(first_words(*a), first_words(*b));
            }
        }
    }

    #[test]
    fn bernoulli_honours_its_probabilities() {
        let n = 100_000;
        for p in [0.0_f32, 0.1, 0.5, 0.9, 1.0] {
            let mut draws = vec![p; n];
            Stream::new(5, A).bernoulli_in_place(0, &mut draws);
            assert!(draws.iter().all(|&d| d == 0.0 || d == 1.0));
            let mean = f64::from(draws.iter().sum::<f32>()) / n as f64;
            let p = f64::from(p);
            // Five standard errors of a binomial mean; exact at 0 and 1.
            assert!((mean - p).abs() <= 5.0 * (p * (1.0 - p) / n as f64).sqrt(), "{p}: {mean}");
        }
    }

    #[test]
    fn normal_draws_have_their_moments_and_do_not_depend_on_how_they_are_asked_for() {
        let stream = Stream::new(5, B);
        let n = 200_000;
        let mut draws = vec![0.0_f32; n];
        stream.add_normal(0, &mut draws);
        // The variances of the first four powers of a standard normal number are 1, 2, 15 and 96.
        for (power, expected, variance) in
            [(1, 0.0, 1.0_f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let moment = draws.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>() / n as f64;
            let tolerance = 5.0 * (variance / n as f64).sqrt();
            assert!((moment - expected).abs() < tolerance, "moment {power}: {moment}");
        }
        let mut part = [0.0; 300];
        stream.add_normal(700, &mut part);
        assert_eq!(part, draws[700..1000]);
    }

    #[test]
    fn uniforms_cover_the_unit_interval_evenly() {
        let mut values = vec![0.0_f32; 160_000];
        Stream::new(9, B).fill_uniform(0, &mut values);
        let mut bins = [0_i32; 16];
        for v in &values {
            assert!((0.0..1.0).contains(v));
            bins[usize::from(((v * 16.0) as i8).cast_unsigned())] += 1;
        }
        // 10,000 expected in each; a standard deviation is 97.
        assert!(bins.iter().all(|count| (count - 10_000).abs() < 500), "{bins:?}");
    }
}
