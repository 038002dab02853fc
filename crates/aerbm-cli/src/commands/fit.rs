use std::path::PathBuf;

use aerbm::compare::{self, CompareOptions, Place};
use aerbm::{Error, Monitor as _};
use clap::Args;

use crate::data_args::{DataArgs, MOST, quoted, tell, whole};
use crate::interrupt;
use crate::page_args::LanguageArg;
use crate::ui::Ui;

/// Fit a classifier to your own data, without a comparison
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Method of pretraining, as in `aerbm compare`, such as none, denoising or rbm
    #[arg(long, default_value = "rbm")]
    method: String,
    /// Number of labels [default: all]
    #[arg(long, value_parser = whole::<usize>(1..=MOST))]
    labels: Option<usize>,
    /// Change any setting, such as learning_rates=[0.01]; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    page: LanguageArg,
    #[command(flatten)]
    data: DataArgs,
    /// Folder for the model
    #[arg(long, default_value = "reports/fit")]
    out: PathBuf,
    /// Replace a finished run that has other settings; pretrained layers that match are reused
    #[arg(long)]
    force: bool,
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
    let mut again = format!("aerbm fit{}", args.data.given());
    for setting in &args.set {
        again.extend([" --set ", &quoted(setting)]);
    }
    let place = Place {
        command: format!("{again} --method {}{}", args.method, args.page.given()),
        again,
        out: args.out.clone(),
        best: args.out.clone(),
        force: args.force,
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
