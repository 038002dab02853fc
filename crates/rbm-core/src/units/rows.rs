//! Loops over rows of a layer's units: one row per sample, one column per unit.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};
use numerics::elementary::{map_in_place, vectorised};
use numerics::{Real, Stream, update_and_sum};

use super::{Kind, Unit};

const CONTIGUOUS: &str = "rows and biases are contiguous";

impl Unit {
    /// The part of the energy that units of this kind have without the other layer, in one state.
    pub(crate) fn energy<F: Real>(self, state: ArrayView1<F>, bias: ArrayView1<F>) -> F {
        with_kind!(self, K => K::energy(state, bias))
    }

    /// Turns rows of Σ s w into the units' parameters.
    pub(crate) fn parameters<F: Real>(self, bias: ArrayView1<F>, rows: &mut ArrayViewMut2<F>) {
        let bias = bias.to_slice().expect(CONTIGUOUS);
        with_kind!(self, K => {
            for mut row in rows.rows_mut() {
                let row = row.as_slice_mut().expect(CONTIGUOUS);
                vectorised(
                    #[inline(always)]
                    || {
                        for (x, &b) in row.iter_mut().zip(bias) {
                            *x = K::parameter(*x + b);
                        }
                    },
                );
            }
        });
    }

    /// Turns a row of Σ s w into the units' parameters at inverse temperature `beta`, between
    /// independent units with biases `base` and units with biases `bias`.
    pub(crate) fn tempered_parameters<F: Real>(
        self,
        beta: F,
        (base, bias): (&[F], &[F]),
        row: &mut [F],
    ) {
        let inputs = row.iter_mut().zip(bias).zip(base);
        with_kind!(self, K => vectorised(
            #[inline(always)]
            move || inputs.for_each(|((y, &a), &a0)| *y = K::parameter(a0 + beta * (a - a0 + *y))),
        ));
    }

    /// Replaces inputs by draws at inverse temperature `beta`; element i takes the random number
    /// `first` + i.
    pub(crate) fn draw_tempered<F: Real>(
        self,
        beta: F,
        stream: Stream,
        first: usize,
        inputs: &mut [F],
    ) {
        with_kind!(self, K => {
            map_in_place(inputs, #[inline(always)] |x| K::parameter(beta * x));
            K::draw(stream, first, inputs);
        });
    }

    /// Replaces each row's parameters by means.
    pub(crate) fn means<F: Real>(self, parameters: &mut ArrayViewMut2<F>) {
        with_kind!(self, K => {
            for mut row in parameters.rows_mut() {
                map_in_place(row.as_slice_mut().expect(CONTIGUOUS), K::mean);
            }
        });
    }

    /// Replaces each row's parameters by draws; row i takes the random numbers from i · width on.
    pub(crate) fn draw<F: Real>(
        self,
        stream: Stream,
        rows: Range<usize>,
        parameters: &mut ArrayViewMut2<F>,
    ) {
        let width = parameters.ncols();
        for (sample, mut row) in rows.zip(parameters.rows_mut()) {
            let row = row.as_slice_mut().expect(CONTIGUOUS);
            with_kind!(self, K => K::draw(stream, sample * width, row));
        }
    }

    /// Fills rows with draws of independent units with these biases.
    pub(crate) fn draw_independent<F: Real>(
        self,
        bias: ArrayView1<F>,
        stream: Stream,
        out: &mut ArrayViewMut2<F>,
    ) {
        out.fill(F::zero());
        self.parameters(bias, out);
        self.draw(stream, 0..out.nrows(), out);
    }

    /// Adds the biases to Σ s w and returns Σ of the units' log-sums.
    pub(crate) fn log_sums<F: Real>(self, bias: &[F], inputs: &mut [F]) -> F {
        with_kind!(self, K => update_and_sum(inputs, bias, |x, b| K::log_sum(*x + b, b)))
    }

    /// Adds the biases to Σ s w and returns the difference of the sum of log-sums between two inverse
    /// temperatures, for units with linear energy.
    pub(crate) fn log_sum_ratios<F: Real>(
        self,
        (from, to): (F, F),
        bias: &[F],
        inputs: &mut [F],
    ) -> F {
        let zero = F::zero();
        with_kind!(self, K => update_and_sum(inputs, bias, |x, b| {
            *x += b;
            K::log_sum(to * *x, zero) - K::log_sum(from * *x, zero)
        }))
    }

    /// Σ of the log-sums of independent units with these biases.
    pub(crate) fn log_z_of_independent<F: Real>(self, bias: ArrayView1<F>) -> f64 {
        with_kind!(self, K => bias.iter().map(|&c| K::log_sum(c, c).as_f64()).sum())
    }

    /// Writes Σᵢ (sᵢ − ŝᵢ)² of each row into `errors`, where ŝᵢ is the mean of a unit with that parameter.
    pub(crate) fn squared_errors<F: Real>(
        self,
        originals: ArrayView2<F>,
        parameters: &mut ArrayViewMut2<F>,
        errors: &mut [F],
    ) {
        let pairs = parameters.rows_mut().into_iter().zip(originals.rows());
        for ((mut y, x), error) in pairs.zip(errors) {
            let y = y.as_slice_mut().expect(CONTIGUOUS);
            let x = x.to_slice().expect(CONTIGUOUS);
            *error = with_kind!(self, K => update_and_sum(y, x, |y, x| {
                let error = K::mean(*y) - x;
                error * error
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use numerics::Purpose;

    #[test]
    fn draws_do_not_depend_on_the_cut() {
        let stream = Stream::new(1, Purpose::new("test"));
        for &unit in Unit::ALL {
            let mut whole = Array2::<f32>::from_elem((4, 300), 0.25);
            unit.draw(stream, 0..4, &mut whole.view_mut());
            let mut part = Array2::<f32>::from_elem((2, 300), 0.25);
            unit.draw(stream, 2..4, &mut part.view_mut());
            assert_eq!(whole.slice(ndarray::s![2.., ..]), part, "{unit:?}");
        }
    }

    #[test]
    fn draws_have_their_mean() {
        let stream = Stream::new(2, Purpose::new("test"));
        for &unit in Unit::ALL {
            for x in [-3.0_f64, -0.2, 0.0, 1.5] {
                let bias = ndarray::array![x];
                let mut draws = Array2::zeros((100_000, 1));
                unit.draw_independent(bias.view(), stream, &mut draws.view_mut());
                let mean = with_kind!(unit, K => K::mean(K::parameter(x)));
                let found = draws.sum() / draws.len() as f64;
                // No unit has a standard deviation above 1.
                assert!((found - mean).abs() < 5.0 / 1e5_f64.sqrt(), "{unit:?} at {x}: {found}");
                let states = unit.states();
                assert!(states.is_none_or(|states| draws.iter().all(|s| states.contains(s))));
            }
        }
    }
}
