//! The pipeline: train models, compare methods of pretraining, draw figures, write the page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ndarray::ArrayView2;
use report::MetricRow;
use serde_json::json;

use crate::best::Best;
use crate::comparison::{Comparison, compare};
use crate::config::{Memory, ProfileConfig, RunConfig};
use crate::data::{Loaded, Source, require_classes};
use crate::figures::{self, Figures};
use crate::folder::{DataInfo, RunFolder};
use crate::model::Model;
use crate::monitor::Monitor;
use crate::page::PageOptions;
use crate::record::{Epoch, Spec};
use crate::stages::{Models, Part};
use crate::train::train;
use crate::trained::Trained;
use crate::{Error, Language, codes, contract, memory, page, playground, replacing};

/// Number of test samples whose standard deviations weight the filters.
const FILTERED_BY: usize = 2000;

/// Gibbs steps of the longest chain in the report.
const GIBBS_STEPS: usize = 1000;

/// A finished profile, or part of one.
#[derive(Debug)]
pub struct Done {
    /// Path of the page.
    pub page: PathBuf,
    /// The comparison; `None` for a profile without one.
    pub comparison: Option<Comparison>,
    /// The recommended network; `None` if none was written.
    pub best: Option<Best>,
}

/// The results of a profile, or of a part of one.
#[derive(Debug, Clone, Copy)]
pub struct Output<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The command, for `run.json`.
    pub command: &'a str,
    /// Choices about its page.
    pub page: PageOptions,
    /// Whether a finished run with other settings is replaced.
    pub force: bool,
}

/// Runs all of a profile, or of a part of one. It continues where an earlier run stopped.
///
/// # Errors
/// [`Error::OtherRun`] if the folder holds another run; [`Error`] otherwise. Finished results are kept.
pub fn run(
    config: &ProfileConfig,
    source: &Source,
    loaded: &Loaded,
    output: Output<'_>,
    monitor: &dyn Monitor,
) -> Result<Done, Error> {
    let width = loaded.layout().width();
    for entry in &config.runs {
        memory::require(&entry.resolve()?.memory(width))?;
    }
    if let Some(comparison) = &config.comparison {
        memory::require(&Memory::of_comparison(comparison, width))?;
        require_classes(loaded.train()?, &loaded.data.test)?;
    }
    let Output { folder: out, command, page, force } = output;
    let settings = toml::to_string(config)?;
    let identity = replacing::data_identity(loaded);
    let replaces = replacing::replaces(out, &settings, &identity, force)?;
    let folder = open((out, page.language), command, &settings, loaded)?;
    let (comparison, page) = folder.complete(|folder| {
        folder.set_info(&identity)?;
        if replaces {
            let models = config.runs.iter().flat_map(|entry| Models::names(entry, config.seed));
            replacing::remove_results(out, &models.collect::<Vec<_>>())?;
        }
        folder.write_table("settings.csv", &config.setting_rows()?)?;
        profile(config, source, loaded, folder, page.without_models, monitor)
    })?;
    Ok(Done { page, comparison, best: None })
}

/// The models and the comparison of a profile.
fn profile(
    config: &ProfileConfig,
    source: &Source,
    loaded: &Loaded,
    folder: &mut RunFolder,
    without_models: bool,
    monitor: &dyn Monitor,
) -> Result<Option<Comparison>, Error> {
    let out = &folder.path().to_owned();
    if let Some(about) = &config.about {
        folder.set_info(&json!({ "about": about }))?;
    }
    let styles = page::styles(&config.methods);
    let figures = Figures { dir: out, styles: &styles };
    let mut shown = Vec::new();
    let mut optima: BTreeSet<(usize, usize)> = BTreeSet::new();
    let part = Part { config, source, loaded, folder: out };
    for entry in &config.runs {
        let models = Models::of(&part, entry, monitor)?;
        for seed in models.seeds() {
            let (trained, probed) = models.trained(seed, monitor)?;
            contract::save(&models.folder(seed), &loaded.contract)?;
            folder.add_record(&trained.record)?;
            if !probed.is_empty() {
                folder.add_rows(probed, vec![])?;
            }
            if seed == config.seed {
                codes::draw(figures, &trained, &models.data)?;
                if let Model::Autoencoder(model) = &trained.model
                    && model.n_code() < model.n_visible()
                    && optima.insert((model.n_code(), models.splits.train.n_samples()))
                {
                    let rule = models.config.split();
                    let rows = codes::pca_rows(model.n_code(), rule, &models.splits)?;
                    folder.add_rows(rows, vec![])?;
                }
                shown.push(trained);
            }
        }
    }
    draw_models(figures, &shown, &loaded.data.test)?;
    playground::write(out, &shown, &loaded.data.test, without_models)?;
    if !shown.is_empty() {
        figures::learning_curves(figures, folder.metrics(), loaded.data.test.shape)?;
    }
    let mut found = None;
    if let Some(comparison) = &config.comparison {
        let (splits, key) = loaded.split(comparison.split)?;
        let (comparison, methods) = (comparison, &config.methods);
        found = Some(compare((comparison, methods), &splits, &key, folder, monitor)?);
    }
    Ok(found)
}

/// A model that was trained in its own folder.
#[derive(Debug)]
pub struct TrainedRun {
    /// The model and its record.
    pub trained: Trained,
    /// Path of the page.
    pub page: PathBuf,
    /// All rows of `metrics.csv`.
    pub metrics: Vec<MetricRow>,
}

/// The run of one model.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Name of the run.
    pub name: &'a str,
    /// The settings.
    pub config: &'a RunConfig,
    /// The assignments among them that the user gave, which are kept where the settings are adapted to the data.
    pub given: &'a [String],
    /// Seed of every random draw.
    pub seed: u64,
    /// The location of the data.
    pub source: &'a Source,
    /// The command, for `run.json`.
    pub command: &'a str,
    /// Choices about its page.
    pub page: PageOptions,
    /// Whether a finished run with other settings is replaced.
    pub force: bool,
}

/// Trains one model in the folder `out`, with tables, figures and page. It continues where an earlier
/// run stopped. `on_epoch` receives every epoch.
///
/// # Errors
/// [`Error::OtherRun`] if the folder holds another run; [`Error`] otherwise.
pub fn train_run(
    run: Run<'_>,
    loaded: &Loaded,
    out: &Path,
    monitor: &dyn Monitor,
    on_epoch: &mut dyn FnMut(&Epoch),
) -> Result<TrainedRun, Error> {
    if run.config.needs_memory() {
        loaded.train()?;
    }
    let mut config = suited(run.config.clone(), loaded, monitor)?;
    let is_kept =
        |given: &&String| KEPT.iter().any(|setting| given.trim_start().starts_with(setting));
    for assignment in run.given.iter().filter(is_kept) {
        config = config.with(assignment)?;
    }
    memory::require(&config.memory(loaded.layout().width()))?;
    let settings = config.to_toml()?;
    let (splits, key) = loaded.split_on_disk(config.split())?;
    if let Some(remark) = too_few_updates(&config, splits.train.n_samples()) {
        monitor.note(&remark);
    }
    let identity = json!({ "seed": run.seed, "data_key": key.as_str() });
    let replaces = replacing::replaces(out, &settings, &identity, run.force)?;
    let folder = open((out, run.page.language), run.command, &settings, loaded)?;
    let ((trained, metrics), page) = folder.complete(|folder| {
        folder.set_info(&identity)?;
        if replaces {
            replacing::remove_results(out, &[])?;
        }
        let (name, seed) = (run.name, run.seed);
        let spec = Spec { run: name, config: &config, seed, source: Some(run.source) };
        let model_folder = folder.model_folder(run.name);
        let trained = train(&spec, &splits, &key, &model_folder, monitor, on_epoch)?;
        contract::save(&model_folder, &loaded.contract)?;
        folder.add_record(&trained.record)?;
        if let Some(warning) = warning(&trained.model, splits.validation.images.view()) {
            monitor.note(&warning);
        }
        let styles = page::default_styles();
        let figures = Figures { dir: out, styles: &styles };
        draw_models(figures, std::slice::from_ref(&trained), &splits.test)?;
        figures::learning_curves(figures, folder.metrics(), splits.test.shape)?;
        codes::draw(figures, &trained, &splits)?;
        playground::write(
            out,
            std::slice::from_ref(&trained),
            &splits.test,
            run.page.without_models,
        )?;
        Ok((trained, folder.metrics().to_vec()))
    })?;
    Ok(TrainedRun { trained, page, metrics })
}

/// Settings that are adapted to the columns of the data only if they are not given. Units, losses and binarisation
/// follow from the columns in any case.
const KEPT: [&str; 3] =
    ["training.learning_rate", "model.variance", "model.visible_bias_from_data"];

/// Updates below which a model has usually learned little.
const FEW_UPDATES: usize = 1_000;

/// A remark on settings of large data that make too few updates on small data.
fn too_few_updates(config: &RunConfig, n_samples: usize) -> Option<String> {
    let (epochs, updates) = (config.epochs(), config.updates(n_samples));
    (0 < updates && updates < FEW_UPDATES).then(|| {
        format!(
            "{n_samples} samples and {epochs} epochs are {updates} parameter updates, which may be too few; \
             more epochs: --set training.epochs={}",
            (2 * FEW_UPDATES).div_ceil(updates) * epochs
        )
    })
}

/// A remark on hidden units that are the same for every sample, if there are many.
fn warning(model: &Model, x: ArrayView2<f32>) -> Option<String> {
    let health = match model {
        Model::Rbm(rbm) => rbm.code_health(x),
        Model::ConvDbn(dbn) if dbn.layers.len() == 1 => dbn.top().code_health(x),
        _ => return None,
    };
    health.warning()
}

/// The settings, adapted to these data; the monitor is notified of changes.
pub(crate) fn suited(
    config: RunConfig,
    data: &Loaded,
    monitor: &dyn Monitor,
) -> Result<RunConfig, Error> {
    let (config, changed) = config.for_layout(&data.layout())?;
    if changed {
        monitor.note(&format!("units and losses follow from the columns of {}", data.name));
    }
    let (config, left_out) = config.for_shape(data.data.train.shape())?;
    if left_out {
        monitor.note(&format!("training.shift is left out: {} has no images to shift", data.name));
    }
    Ok(config)
}

/// Opens the folder of a run on these data, with its page in this language.
pub(crate) fn open(
    (path, language): (&Path, Option<Language>),
    command: &str,
    config: &str,
    data: &Loaded,
) -> Result<RunFolder, Error> {
    let classes = data.data.train.class_names();
    let plain = classes.iter().enumerate().all(|(class, name)| *name == class.to_string());
    let notes: Vec<String> = data.notes.iter().map(ToString::to_string).collect();
    let info = DataInfo {
        name: &data.name,
        train_sha256: data.data.train.sha256(),
        test_sha256: &data.data.test.sha256,
        classes: if plain { &[] } else { classes },
        samples: (!data.data.train.shape().is_image()).then_some("rows"),
        notes: &notes,
    };
    RunFolder::open(path, command, config, &info, language)
}

/// Draws the figures of trained models; does nothing if the samples are not images.
fn draw_models(
    out: Figures<'_>,
    trained: &[Trained],
    test: &mnist_io::Dataset,
) -> Result<(), Error> {
    if !test.shape.is_image() {
        return Ok(());
    }
    for (order, model) in (0..).zip(trained) {
        figures::filters(out, model, test.rows(0..test.n_samples().min(FILTERED_BY)), order)?;
        figures::histograms(out, model, test)?;
        figures::feature_maps::write(out, model, test, order)?;
        if let Some(generative) = model.model.generative() {
            let start = figures::generation::Start::Samples(test);
            let steps = (GIBBS_STEPS, model.record.seed);
            figures::generation::gibbs_samples(out, model, &*generative, &start, steps)?;
        }
    }
    // One such figure suffices: that of the smallest code.
    let with_code = trained.iter().filter_map(|trained| match &trained.model {
        Model::Autoencoder(model) => Some((model.n_code(), trained)),
        _ => None,
    });
    if let Some((_, smallest)) = with_code.min_by_key(|(n_code, _)| *n_code) {
        figures::generation::decoded_codes(out, smallest, test)?;
    }
    figures::reconstructions(out, "reconstructions", &trained.iter().collect::<Vec<_>>(), test)
}
