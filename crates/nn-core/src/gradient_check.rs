use crate::Parameters;

/// Agreement of a gradient with central differences of its cost.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientCheck {
    /// Largest relative error, |a − n| / max(|a|, |n|, floor), of an analytic component a with the
    /// numeric one n.
    pub max_relative_error: f64,
    /// The component with the largest error: tensor, index and both values.
    pub worst: String,
}

/// Compares `gradient` with central differences of `cost` for every scalar of the model.
///
/// `cost` must be the same function at each call: if it draws random numbers, it has to restart their
/// streams. The floor of the relative error is 10⁻⁴ of the largest component, so that rounding in
/// components near zero does not count as an error.
pub fn check_gradient<P: Parameters<f64> + Clone>(
    model: &P,
    gradient: &P,
    mut cost: impl FnMut(&P) -> f64,
) -> GradientCheck {
    let largest = gradient
        .tensors()
        .flat_map(|tensor| tensor.values.iter())
        .fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let floor = 1e-4 * largest;
    let mut shifted = model.clone();
    let mut check = GradientCheck { max_relative_error: 0.0, worst: String::new() };
    for (t, tensor) in gradient.tensors().enumerate() {
        for (i, &analytic) in tensor.values.iter().enumerate() {
            let mut at = |offset: f64| {
                let value = shifted.tensors_mut().nth(t).expect("shapes agree").values;
                let original = value[i];
                value[i] = original + offset;
                let cost = cost(&shifted);
                shifted.tensors_mut().nth(t).expect("shapes agree").values[i] = original;
                cost
            };
            // Fourth-order central difference: the truncation error, of order h⁴, and the rounding
            // error, of order ε/h, are both below 1e-10.
            let h = 1e-4;
            let numeric = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let scale = analytic.abs().max(numeric.abs()).max(floor);
            let error = if scale == 0.0 { 0.0 } else { (analytic - numeric).abs() / scale };
            if error > check.max_relative_error || error.is_nan() {
                check.max_relative_error = error;
                check.worst = format!("{}[{i}]: {analytic} and {numeric}", tensor.name());
            }
        }
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;

    #[allow(clippy::ptr_arg, reason = "the model is a vector of layers")]
    fn cubic(model: &Vec<Layer<f64>>) -> f64 {
        model[0].weights.iter().map(|w| w.powi(3)).sum::<f64>() + model[0].bias.sum()
    }

    #[test]
    fn a_right_gradient_passes_and_a_wrong_sign_fails() {
        let mut model = vec![Layer::zeros(2, 2)];
        model[0].weights = ndarray::array![[1.0, -2.0], [0.5, 3.0]];
        let mut gradient = vec![Layer::zeros(2, 2)];
        gradient[0].weights = model[0].weights.mapv(|w| 3.0 * w * w);
        gradient[0].bias.fill(1.0);
        assert!(check_gradient(&model, &gradient, cubic).max_relative_error < 1e-9);

        gradient[0].bias[1] = -1.0;
        let check = check_gradient(&model, &gradient, cubic);
        assert!(check.max_relative_error > 1.0);
        assert!(check.worst.starts_with("0.bias[1]"), "{}", check.worst);
    }
}
