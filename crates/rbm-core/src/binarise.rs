//! Binarisation: the conversion of grey values in [0, 1] to states of binary visible units. Likelihoods
//! under different binarisations cannot be compared, so every result records which one was used.

use ndarray::ArrayViewMut2;
use nn_core::{Samples, UnreadableSamples};
use numerics::{Purpose, Real, Stream, by_rows};
use serde::{Deserialize, Serialize};

const PIXELS: Purpose = Purpose::new("binarise");

/// Conversion of grey values to binary ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binarisation {
    /// Grey values are kept and used in place of states (Hinton & Salakhutdinov 2006).
    #[default]
    Probabilities,
    /// Values of 0.5 and above become 1, others 0.
    Threshold,
    /// A value becomes 1 with a probability equal to itself, drawn anew in each epoch (Salakhutdinov & Murray
    /// 2008).
    Sample,
}

impl Binarisation {
    /// The name in settings and tables.
    pub fn name(self) -> &'static str {
        match self {
            Binarisation::Probabilities => "probabilities",
            Binarisation::Threshold => "threshold",
            Binarisation::Sample => "sample",
        }
    }

    /// Copies the rows `samples` of `data` into `out` and binarises them. Draws depend on the seed, the
    /// layer (of a stack, from 0), the epoch and the sample, but not on the batch. Shapes: (n × d),
    /// b → (b × d).
    ///
    /// # Errors
    /// [`UnreadableSamples`]; never for samples in memory.
    ///
    /// # Panics
    /// If `out` has a different shape or a sample is out of range.
    pub fn gather<F: Real>(
        self,
        data: &impl Samples<F>,
        samples: &[usize],
        (seed, layer, epoch): (u64, usize, usize),
        mut out: ArrayViewMut2<F>,
    ) -> Result<(), UnreadableSamples> {
        data.gather(samples, out.view_mut())?;
        let stream = Stream::new(seed, PIXELS).layer(layer).epoch(epoch);
        if self == Binarisation::Probabilities {
            return Ok(());
        }
        by_rows(samples.len(), out, |range, mut out| {
            for (mut row, &sample) in out.rows_mut().into_iter().zip(&samples[range]) {
                let row = row.as_slice_mut().expect("rows are contiguous");
                match self {
                    Binarisation::Probabilities => (),
                    Binarisation::Threshold => row.iter_mut().for_each(|x| {
                        if !x.is_nan() {
                            *x = if *x < F::of(0.5) { F::zero() } else { F::one() };
                        }
                    }),
                    Binarisation::Sample => draw(&stream, sample * row.len(), row),
                }
            }
        });
        Ok(())
    }
}

/// Draws the pixels of a row from their grey values; pixel i uses the element `first` + i of the stream.
/// Missing values stay missing.
fn draw<F: Real>(stream: &Stream, mut first: usize, row: &mut [F]) {
    if !row.iter().fold(false, |found, x| found | x.is_nan()) {
        return stream.bernoulli_in_place(first, row);
    }
    for part in row.split_mut(|x| x.is_nan()) {
        stream.bernoulli_in_place(first, part);
        first += part.len() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn missing_values_stay_missing_and_move_no_draw() {
        let whole = Array2::from_elem((2, 40), 0.5_f32);
        let mut holed = whole.clone();
        for place in [[0, 0], [1, 3], [1, 4], [1, 39]] {
            holed[place] = f32::NAN;
        }
        for how in [Binarisation::Sample, Binarisation::Threshold, Binarisation::Probabilities] {
            let gathered = |data: &Array2<f32>| {
                let mut out = Array2::zeros((2, 40));
                how.gather(data, &[0, 1], (7, 0, 2), out.view_mut()).expect("in memory");
                out
            };
            let (of_whole, of_holed) = (gathered(&whole), gathered(&holed));
            for ((place, value), was) in of_holed.indexed_iter().zip(&holed) {
                let expected = if was.is_nan() { None } else { Some(of_whole[place]) };
                assert_eq!((!value.is_nan()).then_some(*value), expected, "{how:?} {place:?}");
            }
        }
    }

    #[test]
    fn thresholds_and_draws() {
        let data = array![[0.0_f32, 0.49, 0.5, 1.0], [0.25, 0.5, 0.75, 1.0]];
        let mut out = Array2::zeros((1, 4));
        Binarisation::Threshold
            .gather(&data.view(), &[0], (1, 0, 1), out.view_mut())
            .expect("in memory");
        assert_eq!(out, array![[0.0, 0.0, 1.0, 1.0]]);
        let mut sums = Array2::<f32>::zeros((1, 4));
        for epoch in 0..4_000 {
            Binarisation::Sample
                .gather(&data.view(), &[1], (1, 0, epoch), out.view_mut())
                .expect("in memory");
            sums += &out;
        }
        // Five standard errors of a frequency: at most 0.04.
        let frequencies = sums / 4_000.0;
        assert!(frequencies.iter().zip(data.row(1)).all(|(f, p)| (f - p).abs() < 0.04));
    }

    #[test]
    fn draws_are_the_samples_own() {
        let data = Array2::from_elem((5, 64), 0.5_f32);
        let (mut both, mut one) = (Array2::zeros((2, 64)), Array2::zeros((1, 64)));
        Binarisation::Sample
            .gather(&data.view(), &[3, 1], (7, 0, 2), both.view_mut())
            .expect("in memory");
        Binarisation::Sample
            .gather(&data.view(), &[1], (7, 0, 2), one.view_mut())
            .expect("in memory");
        assert_eq!(both.row(1), one.row(0));
        assert_ne!(both.row(0), both.row(1));
        Binarisation::Sample
            .gather(&data.view(), &[1], (7, 1, 2), one.view_mut())
            .expect("in memory");
        assert_ne!(both.row(1), one.row(0), "another layer");
    }
}
