//! The centred gradient is that of a literally centred RBM, folded into a plain one.

use ndarray::{Array1, Array2, Axis};
use rbm_core::{Offsets, Rbm};

/// A centred RBM: E = −(v − μ)·a − (h − λ)·b − (v − μ) W (h − λ).
struct Centred {
    w: Array2<f64>,
    a: Array1<f64>,
    b: Array1<f64>,
    mu: Array1<f64>,
    lambda: Array1<f64>,
}

impl Centred {
    fn folded(&self) -> Rbm<f64> {
        let a = &self.a - &self.w.dot(&self.lambda);
        let b = &self.b - &self.mu.dot(&self.w);
        Rbm::binary(self.w.clone(), a, b)
    }

    fn energy(&self, v: &Array1<f64>, h: &Array1<f64>) -> f64 {
        let (v, h) = (v - &self.mu, h - &self.lambda);
        -v.dot(&self.a) - h.dot(&self.b) - v.dot(&self.w.dot(&h))
    }

    /// The mean of ∂(−E) over states with these weights: (v − μ)(h − λ)ᵀ, v − μ, h − λ.
    fn statistics(
        &self,
        states: &[(f64, Array1<f64>, Array1<f64>)],
    ) -> (Array2<f64>, Array1<f64>, Array1<f64>) {
        let (mut w, mut a, mut b) =
            (self.w.clone() * 0.0, self.a.clone() * 0.0, self.b.clone() * 0.0);
        for (p, v, h) in states {
            let (v, h) = (v - &self.mu, h - &self.lambda);
            let outer = v.view().insert_axis(Axis(1)).dot(&h.view().insert_axis(Axis(0)));
            w += &(outer * *p);
            a += &(v * *p);
            b += &(h * *p);
        }
        (w, a, b)
    }
}

fn wave(i: usize, j: usize) -> f64 {
    ((i * 5 + j * 11 + 1) as f64).sin()
}

fn bits(state: usize, n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| f64::from(u8::from(state >> i & 1 == 1)))
}

/// All states of 4 + 3 units with their probabilities ∝ e^(−energy), with v from `given`, if any.
fn joint(
    energy: &dyn Fn(&Array1<f64>, &Array1<f64>) -> f64,
    given: Option<&[usize]>,
) -> Vec<(f64, Array1<f64>, Array1<f64>)> {
    let mut states = Vec::new();
    let all: Vec<usize> = (0..16).collect();
    for &v in given.unwrap_or(&all) {
        let v = bits(v, 4);
        let of_h: Vec<_> =
            (0..8).map(|h| bits(h, 3)).map(|h| ((-energy(&v, &h)).exp(), v.clone(), h)).collect();
        let total: f64 = of_h.iter().map(|(p, ..)| p).sum();
        let scale = if let Some(given) = given { 1.0 / total / given.len() as f64 } else { 1.0 };
        states.extend(of_h.into_iter().map(|(p, v, h)| (p * scale, v, h)));
    }
    let total: f64 = states.iter().map(|(p, ..)| p).sum();
    states.into_iter().map(|(p, v, h)| (p / total, v, h)).collect()
}

#[test]
fn centred_is_uncentred_with_the_offsets_folded_in() {
    let data = [3, 5, 5, 12];
    let mut centred = Centred {
        w: Array2::from_shape_fn((4, 3), |(i, j)| wave(i, j)),
        a: Array1::from_shape_fn(4, |i| wave(i, 30)),
        b: Array1::from_shape_fn(3, |j| wave(20, j)),
        mu: Array1::from_shape_fn(4, |i| 0.2 + 0.1 * i as f64),
        lambda: Array1::from_shape_fn(3, |j| 0.6 - 0.2 * j as f64),
    };
    let mut plain = centred.folded();
    let offsets = Offsets::new(centred.mu.clone(), centred.lambda.clone());
    for step in 0..30 {
        // The same distribution, up to a constant of the energy.
        let free = |v: &Array1<f64>| {
            -(0..8).map(|h| (-centred.energy(v, &bits(h, 3))).exp()).sum::<f64>().ln()
        };
        let difference = |state: usize| {
            let v = bits(state, 4);
            plain.free_energies(v.view().insert_axis(Axis(0)))[0] - free(&v)
        };
        for state in 1..16 {
            assert!((difference(state) - difference(0)).abs() < 1e-10, "step {step}");
        }
        // A step of each, by its own exact gradient.
        let energy = |v: &Array1<f64>, h: &Array1<f64>| centred.energy(v, h);
        let (w1, a1, b1) = centred.statistics(&joint(&energy, Some(&data)));
        let (w0, a0, b0) = centred.statistics(&joint(&energy, None));
        let energy = |v: &Array1<f64>, h: &Array1<f64>| plain.energy(v.view(), h.view());
        let uncentred =
            Centred { mu: Array1::zeros(4), lambda: Array1::zeros(3), ..centred_like(&centred) };
        let (pw1, pa1, pb1) = uncentred.statistics(&joint(&energy, Some(&data)));
        let (pw0, pa0, pb0) = uncentred.statistics(&joint(&energy, None));
        let mut gradient = Rbm::binary(pw1 - pw0, pa1 - pa0, pb1 - pb0);
        offsets.centre(&mut gradient);
        let rate = 0.3;
        centred.w.scaled_add(rate, &(w1 - w0));
        centred.a.scaled_add(rate, &(a1 - a0));
        centred.b.scaled_add(rate, &(b1 - b0));
        plain.weights.scaled_add(rate, &gradient.weights);
        plain.visible.bias.scaled_add(rate, &gradient.visible.bias);
        plain.hidden.bias.scaled_add(rate, &gradient.hidden.bias);
    }
    let folded = centred.folded();
    for (found, expected) in plain.weights.iter().zip(&folded.weights) {
        assert!((found - expected).abs() < 1e-10);
    }
}

fn centred_like(model: &Centred) -> Centred {
    Centred {
        w: model.w.clone(),
        a: model.a.clone(),
        b: model.b.clone(),
        mu: model.mu.clone(),
        lambda: model.lambda.clone(),
    }
}
