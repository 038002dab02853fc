//! Benchmark of the time per epoch of training.
//!
//! `cargo bench -p aerbm-cli --bench epoch` compares this time with the dense limit, the time that an epoch's
//! matrix products alone would take at the machine's peak rate, measured in the same run. The rounds
//! alternate between measuring the peak and training, because the speed of a shared machine drifts; medians
//! are compared. Each workload is also timed on one thread and on all, in turn. The figure
//! `reports/scaling/figures/scaling` shows the time by number of samples, of units and of epochs, with fitted
//! exponents.
//!
//! With `--serve WORK BATCH FOLDER THREADS` it writes the initial parameters to the folder and then trains
//! one epoch for each line on standard input, for `peers/peers.py`. With `--peak THREADS` it prints the
//! machine's peak rate in GFLOP/s.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::Instant;

use mnist_io::Dataset;
use ndarray::{Array2, ArrayD};

use works::{Epoch, Initial, work};

mod scaling;
mod works;

const ROUNDS: usize = 7;

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/mnist");
    let train = mnist_io::load(folder).expect("data/mnist is in the repository").train;
    let arguments: Vec<String> = std::env::args().collect();
    let after =
        |flag| Some(&arguments[arguments.iter().position(|argument| argument == flag)? + 1..]);
    if let Some(arguments) = after("--serve") {
        serve(arguments, &train);
    } else if let Some([threads, ..]) = after("--peak") {
        let threads = threads.parse().expect("a number");
        let peak = numerics::with_team(threads, peak_rate);
        print_line(&format!("{:.1}\n", peak / 1e9));
    } else {
        dense_limit(&train);
        threads(&train);
        scaling::figure(&train);
    }
}

fn dense_limit(train: &Dataset) {
    let threads = rayon::current_num_threads();
    print_line(&format!("{threads} threads, medians of {ROUNDS} alternated rounds\n"));
    print_line("work                                    peak GFLOP/s  limit s  epoch s  ratio\n");
    numerics::with_team(threads, || {
        let epoch = |name| work(name, 100, train).expect("a work").0;
        // Products of all weights with the same number of rows, at 2 flop per weight and row.
        let [tutorial, cd1, ais] = [
            (5.0 * 55_000.0, 256.0),
            (5.0 * 60_000.0, 500.0),
            (2.0 * 100.0 * works::ANNEALING_STEPS as f64, 500.0),
        ]
        .map(|(rows, n_hidden)| 2.0 * rows * 784.0 * n_hidden);
        for (title, mut epoch, products) in [
            ("tutorial autoencoder 784-256, 55,000", epoch("tutorial"), tutorial),
            ("CD-1 784-500, drawn states, 60,000", epoch("cd1"), cd1),
            (
                "convolutional network 1-32-64, 60,000",
                epoch("cnn"),
                works::convolutional_products(60_000),
            ),
            ("annealing 784-500, 100 chains", works::annealing(train), ais),
        ] {
            epoch();
            let (mut peaks, mut epochs) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                peaks.push(peak_rate());
                epochs.push(seconds(|| _ = epoch()));
            }
            let (peak, epoch) = (median(&mut peaks), median(&mut epochs));
            let limit = products / peak;
            print_line(&format!(
                "{title:<40}{:>12.1}{limit:>9.3}{epoch:>9.3}{:>7.2}\n",
                peak / 1e9,
                epoch / limit
            ));
        }
    });
}

/// Times an epoch on one thread and on all threads.
fn threads(train: &Dataset) {
    let all = rayon::current_num_threads();
    print_line(&format!("\nwork       batch  1 thread s  {all} threads s  ratio\n"));
    for (name, batch) in ["tutorial", "cd1", "finetune", "cnn"]
        .into_iter()
        .flat_map(|name| [10, 100, 1000].map(|batch| (name, batch)))
    {
        let (mut epoch, _) = work(name, batch, train).expect("a work");
        let (mut one, mut many) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            one.push(seconds(|| _ = epoch()));
            many.push(seconds(|| _ = numerics::with_team(all, &mut epoch)));
        }
        let (one, many) = (median(&mut one), median(&mut many));
        let ratio = one / many;
        print_line(&format!("{name:<10}{batch:>6}{one:>12.3}{many:>13.3}{ratio:>7.2}\n"));
    }
}

/// The rate of large products in flop/s, the best of several with two shapes that suit the kernels. This is
/// the machine's current peak.
fn peak_rate() -> f64 {
    [(1024, 1024, 1024), (2048, 768, 1024)]
        .into_iter()
        .map(|(m, k, n)| {
            let (a, b) = (Array2::<f32>::from_elem((m, k), 0.5), Array2::from_elem((k, n), 0.5));
            let mut out = Array2::zeros((m, n));
            let best = (0..8)
                .map(|_| seconds(|| numerics::matmul(a.view(), b.view(), out.view_mut())))
                .fold(f64::INFINITY, f64::min);
            2.0 * (m * k * n) as f64 / best
        })
        .fold(0.0, f64::max)
}

fn serve(arguments: &[String], train: &Dataset) {
    let [name, batch, folder, threads] = arguments else {
        panic!("expected --serve WORK BATCH FOLDER THREADS, found {arguments:?}");
    };
    let number = |text: &str| text.parse::<usize>().expect("a number");
    numerics::with_team(number(threads), || {
        let (epoch, initial) = work(name, number(batch), train).expect("a work that there is");
        write_initial(&initial, Path::new(folder));
        answer(epoch);
    });
}

fn write_initial(initial: &Initial, folder: &Path) {
    for (i, (shape, values)) in initial.iter().enumerate() {
        let tensor = ArrayD::from_shape_vec(shape.clone(), values.clone()).expect("its shape");
        let mut bytes = Vec::new();
        mnist_io::write_npy(&mut bytes, tensor.view()).expect("memory takes it");
        std::fs::write(folder.join(format!("{i}.npy")), bytes).expect("a folder");
    }
}

fn answer(mut epoch: Epoch<'_>) {
    print_line(&format!("{{\"version\": \"aerbm {}\"}}\n", env!("CARGO_PKG_VERSION")));
    for line in std::io::stdin().lock().lines() {
        line.expect("lines of text");
        let mut cost = f64::NAN;
        let seconds = seconds(|| cost = epoch());
        print_line(&format!("{{\"seconds\": {seconds}, \"cost\": {cost}}}\n"));
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[allow(clippy::print_stdout, reason = "a benchmark prints")]
fn print_line(line: &str) {
    print!("{line}");
    std::io::stdout().flush().expect("standard output is open");
}
