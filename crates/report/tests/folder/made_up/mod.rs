//! The folder of a whole run with made-up numbers, for tests and for working on the page's style.

mod figures;

use std::path::Path;

use report::{
    Answer, ComparisonRow, Curve, Error, Lines, Marker, Meta, MethodStyle, MetricRow, PairVerdict,
    PairedRow, Panel, Rgb, Styles, SummaryRow, TimingRow, Tone, write_csv, write_text,
};

const LABELS: [usize; 5] = [100, 1000, 3000, 10_000, 50_000];
const SEEDS: u64 = 5;
/// Each method with its test errors at one layer, for 100 labels and for 50,000.
const METHODS: [(&str, f64, f64); 8] = [
    ("none", 27.4, 1.71),
    ("random-features", 25.1, 2.35),
    ("pca", 23.9, 1.74),
    ("autoencoder", 21.2, 1.66),
    ("sparse", 22.8, 1.69),
    ("denoising", 18.1, 1.42),
    ("contractive", 19.7, 1.55),
    ("rbm", 17.0, 1.38),
];

/// Colours of some methods; the others get free colours.
const COLORS: [(&str, &str, Rgb); 3] = [
    ("none", "no pretraining", (40, 40, 40)),
    ("rbm", "RBM pretraining", (213, 94, 0)),
    ("denoising", "denoising-autoencoder pretraining", (86, 180, 233)),
];

/// Styles of the made-up methods.
pub(crate) fn styles() -> Styles {
    let methods = COLORS.map(|(name, words, color)| MethodStyle {
        name: name.into(),
        words: words.into(),
        color,
        marker: Marker::default(),
        has_layers: true,
    });
    Styles { methods: methods.into(), ..Styles::default() }
}

/// The answer of the made-up comparison. Pairs with `pca` were not asked about.
pub(crate) fn answer() -> Answer {
    let mut pairs = Vec::new();
    for depth in 1..=3 {
        for labels in LABELS {
            for (method, tone, text) in [
                ("rbm", Tone::Good, "rbm better"),
                ("denoising", Tone::FairlyGood, "denoising better, not after correction"),
                ("sparse", Tone::Neutral, "no difference shown"),
                ("contractive", Tone::FairlyBad, "none better, not after correction"),
                ("random-features", Tone::Bad, "none better"),
                ("pca", Tone::Good, "pca better"),
            ] {
                pairs.push(PairVerdict {
                    method_a: method.into(),
                    method_b: "none".into(),
                    depth,
                    labels,
                    asked: method != "pca",
                    text: text.into(),
                    tone,
                });
            }
        }
    }
    Answer {
        headline:
            "Yes: with 100 labels, RBM pretraining cuts the test error from 28.4 % to 15.0 %."
                .into(),
        findings: vec!["With 100 labels, better than no pretraining: rbm.".into()],
        notes: vec!["The answer is for networks with 3 hidden layers.".into()],
        family: "The correction covers the comparisons of pretrained methods with no pretraining."
            .into(),
        pairs,
    }
}

/// Everything that `aerbm pipeline` writes, except the models.
pub(crate) fn comparison_run(dir: &Path, images: &[Vec<f32>]) -> Result<(), Error> {
    write_tables(dir)?;
    write_about(dir)?;
    figures::learning_curves(dir)?;
    figures::filters(dir)?;
    figures::reconstructions(dir, images)?;
    figures::samples(dir, images)
}

/// The folder of a single model, as `aerbm train` writes it: no comparison.
pub(crate) fn single_run(dir: &Path) -> Result<(), Error> {
    let rows: Vec<MetricRow> = (1..=20)
        .flat_map(|epoch| {
            let loss = 0.012 + 0.08 * (-(epoch as f64) / 4.0).exp();
            [
                metric("tutorial", "autoencoder", 1, epoch, "train", "cost", loss, ""),
                metric(
                    "tutorial",
                    "autoencoder",
                    1,
                    epoch,
                    "test",
                    "mse_per_pixel",
                    loss * 1.04,
                    "",
                ),
                metric(
                    "tutorial",
                    "autoencoder",
                    1,
                    epoch,
                    "test",
                    "psnr_db",
                    -10.0 * loss.log10(),
                    "db",
                ),
                metric("tutorial", "autoencoder", 1, epoch, "test", "ssim", f64::NAN, ""),
            ]
        })
        .collect();
    write_csv(&dir.join("metrics.csv"), &rows)?;
    let costs = rows.iter().filter(|row| row.metric == "cost");
    let points = costs.map(|row| (row.epoch.expect("an epoch") as f64, row.value)).collect();
    let panel = Panel {
        x_title: "epoch".into(),
        y_title: "mean squared error per pixel".into(),
        curves: vec![Curve { name: "train".into(), points }],
        ..Panel::default()
    };
    let meta = Meta { title: "Cost by epoch".into(), ..Meta::default() };
    Lines { meta, panels: vec![panel] }.write(dir, "cost", &Styles::default())
}

fn write_about(dir: &Path) -> Result<(), Error> {
    write_text(
        &dir.join("run.json"),
        r#"{"version":"0.1.0","commit":"4be1f0c2a97d4be1f0c2a97d4be1f0c2a97d4be1","status":"finished",
            "command":"aerbm pipeline --profile default","data":"MNIST","threads":2,
            "cpu":"2-core virtual machine, AVX-512","about":"Other labels: `--labels`."}"#,
    )?;
    let config = "profile = \"default\"\nseeds = 5\nlabels = [100, 1000, 3000, 10000, 50000]\n\
                  depths = [1, 2, 3]\n\n[pretrain]\nepochs = 15\nlearning_rate = 0.05\n";
    write_text(&dir.join("config.toml"), config)
}

fn write_tables(dir: &Path) -> Result<(), Error> {
    let (mut summary, mut comparison, mut paired) = (Vec::new(), Vec::new(), Vec::new());
    let (mut metrics, mut timings) = (Vec::new(), Vec::new());
    for depth in 1..=3 {
        for labels in LABELS {
            for (method, ..) in METHODS {
                let mean = error_of(method, depth, labels);
                let half = 0.05 + mean * 0.025;
                summary.push(SummaryRow {
                    method: method.into(),
                    depth,
                    labels,
                    seeds: SEEDS as usize,
                    test_error_pct_mean: mean,
                    ci95_low: mean - half,
                    ci95_high: mean + half,
                });
                comparison.extend((1..=SEEDS).map(|seed| ComparisonRow {
                    method: method.into(),
                    depth,
                    labels,
                    seed,
                    validation_error_pct: mean + noise(seed) * half,
                    test_error_pct: mean + noise(seed + 7) * half,
                    test_errors: 120,
                    pretrain_updates: if method == "none" { 0 } else { 7500 * depth as u64 },
                    finetune_updates: 3000 + labels as u64 / 10,
                }));
                if method != "none" {
                    paired.push(pair(method, "none", depth, labels));
                }
            }
            paired.push(pair("denoising", "rbm", depth, labels));
        }
    }
    for (method, ..) in METHODS {
        for epoch in 1..=15 {
            let loss = cost_of(method, epoch as f64);
            metrics.push(metric(method, method, 1, epoch, "train", "cost", loss, "nats"));
            metrics.push(metric(
                method,
                method,
                1,
                epoch,
                "validation",
                "cost",
                loss * 1.03,
                "nats",
            ));
            timings.push(TimingRow {
                run: method.into(),
                method: method.into(),
                seed: 1,
                stage: "pretrain".into(),
                layer: Some(0),
                epoch: Some(epoch),
                seconds: 1.21,
                samples_per_second: 41_300.0,
            });
        }
    }
    write_csv(&dir.join("summary.csv"), &summary)?;
    write_csv(&dir.join("comparison.csv"), &comparison)?;
    write_csv(&dir.join("paired.csv"), &paired)?;
    write_csv(&dir.join("metrics.csv"), &metrics)?;
    write_csv(&dir.join("timings.csv"), &timings)
}

fn pair(a: &str, b: &str, depth: usize, labels: usize) -> PairedRow {
    let difference = error_of(a, depth, labels) - error_of(b, depth, labels);
    let half = 0.08 + 0.02 * error_of(b, depth, labels);
    PairedRow {
        method_a: a.into(),
        method_b: b.into(),
        depth,
        labels,
        seeds: SEEDS as usize,
        difference_pct_mean: difference,
        ci95_low: difference - half,
        ci95_high: difference + half,
        p_value: (-(difference / half).abs() * 3.0).exp(),
        test: "paired t".into(),
    }
}

fn error_of(method: &str, depth: usize, labels: usize) -> f64 {
    let (_, few, many) =
        METHODS.into_iter().find(|(name, ..)| *name == method).unwrap_or(METHODS[0]);
    let share = (labels as f64 / 100.0).ln() / 500.0_f64.ln();
    let deeper = 1.0 - 0.06 * (depth as f64 - 1.0) * if method == "none" { -0.3 } else { 1.0 };
    (few.ln() * (1.0 - share) + many.ln() * share).exp() * deeper
}

fn cost_of(method: &str, epoch: f64) -> f64 {
    let place = METHODS.iter().position(|(name, ..)| *name == method).unwrap_or(0) as f64;
    70.0 + 4.0 * place + (130.0 - 6.0 * place) * (-epoch / (2.0 + place / 3.0)).exp()
}

fn noise(seed: u64) -> f64 {
    (seed.wrapping_mul(2_654_435_761) % 1000) as f64 / 500.0 - 1.0
}

#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
fn metric(
    run: &str,
    method: &str,
    seed: u64,
    epoch: usize,
    split: &str,
    name: &str,
    value: f64,
    unit: &str,
) -> MetricRow {
    MetricRow {
        run: run.into(),
        method: method.into(),
        seed,
        stage: "pretrain".into(),
        layer: Some(0),
        epoch: Some(epoch),
        split: split.into(),
        metric: name.into(),
        value,
        unit: unit.into(),
    }
}
