//! The statistics of one step of learning: contrastive divergence and persistent chains.
//!
//! The log-likelihood's gradient for the weights is Σ_positions ⟨patch · h⟩_data − ⟨patch · h⟩_model. A
//! sample runs through both phases before the next one begins, so its patches and detection units stay in
//! cache, and its statistics are accumulated at once. The samples of a batch are dealt to a fixed number of
//! *lanes*, each with its own memory and sums, whichever threads work on them, so the sums and the gradient
//! are the same for any number of threads.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, s};
use numerics::{Real, Stream, by_rows, by_thread};

use super::ConvRbm;
use super::lane::{Dealt, LANES, Lane, VISIBLE_OFFSET, add, samples_of};
use super::passes::{Memory, as_row, one};
use crate::{Layer, NegativeVisible, PersistentChains};

const CONTIGUOUS: &str = "rows are contiguous";

/// The statistics of one step of learning, and the memory that they are accumulated in.
#[derive(Debug, Clone)]
pub struct ConvPhases<F> {
    /// u⁺ = v / σ of the batch, n × h·w·c.
    u: Array2<F>,
    /// The visible layer with its parameters at each pixel.
    visible: Layer<F>,
    lanes: Vec<Lane<F>>,
}

impl<F: Real> ConvPhases<F> {
    /// Memory for batches of up to `batch_size` images.
    #[must_use]
    pub fn new(rbm: &ConvRbm<F>, batch_size: usize) -> Self {
        ConvPhases {
            u: Array2::zeros((batch_size, rbm.n_visible())),
            visible: rbm.tiled(),
            lanes: (0..LANES).map(|_| Lane::new(rbm)).collect(),
        }
    }

    /// Copies a batch (n × h·w·c) into the positive phase.
    ///
    /// # Panics
    /// If the batch is larger than the memory, or has a different width.
    pub fn set_batch(&mut self, batch: ArrayView2<F>) {
        let mut u = self.u.slice_mut(s![..batch.nrows(), ..]);
        u.assign(&batch);
        self.visible.scale(&mut u);
    }

    /// Space for a batch of `n` images, to be filled with values in the units of the data, and then
    /// [scaled](ConvPhases::scale_batch).
    pub(crate) fn batch_mut(&mut self, n: usize) -> ArrayViewMut2<'_, F> {
        self.u.slice_mut(s![..n, ..])
    }

    pub(crate) fn scale_batch(&mut self, n: usize) {
        self.visible.scale(&mut self.u.slice_mut(s![..n, ..]));
    }

    /// Writes the gradient of the log-likelihood (positive − negative, for ascent): the mean over the `n`
    /// images of the batch and over the negative phase, and the sum over positions.
    pub fn gradient(&self, n: usize, gradient: &mut ConvRbm<F>) {
        self.write_gradient(F::one() / F::of(n as f64), gradient);
    }

    /// Writes `scale` times the sum over images.
    pub(crate) fn write_gradient(&self, scale: F, gradient: &mut ConvRbm<F>) {
        let weights = gradient.weights.as_slice_mut().expect(CONTIGUOUS);
        by_rows(weights.len(), weights, |range, out| {
            let parts = self.lanes.iter().map(|lane| lane.weights.as_slice().expect(CONTIGUOUS));
            write_sum(scale, parts.map(|part| &part[range.clone()]), out);
        });
        let bias = gradient.visible.bias.as_slice_mut().expect(CONTIGUOUS);
        let n_channels = bias.len();
        let pixels = self.lanes.iter().flat_map(|lane| lane.visible.chunks_exact(n_channels));
        write_sum(scale, pixels, bias);
        let maps = self.lanes.iter().flat_map(|lane| [&lane.positive[..], &lane.negative[..]]);
        write_sum(scale, maps, gradient.hidden_bias.as_slice_mut().expect(CONTIGUOUS));
    }

    /// Writes `scale` times the sum over images and positions of each map's positive probabilities.
    pub(crate) fn write_activity(&self, scale: F, out: &mut [F]) {
        write_sum(scale, self.lanes.iter().map(|lane| &lane.positive[..]), out);
    }

    /// Runs `each` for the samples 0..`n` of a batch, with the memory of their lane.
    fn by_lane(
        &mut self,
        n: usize,
        each: impl Fn(usize, &mut Lane<F>, ArrayView1<F>, &Layer<F>) + Sync,
    ) {
        let (u, visible) = (&self.u, &self.visible);
        by_thread(LANES, self.lanes.as_mut_slice(), |range, lanes| {
            for (lane, memory) in range.zip(lanes) {
                samples_of(lane, n).for_each(|sample| each(sample, memory, u.row(sample), visible));
            }
        });
    }

    fn begin(&mut self, rbm: &ConvRbm<F>) {
        rbm.retile_bias(&mut self.visible);
        self.lanes.iter_mut().for_each(Lane::clear);
    }

    /// The mean of the samples' squared errors.
    fn mean_error(&self, n: usize) -> f64 {
        self.lanes.iter().map(|lane| lane.error).sum::<f64>() / n as f64
    }

    /// Runs the positive phase of the `n` images of the batch. If `measures`, returns the squared error of
    /// the mean-field reconstruction in units of σ², summed over visible units and averaged over samples.
    pub(crate) fn positive_phase(
        &mut self,
        rbm: &ConvRbm<F>,
        n: usize,
        measures: bool,
    ) -> Option<f64> {
        self.begin(rbm);
        self.by_lane(n, |_, lane, u, visible| {
            let u = u.to_slice().expect(CONTIGUOUS);
            lane.add_positive(rbm, u);
            if measures {
                let Memory { detection, patches, .. } = &mut lane.memory;
                rbm.visible_parameters(visible, detection.view(), patches, &mut lane.u);
                lane.add_error(visible, u);
            }
        });
        measures.then(|| self.mean_error(n))
    }

    /// Runs every persistent chain for `gibbs_steps` and adds the statistics of its last images, weighted
    /// like those of the `n` images of the batch. Takes two sublayers of `stream` per Gibbs step.
    pub(crate) fn negative_phase(
        &mut self,
        rbm: &ConvRbm<F>,
        chains: &mut PersistentChains<F>,
        n: usize,
        gibbs_steps: usize,
        stream: Stream,
    ) {
        let m = chains.hidden.nrows();
        let weight = F::of(n as f64 / m as f64);
        let visible = &self.visible;
        let hidden = Dealt { rows: chains.hidden.view_mut(), n: m, lanes: 0..LANES };
        by_thread(LANES, (self.lanes.as_mut_slice(), hidden), |range, (lanes, mut hidden)| {
            let first = samples_of(range.start, m).start;
            for (lane, memory) in range.zip(lanes) {
                for chain in samples_of(lane, m) {
                    let mut states = hidden.rows.row_mut(chain - first);
                    let states = states.as_slice_mut().expect(CONTIGUOUS);
                    memory.run_chain(rbm, visible, states, (gibbs_steps, weight), chain, stream);
                }
            }
        });
    }
}

/// Runs both phases of CD-k, for k = `gibbs_steps`, on the `n` images of the
/// [batch](ConvPhases::set_batch), so that [`ConvPhases::gradient`] gives the CD-k gradient. Returns the
/// squared error of the first reconstruction in units of σ², summed over visible units and averaged over
/// samples. Takes two sublayers of `stream` per Gibbs step; allocates nothing.
///
/// # Panics
/// If shapes differ, or `gibbs_steps` is 0.
pub fn contrastive_divergence<F: Real>(
    rbm: &ConvRbm<F>,
    phases: &mut ConvPhases<F>,
    n: usize,
    (gibbs_steps, visible_as): (usize, NegativeVisible),
    stream: Stream,
) -> f64 {
    assert!(gibbs_steps >= 1, "CD-0 has no negative phase");
    phases.begin(rbm);
    phases.by_lane(n, |sample, lane, u, visible| {
        let u = u.to_slice().expect(CONTIGUOUS);
        lane.add_positive(rbm, u);
        for step in 1..=gibbs_steps {
            lane.draw_states(stream.sublayer(2 * (step - 1)), sample);
            lane.pass_down(rbm, visible);
            if step == 1 {
                // Later steps do not change the error of the first reconstruction.
                lane.add_error(visible, u);
            }
            let mut row = as_row(&mut lane.u);
            match visible_as {
                NegativeVisible::Samples => {
                    let stream = stream.sublayer(2 * step + VISIBLE_OFFSET);
                    visible.unit.draw(stream, one(sample), &mut row);
                }
                NegativeVisible::Probabilities => visible.unit.means(&mut row),
            }
            rbm.pass_up(&lane.u, &mut lane.memory);
            lane.memory.probabilities();
        }
        lane.add_negative(F::one());
    });
    phases.mean_error(n)
}

/// `out` = `scale` · Σ of the parts, added in their order.
fn write_sum<'a, F: Real>(scale: F, parts: impl Iterator<Item = &'a [F]>, out: &mut [F]) {
    out.fill(F::zero());
    for part in parts {
        add(F::one(), part, out);
    }
    for out in out {
        *out *= scale;
    }
}
