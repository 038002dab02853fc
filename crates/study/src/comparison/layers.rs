//! The pretrained layers of the methods.

use std::borrow::Cow;

use ndarray::ArrayView2;
use stack::{FineTuneConfig, PlannedLayer};

use super::Run;
use crate::methods::ResolvedMethod;
use crate::stage::Key;
use crate::{CachedStack, LayerSource, StudyError, cached_layers};

impl<'a> Run<'a> {
    /// The samples without labels, which pretraining sees, and fine-tuning if its settings have a cost of
    /// them. Shape: n × inputs.
    pub(super) fn pretraining_data(&self) -> ArrayView2<'a, f32> {
        let train = &self.data.train;
        match self.config.pretraining_samples {
            0 => train.images.view(),
            n => train.rows(0..n.min(train.n_samples())),
        }
    }

    /// The identity of the data that fine-tuning with these settings sees: those without labels are part
    /// of it only if they have a cost.
    pub(super) fn fine_tuning_data_key(&self, settings: &FineTuneConfig) -> Cow<'a, str> {
        match self.config.pretraining_samples {
            n if n > 0 && settings.unlabelled.is_some() => {
                format!("{}, {n} without labels", self.data_key).into()
            }
            _ => self.data_key.into(),
        }
    }

    /// Adds layers to `stack` until it has `depth` of them.
    pub(super) fn grow(
        &mut self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        seed: u64,
        stack: &mut CachedStack,
    ) -> Result<(), StudyError> {
        let planned = |layer: usize| {
            let pretraining = method.layer(layer).expect("a method that grows has layers");
            PlannedLayer { pretraining: pretraining.clone(), n_hidden: self.config.layers[layer] }
        };
        let plan: Vec<PlannedLayer> = (0..depth).map(planned).collect();
        let samples = (self.data_key, self.config.pretraining_samples);
        let data_key = Key::new("pretraining samples", &samples);
        let source = LayerSource {
            name: method.name,
            plan: &plan,
            data: self.pretraining_data(),
            data_key: data_key.as_str(),
            seed,
        };
        let records = cached_layers(&source, stack, self.cache, self.listen)?;
        self.outcome.layers.extend(records);
        Ok(())
    }
}
