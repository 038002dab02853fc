//! Checks of the contents of model files, before anything is built from them.

use ae_core::AutoencoderConfig;
use nn_core::{Connection, Convolution, Pooling, TensorMap};
use rbm_core::convolutional::ConvRbmConfig;
use stack::layer_prefix;

use crate::config::{ConvRbmSettings, RunConfig};
use crate::record::Record;

/// Longest name of a file, in bytes, on the usual file systems.
const LONGEST_NAME: usize = 255;

/// Largest size in a convolution. The products of such sizes do not overflow.
const LARGEST_SIZE: usize = 1 << 16;

/// A tensor's name and shape.
type Expected = (String, [usize; 2]);

/// Checks the record and the tensors of a model: its name is a valid file name, its images have as many
/// pixels as it has inputs, and every tensor exists, has the shape that the settings give it, and holds
/// finite numbers. Nothing is allocated by sizes that the record claims.
///
/// # Errors
/// The defect, in words.
pub(crate) fn check_model(
    record: &Record,
    settings: &RunConfig,
    tensors: &TensorMap,
) -> Result<(), String> {
    check_name(&record.run)?;
    let (image, n) = (record.image, record.n_visible);
    let n_pixels = image.height.checked_mul(image.width);
    if n == 0 || n_pixels.and_then(|pixels| pixels.checked_mul(image.channels)) != Some(n) {
        return Err(format!("its record has {n} inputs and images of {image}"));
    }
    check_tensors(&expected(settings, n)?, tensors)
}

/// Checks that a name that was read from a file can be part of a file's name, and is not a path.
///
/// # Errors
/// The defect, in words.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let special = |c: char| c == '/' || c == '\\' || c.is_control();
    let plain = !["", ".", ".."].contains(&name) && !name.contains(special);
    if plain && name.len() <= LONGEST_NAME {
        Ok(())
    } else {
        Err(format!("its record names the run {name:?}, which cannot be the name of a file"))
    }
}

/// Checks names, shapes and values of tensors.
///
/// # Errors
/// The defect, in words.
pub(crate) fn check_tensors(expected: &[Expected], tensors: &TensorMap) -> Result<(), String> {
    for (name, shape) in expected {
        let tensor = tensors.get(name).ok_or_else(|| format!("tensor `{name}` is missing"))?;
        let found = tensor.shape();
        if found != shape {
            return Err(format!("tensor `{name}` has shape {found:?}, expected {shape:?}"));
        }
        if let Some(value) = tensor.iter().find(|value| !value.is_finite()) {
            return Err(format!("tensor `{name}` holds {value}, expected finite numbers"));
        }
    }
    Ok(())
}

/// Checks that there is a connection for every layer of a network whose layers have these sizes, the number
/// of inputs first, and that every convolution is valid and has the sizes of its layer.
///
/// # Errors
/// The defect, in words.
pub(crate) fn check_connections(sizes: &[usize], connections: &[Connection]) -> Result<(), String> {
    let (found, expected) = (connections.len(), sizes.len() - 1);
    if found != expected {
        return Err(format!("its record has {found} connections, expected {expected}"));
    }
    for (layer, (pair, connection)) in sizes.windows(2).zip(connections).enumerate() {
        let (convolution, transposed) = match connection {
            Connection::Full => continue,
            Connection::Convolution(convolution) => (convolution, false),
            Connection::Transposed(convolution) => (convolution, true),
        };
        let &Convolution { input, maps, kernel, stride, padding, pool: _ } = convolution;
        check_sizes(input, [maps, kernel, stride, padding])?;
        convolution.validate().map_err(|error| format!("its layer {layer}: {error}"))?;
        let (mut inputs, mut outputs) = (convolution.n_inputs(), convolution.n_outputs());
        if transposed {
            if convolution.pool != Pooling::default() {
                let expected = "expected convolution.pool = 1 in a transposed convolution";
                return Err(format!("its layer {layer}: {expected}"));
            }
            (inputs, outputs) = (outputs, inputs);
        }
        if pair != [inputs, outputs] {
            let (n_inputs, n_outputs) = (pair[0], pair[1]);
            return Err(format!(
                "its layer {layer}: the convolution has {inputs} inputs and {outputs} outputs, \
                 expected {n_inputs} and {n_outputs}"
            ));
        }
    }
    Ok(())
}

/// Checks the sizes of a convolution: its input, and its maps, kernel, stride and padding.
fn check_sizes(input: [usize; 3], others: [usize; 4]) -> Result<(), String> {
    match input.iter().chain(&others).find(|&&size| size > LARGEST_SIZE) {
        Some(size) => Err(format!(
            "its record has a convolution of size {size}, expected at most {LARGEST_SIZE}"
        )),
        None => Ok(()),
    }
}

/// The tensors of the layer with this number.
pub(crate) fn layer(
    layer: usize,
    connection: &Connection,
    n_inputs: usize,
    n_outputs: usize,
) -> [Expected; 2] {
    let ((rows, columns), bias) = connection.shapes(n_inputs, n_outputs);
    [(format!("{layer}.weights"), [rows, columns]), (format!("{layer}.bias"), [1, bias])]
}

/// The tensors of a model of these settings.
fn expected(settings: &RunConfig, n_visible: usize) -> Result<Vec<Expected>, String> {
    Ok(match settings {
        RunConfig::Autoencoder(settings) => of_autoencoder(&settings.model, n_visible)?,
        RunConfig::Rbm(settings) => of_rbm("", n_visible, &settings.model),
        RunConfig::Dbn(settings) => {
            let mut n_inputs = n_visible;
            let layers = (0..settings.layers.len()).flat_map(|layer| {
                let model = settings.model_of(layer);
                let tensors = of_rbm(&layer_prefix(layer), n_inputs, &model);
                n_inputs = model.n_hidden;
                tensors
            });
            layers.collect()
        }
        RunConfig::ConvRbm(settings) => of_conv_rbms(settings, n_visible)?,
    })
}

fn of_conv_rbms(settings: &ConvRbmSettings, n_visible: usize) -> Result<Vec<Expected>, String> {
    for layer in &settings.layers {
        let ConvRbmConfig { maps, kernel, pool, .. } = layer.model;
        check_sizes(layer.input.unwrap_or_default(), [maps, kernel, pool, 1])?;
    }
    let images = settings.images().map_err(|error| error.to_string())?;
    let found = images[0].n_values();
    if found != n_visible {
        return Err(format!("its first layer has {found} inputs, expected {n_visible}"));
    }
    let layers = settings.layers.iter().zip(images).enumerate();
    let tensors = layers.flat_map(|(index, (layer, image))| {
        let (model, channels) = (layer.of_layer(index), image.channels);
        let std = model.visible.has_std().then_some(("visible_std", [1, channels]));
        let tensors = [
            ("weights", [model.kernel * model.kernel * channels, model.maps]),
            ("visible_bias", [1, channels]),
            ("hidden_bias", [1, model.maps]),
        ];
        let prefix = layer_prefix(index);
        let named = move |(name, shape): (&str, _)| (format!("{prefix}0.{name}"), shape);
        tensors.into_iter().chain(std).map(named)
    });
    Ok(tensors.collect())
}

fn of_autoencoder(model: &AutoencoderConfig, n_visible: usize) -> Result<Vec<Expected>, String> {
    if let Some(it) = &model.convolution {
        let others = [it.maps, it.kernel, it.stride, it.padding];
        check_sizes(it.input.unwrap_or_default(), others)?;
    }
    let layers = model.layers(n_visible).map_err(|error| error.to_string())?;
    let (widths, connections) = layers;
    let depth = model.encoder_layers.len() + 1;
    let layers = widths.windows(2).zip(connections).enumerate();
    let tensors = layers.flat_map(|(index, (pair, connection))| {
        let tied = model.tied && index >= depth;
        layer(index, &connection, pair[0], pair[1]).into_iter().skip(usize::from(tied))
    });
    Ok(tensors.collect())
}

fn of_rbm(prefix: &str, n_visible: usize, model: &rbm_core::RbmConfig) -> Vec<Expected> {
    let std = model.visible.has_std().then_some(("visible_std", [1, n_visible]));
    let tensors = [
        ("weights", [n_visible, model.n_hidden]),
        ("visible_bias", [1, n_visible]),
        ("hidden_bias", [1, model.n_hidden]),
    ];
    let named = |(name, shape): (&str, [usize; 2])| (format!("{prefix}0.{name}"), shape);
    tensors.into_iter().chain(std).map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_paths_are_refused() {
        for name in ["", ".", "..", "x/../../y", "/etc", "a\\b", "a\nb", "\u{1b}[31m"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"x".repeat(256)).is_err());
        for name in ["rbm", "my.rbm-2", "한글", "a b", "..x"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
    }
}
