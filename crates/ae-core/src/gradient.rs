//! The training objective and its gradient by backpropagation.
//!
//! J = (1/n) Σ L(y(x̃), x) + penalty over a batch of n samples, where x̃ is the input of the encoder
//! and x the target; they differ if the input is corrupted. Missing values of x are left out of L, and their
//! input is 0: every observed value counts the same, so a column with half of its values missing has half the
//! weight. With the δ of [`nn_core::Workspace`],
//! ∂W = x̃ᵀ δ₁ and ∂W′ = hᵀ δ₂. If the decoder is tied, W′ = Wᵀ and the two parts add up:
//! ∂W = x̃ᵀ δ₁ + δ₂ᵀ h.

use ndarray::{ArrayView2, s};
use nn_core::{Chain, InvalidSetting, Loss, Optimizer, Workspace, require};
use numerics::Real;

use crate::penalty::PenaltyMemory;
use crate::top_k::keep_largest;
use crate::{Autoencoder, AutoencoderConfig, Decoder, Penalty, TrainingConfig};

/// Training objective of an autoencoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// Reconstruction loss.
    pub loss: Loss,
    /// Penalty on the code, which is added to the loss.
    pub penalty: Option<Penalty>,
    /// Number of code units kept in each sample, those with the largest values. `None` keeps all.
    pub top_k: Option<usize>,
}

impl Objective {
    /// The objective that these settings define.
    ///
    /// # Errors
    /// [`InvalidSetting`] for settings that are out of range or contradict each other.
    pub fn new(
        model: &AutoencoderConfig,
        training: &TrainingConfig,
    ) -> Result<Self, InvalidSetting> {
        model.validate()?;
        training.validate()?;
        training.penalty.map_or(Ok(()), |penalty| penalty.check_architecture(model))?;
        if let Some(k) = training.top_k_start {
            let holds = model.top_k.is_some_and(|least| (least..=model.n_hidden).contains(&k));
            let expected = "model.top_k to model.n_hidden, together with model.top_k";
            require(holds, "training.top_k_start", &k, expected)?;
        }
        Ok(Objective { loss: model.loss(), penalty: training.penalty, top_k: model.top_k })
    }
}

/// A batch of n samples.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a, F> {
    /// Input of the encoder, n × visible.
    pub input: ArrayView2<'a, F>,
    /// Target of the reconstruction, n × visible.
    pub target: ArrayView2<'a, F>,
    /// Weight of the error at each pixel, n × visible; 0 for missing ones, whose input and target may be any
    /// finite numbers. `None` weights all equally.
    pub weights: Option<ArrayView2<'a, F>>,
}

impl<'a, F> Batch<'a, F> {
    /// A batch in which the target equals the input and all errors have equal weight.
    pub fn clean(x: ArrayView2<'a, F>) -> Self {
        Batch { input: x, target: x, weights: None }
    }
}

/// Buffers of a training step.
#[derive(Debug, Clone)]
pub struct StepMemory<F> {
    passes: Workspace<F>,
    penalty: PenaltyMemory<F>,
}

impl<F: Real> StepMemory<F> {
    /// Buffers for batches of up to `batch_size` samples through `model`.
    pub fn new(model: &Autoencoder<F>, batch_size: usize) -> Self {
        StepMemory {
            passes: Workspace::new(model, batch_size),
            penalty: PenaltyMemory::new(model.n_code()),
        }
    }
}

/// Writes the gradient of the batch's cost into `gradient` and returns the cost.
///
/// The batch has at most as many samples as `memory` was allocated for, and `gradient` has the shape of the
/// model. Allocates nothing.
///
/// # Panics
/// If a shape does not fit.
pub fn cost_and_gradient<F: Real>(
    model: &Autoencoder<F>,
    objective: &Objective,
    batch: &Batch<'_, F>,
    memory: &mut StepMemory<F>,
    gradient: &mut Autoencoder<F>,
) -> f64 {
    let cost = passes(model, objective, batch, memory);
    set_gradient(model, objective, batch.input, memory, gradient, |_| true);
    cost
}

/// Takes one descent step on the cost of a batch and returns the cost before the step. Shapes and
/// panics are those of [`cost_and_gradient`]. Weight gradients that are plain products are consumed
/// by the optimizer as they are computed and never stored.
///
/// If the cost is not finite, no step is taken and the whole gradient is left in `gradient`.
pub(crate) fn step<F: Real>(
    model: &mut Autoencoder<F>,
    objective: &Objective,
    batch: &Batch<'_, F>,
    (memory, gradient): (&mut StepMemory<F>, &mut Autoencoder<F>),
    optimizer: &mut Optimizer<F>,
    learning_rate: f64,
) -> f64 {
    let cost = passes(model, objective, batch, memory);
    if !cost.is_finite() {
        set_gradient(model, objective, batch.input, memory, gradient, |_| true);
        return cost;
    }
    let (tied, code) = (matches!(model.decoder, Decoder::Tied(_)), model.encoder.len() - 1);
    let direct = objective.penalty.is_some_and(|penalty| penalty.has_direct_gradient());
    let is_product = |layer: usize| !(tied || direct && layer == code);
    set_gradient(model, objective, batch.input, memory, gradient, |layer| {
        !(memory.passes.has_product(layer) && is_product(layer))
    });
    let gradients = memory.passes.gradients(batch.input, &*gradient, is_product);
    optimizer.descend_by(model, gradients, learning_rate);
    cost
}

/// Runs the forward and backward passes of the batch and returns its cost.
pub(crate) fn passes<F: Real>(
    model: &Autoencoder<F>,
    objective: &Objective,
    batch: &Batch<'_, F>,
    memory: &mut StepMemory<F>,
) -> f64 {
    let Batch { input, target, weights } = *batch;
    let Objective { loss, penalty, top_k } = *objective;
    let StepMemory { passes, penalty: penalty_memory } = memory;
    let (last, code) = (model.n_layers() - 1, model.encoder.len() - 1);
    let (output, code_unit) = (model.units[last], model.units[code]);
    let layout = model.layout.as_ref();

    passes.forward_then(model, input, |layer, _, row| {
        if let Some(k) = top_k
            && layer == code
        {
            keep_largest(row, k);
        }
    });
    let mut cost = passes.output(model, input, |sample, bias, row| {
        let target = target.row(sample).to_slice().expect("rows are contiguous");
        if let Some(layout) = layout {
            let weights = weights.as_ref().map(|weights| {
                weights.slice(s![sample, ..]).to_slice().expect("rows are contiguous")
            });
            return layout.replace_by_delta(bias, target, weights, row);
        }
        match weights {
            None => loss.replace_by_delta(output, bias, target, row),
            Some(weights) => {
                let weights = weights.row(sample).to_slice().expect("rows are contiguous");
                loss.replace_by_weighted_delta(output, bias, target, weights, row)
            }
        }
    });
    if let Some(penalty) = penalty {
        let h = passes.layer_output(code);
        cost += penalty.cost(code_unit, &model.encoder[code], h, penalty_memory);
    }
    let penalty_memory = &*penalty_memory;
    passes.backward_then(model, |layer, h, delta| {
        if layer != code {
            return;
        }
        if let Some(penalty) = penalty {
            penalty.add_gradient(code_unit, penalty_memory, h, delta);
        }
        if top_k.is_some() {
            let zero = F::zero();
            code_unit.with_derivatives(h, h, delta, |delta, h, _, _| {
                *delta = if h == zero { zero } else { *delta };
            });
        }
    });

    cost
}

/// Writes the gradient of every bias, and of the weights of the layers that `stored` selects, from the
/// layers' inputs and δ.
fn set_gradient<F: Real>(
    model: &Autoencoder<F>,
    objective: &Objective,
    input: ArrayView2<F>,
    memory: &StepMemory<F>,
    gradient: &mut Autoencoder<F>,
    stored: impl Fn(usize) -> bool,
) {
    let passes = &memory.passes;
    let scale = F::one() / F::of(input.nrows() as f64);
    let depth = gradient.encoder.len();
    let untied = match &mut gradient.decoder {
        Decoder::Untied(layers) => layers.as_mut_slice(),
        Decoder::Tied(_) => &mut [],
    };
    for (i, layer) in gradient.encoder.iter_mut().chain(untied).enumerate() {
        passes.set_bias_gradient(i, layer);
        if stored(i) {
            passes.set_weights_gradient(i, input, layer);
        }
    }
    if let Decoder::Tied(biases) = &mut gradient.decoder {
        for (i, bias) in (depth..).zip(biases) {
            let (h, delta) = (passes.layer_input(i, input), passes.delta(i));
            let weights = gradient.encoder[2 * depth - 1 - i].weights.view_mut();
            numerics::matmul_scaled(scale, delta.t(), h, F::one(), weights);
            numerics::column_sums(scale, delta, bias.view_mut());
        }
    }
    if let Some(penalty) = objective.penalty
        && stored(depth - 1)
    {
        let (layer, gradient) = (&model.encoder[depth - 1], &mut gradient.encoder[depth - 1]);
        penalty.add_direct_gradient(layer, &memory.penalty, gradient);
    }
}
