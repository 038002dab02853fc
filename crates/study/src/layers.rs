//! The hidden layers of a method before fine-tuning.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stack::LayerPretraining;

/// One entry of [`Layers`]: in settings, a table with a `kind`, or the name of another method.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "a comparison has a dozen of them")]
pub enum LayerEntry {
    /// A layer with its settings.
    Own(LayerPretraining),
    /// The layer at the same position in the method of this name.
    Of(String),
}

/// The layers of a method, from the data up; the last entry applies to all layers above it as well. Without
/// entries the method has no hidden layers.
///
/// In settings, a single entry needs no list: `layers = { kind = "rbm" }`, `layers = "rbm"`, or `layers =
/// ["rbm", "denoising"]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layers(pub Vec<LayerEntry>);

impl From<LayerPretraining> for Layers {
    /// Uses this layer for every layer.
    fn from(layer: LayerPretraining) -> Self {
        Layers(vec![LayerEntry::Own(layer)])
    }
}

impl Layers {
    /// The layers given directly rather than by the name of another method.
    pub fn own(&self) -> impl Iterator<Item = &LayerPretraining> {
        self.0.iter().filter_map(|entry| match entry {
            LayerEntry::Own(layer) => Some(layer),
            LayerEntry::Of(_) => None,
        })
    }

    /// The same layers, mutably.
    pub fn own_mut(&mut self) -> impl Iterator<Item = &mut LayerPretraining> {
        self.0.iter_mut().filter_map(|entry| match entry {
            LayerEntry::Own(layer) => Some(layer),
            LayerEntry::Of(_) => None,
        })
    }
}

impl Serialize for Layers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [entry] => entry.serialize(serializer),
            entries => entries.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for LayerEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> Visitor<'de> for Entry {
            type Value = LayerEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table with a `kind`, or the name of a method")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<LayerEntry, E> {
                Ok(LayerEntry::Of(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LayerEntry, A::Error> {
                LayerPretraining::deserialize(MapAccessDeserializer::new(map)).map(LayerEntry::Own)
            }
        }

        deserializer.deserialize_any(Entry)
    }
}

impl<'de> Deserialize<'de> for Layers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Layers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table with a `kind`, the name of a method, or an array of these")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Layers, E> {
                Ok(Layers(vec![LayerEntry::Of(name.to_owned())]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Layers, A::Error> {
                LayerPretraining::deserialize(MapAccessDeserializer::new(map)).map(Layers::from)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Layers, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Layers)
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        layers: Layers,
    }

    fn read(text: &str) -> Result<Layers, toml::de::Error> {
        toml::from_str(text).map(|Holder { layers }| layers)
    }

    #[test]
    fn layers_are_a_table_a_name_or_an_array_of_both() {
        let one = read("layers = { kind = \"rbm\", training = { epochs = 3 } }").expect("a layer");
        assert_eq!(one.0.len(), 1);
        assert_eq!(one.own().next().map(|layer| layer.epochs()), Some(3));
        let name = read("layers = \"rbm\"").expect("a name");
        assert_eq!(name.0, [LayerEntry::Of("rbm".into())]);
        let both = read("layers = [\"rbm\", { kind = \"pca\" }]").expect("an array");
        assert_eq!((both.0.len(), both.own().count()), (2, 1));
        assert_eq!(read("layers = []").expect("none"), Layers::default());
        for layers in [one, name, both, Layers::default()] {
            let text = toml::to_string(&Holder { layers: layers.clone() }).expect("TOML");
            assert_eq!(read(&text).expect("the same"), layers, "{text}");
        }
    }

    #[test]
    fn mistakes_in_layers_name_the_known_words() {
        let error = |text: &str| read(text).expect_err("a mistake").message().to_owned();
        let kind = error("layers = { kind = \"rmb\" }");
        assert!(kind.starts_with("unknown variant `rmb`, expected one of `random`"), "{kind}");
        let field = error("layers = { kind = \"rbm\", training = { epoch = 3 } }");
        assert!(field.starts_with("unknown field `epoch`, expected one of `epochs`"), "{field}");
        let neither = error("layers = 3");
        assert!(neither.contains("expected a table with a `kind`"), "{neither}");
    }
}
