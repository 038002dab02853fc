//! `aerbm sample` and `aerbm inpaint`: what a generative model makes of its distribution, in
//! figures and in numbers.

use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use mnist_io::{Dataset, Splits};
use ndarray::{Array2, ArrayView2, Axis};
use numerics::{Purpose, Stream};
use rbm_core::{AnnealingConfig, Rbm, Temperatures, bracket_log_z, diagnose_chains, inpaint};
use report::MetricRow;
use stack::{Classifier, Dbn, FineTuneConfig, Labelled, PretrainedLayer, fine_tune};

use crate::cli;
use crate::commands::{run_folder, show_measures};
use crate::figures::generation as figures;
use crate::figures::generation::Start;
use crate::likelihood::{mean, states};
use crate::train::{self, Measure, Model, Trained};
use crate::ui::Ui;
use crate::{config::RunConfig, data};

const NOISE: Purpose = Purpose::new("sample noise");

/// Chains whose free energies are followed.
const FOLLOWED: usize = 20;

/// `aerbm sample`: a figure of some chains, a page of samples, and `sample_RUN.csv` on both.
pub(crate) fn sample(args: &cli::Sample, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let dir = run_folder(&args.run);
    let steps = args.steps as usize;
    let loaded = data::load_for(&trained, &args.data, ui)?;
    let test = &loaded.mnist.test;
    let start = match args.start {
        cli::Start::Noise => Start::Noise(usize::from(args.chains)),
        cli::Start::Digits => Start::Digits(test),
    };
    figures::gibbs_samples(&dir, &trained, &start, steps, args.seed)?;
    let run = trained.record.run.clone();
    ui.result(&format!("figure: {}", dir.join(format!("figures/samples_{run}.png")).display()));
    let Some(dbn) = trained.model.generative() else { return Ok(()) };

    let (splits, _) = loaded.split(trained.config()?.partition())?;
    let n = args.samples as usize;
    let (samples, mut measures) = long_chains(&dbn, (args.start, n), &splits, steps, args.seed);
    figures::sample_page(&dir, &trained, samples.view())?;
    ui.result(&format!("figure: {}", dir.join(format!("figures/page_{run}.png")).display()));
    let test_images = test.rows(0..n.min(test.n_samples()));
    for (split, images) in [("samples", samples.view()), ("test", test_images)] {
        let value = mean(&nearest(images, splits.train.images.view()));
        measures.push(Measure::new(split, "nearest_training_sse", value, "sse_per_image"));
    }
    if args.judge {
        measures.extend(judge(&dbn, samples.view(), &splits, args.seed, ui)?);
    }
    write(&dir, trained, "sample", measures, ui)
}

/// Writes `COMMAND_RUN.csv` beside the run's tables, and prints what is in it.
fn write(
    dir: &std::path::Path,
    trained: Trained,
    command: &str,
    measures: Vec<Measure>,
    ui: &Ui,
) -> anyhow::Result<()> {
    let mut record = trained.record;
    record.epochs.clear();
    record.finals = measures;
    let rows: Vec<MetricRow> = record.metric_rows();
    let file = dir.join(format!("{command}_{}.csv", record.run));
    report::write_csv(&file, &rows)?;
    ui.rows(&rows);
    show_measures(&rows, ui);
    ui.result(&format!("table: {}", file.display()));
    Ok(())
}

/// The last states of `n` chains, and how well those have mixed, judged by their second half.
fn long_chains(
    dbn: &Dbn,
    (start, n): (cli::Start, usize),
    splits: &Splits,
    steps: usize,
    seed: u64,
) -> (Array2<f32>, Vec<Measure>) {
    let top = dbn.layers.last().expect("a model has a layer");
    let mut chains = match start {
        cli::Start::Noise => dbn.chains_from_noise(n, Stream::new(seed, NOISE)),
        cli::Start::Digits => {
            let train = &splits.train.images;
            let rows: Vec<usize> = (0..n).map(|chain| chain * train.nrows() / n).collect();
            dbn.chains_from_data(train.select(Axis(0), &rows).view(), seed)
        }
    };
    let followed = FOLLOWED.min(n);
    let mut traces = vec![Vec::with_capacity(steps); followed];
    for step in 1..=steps {
        dbn.gibbs_step(&mut chains, seed, step);
        if step > steps / 2 {
            let states = chains.visible(top);
            let free_energies = top.free_energies(states.slice(ndarray::s![..followed, ..]));
            traces.iter_mut().zip(free_energies).for_each(|(trace, free)| trace.push(free));
        }
    }
    let mut measures = Vec::new();
    if traces[0].len() >= 4 {
        let found = diagnose_chains(&traces);
        let row = |metric, value, unit| Measure::new("samples", metric, value, unit);
        measures.push(row("autocorrelation_time", found.autocorrelation_time, "steps"));
        measures.push(row("effective_samples", found.effective_samples, "samples"));
        measures.push(row("r_hat", found.r_hat, ""));
    }
    (dbn.draw_down(&chains, seed, steps), measures)
}

/// The squared error of each image against the training image that is nearest to it.
fn nearest(images: ArrayView2<f32>, train: ArrayView2<f32>) -> Vec<f64> {
    let square = |row: ndarray::ArrayView1<f32>| row.dot(&row);
    let mut least = vec![f32::INFINITY; images.nrows()];
    for block in train.axis_chunks_iter(Axis(0), 1000) {
        let squares: Vec<f32> = block.rows().into_iter().map(square).collect();
        let mut products = Array2::zeros((images.nrows(), block.nrows()));
        numerics::matmul(images, block.t(), products.view_mut());
        for ((products, image), least) in
            products.rows().into_iter().zip(images.rows()).zip(&mut least)
        {
            let own = square(image);
            for (product, square) in products.iter().zip(&squares) {
                *least = least.min(own - 2.0 * product + square);
            }
        }
    }
    least.into_iter().map(f64::from).collect()
}

/// Fine-tunes the model's layers into a classifier, and has it say how many classes the samples
/// cover and how clearly: the entropy of the mean class probabilities, and the mean of the largest.
fn judge(
    dbn: &Dbn,
    samples: ArrayView2<f32>,
    splits: &Splits,
    seed: u64,
    ui: &Ui,
) -> anyhow::Result<Vec<Measure>> {
    let labels = |set: &Dataset| set.labels.clone().context("the judge needs labelled data");
    let (of_train, of_validation, of_test) =
        (labels(&splits.train)?, labels(&splits.validation)?, labels(&splits.test)?);
    ensure!(!of_validation.is_empty(), "the judge needs a validation set");
    let layers: Vec<PretrainedLayer> =
        dbn.layers.iter().map(|rbm| PretrainedLayer::from(rbm.clone())).collect();
    let classifier = Classifier::new(&layers, splits.train.n_classes, seed);
    let config = FineTuneConfig { updates: 8_000, ..Default::default() };
    ui.begin("judge: fine-tuning a classifier", config.evaluations);
    let mut since = Instant::now();
    let mut watch = |progress: stack::Progress| {
        let cost = format!("{} {:.2}", progress.metric, progress.cost);
        let rate = progress.samples as f64 / since.elapsed().as_secs_f64();
        since = Instant::now();
        ui.advance(progress.done, progress.of, &cost, rate);
        ControlFlow::Continue(())
    };
    let train = Labelled { x: splits.train.images.view(), labels: &of_train };
    let validation = Labelled { x: splits.validation.images.view(), labels: &of_validation };
    let tuned = fine_tune(classifier, train, validation, &config, seed, &mut watch)
        .context("fine-tuning the judge")?;
    ui.finish();
    let test = splits.test.images.view();
    let errors = tuned.model.count_errors(test, &of_test) as f64;
    let error = 100.0 * errors / test.nrows() as f64;
    let mut measures = vec![Measure::new("test", "error_pct", error, "pct")];
    for (split, images) in [("samples", samples), ("test", test)] {
        let p = tuned.model.probabilities(images);
        let classes = p.mean_axis(Axis(0)).context("there are no samples")?;
        let entropy: f64 = classes
            .iter()
            .map(|&p| f64::from(p))
            .map(|p| if p > 0.0 { -p * p.ln() } else { 0.0 })
            .sum();
        let top: Vec<f64> = p
            .rows()
            .into_iter()
            .map(|row| f64::from(row.iter().copied().fold(0.0, f32::max)))
            .collect();
        measures.push(Measure::new(split, "class_entropy_nats", entropy, "nats"));
        measures.push(Measure::new(split, "top_class_probability", mean(&top), "probability"));
    }
    Ok(measures)
}

/// `aerbm inpaint`: draws of what half of an image does not show, and how probable the truth was.
pub(crate) fn inpaint_run(args: &cli::Inpaint, ui: &Ui) -> anyhow::Result<()> {
    let trained = train::load(&args.run)?;
    let (RunConfig::Rbm(settings), Model::Rbm(rbm)) = (trained.config()?, &trained.model) else {
        anyhow::bail!(
            "{} is no RBM: only an RBM says what is missing, given the rest; choose the run of one",
            trained.record.run
        );
    };
    let loaded = data::load_for(&trained, &args.data, ui)?;
    let test = &loaded.mnist.test;
    let (splits, _) = loaded.split(settings.partition)?;
    let binarisation = settings.training.binarisation;
    let train = states(rbm, binarisation, splits.train.images.view());
    let base = rbm.independent_biases(&train.view())?;
    let n = (args.images as usize).min(test.n_samples());
    let truth = states(rbm, binarisation, test.rows(0..n));
    let known = args.known.mask(trained.record.image.height, trained.record.image.width);

    let (draws, steps) = (args.draws as usize, args.steps as usize);
    let how = (known.as_slice(), base.view());
    let drawn = inpaint(rbm, truth.view(), how, (draws, steps), args.seed);
    let shown = drawn.visible_mean(rbm);
    let dir = run_folder(&args.run);
    figures::inpainted(&dir, &trained, (truth.view(), &known), (shown.view(), draws))?;
    let name = format!("figures/inpainted_{}.png", trained.record.run);
    ui.result(&format!("figure: {}", dir.join(name).display()));

    ui.begin("the missing half's likelihood", n);
    let mut measures = Vec::new();
    if rbm.hidden.unit.has_linear_energy() {
        measures = conditional_likelihood(rbm, truth.view(), &known, base.view(), args.seed)?;
    }
    ui.finish();
    write(&dir, trained, "inpaint", measures, ui)
}

/// The mean −ln p(missing | known) of the true images under the model, between its two estimates,
/// and under independent pixels with the training set's means.
fn conditional_likelihood(
    rbm: &Rbm<f32>,
    truth: ArrayView2<f32>,
    known: &[bool],
    base: ndarray::ArrayView1<f32>,
    seed: u64,
) -> anyhow::Result<Vec<Measure>> {
    let config =
        AnnealingConfig { chains: 24, schedule: Temperatures::Even { count: 500 }, burn_in: 100 };
    let missing: Vec<usize> = (0..known.len()).filter(|&i| !known[i]).collect();
    let base = base.select(Axis(0), &missing);
    let mut independent = rbm.given(truth.row(0), known);
    independent.weights.fill(0.0);
    independent.visible.bias.assign(&base);
    independent.hidden.bias.fill(0.0);
    // Without weights annealed importance sampling is exact.
    let log_z_of_independent =
        rbm_core::forward(&independent, base.view(), &[0.0, 1.0], 2, 0).log_z;
    let (mut lower, mut upper, mut of_independent) = (Vec::new(), Vec::new(), Vec::new());
    for image in truth.rows() {
        let conditional = rbm.given(image, known);
        let true_half = image.select(Axis(0), &missing).insert_axis(Axis(0));
        let bracket = bracket_log_z(&conditional, base.view(), true_half.view(), &config, seed)?;
        let free = conditional.free_energies(true_half.view())[0];
        lower.push(free + bracket.lower.log_z);
        upper.push(free + bracket.upper.log_z);
        of_independent.push(independent.free_energies(true_half.view())[0] + log_z_of_independent);
    }
    let row = |metric, values: &[f64]| Measure::new("test", metric, mean(values), "nats");
    let middle = [lower.clone(), upper.clone()].concat();
    Ok(vec![
        row("conditional_nll_nats", &middle),
        row("conditional_nll_nats_lower", &lower),
        row("conditional_nll_nats_upper", &upper),
        row("independent_nll_nats", &of_independent),
    ])
}
