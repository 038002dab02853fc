use numerics::Real;

use crate::regularisation::hold_to_norm;
use crate::update::{Slot, Update, matrix};
use crate::{Kind, Parameters, Regularisation, Rule, Tensor, TensorGradient, TensorMut};

/// A rule and what it remembers of the gradients so far; as [`Parameters`], for checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer<F> {
    /// The rule. Its constants may change between steps, its kind may not.
    pub rule: Rule,
    /// What keeps weights small.
    pub regularisation: Regularisation,
    /// What the learning rate is multiplied by for each layer; 1 for layers beyond these.
    pub rate_factors: Vec<f64>,
    /// Steps taken.
    pub steps: u64,
    slots: Vec<Slot<F>>,
}

impl<F: Real> Optimizer<F> {
    /// An optimizer for models of this shape, before its first step. A number in the place of the
    /// regularisation is its weight decay.
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

    /// One step down a cost with this gradient.
    ///
    /// # Panics
    /// If model or gradient have other shapes than the model the optimizer was made for.
    pub fn descend<P: Parameters<F>>(&mut self, model: &mut P, gradient: &P, learning_rate: f64) {
        self.step(model, values_of(gradient), learning_rate, F::one());
    }

    /// As [`Optimizer::descend`], with the gradients of the model's tensors in their order.
    ///
    /// # Panics
    /// If model or gradients have other shapes than the model the optimizer was made for.
    pub fn descend_by<'a>(
        &mut self,
        model: &mut impl Parameters<F>,
        gradients: impl Iterator<Item = TensorGradient<'a, F>>,
        learning_rate: f64,
    ) {
        self.step(model, gradients, learning_rate, F::one());
    }

    /// One step up an objective with this gradient; weights still decay.
    ///
    /// # Panics
    /// If model or gradient have other shapes than the model the optimizer was made for.
    pub fn ascend<P: Parameters<F>>(&mut self, model: &mut P, gradient: &P, learning_rate: f64) {
        self.step(model, values_of(gradient), learning_rate, -F::one());
    }

    /// As [`Optimizer::ascend`], with the gradients of the model's tensors in their order.
    ///
    /// # Panics
    /// If model or gradients have other shapes than the model the optimizer was made for.
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
    use crate::Dense;

    const RULES: [Rule; 6] = [
        Rule::Sgd {},
        Rule::Momentum { momentum: 0.9 },
        Rule::Nesterov { momentum: 0.9 },
        Rule::RmsProp { decay: 0.9, epsilon: 1e-8 },
        Rule::RmsPropTf1 { decay: 0.9, epsilon: 1e-10 },
        Rule::adam(),
    ];

    fn one_weight(w: f64) -> Vec<Dense<f64>> {
        let mut layer = Dense::zeros(1, 1);
        layer.weights[[0, 0]] = w;
        vec![layer]
    }

    /// Two steps with g = 0.5, then −0.25, at rate 0.1 from w = 1, worked out by hand from the
    /// formulas on [`Rule`].
    #[test]
    fn two_steps_by_hand() {
        let expected = [
            1.0 - 0.05 + 0.025,
            // v = −0.05; −0.045 + 0.025 = −0.02
            1.0 - 0.05 - 0.02,
            // w = 1 − 0.045 − 0.05 = 0.905; v = −0.045 + 0.025 = −0.02; w += −0.018 + 0.025
            0.905 - 0.018 + 0.025,
            // s = 0.025, then 0.0225 + 0.00625 = 0.02875
            1.0 - 0.05 / (0.025_f64.sqrt() + 1e-8) + 0.025 / (0.02875_f64.sqrt() + 1e-8),
            // s = 0.9 + 0.025 = 0.925, then 0.8325 + 0.00625 = 0.83875
            1.0 - 0.05 / (0.925_f64 + 1e-10).sqrt() + 0.025 / (0.83875_f64 + 1e-10).sqrt(),
            // m̂ = 0.5, ŝ = 0.25; then m = 0.045 − 0.025 = 0.02, m̂ = 0.02 / 0.19,
            // s = 0.00024975 + 0.0000625 = 0.00031225, ŝ = 0.00031225 / 0.001999
            1.0 - 0.05 / (0.5 + 1e-8)
                - 0.1 * (0.02 / 0.19) / ((0.000_312_25_f64 / 0.001_999).sqrt() + 1e-8),
        ];
        for (rule, expected) in RULES.into_iter().zip(expected) {
            let mut model = one_weight(1.0);
            let mut optimizer = Optimizer::new(rule, 0.0, &model);
            for g in [0.5, -0.25] {
                optimizer.descend(&mut model, &one_weight(g), 0.1);
            }
            let w = model[0].weights[[0, 0]];
            assert!((w - expected).abs() < 1e-9, "{rule:?}: {w}, by hand {expected}");
        }
    }

    #[test]
    fn ascent_is_descent_on_the_negative() {
        for rule in RULES {
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
    fn a_product_moves_weights_as_its_values_do() {
        let wave = |n: usize| move |(i, j): (usize, usize)| ((i * n + j) as f32).sin();
        let (x, delta) = (
            ndarray::Array2::from_shape_fn((30, 50), wave(7)),
            ndarray::Array2::from_shape_fn((30, 40), wave(11)),
        );
        let mut stored = vec![Dense::<f32>::zeros(50, 40)];
        stored[0].set_weights_gradient(0.5, x.view(), delta.view());
        stored[0].set_bias_gradient(0.5, delta.view());
        for rule in RULES {
            let mut models = [(); 2].map(|()| vec![Dense::<f32>::zeros(50, 40)]);
            let [by_values, by_product] = &mut models;
            by_values[0].weights = ndarray::Array2::from_shape_fn((50, 40), wave(3));
            by_product.clone_from(by_values);
            let mut a = Optimizer::new(rule, 0.01, by_values);
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
        for rule in RULES {
            let mut model = vec![Dense::<f32>::zeros(1, 1)];
            let mut optimizer = Optimizer::new(rule, 0.0, &model);
            let mut gradient = model.clone();
            gradient[0].weights.fill(1e-15); // the square is small enough
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
    fn decay_pulls_weights_and_leaves_biases() {
        let mut model = one_weight(1.0);
        model[0].bias[0] = 1.0;
        let mut optimizer = Optimizer::new(Rule::Sgd {}, 0.5, &model);
        optimizer.descend(&mut model, &one_weight(0.0), 0.1);
        assert_eq!(model[0].weights[[0, 0]], 0.95);
        assert_eq!(model[0].bias[0], 1.0);
    }

    #[test]
    fn layers_move_by_their_own_rates() {
        let start = vec![Dense::<f64>::zeros(1, 1); 3];
        let gradient = vec![one_weight(1.0).remove(0); 3];
        let mut model = start.clone();
        let mut optimizer = Optimizer::new(Rule::Sgd {}, 0.0, &model);
        optimizer.rate_factors = vec![0.0, 0.5];
        optimizer.descend(&mut model, &gradient, 0.1);
        let moved: Vec<f64> = model.iter().map(|layer| layer.weights[[0, 0]]).collect();
        assert_eq!(moved, [0.0, -0.05, -0.1]);
    }

    #[test]
    fn l1_pulls_weights_by_their_sign_and_leaves_zero_and_biases() {
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
    fn units_are_held_to_the_maximal_norm_and_others_left() {
        let mut model = vec![Dense::<f64>::zeros(2, 3)];
        model[0].weights = ndarray::array![[3.0, 0.3, 0.0], [4.0, 0.4, 0.0]];
        model[0].bias.fill(9.0);
        let held = Regularisation { max_norm: Some(1.0), ..Default::default() };
        let mut optimizer = Optimizer::new(Rule::Sgd {}, held, &model);
        optimizer.descend(&mut model, &vec![Dense::zeros(2, 3)], 0.1);
        let expected = ndarray::array![[0.6, 0.3, 0.0], [0.8, 0.4, 0.0]];
        assert!((&model[0].weights - &expected).iter().all(|d| d.abs() < 1e-15));
        assert!(model[0].bias.iter().all(|&b| b == 9.0));
    }

    #[test]
    fn every_rule_finds_the_bottom_of_a_bowl() {
        for rule in RULES {
            let mut model = one_weight(3.0);
            let mut optimizer = Optimizer::new(rule, 0.0, &model);
            for step in 0..3_000 {
                let g = model[0].weights[[0, 0]] - 1.0;
                optimizer.descend(&mut model, &one_weight(g), 0.02 * (1.0 - f64::from(step) / 3e3));
            }
            assert!((model[0].weights[[0, 0]] - 1.0).abs() < 1e-3, "{rule:?}");
        }
    }

    #[test]
    fn constants_out_of_range_are_named() {
        let error = Rule::Momentum { momentum: 1.0 }.validate().expect_err("1 never forgets");
        assert_eq!(
            error.to_string(),
            "training.optimizer.momentum = 1: expected a number in [0, 1)"
        );
        assert!(Rule::RmsProp { decay: 0.9, epsilon: 0.0 }.validate().is_err());
        assert!(RULES.iter().all(|rule| rule.validate().is_ok()));
    }
}
