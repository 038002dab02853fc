//! Loops over rows of a layer whose units may be mixed. Each method chooses the kind once for all rows of a
//! block, outside of the loops over values, which are in `rows.rs` and `categorical.rs`.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, s};
use numerics::{Real, Stream};

use super::{Kind, Part, Unit, Units, categorical};

const CONTIGUOUS: &str = "rows and biases are contiguous";

impl Units {
    /// Turns rows of Σ s w into the units' parameters.
    pub(crate) fn parameters<F: Real>(&self, bias: ArrayView1<F>, rows: &mut ArrayViewMut2<F>) {
        if let Units::Same(unit) = self {
            return unit.parameters(bias, rows);
        }
        for (part, columns) in self.parts(bias.len()) {
            let bias = bias.slice(s![columns.clone()]);
            let mut rows = rows.slice_mut(s![.., columns]);
            match part {
                Part::Each(unit) => unit.parameters(bias, &mut rows),
                Part::Group => {
                    rows += &bias;
                    for mut row in rows.rows_mut() {
                        categorical::parameters(row.as_slice_mut().expect(CONTIGUOUS));
                    }
                }
            }
        }
    }

    /// Turns a row of Σ s w into the units' parameters at inverse temperature `beta`, between
    /// independent units with biases `base` and units with biases `bias`.
    pub(crate) fn tempered_parameters<F: Real>(
        &self,
        beta: F,
        (base, bias): (&[F], &[F]),
        row: &mut [F],
    ) {
        if let Units::Same(unit) = self {
            return unit.tempered_parameters(beta, (base, bias), row);
        }
        for (part, columns) in self.parts(row.len()) {
            let (base, bias) = (&base[columns.clone()], &bias[columns.clone()]);
            let row = &mut row[columns];
            match part {
                Part::Each(unit) => unit.tempered_parameters(beta, (base, bias), row),
                Part::Group => {
                    for ((y, &a), &a0) in row.iter_mut().zip(bias).zip(base) {
                        *y = a0 + beta * (a - a0 + *y);
                    }
                    categorical::parameters(row);
                }
            }
        }
    }

    /// Replaces each row's parameters by means.
    pub(crate) fn means<F: Real>(&self, parameters: &mut ArrayViewMut2<F>) {
        if let Units::Same(unit) = self {
            return unit.means(parameters);
        }
        for (part, columns) in self.parts(parameters.ncols()) {
            if let Part::Each(unit) = part {
                unit.means(&mut parameters.slice_mut(s![.., columns]));
            }
        }
    }

    /// Replaces each row's parameters by draws. In a layer of one kind, row i takes the random numbers from i
    /// · width on. In a mixed layer each column has its own two numbers, because normal draws take two.
    pub(crate) fn draw<F: Real>(
        &self,
        stream: Stream,
        rows: Range<usize>,
        parameters: &mut ArrayViewMut2<F>,
    ) {
        if let Units::Same(unit) = self {
            return unit.draw(stream, rows, parameters);
        }
        let width = parameters.ncols();
        let parts = self.parts(width);
        for (sample, mut row) in rows.zip(parameters.rows_mut()) {
            let row = row.as_slice_mut().expect(CONTIGUOUS);
            for (part, columns) in &parts {
                let first = sample * width + columns.start;
                let row = &mut row[columns.clone()];
                match *part {
                    Part::Each(unit) => with_kind!(unit, K => {
                        K::draw(stream, 2 * first / K::NUMBERS_PER_DRAW, row);
                    }),
                    Part::Group => categorical::draw(stream, 2 * first, row),
                }
            }
        }
    }

    /// Fills rows with draws of independent units with these biases.
    pub(crate) fn draw_independent<F: Real>(
        &self,
        bias: ArrayView1<F>,
        stream: Stream,
        out: &mut ArrayViewMut2<F>,
    ) {
        if let Units::Same(unit) = self {
            return unit.draw_independent(bias, stream, out);
        }
        out.fill(F::zero());
        self.parameters(bias, out);
        self.draw(stream, 0..out.nrows(), out);
    }

    /// Adds the biases to Σ s w and returns Σ of the units' log-sums.
    pub(crate) fn log_sums<F: Real>(&self, bias: &[F], inputs: &mut [F]) -> F {
        if let Units::Same(unit) = self {
            return unit.log_sums(bias, inputs);
        }
        let of_part = |(part, columns): (Part, Range<usize>)| {
            let (bias, x) = (&bias[columns.clone()], &mut inputs[columns]);
            match part {
                Part::Each(unit) => unit.log_sums(bias, x),
                Part::Group => {
                    x.iter_mut().zip(bias).for_each(|(x, &b)| *x += b);
                    categorical::log_sum(x.iter().copied())
                }
            }
        };
        self.parts(bias.len()).into_iter().map(of_part).sum()
    }

    /// Σ of the log-sums of independent units with these biases.
    pub(crate) fn log_z_of_independent<F: Real>(&self, bias: ArrayView1<F>) -> f64 {
        let of_part = |(part, columns): (Part, Range<usize>)| {
            let bias = bias.slice(s![columns]);
            match part {
                Part::Each(unit) => unit.log_z_of_independent(bias),
                Part::Group => categorical::log_sum(bias.iter().copied()).as_f64(),
            }
        };
        self.parts(bias.len()).into_iter().map(of_part).sum()
    }

    /// Writes Σᵢ (sᵢ − ŝᵢ)² of each row into `errors`, where ŝᵢ is the mean of a unit with that parameter.
    pub(crate) fn squared_errors<F: Real>(
        &self,
        originals: ArrayView2<F>,
        parameters: &mut ArrayViewMut2<F>,
        errors: &mut [F],
    ) {
        match self {
            Units::Same(unit) => unit.squared_errors(originals, parameters, errors),
            Units::Mixed { .. } => self.observed_errors(originals, None, parameters, errors),
        }
    }

    /// [`Units::squared_errors`] over the `observed` columns (1, or 0 for a missing one).
    pub(crate) fn observed_errors<F: Real>(
        &self,
        originals: ArrayView2<F>,
        observed: Option<ArrayView2<F>>,
        parameters: &mut ArrayViewMut2<F>,
        errors: &mut [F],
    ) {
        let mut apart = parameters.to_owned();
        self.means(&mut apart.view_mut());
        apart -= &originals;
        if let Some(observed) = observed {
            apart *= &observed;
        }
        for (row, error) in apart.rows().into_iter().zip(errors) {
            *error = row.iter().map(|&d| d * d).sum();
        }
    }
}
