//! The pipeline: train models to look at, compare ways of pretraining, draw, report.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mnist_io::{Splits, TrainingData};
use nn_core::TensorMap;
use report::MetricRow;
use serde_json::json;
use study::stage::{Key, Store};

use crate::autoencoder_commands;
use crate::cli::{self, Profile};
use crate::comparison::compare;
use crate::config::{ProfileConfig, RunConfig, UsageError};
use crate::data::{self, Loaded, Source};
use crate::figures;
use crate::folder::{DataInfo, RunFolder};
use crate::probe::{ProbeSettings, Probed, probe};
use crate::train::{Model, Spec, Trained, train};
use crate::ui::Ui;

/// Gibbs steps of the longest chain in the report.
const GIBBS_STEPS: usize = 1000;

pub(crate) fn run(args: &cli::Pipeline, ui: &Ui) -> anyhow::Result<()> {
    let name = match args.profile {
        Profile::Quick => "quick",
        Profile::Default => "default",
        Profile::Paper => "paper",
    };
    let out = args.out.clone().unwrap_or_else(|| Path::new("reports").join(name));
    let parts = ProfileConfig::parts(args.profile, &args.only)?;
    // What is asked of a part in vain is said before the first begins.
    for (part, config) in &parts {
        refuse_other_data(config, part.unwrap_or(name), &args.data)?;
    }
    for (part, config) in parts {
        let mut command = format!("aerbm pipeline --profile {name}");
        let mut folder = out.clone();
        if let Some(part) = part {
            ui.note(&format!("part {part}"));
            command.extend([" --only ", part]);
            folder.push(part);
        }
        let data = match &config.data {
            Some(own) => cli::DataArgs { data: Some(own.clone()), ..args.data.clone() },
            None => args.data.clone(),
        };
        command.push_str(&args.data.given());
        run_part(&config, &data, &command, &folder, ui)?;
    }
    Ok(())
}

/// Some parts are of a data set of their own, made for them.
fn refuse_other_data(
    config: &ProfileConfig,
    part: &str,
    given: &cli::DataArgs,
) -> Result<(), UsageError> {
    let Some(own) = &config.data else { return Ok(()) };
    let other = Some(given.name()).filter(|name| !["mnist", own.as_str()].contains(name));
    let read_otherwise = given.label_column.is_some() || given.scale != cli::Scale::Auto;
    if other.is_some() || read_otherwise {
        let given = given.given();
        let message = format!("{}: part {part} is of {own}, which is made", given.trim_start());
        return Err(UsageError(message + "; choose other parts with --only"));
    }
    Ok(())
}

fn run_part(
    config: &ProfileConfig,
    data: &cli::DataArgs,
    command: &str,
    out: &Path,
    ui: &Ui,
) -> anyhow::Result<()> {
    let loaded = data::load(data)?;
    loaded.tell(ui);
    let mut folder = open(out, command, &toml::to_string(config)?, &loaded)?;
    if let Some(about) = &config.about {
        folder.set_info(&json!({ "about": about }))?;
    }
    let mut shown = Vec::new();
    let mut optima: BTreeSet<usize> = BTreeSet::new();
    for entry in &config.runs {
        let run_config = for_shape(entry.resolve()?, &loaded, ui)?;
        let (splits, key) = loaded.split(run_config.partition())?;
        let training_splits = Splits::<TrainingData>::from(splits.clone());
        for seed in config.seed..config.seed + entry.seeds {
            let source = Source::from(data);
            let spec = Spec { run: &entry.name, config: &run_config, seed, source };
            let model_folder = if seed == config.seed {
                folder.model_folder(&entry.name)
            } else {
                folder.model_folder(&format!("{}-seed-{seed}", entry.name))
            };
            let trained = train(&spec, &training_splits, &key, &model_folder, ui, &|_, _| ())?;
            folder.add_record(&trained.record)?;
            if let Some(settings) = &entry.probe {
                let rows = probed_rows(&trained, &splits, settings, folder.path(), ui)?;
                folder.add_rows(rows, vec![])?;
            }
            if seed == config.seed {
                autoencoder_commands::draw(folder.path(), &trained, &training_splits)?;
                if let Model::Autoencoder(model) = &trained.model
                    && model.n_code() < model.n_visible()
                    && optima.insert(model.n_code())
                {
                    folder.add_rows(
                        autoencoder_commands::pca_rows(model.n_code(), &splits)?,
                        vec![],
                    )?;
                }
                shown.push(trained);
            }
        }
    }
    draw_models(folder.path(), &shown, &loaded.data.test)?;
    if !shown.is_empty() {
        figures::learning_curves(folder.path(), folder.metrics())?;
    }
    if let Some(comparison) = &config.comparison {
        let (splits, key) = loaded.split(comparison.partition)?;
        compare(comparison, &splits, &key, &mut folder, ui)?;
    }
    done(folder, ui)
}

/// How well a classifier does on the model's features; computed once.
fn probed_rows(
    trained: &Trained,
    splits: &Splits,
    settings: &ProbeSettings,
    folder: &Path,
    ui: &Ui,
) -> anyhow::Result<Vec<MetricRow>> {
    let stages = Store::new(folder.join("stages"));
    let key = Key::new("probe", &(&trained.record.key, settings));
    if let Some((_, probed)) = stages.get::<Probed>(&key)? {
        return Ok(probed.rows(trained));
    }
    let probed = probe(trained, splits, settings, trained.record.seed, ui)?;
    stages.put(&key, &TensorMap::new(), &probed)?;
    Ok(probed.rows(trained))
}

/// The settings for these data; what does not go with them is left out, and said.
pub(crate) fn for_shape(config: RunConfig, data: &Loaded, ui: &Ui) -> anyhow::Result<RunConfig> {
    let (config, left_out) = config.for_shape(data.data.train.shape())?;
    if left_out {
        ui.note(&format!("training.shift is left out: {} has no images to move", data.name));
    }
    Ok(config)
}

/// Opens the folder of a run on this data.
pub(crate) fn open(
    path: &Path,
    command: &str,
    config: &str,
    data: &Loaded,
) -> anyhow::Result<RunFolder> {
    let classes = data.data.train.class_names();
    let plain = classes.iter().enumerate().all(|(class, name)| *name == class.to_string());
    let info = DataInfo {
        name: &data.name,
        train_sha256: data.data.train.sha256(),
        test_sha256: &data.data.test.sha256,
        classes: if plain { &[] } else { classes },
        notes: &data.notes,
    };
    RunFolder::open(path, command, config, &info)
}

/// Writes the page and says where it is.
pub(crate) fn done(folder: RunFolder, ui: &Ui) -> anyhow::Result<()> {
    let page: PathBuf = folder.finish()?;
    ui.result(&format!("report: {}", page.display()));
    Ok(())
}

/// The figures of trained models; none if the samples are no images.
pub(crate) fn draw_models(
    dir: &Path,
    trained: &[Trained],
    test: &mnist_io::Dataset,
) -> anyhow::Result<()> {
    if !test.shape.is_image() {
        return Ok(());
    }
    for (order, model) in (0..).zip(trained) {
        figures::filters(dir, model, order)?;
        figures::histograms(dir, model, test)?;
        if model.model.generative().is_some() {
            let (start, seed) = (figures::generation::Start::Digits(test), model.record.seed);
            figures::generation::gibbs_samples(dir, model, &start, GIBBS_STEPS, seed)?;
        }
    }
    // One shows what they all do: that with the smallest code.
    let with_code = trained.iter().filter_map(|trained| match &trained.model {
        Model::Autoencoder(model) => Some((model.n_code(), trained)),
        _ => None,
    });
    if let Some((_, smallest)) = with_code.min_by_key(|(n_code, _)| *n_code) {
        figures::generation::decoded_codes(dir, smallest, test)?;
    }
    figures::reconstructions(dir, "reconstructions", &trained.iter().collect::<Vec<_>>(), test)
}
