//! Data for a trained model: those that it learned from, or new ones, read by its contract.

use std::path::Path;

use mnist_io::{Contract, Dataset, NewData, TrainTest};
use ndarray::Array2;

use super::{DataNote, Loaded, Source, find, load};
use crate::trained::Trained;
use crate::{Error, contract};

/// Loads data for the model in `folder` (that of the model, or of a run with one model). The data that the
/// model was trained on are divided as in training. Other data, or a file that has changed since, are read by
/// the model's contract; all of their rows, in order, form both parts.
///
/// # Errors
/// As [`load`] and [`Contract::rows`]; [`Error::Width`] for samples with another number of features.
pub fn load_for(trained: &Trained, folder: &Path, source: &Source) -> Result<Loaded, Error> {
    let contract = contract::load_for(&Trained::locate(folder)?, trained.model.n_visible(), None)?;
    let record = &trained.record;
    let is_its_own = record.source.as_ref().is_some_and(|own| own.is_same_place(source));
    if let Some(contract) = contract
        && let Ok(path) = find(&source.data)
    {
        if !is_its_own {
            return by_contract(contract, &path, source);
        }
        let loaded = load(source)?;
        let hash = loaded.data.train.sha256();
        let has_changed = record.data_sha256.as_ref().is_some_and(|trained_on| trained_on != hash);
        // Earlier versions read colour images as grey.
        let channels = |contract: &Contract| contract.shape().channels;
        let was_grey = channels(&loaded.contract) > channels(&contract);
        if has_changed || was_grey {
            let reason = if was_grey {
                "has images in colour, and the model learned from grey ones"
            } else {
                "has changed since training"
            };
            let mut found = by_contract(contract, &path, source)?;
            found.notes.push(DataNote::Other(format!(
                "{} {reason}: all of its rows are read as new data",
                source.data
            )));
            return Ok(found);
        }
        return Ok(loaded);
    }
    let loaded = load(source)?;
    let (expected, found) = (record.n_visible, loaded.data.test.n_features());
    if expected != found {
        let (run, data) = (record.run.clone(), loaded.name);
        return Err(Error::Width { run, data, expected, found });
    }
    Ok(loaded)
}

/// Reads all rows of a file by a contract; they form both parts.
fn by_contract(contract: Contract, path: &Path, source: &Source) -> Result<Loaded, Error> {
    let new = NewData {
        label_column: source.label_column.clone(),
        header: source.header,
        memory_limit: source.memory_limit << 20,
        ..NewData::default()
    };
    let mut rows = contract.rows(path, &new)?;
    let (mut images, mut labels) = (Vec::new(), Some(Vec::new()));
    for block in &mut rows {
        let block = block?;
        images.extend(block.x.iter().copied());
        let known = block.labels.and_then(|labels| labels.into_iter().collect::<Option<Vec<u8>>>());
        labels = labels.zip(known).map(|(mut all, known)| {
            all.extend(known);
            all
        });
    }
    let mut notes: Vec<DataNote> = rows.notes().iter().cloned().map(DataNote::Reading).collect();
    notes.extend(rows.report().to_string().lines().map(|line| DataNote::Other(line.to_owned())));
    let n_features = contract.n_features();
    let images = Array2::from_shape_vec((images.len() / n_features, n_features), images)
        .expect("rows of the contract's width");
    let names = contract.class_names().to_vec();
    let labels = labels.filter(|labels| labels.len() == images.nrows() && !names.is_empty());
    let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let n_classes = names.len();
    let labels = labels.map(|labels| (labels, n_classes));
    let mut set = Dataset::from_incomplete_arrays(stem.clone(), images, labels, contract.layout())?;
    (set.shape, set.feature_names) = (contract.shape(), contract.feature_names());
    if set.labels.is_some() {
        set.class_names = names;
    }
    let data = TrainTest { train: set.clone().into(), test: set };
    Ok(Loaded {
        data,
        unlabelled: None,
        contract,
        name: stem,
        notes,
        is_new: true,
        variant: source.variant(),
    })
}
