use numerics::Real;

use crate::regularisation::hold_to_norm;
use crate::update::{Slot, Update, matrix};
use crate::{Kind, Parameters, Regularisation, Rule, Tensor, TensorGradient, TensorMut};

/// An update rule with its state, the running moments of the gradients. It implements [`Parameters`] so
/// that checkpoints can store the moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer<F> {
    /// Update rule. Its constants may change between steps, but not its kind.
    pub rule: Rule,
    /// Penalties and bounds on the weights.
    pub regularisation: Regularisation,
    /// Learning-rate multiplier per layer. Layers beyond the end of the list have the multiplier 1.
    pub rate_factors: Vec<f64>,
    /// Number of steps taken.
    pub steps: u64,
    slots: Vec<Slot<F>>,
}

impl<F: Real> Optimizer<F> {
    /// A new optimizer for models with the shape of `model`. A number given as `regularisation` is the
    /// weight decay.
    pub fn new(
        rule: Rule,
        regularisation: impl Into<Regularisation>,
        model: &impl Parameters<F>,
    ) -> Self {
        let regularisation = regularisation.into();
        let slots = model.tensors().map(|tensor| {
            let n = tensor.values.len();
            let held = regularisation.max_norm.is_some() && tensor.kind == Kind::Weights;
            Slot {
                norms: vec![F::zero(); if held { tensor.shape[1] } else { 0 }],
                mean: vec![F::zero(); if rule.keeps_mean() { n } else { 0 }],
                square: vec![rule.initial_square(); if rule.keeps_square() { n } else { 0 }],
            }
        });
        let slots = slots.collect();
        Optimizer { rule, regularisation, rate_factors: Vec::new(), steps: 0, slots }
    }

    /// Takes one descent step on a cost with this gradient.
    ///
    /// # Panics
    /// If the model or gradient differs in shape from the model the optimizer was made for.
    pub fn descend<P: Parameters<F>>(&mut self, model: &mut P, gradient: &P, learning_rate: f64) {
        self.step(model, values_of(gradient), learning_rate, F::one());
    }

    /// Like [`Optimizer::descend`], with one gradient for each of the model's tensors, in their order.
    ///
    /// # Panics
    /// If the model or gradients differ in shape from the model the optimizer was made for.
    pub fn descend_by<'a>(
        &mut self,
        model: &mut impl Parameters<F>,
        gradients: impl Iterator<Item = TensorGradient<'a, F>>,
        learning_rate: f64,
    ) {
        self.step(model, gradients, learning_rate, F::one());
    }

    /// Takes one ascent step on an objective with this gradient. Weight decay still shrinks the weights.
    ///
    /// # Panics
    /// If the model or gradient differs in shape from the model the optimizer was made for.
    pub fn ascend<P: Parameters<F>>(&mut self, model: &mut P, gradient: &P, learning_rate: f64) {
        self.step(model, values_of(gradient), learning_rate, -F::one());
    }

    /// Like [`Optimizer::ascend`], with one gradient for each of the model's tensors, in their order.
    ///
    /// # Panics
    /// If the model or gradients differ in shape from the model the optimizer was made for.
    pub fn ascend_by<'a>(
        &mut self,
        model: &mut impl Parameters<F>,
        gradients: impl Iterator<Item = TensorGradient<'a, F>>,
        learning_rate: f64,
    ) {
        self.step(model, gradients, learning_rate, -F::one());
    }

    fn step<'a>(
        &mut self,
        model: &mut impl Parameters<F>,
        gradients: impl Iterator<Item = TensorGradient<'a, F>>,
        rate: f64,
        sign: F,
    ) {
        self.steps += 1;
        for ((tensor, gradient), slot) in model.tensors_mut().zip(gradients).zip(&mut self.slots) {
            let penalties = match tensor.kind {
                Kind::Weights => (self.regularisation.weight_decay, self.regularisation.l1),
                Kind::Bias => (0.0, 0.0),
            };
            let rate = rate * self.rate_factors.get(tensor.layer).unwrap_or(&1.0);
            let update = Update { rule: self.rule, rate, steps: self.steps, sign, penalties };
            let TensorMut { values, shape, .. } = tensor;
            update.apply_to(&mut *values, slot, (gradient, shape));
            if let Some(max) = self.regularisation.max_norm
                && !slot.norms.is_empty()
                && rate > 0.0
            {
                hold_to_norm(matrix(values, shape), F::of(max), &mut slot.norms);
            }
        }
    }
}

/// The gradients of a model's tensors as stored values.
fn values_of<F: Real>(
    gradient: &impl Parameters<F>,
) -> impl Iterator<Item = TensorGradient<'_, F>> {
    gradient.tensors().map(|tensor| TensorGradient::Values(tensor.values))
}

impl<F: Real> Parameters<F> for Optimizer<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        self.slots.iter().enumerate().flat_map(|(layer, slot)| {
            let tensor = |part, values| Tensor::vector(part, layer, values);
            [
                tensor("mean", slot.mean.as_slice().into()),
                tensor("square", slot.square.as_slice().into()),
            ]
        })
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        self.slots.iter_mut().enumerate().flat_map(|(layer, slot)| {
            [
                TensorMut::vector("mean", layer, slot.mean.as_mut_slice().into()),
                TensorMut::vector("square", layer, slot.square.as_mut_slice().into()),
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::rule::tests::{one_weight, rules};
    use crate::trace::Trace;

    #[test]
    fn ascent_is_descent_on_the_negative() {
        for (rule, _) in rules() {
            let (mut up, mut down) = (one_weight(1.0), one_weight(1.0));
            let mut a = Optimizer::new(rule, 0.01, &up);
            let mut b = a.clone();
            for g in [0.5, -0.25, 2.0] {
                a.ascend(&mut up, &one_weight(g), 0.1);
                b.descend(&mut down, &one_weight(-g), 0.1);
            }
            assert_eq!(up, down, "{rule:?}");
        }
    }

    #[test]
    fn a_product_and_its_values_give_the_same_step() {
        let wave = |n: usize| move |(i, j): (usize, usize)| ((i * n + j) as f32).sin();
        let (mut x, delta) = (
            ndarray::Array2::from_shape_fn((30, 50), wave(7)),
            ndarray::Array2::from_shape_fn((30, 70), wave(11)),
        );
        // An input that is off in the whole batch: the gradient of its weights is zero.
        x.column_mut(3).fill(0.0);
        let mut stored = vec![Layer::<f32>::zeros(50, 70)];
        stored[0].set_weights_gradient(0.5, x.view(), delta.view(), &Trace::None);
        stored[0].set_bias_gradient(0.5, delta.view(), &Trace::None);
        for (rule, penalty) in rules().into_iter().flat_map(|(r, _)| [(r, 0.0), (r, 0.01)]) {
            let mut models = [(); 2].map(|()| vec![Layer::<f32>::zeros(50, 70)]);
            let [by_values, by_product] = &mut models;
            by_values[0].weights = ndarray::Array2::from_shape_fn((50, 70), wave(3));
            by_product.clone_from(by_values);
            let mut a = Optimizer::new(rule, penalty, by_values);
            let mut b = a.clone();
            for _ in 0..2 {
                a.descend(by_values, &stored, 0.1);
                let product =
                    TensorGradient::Product { scale: 0.5, x: x.view(), delta: delta.view() };
                let bias = stored[0].bias.as_slice().expect("contiguous");
                b.descend_by(by_product, [product, TensorGradient::Values(bias)].into_iter(), 0.1);
            }
            assert_eq!(by_values, by_product, "{rule:?}");
            assert_eq!(a, b, "{rule:?}");
        }
    }

    #[test]
    fn moments_fade_to_zero_and_never_to_subnormal_numbers() {
        for (rule, _) in rules() {
            let mut model = vec![Layer::<f32>::zeros(1, 1)];
            let mut optimizer = Optimizer::new(rule, 0.0, &model);
            let mut gradient = model.clone();
            gradient[0].weights.fill(1e-15); // the square is close to the subnormal numbers
            optimizer.descend(&mut model, &gradient, 1e-10);
            gradient[0].weights.fill(0.0);
            for _ in 0..1500 {
                optimizer.descend(&mut model, &gradient, 1e-10);
                let moments = optimizer.tensors().flat_map(|tensor| tensor.values.to_vec());
                assert!(moments.into_iter().all(|value| !value.is_subnormal()), "{rule:?}");
            }
        }
    }

    #[test]
    fn weight_decay_shrinks_weights_but_not_biases() {
        let mut model = one_weight(1.0);
        model[0].bias[0] = 1.0;
        let mut optimizer = Optimizer::new(Rule::Sgd {}, 0.5, &model);
        optimizer.descend(&mut model, &one_weight(0.0), 0.1);
        assert_eq!(model[0].weights[[0, 0]], 0.95);
        assert_eq!(model[0].bias[0], 1.0);
    }

    #[test]
    fn layers_have_their_own_learning_rates() {
        let start = vec![Layer::<f64>::zeros(1, 1); 3];
        let gradient = vec![one_weight(1.0).remove(0); 3];
        let mut model = start.clone();
        let mut optimizer = Optimizer::new(Rule::Sgd {}, 0.0, &model);
        optimizer.rate_factors = vec![0.0, 0.5];
        optimizer.descend(&mut model, &gradient, 0.1);
        let moved: Vec<f64> = model.iter().map(|layer| layer.weights[[0, 0]]).collect();
        assert_eq!(moved, [0.0, -0.05, -0.1]);
    }

    #[test]
    fn l1_shrinks_weights_by_a_constant_and_leaves_zero_and_biases() {
        for (w, expected) in [(1.0, 0.95), (-1.0, -0.95), (0.0, 0.0)] {
            let mut model = one_weight(w);
            model[0].bias[0] = 1.0;
            let l1 = Regularisation { l1: 0.5, ..Default::default() };
            Optimizer::new(Rule::Sgd {}, l1, &model).descend(&mut model, &one_weight(0.0), 0.1);
            assert_eq!(model[0].weights[[0, 0]], expected);
            assert_eq!(model[0].bias[0], 1.0);
        }
    }

    #[test]
    fn only_weights_above_the_maximal_norm_are_scaled_down() {
        let mut model = vec![Layer::<f64>::zeros(2, 3)];
        model[0].weights = ndarray::array![[3.0, 0.3, 0.0], [4.0, 0.4, 0.0]];
        model[0].bias.fill(9.0);
        let held = Regularisation { max_norm: Some(1.0), ..Default::default() };
        let mut optimizer = Optimizer::new(Rule::Sgd {}, held, &model);
        optimizer.descend(&mut model, &vec![Layer::zeros(2, 3)], 0.1);
        let expected = ndarray::array![[0.6, 0.3, 0.0], [0.8, 0.4, 0.0]];
        assert!((&model[0].weights - &expected).iter().all(|d| d.abs() < 1e-15));
        assert!(model[0].bias.iter().all(|&b| b == 9.0));
    }

    #[test]
    fn every_rule_minimises_a_quadratic() {
        for (rule, _) in rules() {
            let mut model = one_weight(3.0);
            let mut optimizer = Optimizer::new(rule, 0.0, &model);
            for step in 0..3_000 {
                let g = model[0].weights[[0, 0]] - 1.0;
                optimizer.descend(&mut model, &one_weight(g), 0.02 * (1.0 - f64::from(step) / 3e3));
            }
            assert!((model[0].weights[[0, 0]] - 1.0).abs() < 1e-3, "{rule:?}");
        }
    }
}
