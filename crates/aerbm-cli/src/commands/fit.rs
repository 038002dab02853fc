use std::path::PathBuf;

use aerbm::compare::{self, CompareOptions, Place};
use aerbm::data::Loaded;
use aerbm::{Error, Monitor as _};
use anyhow::ensure;
use clap::Args;

use crate::data_args::{DataArgs, MOST, quoted, tell, whole};
use crate::interrupt;
use crate::page_args::LanguageArg;
use crate::ui::Ui;

/// Fit a classifier to your own data, without a comparison
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Way of pretraining: a method of `aerbm compare`, such as none, denoising or rbm
    #[arg(long, default_value = "rbm")]
    method: String,
    /// Number of labels [default: all]
    #[arg(long, value_parser = whole::<usize>(1..=MOST))]
    labels: Option<usize>,
    /// Change any setting, such as learning_rates=[0.01]; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    page: LanguageArg,
    #[command(flatten)]
    data: DataArgs,
    /// Folder of the model
    #[arg(long, default_value = "reports/fit")]
    out: PathBuf,
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    interrupt::save_at_first();
    let options = CompareOptions {
        methods: vec![args.method.clone()],
        labels: args.labels.into_iter().collect(),
        all_labels: args.labels.is_none(),
        seeds: Some(1),
        set: args.set.clone(),
        ..CompareOptions::default()
    };
    let settings = compare::settings(&options)?;
    settings.notes.iter().for_each(|note| ui.note(note));
    let loaded = aerbm::data::load(&args.data.source())?;
    tell(&loaded, ui);
    require_classes(&loaded)?;
    let mut again = format!("aerbm fit{}", args.data.given());
    for setting in &args.set {
        again.extend([" --set ", &quoted(setting)]);
    }
    let place = Place {
        command: format!("{again} --method {}{}", args.method, args.page.given()),
        again,
        out: args.out.clone(),
        best: args.out.clone(),
        force: true,
        language: args.page.language,
    };
    let done =
        compare::run(&options, settings, &loaded, &place, ui).map_err(|error| match error {
            Error::Study(source) => anyhow::Error::new(source).context("fitting a classifier"),
            other => other.into(),
        })?;
    if let Some(best) = &done.best {
        ui.result(&best.words)?;
    }
    ui.file("report", &done.page)
}

/// Refuses data without labels, and those of a single class.
fn require_classes(loaded: &Loaded) -> anyhow::Result<()> {
    let train = loaded.train()?;
    let unlabelled = || Error::Unlabelled { data: loaded.name.clone() };
    let labels = train.labels.as_deref().ok_or_else(unlabelled)?;
    let first = labels.first().copied().unwrap_or_default();
    ensure!(
        labels.iter().any(|label| *label != first),
        "{}: all training rows have the label \"{}\"; expected two classes or more; --label-column takes another \
         column as the labels",
        loaded.name,
        train.class_names[usize::from(first)]
    );
    Ok(())
}
