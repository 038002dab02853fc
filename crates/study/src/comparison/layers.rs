//! The pretrained layers of the methods.

use std::borrow::Cow;

use stack::{FineTuneConfig, LayerPretraining, PlannedLayer, fit_to_images};

use super::Run;
use super::retry::{LOWER, retrying};
use crate::layer_cache::event;
use crate::methods::ResolvedMethod;
use crate::stage::Key;
use crate::{CachedStack, ConfigError, Event, LayerRecord, LayerSource, StudyError, cached_layers};

impl<'a> Run<'a> {
    /// The identity of the data used by fine-tuning with these settings, including unlabelled data only if
    /// they have a cost.
    pub(super) fn fine_tuning_data_key(&self, settings: &FineTuneConfig) -> Cow<'a, str> {
        match self.config.pretraining_samples {
            n if n > 0 && settings.unlabelled.is_some() => {
                format!("{}, {n} without labels", self.data_key).into()
            }
            _ => self.data_key.into(),
        }
    }

    /// The identity of the data used by pretraining.
    pub(super) fn pretraining_data_key(&self) -> Key {
        Key::new("pretraining samples", &(self.data_key, self.config.pretraining_samples))
    }

    /// The layers of a network of this depth before they are trained; convolutions get the shape of the
    /// images, and shifts of colour images their channels.
    ///
    /// # Errors
    /// [`ConfigError`] naming a convolution setting that does not fit the data.
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

    /// Adds layers to the stack with this amount of noise, or that of the settings, until it has `depth` of
    /// them, and returns it.
    pub(super) fn grow<'s>(
        &mut self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        corruption: Option<f64>,
        seed: u64,
        stacks: &'s mut Stacks,
    ) -> Result<&'s CachedStack, StudyError> {
        let stack = stacks.with(corruption);
        let mut plan = self.plan(&method.clone().varied(corruption), depth)?;
        let data_key = self.pretraining_data_key();
        let data = self.pretraining;
        retrying(|factor, last| {
            if let Some(error) = last {
                event(self.listen, Event::Retried { factor, error })?;
                // Completed layers keep the rates with which they were trained.
                for layer in &mut plan[stack.layers.len()..] {
                    layer.pretraining.scale_learning_rate(LOWER);
                }
            }
            let source = LayerSource {
                name: method.name,
                plan: &plan,
                corruption,
                data,
                data_key: data_key.as_str(),
                seed,
            };
            let records = cached_layers(&source, stack, self.cache, self.listen)?;
            let records = records.into_iter().map(|record| LayerRecord { corruption, ..record });
            self.outcome.layers.extend(records);
            Ok(())
        })?;
        Ok(stack)
    }
}

/// The pretrained layers of a method at one seed, for each amount of noise tried.
#[derive(Debug, Default)]
pub(super) struct Stacks(Vec<(Option<f64>, CachedStack)>);

impl Stacks {
    /// The stack with this amount of noise; it may still be empty.
    pub(super) fn with(&mut self, corruption: Option<f64>) -> &mut CachedStack {
        let known = self.0.iter().position(|(amount, _)| *amount == corruption);
        let place = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push((corruption, CachedStack::default()));
        }
        &mut self.0[place].1
    }

    /// Whether all `n_layers` layers with this amount of noise exist.
    pub(super) fn are_complete(&mut self, corruption: Option<f64>, n_layers: usize) -> bool {
        self.with(corruption).layers.len() >= n_layers
    }
}
