//! The search for the direction in which the predictions change most.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip, s};
use nn_core::{Workspace, with_normals};
use numerics::{Real, Stream, by_rows, elementary};

use super::Rows;
use super::costs::{log_softmax, scaled_difference};
use crate::dropout::{DropoutDraw, leave_out_units, zero_left_out};
use crate::{Classifier, VirtualAdversarial};

/// The unlabelled samples of a step, with its constants.
pub(super) struct Probe<F> {
    /// The samples x. Shape: batch × inputs.
    pub(super) x: Array2<F>,
    /// The directions d. Shape: batch × inputs.
    pub(super) d: Array2<F>,
    /// ln p(·|x). Shape: batch × classes.
    pub(super) log_p: Array2<F>,
    /// ln(p̄ₖ / πₖ) of each class k.
    pub(super) log_excess: Vec<F>,
    workspace: Workspace<F>,
}

impl<F: Real> Probe<F> {
    pub(super) fn new(model: &Classifier<F>, batch_size: usize) -> Self {
        let (inputs, classes) = (model.n_inputs(), model.n_classes());
        Probe {
            x: Array2::zeros((batch_size, inputs)),
            d: Array2::zeros((batch_size, inputs)),
            log_p: Array2::zeros((batch_size, classes)),
            log_excess: vec![F::zero(); classes],
            workspace: Workspace::new(model, batch_size),
        }
    }

    /// Writes x + r, and x if its costs count, into the rows of a step's batch.
    pub(super) fn write_into(&self, mut batch: ArrayViewMut2<F>, rows: Rows, radius: f64) {
        let Rows { labelled, unlabelled: n, .. } = rows;
        let (x, d) = (self.x.slice(s![..n, ..]), self.d.slice(s![..n, ..]));
        shift(x, F::of(radius), d, batch.slice_mut(s![labelled..labelled + n, ..]));
        if rows.with_clean {
            batch.slice_mut(s![labelled + n..labelled + 2 * n, ..]).assign(&x);
        }
    }

    /// Compares p̄, the mean of p over the batch, with the shares π of the classes.
    pub(super) fn find_excess(&mut self, rows: Rows, shares: &[f64]) {
        let n = F::of(rows.unlabelled as f64);
        self.log_excess.fill(F::zero());
        for log_p in self.log_p.slice(s![..rows.unlabelled, ..]).rows() {
            for (sum, &log_p) in self.log_excess.iter_mut().zip(log_p) {
                *sum += elementary::exp(log_p);
            }
        }
        for (excess, &share) in self.log_excess.iter_mut().zip(shares) {
            let mean = (*excess / n).max(F::min_positive_value());
            *excess = (mean / F::of(share)).ln();
        }
    }
}

/// Fills the probe's ln p and d for its samples x; inputs that dropout leaves out become 0 in x and
/// d. Where the gradient vanishes, so does d. Allocates nothing.
pub(super) fn find_directions<F: Real>(
    model: &Classifier<F>,
    settings: &VirtualAdversarial,
    rows: Rows,
    probe: &mut Probe<F>,
    stream: Stream,
    dropout: Option<DropoutDraw>,
) {
    let n = rows.unlabelled;
    let Probe { x, d, log_p, workspace, .. } = probe;
    let (mut x, mut d) = (x.slice_mut(s![..n, ..]), d.slice_mut(s![..n, ..]));
    let mut log_p = log_p.slice_mut(s![..n, ..]);
    // Dropout draws for row `labelled + sample` of the step's batch, in every pass.
    let left_out = |layer, sample, row: &mut [F]| {
        leave_out_units(dropout, layer, rows.labelled + sample, row);
    };
    in_rows(x.view_mut(), |sample, row| left_out(0, sample, row));
    with_normals(stream, d.view_mut(), |d, z| *d = z);
    in_rows(d.view_mut(), |sample, row| {
        left_out(0, sample, row);
        normalise(row);
    });

    let hidden = |layer: usize, sample, row: &mut [F]| left_out(layer + 1, sample, row);
    workspace.forward_then(model, x.view(), hidden);
    workspace.output(model, x.view(), |_, bias, row| {
        log_softmax(bias, row);
        F::zero()
    });
    let output_layer = model.layers.len() - 1;
    log_p.assign(&workspace.delta(output_layer));

    for _ in 0..settings.power_iterations {
        // d becomes x + ξ d, and then the gradient there.
        let distance = F::of(settings.finite_difference);
        by_rows(n, d.view_mut(), |rows, mut d| {
            Zip::from(&mut d).and(x.slice(s![rows, ..])).for_each(|d, &x| *d = x + distance * *d);
        });
        workspace.forward_then(model, d.view(), hidden);
        workspace.output(model, d.view(), |sample, bias, row| {
            log_softmax(bias, row);
            scaled_difference(log_p.row(sample).to_slice().expect("rows are contiguous"), row);
            F::zero()
        });
        workspace.backward_then(model, |_, outputs, delta| zero_left_out(dropout, outputs, delta));
        workspace.input_gradient_then(model, d.view_mut(), |sample, row| {
            left_out(0, sample, row);
            normalise(row);
        });
    }
}

/// Writes x + `distance` · d into `out`.
fn shift<F: Real>(x: ArrayView2<F>, distance: F, d: ArrayView2<F>, out: ArrayViewMut2<F>) {
    by_rows(x.nrows(), out, |rows, out| {
        let (x, d) = (x.slice(s![rows.clone(), ..]), d.slice(s![rows, ..]));
        Zip::from(out).and(x).and(d).for_each(|out, &x, &d| *out = x + distance * d);
    });
}

/// Calls `f` with the index and the values of each row.
fn in_rows<F: Real>(x: ArrayViewMut2<F>, f: impl Fn(usize, &mut [F]) + Sync) {
    by_rows(x.nrows(), x, |rows, mut x| {
        for (sample, mut row) in rows.zip(x.rows_mut()) {
            f(sample, row.as_slice_mut().expect("rows are contiguous"));
        }
    });
}

/// Scales a row to the norm 1. A row of zeros is unchanged.
fn normalise<F: Real>(row: &mut [F]) {
    let largest = row.iter().fold(F::zero(), |largest, value| largest.max(value.abs()));
    if largest > F::zero() {
        for value in row.iter_mut() {
            *value /= largest;
        }
        let norm = row.iter().map(|&value| value * value).sum::<F>().sqrt();
        for value in row.iter_mut() {
            *value /= norm;
        }
    }
}
