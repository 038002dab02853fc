//! The cost of virtual adversarial training and its step (Miyato, Maeda, Koyama & Ishii 2019, "Virtual
//! adversarial training: a regularization method for supervised and semi-supervised learning", IEEE
//! TPAMI 41(8), sections 3.2 and 3.3; arXiv 1704.03976).
//!
//! With p = p(·|x) held constant, D(r) = KL(p ‖ p(·|x + r)) is 0 at r = 0, and so is its gradient.
//! So D(r) ≈ ½ rᵀ H r, and the r of length ε with the largest D is ε times the dominant eigenvector of
//! H. A power iteration finds it from a random d, where the product is a finite difference:
//!
//! d ← H d / ‖H d‖, H d ≈ ∇D(ξ d) / ξ.
//!
//! Then r = ε d is held constant too, and the gradient of D(r) with respect to the parameters is taken
//! through p(·|x + r) alone. With softmax inputs z of x + r and q = softmax(z), ∂D/∂z = q − p.
//!
//! Optionally, each prediction for x should also be certain, while their mean over the batch matches the
//! shares of the classes among the labels (Krause, Perona & Gomes 2010, "Discriminative clustering by
//! regularized information maximization"; with virtual adversarial training, Hu, Miyato, Tokui, Matsumoto &
//! Sugiyama 2017, "Learning discrete representations via information maximizing self-augmented training").
//! Without it, a network without pretraining may learn a flat function with an island around each labelled
//! sample.
//!
//! x + r is not clipped to the range of the inputs. Dropout leaves the same units out of every pass of
//! a sample, so that D compares a network with itself.

mod costs;
mod probe;

use ndarray::{ArrayView2, ArrayViewMut2, s};
use nn_core::{Minibatches, Optimizer, gather};
use numerics::{Purpose, Real, Stream};

use self::costs::{divergence, entropy_and_balance};
use self::probe::{Probe, find_directions};
use crate::classification::{ClassifierMemory, NotFinite, descend, pass, softmax_cross_entropy};
use crate::fine_tuning::position;
use crate::{Classifier, DropoutDraw, VirtualAdversarial};

const ORDER: Purpose = Purpose::new("unlab order");
const DIRECTION: Purpose = Purpose::new("adversarial");

/// The unlabelled samples of fine-tuning, with the memory of a step.
pub(crate) struct UnlabelledSamples<'a, F> {
    settings: VirtualAdversarial,
    samples: ArrayView2<'a, F>,
    seed: u64,
    /// π: the share of each class among the labels, with one more of each so that none is 0.
    shares: Vec<f64>,
    minibatches: Minibatches,
    /// The epoch, counted from 1, and the next batch in it.
    position: (usize, usize),
    probe: Probe<F>,
}

/// The rows of a step's batch: labelled samples, then x + r, then, if its costs count, x.
#[derive(Debug, Clone, Copy)]
struct Rows {
    labelled: usize,
    unlabelled: usize,
    with_clean: bool,
}

impl Rows {
    fn total(self) -> usize {
        self.labelled + self.unlabelled * if self.with_clean { 2 } else { 1 }
    }

    /// The row whose dropout draws apply to row `row`: x uses those of its x + r.
    fn row_of_draws(self, row: usize) -> usize {
        if row < self.labelled + self.unlabelled { row } else { row - self.unlabelled }
    }
}

impl<'a, F: Real> UnlabelledSamples<'a, F> {
    /// Samples (n × inputs, at least one) for fine-tuning `model`, in addition to labelled ones.
    pub(crate) fn new(
        settings: VirtualAdversarial,
        samples: ArrayView2<'a, F>,
        labels: &[u8],
        model: &Classifier<F>,
        seed: u64,
    ) -> Self {
        let batch_size = settings.batch_size.min(samples.nrows());
        let n_classes = model.n_classes();
        let count = |class: usize| labels.iter().filter(|&&l| usize::from(l) == class).count();
        let share = |class| (count(class) + 1) as f64 / (labels.len() + n_classes) as f64;
        let mut unlabelled = UnlabelledSamples {
            settings,
            samples,
            seed,
            shares: (0..n_classes).map(share).collect(),
            minibatches: Minibatches::new(samples.nrows(), batch_size),
            position: (1, 0),
            probe: Probe::new(model, batch_size),
        };
        unlabelled.shuffle();
        unlabelled
    }

    /// The largest number of rows that a step's batch has besides the labelled samples.
    pub(crate) fn n_rows(&self) -> usize {
        self.rows(0, self.probe.x.nrows()).total()
    }

    fn rows(&self, labelled: usize, unlabelled: usize) -> Rows {
        Rows { labelled, unlabelled, with_clean: self.settings.reads_clean_samples() }
    }

    /// Moves to the batch after those of `steps` steps.
    pub(crate) fn skip(&mut self, steps: usize) {
        self.position = position(steps, self.minibatches.n_batches());
        self.shuffle();
    }

    fn shuffle(&mut self) {
        self.minibatches.shuffle(Stream::new(self.seed, ORDER).epoch(self.position.0));
    }

    /// Takes one step down the cost of a labelled batch, which is in the first rows of `x`, and of the
    /// next unlabelled batch, which is written into the rows below. Returns the cost in nats. Allocates
    /// nothing.
    ///
    /// # Errors
    /// [`NotFinite`] if the cost is not finite. No step is taken then, and the memory holds the gradient.
    pub(crate) fn step(
        &mut self,
        model: &mut Classifier<F>,
        (mut x, labels): (ArrayViewMut2<F>, &[u8]),
        memory: &mut ClassifierMemory<F>,
        (optimizer, learning_rate): (&mut Optimizer<F>, f64),
        dropout: Option<DropoutDraw>,
    ) -> Result<f64, NotFinite> {
        let (epoch, batch) = self.position;
        let samples = self.minibatches.iter().nth(batch).expect("the position is in the epoch");
        let rows = self.rows(labels.len(), samples.len());
        gather(self.samples, samples, self.probe.x.slice_mut(s![..rows.unlabelled, ..]));
        let stream = Stream::new(self.seed, DIRECTION).epoch(epoch).batch(batch);
        find_directions(model, &self.settings, rows, &mut self.probe, stream, dropout);
        self.probe.find_excess(rows, &self.shares);
        self.probe.write_into(x.view_mut(), rows, self.settings.radius);
        let x = x.slice(s![..rows.total(), ..]);
        let constant = (rows, &self.probe);
        let cost = pass_both(model, (x, labels), constant, &self.settings, memory, dropout);
        self.position = (epoch, batch + 1);
        if self.position.1 == self.minibatches.n_batches() {
            self.position = (epoch + 1, 0);
            self.shuffle();
        }
        descend(model, x, memory, (optimizer, learning_rate), cost)
    }
}

/// Passes a step's batch forward and backward and returns its cost. The rows of `x` and the probe's results
/// are constant. The cost of each kind of row is scaled by the number of all rows over that of its rows,
/// since the gradient is a mean over all rows.
fn pass_both<F: Real>(
    model: &Classifier<F>,
    (x, labels): (ArrayView2<F>, &[u8]),
    (rows, probe): (Rows, &Probe<F>),
    settings: &VirtualAdversarial,
    memory: &mut ClassifierMemory<F>,
    dropout: Option<DropoutDraw>,
) -> f64 {
    let Rows { labelled, unlabelled, .. } = rows;
    let over = |n: usize| F::of(rows.total() as f64 / n as f64);
    let (of_labelled, of_unlabelled) = (over(labelled), over(unlabelled));
    let of_divergence = of_unlabelled * F::of(settings.weight);
    let weights = (F::of(settings.entropy_weight), F::of(settings.balance_weight));
    let draws = (dropout, |row| rows.row_of_draws(row));
    pass(model, x, memory, draws, |sample, bias, row| {
        let (cost, factor) = if sample < labelled {
            (softmax_cross_entropy(bias, usize::from(labels[sample]), row), of_labelled)
        } else if sample < labelled + unlabelled {
            let log_p = probe.log_p.row(sample - labelled);
            let log_p = log_p.to_slice().expect("rows are contiguous");
            (divergence(log_p, bias, row), of_divergence)
        } else {
            (entropy_and_balance(weights, &probe.log_excess, bias, row), of_unlabelled)
        };
        for delta in row.iter_mut() {
            *delta *= factor;
        }
        factor * cost
    })
}

#[cfg(test)]
mod tests;
