//! The pretrained layers of the methods.

use std::borrow::Cow;

use stack::{FineTuneConfig, LayerPretraining, PlannedLayer, fit_to_images};

use super::Run;
use super::retry::{LOWER, retrying};
use crate::layer_cache::event;
use crate::methods::ResolvedMethod;
use crate::stage::Key;
use crate::{CachedStack, ConfigError, Event, LayerSource, StudyError, cached_layers};

impl<'a> Run<'a> {
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

    /// The layers of a network of this depth before they are learned; convolutions have the shape of the
    /// images, and shifts of images in colour their channels.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting of a convolution that does not fit the data.
    pub(super) fn plan(
        &self,
        method: &ResolvedMethod<'_>,
        depth: usize,
    ) -> Result<Vec<PlannedLayer>, ConfigError> {
        let planned = |layer: usize| {
            let pretraining = method.layer(layer).expect("a method that grows has layers");
            PlannedLayer { pretraining: pretraining.clone(), n_hidden: self.config.layers[layer] }
        };
        let mut plan: Vec<PlannedLayer> = (0..method.n_layers(depth)).map(planned).collect();
        let shape = self.data.train.shape;
        let size = [shape.height, shape.width, shape.channels];
        if let (2.., Some(first)) = (shape.channels, plan.first_mut())
            && let LayerPretraining::Autoencoder(settings) = &mut first.pretraining
        {
            let shift = &mut settings.training.shift;
            *shift = shift.map(|shift| shift.of_images(size));
        }
        let images = shape.is_image().then_some(size);
        fit_to_images(plan.iter_mut().map(|layer| &mut layer.pretraining), images)
            .map_err(|error| error.within(&format!("methods.{}.layers", method.name)))?;
        Ok(plan)
    }

    /// Adds layers to `stack` until it has `depth` of them.
    pub(super) fn grow(
        &mut self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        seed: u64,
        stack: &mut CachedStack,
    ) -> Result<(), StudyError> {
        let mut plan = self.plan(method, depth)?;
        let samples = (self.data_key, self.config.pretraining_samples);
        let data_key = Key::new("pretraining samples", &samples);
        let data = self.pretraining;
        retrying(|factor, last| {
            if let Some(error) = last {
                event(self.listen, Event::Retried { factor, error })?;
                // The layers that are complete keep the rates that they were learned with.
                for layer in &mut plan[stack.layers.len()..] {
                    layer.pretraining.scale_learning_rate(LOWER);
                }
            }
            let source = LayerSource {
                name: method.name,
                plan: &plan,
                data,
                data_key: data_key.as_str(),
                seed,
            };
            let records = cached_layers(&source, stack, self.cache, self.listen)?;
            self.outcome.layers.extend(records);
            Ok(())
        })
    }
}
