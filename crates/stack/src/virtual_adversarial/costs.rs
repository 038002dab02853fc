//! Costs of the softmax outputs of unlabelled samples, with their derivatives.

use numerics::{Real, elementary};

/// Replaces a row of softmax inputs, still without bias, by ln softmax.
pub(super) fn log_softmax<F: Real>(bias: &[F], row: &mut [F]) {
    row.iter_mut().zip(bias).for_each(|(z, &b)| *z += b);
    let max = row.iter().copied().fold(F::neg_infinity(), F::max);
    let total: F = row.iter().map(|&z| elementary::exp(z - max)).sum();
    let log_total = max + total.ln();
    for z in row.iter_mut() {
        *z -= log_total;
    }
}

/// Replaces a row of ln q by (q − p) / max |q − p|, the direction of the gradient of KL(p ‖ q) with
/// respect to the softmax inputs. The difference of the most probable class, which in
/// floating-point numbers would be 0 where the network is certain, follows from the others, as all
/// sum to 0.
pub(super) fn scaled_difference<F: Real>(log_p: &[F], row: &mut [F]) {
    for (q, &log_p) in row.iter_mut().zip(log_p) {
        *q = elementary::exp(*q) - elementary::exp(log_p);
    }
    let top = numerics::argmax(log_p);
    row[top] = F::zero();
    row[top] = -row.iter().copied().sum::<F>();
    let largest = row.iter().fold(F::zero(), |largest, value| largest.max(value.abs()));
    if largest > F::zero() {
        for value in row.iter_mut() {
            *value /= largest;
        }
    }
}

/// Replaces a row of softmax inputs, still without bias, by q − p and returns KL(p ‖ q).
pub(super) fn divergence<F: Real>(log_p: &[F], bias: &[F], row: &mut [F]) -> F {
    log_softmax(bias, row);
    let mut divergence = F::zero();
    for (value, &log_p) in row.iter_mut().zip(log_p) {
        let (p, log_q) = (elementary::exp(log_p), *value);
        divergence += p * (log_p - log_q);
        *value = elementary::flush_to_zero(elementary::exp(log_q) - p);
    }
    divergence
}

/// Replaces a row of softmax inputs, still without bias, by the derivatives of β H(q) + γ Σ qₖ eₖ
/// for constant e, and returns that cost. H = −Σ q ln q is the entropy.
///
/// With eₖ = ln(q̄ₖ / πₖ), where q̄ is the mean of q over a batch, the mean of the second term over
/// the batch is KL(q̄ ‖ π), and the mean of its derivatives is the derivative of KL(q̄ ‖ π), since
/// Σ q̄ is constant.
pub(super) fn entropy_and_balance<F: Real>(
    (beta, gamma): (F, F),
    log_excess: &[F],
    bias: &[F],
    row: &mut [F],
) -> F {
    log_softmax(bias, row);
    // ∂cost/∂qₖ without a constant: −β ln qₖ + γ eₖ; its mean under q is the cost.
    let slope = |log_q: F, excess: F| gamma * excess - beta * log_q;
    let terms = row.iter().zip(log_excess);
    let cost = terms.map(|(&log_q, &e)| elementary::exp(log_q) * slope(log_q, e)).sum::<F>();
    for (value, &excess) in row.iter_mut().zip(log_excess) {
        let log_q = *value;
        *value = elementary::flush_to_zero(elementary::exp(log_q) * (slope(log_q, excess) - cost));
    }
    cost
}
