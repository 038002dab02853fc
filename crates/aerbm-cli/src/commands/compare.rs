use std::path::PathBuf;

use aerbm::compare::{CompareOptions, Place};
use aerbm::comparison::Comparison;
use aerbm::config::ProfileConfig;
use clap::Args;

use aerbm::Monitor as _;

use crate::data_args::{DataArgs, MOST, quoted, tell, whole};
use crate::interrupt;
use crate::page_args::LanguageArg;
use crate::ui::Ui;

/// Compare methods of pretraining; continues an interrupted comparison
#[derive(Debug, Args)]
#[command(after_help = methods_and_examples())]
pub(crate) struct Arguments {
    /// Methods to compare, separated by commas [default: those of the default profile]
    #[arg(long, value_delimiter = ',')]
    methods: Vec<String>,
    /// Numbers of labels, separated by commas [default: those of the default profile that the data have enough
    /// labels for]
    #[arg(long, value_delimiter = ',', value_parser = whole::<usize>(1..=MOST))]
    labels: Vec<usize>,
    /// Numbers of hidden layers, separated by commas [default: the largest]
    #[arg(long, value_delimiter = ',', value_parser = whole::<usize>(1..=100))]
    depths: Vec<usize>,
    /// Number of seeds [default: 5]
    #[arg(long, value_parser = whole::<u64>(1..=MOST))]
    seeds: Option<u64>,
    /// First seed [default: 11]; fresh seeds confirm a result whose settings were chosen beside others
    #[arg(long, value_name = "SEED", value_parser = whole::<u64>(0..=i64::MAX as u64))]
    first_seed: Option<u64>,
    /// Number of trials of each method with each number of labels, which choose dropout, norms, noise and
    /// learning rates on the validation samples [default: 12 for small sets; for others, only the learning
    /// rates are chosen]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    trials: Option<u64>,
    /// Change any setting of the comparison, such as methods.rbm.layers.training.epochs=20; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Replace a finished comparison that has other settings; pretrained layers that match are reused
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    page: LanguageArg,
    #[command(flatten)]
    data: DataArgs,
    /// Folder of results
    #[arg(long, default_value = "reports/compare")]
    out: PathBuf,
}

/// The names of the built-in methods, and examples.
fn methods_and_examples() -> String {
    let methods = ProfileConfig::built_in_methods();
    let names: Vec<&str> = methods.styles().map(|style| style.name).collect();
    format!(
        "Methods: {}\n\nExamples:\n  aerbm compare --data flats.csv --label-column kind\n  aerbm compare --methods \
         none,rbm --labels 100,1000 --seeds 5",
        names.join(", ")
    )
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    interrupt::save_at_first();
    let options = CompareOptions {
        methods: args.methods.clone(),
        labels: args.labels.clone(),
        depths: args.depths.clone(),
        seeds: args.seeds,
        first_seed: args.first_seed,
        trials: args.trials.map(|trials| usize::try_from(trials).unwrap_or(usize::MAX)),
        set: args.set.clone(),
        ..CompareOptions::default()
    };
    let settings = aerbm::compare::settings(&options)?;
    settings.notes.iter().for_each(|note| ui.note(note));
    let loaded = aerbm::data::load(&args.data.source())?;
    tell(&loaded, ui);
    let mut again = format!("aerbm fit{}", args.data.given());
    for setting in &args.set {
        again.extend([" --set ", &quoted(setting)]);
    }
    let place = Place {
        command: command(args),
        again,
        out: args.out.clone(),
        best: args.out.join(aerbm::best::BEST),
        force: args.force,
        language: args.page.language,
    };
    let done = aerbm::compare::run(&options, settings, &loaded, &place, ui)?;
    if let Some(comparison) = &done.comparison {
        print_comparison(comparison, ui)?;
    }
    if let Some(best) = &done.best {
        ui.result(&best.words)?;
    }
    ui.file("report", &done.page)
}

/// The command as it was typed, without the folder.
fn command(args: &Arguments) -> String {
    let mut command = "aerbm compare".to_owned();
    let mut add = |option: &str, values: Vec<String>| {
        if !values.is_empty() {
            command.extend([" --", option, " ", &values.join(",")]);
        }
    };
    add("methods", args.methods.clone());
    add("labels", args.labels.iter().map(ToString::to_string).collect());
    add("depths", args.depths.iter().map(ToString::to_string).collect());
    add("seeds", args.seeds.iter().map(ToString::to_string).collect());
    add("first-seed", args.first_seed.iter().map(ToString::to_string).collect());
    add("trials", args.trials.iter().map(ToString::to_string).collect());
    for setting in &args.set {
        add("set", vec![quoted(setting)]);
    }
    command + &args.data.given() + &args.page.given()
}

/// Prints the test errors of a comparison and its answer.
pub(super) fn print_comparison(comparison: &Comparison, ui: &Ui) -> anyhow::Result<()> {
    let Comparison { summary, paired, headline, .. } = comparison;
    ui.rows(summary)?;
    ui.rows(paired)?;
    let width = summary.iter().map(|row| row.method.len()).max().unwrap_or(0).max(12) + 2;
    ui.result(&format!(
        "{:<width$}{:>6}{:>9}{:>16}{:>20}",
        "method", "depth", "labels", "test error, %", "95 % interval"
    ))?;
    for row in summary {
        let interval = if row.ci95_low.is_nan() {
            "one seed".to_owned()
        } else {
            format!("{:.2} to {:.2}", row.ci95_low, row.ci95_high)
        };
        ui.result(&format!(
            "{:<width$}{:>6}{:>9}{:>16.2}{interval:>20}",
            row.method, row.depth, row.labels, row.test_error_pct_mean
        ))?;
    }
    match headline {
        Some(headline) => ui.result(headline),
        None => Ok(()),
    }
}
