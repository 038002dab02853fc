use ndarray::{Array1, Array2, array};
use nn_core::{Activation, Initialiser, Layer, check_gradient};

use super::*;
use crate::Dropout;
use crate::classification::set_weights_gradient;

const ANY: Purpose = Purpose::new("test");

fn model(unit: Activation) -> Classifier<f64> {
    let layer = |i: usize, n_in, n_out| {
        let initialiser = Initialiser::Normal { std: 0.9 };
        let mut layer: Layer<f64> = initialiser.dense(n_in, n_out, Stream::new(1, ANY).layer(i));
        layer.bias.fill(0.1);
        layer
    };
    Classifier {
        layers: vec![layer(0, 5, 4), layer(1, 4, 6), layer(2, 6, 3)],
        units: vec![unit; 2],
    }
}

fn samples(n: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, 5), |(i, j)| ((i * 5 + j * 3) % 7) as f64 / 7.0)
}

/// KL(p(·|x) ‖ p(·|x + r)) by definition.
fn divergence_at(model: &Classifier<f64>, x: &Array1<f64>, r: &Array1<f64>) -> f64 {
    let probabilities = |x: Array1<f64>| model.probabilities(&x.insert_axis(ndarray::Axis(0)));
    let (p, q) = (probabilities(x.clone()), probabilities(x + r));
    p.iter().zip(&q).map(|(p, q)| p * (p / q).ln()).sum()
}

#[test]
fn the_gradient_matches_central_differences() {
    let labels = [0, 2, 1, 1];
    let stream = Stream::new(5, ANY);
    let draw = DropoutDraw { dropout: Dropout { input: 0.2, hidden: 0.3 }, stream };
    for unit in [Activation::Logistic, Activation::Tanh, Activation::Softplus] {
        for (dropout, on) in [(None, 0.0), (None, 1.0), (Some(draw), 1.0)] {
            let settings = VirtualAdversarial {
                weight: 1.3,
                entropy_weight: 0.7 * on,
                balance_weight: 0.4 * on,
                ..Default::default()
            };
            let model = model(unit);
            let rows =
                Rows { labelled: 4, unlabelled: 3, with_clean: settings.reads_clean_samples() };
            let mut probe = Probe::new(&model, 3);
            probe.x.assign(&samples(9).slice(s![4..7, ..]));
            find_directions(&model, &settings, rows, &mut probe, stream, dropout);
            probe.find_excess(rows, &[0.2, 0.5, 0.3]);
            let mut x = samples(10);
            probe.write_into(x.view_mut(), rows, settings.radius);
            let x = x.slice(s![..rows.total(), ..]);
            let mut memory = ClassifierMemory::new(&model, 12);
            let mut cost = |model: &Classifier<f64>, gradient: &mut Classifier<f64>| {
                let (batch, constant) = ((x, &labels[..]), (rows, &probe));
                let cost = pass_both(model, batch, constant, &settings, &mut memory, dropout);
                set_weights_gradient(x, &mut memory);
                gradient.clone_from(&memory.gradient);
                cost
            };
            let mut gradient = model.zeros_like();
            cost(&model, &mut gradient);
            let mut scratch = model.zeros_like();
            let check = check_gradient(&model, &gradient, |model| cost(model, &mut scratch));
            assert!(check.max_relative_error < 1e-6, "{unit:?}: {}", check.worst);
        }
    }
}

#[test]
fn the_cost_is_that_of_its_definition() {
    let model = model(Activation::Logistic);
    let (labelled, labels, x) = (samples(4), [0, 2, 1, 1], samples(9));
    let settings = VirtualAdversarial {
        radius: 0.7,
        weight: 1.3,
        entropy_weight: 0.4,
        balance_weight: 0.3,
        batch_size: 9,
        ..Default::default()
    };
    let mut tuned = model.clone();
    let mut unlabelled = UnlabelledSamples::new(settings, x.view(), &labels, &model, 1);
    let mut batch = Array2::zeros((4 + unlabelled.n_rows(), 5));
    batch.slice_mut(s![..4, ..]).assign(&labelled);
    let mut memory = ClassifierMemory::new(&model, batch.nrows());
    let mut optimizer = Optimizer::new(nn_core::Rule::Sgd {}, 0.0, &model);
    let cost = unlabelled.step(
        &mut tuned,
        (batch.view_mut(), &labels),
        &mut memory,
        (&mut optimizer, 0.01),
        None,
    );
    let p = model.probabilities(&labelled);
    let supervised = labels.iter().zip(p.rows()).map(|(&label, p)| -p[usize::from(label)].ln());
    let divergences = (0..9).map(|i| {
        let r = &batch.row(4 + i) - &unlabelled.probe.x.row(i);
        assert!((r.dot(&r).sqrt() - 0.7).abs() < 1e-12);
        divergence_at(&model, &unlabelled.probe.x.row(i).to_owned(), &r)
    });
    let entropy: f64 = model.probabilities(&x).iter().map(|p| -p * p.ln()).sum();
    let mean = model.probabilities(&x).mean_axis(ndarray::Axis(0)).expect("samples");
    let shares = [2.0 / 7.0, 3.0 / 7.0, 2.0 / 7.0];
    let balance: f64 = mean.iter().zip(shares).map(|(p, share)| p * (p / share).ln()).sum();
    let unlabelled = (1.3 * divergences.sum::<f64>() + 0.4 * entropy) / 9.0 + 0.3 * balance;
    let expected = supervised.sum::<f64>() / 4.0 + unlabelled;
    let cost = cost.expect("finite");
    assert!((cost - expected).abs() < 1e-12, "{cost} {expected}");
    assert_ne!(tuned, model);
}

/// The Hessian of D(r) at 0 by central differences, and its dominant eigenvector by many powers.
fn dominant_eigenvector(model: &Classifier<f64>, x: &Array1<f64>) -> Array1<f64> {
    let h = 1e-3;
    let at = |r: Array1<f64>| divergence_at(model, x, &r);
    let unit = |i: usize| Array1::from_shape_fn(5, |j| if i == j { h } else { 0.0 });
    let hessian = Array2::from_shape_fn((5, 5), |(i, j)| {
        let (a, b) = (unit(i), unit(j));
        (at(&a + &b) - at(&a - &b) - at(&b - &a) + at(-&a - &b)) / (4.0 * h * h)
    });
    let mut v = array![1.0, 0.9, 0.8, 0.7, 0.6];
    for _ in 0..10_000 {
        v = hessian.dot(&v);
        v /= v.dot(&v).sqrt();
    }
    v
}

#[test]
fn directions_approach_the_dominant_eigenvector_of_the_hessian() {
    let model = model(Activation::Tanh);
    let x = samples(6);
    let alignment = |power_iterations: usize| {
        let settings =
            VirtualAdversarial { finite_difference: 1e-4, power_iterations, ..Default::default() };
        let rows = Rows { labelled: 0, unlabelled: 6, with_clean: false };
        let mut probe = Probe::new(&model, 6);
        probe.x.assign(&x);
        find_directions(&model, &settings, rows, &mut probe, Stream::new(2, ANY), None);
        let cosines = probe.d.rows().into_iter().zip(x.rows()).map(|(d, x)| {
            assert!((d.dot(&d) - 1.0).abs() < 1e-12);
            d.dot(&dominant_eigenvector(&model, &x.to_owned())).abs()
        });
        cosines.fold(1.0, f64::min)
    };
    // Of random directions in five dimensions the worst of six is nearly orthogonal.
    assert!(alignment(1) > 0.5, "{}", alignment(1));
    assert!(alignment(100) > 1.0 - 1e-4, "{}", alignment(100));
}

/// In single precision 1 − p of the most probable class is 0 here.
#[test]
fn a_direction_is_found_where_the_network_is_certain() {
    let mut certain = model(Activation::Tanh);
    certain.layers[2].weights *= 6.0;
    certain.layers[2].bias = array![60.0, 0.0, 0.0];
    let single = Classifier {
        layers: (certain.layers.iter())
            .map(|layer| {
                Layer::full(layer.weights.mapv(|w| w as f32), layer.bias.mapv(|b| b as f32))
            })
            .collect(),
        units: certain.units.clone(),
    };
    let settings = VirtualAdversarial { power_iterations: 30, ..Default::default() };
    let rows = Rows { labelled: 0, unlabelled: 3, with_clean: false };
    let mut double_probe = Probe::new(&certain, 3);
    double_probe.x.assign(&samples(3));
    find_directions(&certain, &settings, rows, &mut double_probe, Stream::new(2, ANY), None);
    let mut probe = Probe::new(&single, 3);
    probe.x.assign(&samples(3).mapv(|x| x as f32));
    find_directions(&single, &settings, rows, &mut probe, Stream::new(2, ANY), None);
    assert!(single.probabilities(&probe.x).column(0).iter().all(|&p| p == 1.0));
    for (d, expected) in probe.d.rows().into_iter().zip(double_probe.d.rows()) {
        let cosine: f64 = d.iter().zip(expected).map(|(&d, e)| f64::from(d) * e).sum();
        assert!(cosine.abs() > 0.99, "{d} {expected}");
    }
}

#[test]
fn where_the_gradient_vanishes_no_direction_is_invented() {
    let mut flat = model(Activation::Logistic);
    flat.layers[0].weights.fill(0.0);
    let mut probe = Probe::new(&flat, 2);
    probe.x.assign(&samples(2));
    let rows = Rows { labelled: 0, unlabelled: 2, with_clean: false };
    let settings = VirtualAdversarial::default();
    find_directions(&flat, &settings, rows, &mut probe, Stream::new(2, ANY), None);
    assert!(probe.d.iter().all(|&d| d == 0.0));
}

/// Central differences of KL(q̄ ‖ π), for which the derivatives of single rows hold ln(q̄ / π) constant.
#[test]
fn the_derivatives_of_the_balance_are_those_of_the_means_divergence() {
    let model = model(Activation::Tanh);
    let (x, shares) = (samples(6), [0.2, 0.5, 0.3]);
    let bias = [0.0; 3];
    let scores = Array2::from_shape_fn((6, 3), |(i, k)| ((i * 3 + k) % 5) as f64 * 0.7 - 1.0);
    let softmax = |scores: &Array2<f64>| {
        let mut log_q = scores.clone();
        for mut row in log_q.rows_mut() {
            costs::log_softmax(&bias, row.as_slice_mut().expect("contiguous"));
        }
        log_q
    };
    let balance = |scores: &Array2<f64>| -> f64 {
        let mean = softmax(scores).mapv(f64::exp).mean_axis(ndarray::Axis(0)).expect("rows");
        mean.iter().zip(shares).map(|(q, share)| q * (q / share).ln()).sum()
    };
    let mut probe = Probe::new(&model, x.nrows());
    probe.log_p.assign(&softmax(&scores));
    probe.find_excess(Rows { labelled: 0, unlabelled: 6, with_clean: true }, &shares);
    let mut deltas = scores.clone();
    for mut row in deltas.rows_mut() {
        let row = row.as_slice_mut().expect("contiguous");
        entropy_and_balance((0.0, 1.0), &probe.log_excess, &bias, row);
    }
    for (at, delta) in deltas.indexed_iter() {
        let shifted = |by: f64| {
            let mut scores = scores.clone();
            scores[at] += by;
            balance(&scores)
        };
        let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
        assert!((delta / 6.0 - expected).abs() < 1e-9, "{at:?}: {delta} {expected}");
    }
}
