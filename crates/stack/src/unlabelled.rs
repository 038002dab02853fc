//! Settings of fine-tuning for samples without labels.

use std::fmt;

use nn_core::{InvalidSetting, require};
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A cost of samples without labels, which fine-tuning adds to the cost of those with labels.
///
/// In settings it is a table with its `kind`, or the kind alone if all other settings have their default:
///
/// ```
/// use stack::{Unlabelled, VirtualAdversarial};
/// let read = |text| serde_json::from_str::<Unlabelled>(text).expect("a kind");
/// let settings = VirtualAdversarial { radius: 2.5, ..Default::default() };
/// let table = r#"{"kind": "virtual-adversarial", "radius": 2.5}"#;
/// assert_eq!(read(table), Unlabelled::VirtualAdversarial(settings));
/// let default = Unlabelled::VirtualAdversarial(VirtualAdversarial::default());
/// assert_eq!(read(r#""virtual-adversarial""#), default);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Unlabelled {
    /// Virtual adversarial training.
    VirtualAdversarial(VirtualAdversarial),
}

/// Virtual adversarial training (Miyato, Maeda, Koyama & Ishii 2019, first printed in 2017).
///
/// The predicted probabilities should not change if a sample moves by a distance ε in the direction that
/// changes them most. With the labelled samples' mean cost J, fine-tuning minimises
///
/// J + α · mean KL(p(·|x) ‖ p(·|x + r)) + β · mean H(p(·|x)) + γ · KL(p̄ ‖ π),
///
/// where the means are over a batch of unlabelled samples, ‖r‖ = ε, H is the entropy, p̄ the mean
/// of p(·|x), and π the shares of the classes among the labelled samples. With β = γ = 0 it is the
/// method as published. Without batch normalisation that may fail: rectified units without
/// pretraining, with 100 labels of MNIST, came to predict one class for nearly all images. The
/// defaults suit images with values in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VirtualAdversarial {
    /// ε: the distance that a sample moves, in units of the inputs.
    pub radius: f64,
    /// ξ: the distance of the point whose gradient gives the direction. In single precision it must not be
    /// tiny.
    pub finite_difference: f64,
    /// Steps of the power iteration that finds the direction.
    pub power_iterations: usize,
    /// α: the weight of the divergence.
    pub weight: f64,
    /// β: the weight of the entropy (Grandvalet & Bengio 2005).
    pub entropy_weight: f64,
    /// γ: the weight of the difference between the predicted shares of the classes and those among the labels
    /// (Krause, Perona & Gomes 2010). It assumes that unlabelled samples are of the same classes.
    pub balance_weight: f64,
    /// Unlabelled samples in a step, in addition to the labelled ones.
    pub batch_size: usize,
}

impl Default for VirtualAdversarial {
    fn default() -> Self {
        VirtualAdversarial {
            radius: 2.0,
            finite_difference: 0.1,
            power_iterations: 1,
            weight: 1.0,
            entropy_weight: 1.0,
            balance_weight: 2.0,
            batch_size: 128,
        }
    }
}

impl Unlabelled {
    /// Unlabelled samples in a step.
    #[must_use]
    pub fn batch_size(&self) -> usize {
        let Unlabelled::VirtualAdversarial(settings) = self;
        settings.batch_size
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let Unlabelled::VirtualAdversarial(settings) = self;
        settings.validate().map_err(|error| error.within("unlabelled"))
    }
}

impl VirtualAdversarial {
    fn validate(&self) -> Result<(), InvalidSetting> {
        let distance = |field, value: f64| {
            let holds = value.is_finite() && value > 0.0;
            require(holds, field, &value, "a finite number above 0")
        };
        let weight = |field, value: f64| {
            let holds = value.is_finite() && value >= 0.0;
            require(holds, field, &value, "a finite number, 0 or above")
        };
        let count = |field, value: usize| require(value >= 1, field, &value, "at least 1");
        distance("radius", self.radius)?;
        distance("finite_difference", self.finite_difference)?;
        count("power_iterations", self.power_iterations)?;
        weight("weight", self.weight)?;
        weight("entropy_weight", self.entropy_weight)?;
        weight("balance_weight", self.balance_weight)?;
        count("batch_size", self.batch_size)
    }

    /// Whether any weight is above 0.
    pub(crate) fn has_effect(&self) -> bool {
        self.weight > 0.0 || self.reads_clean_samples()
    }

    /// Whether a cost of the predictions for unmoved samples has weight.
    pub(crate) fn reads_clean_samples(&self) -> bool {
        self.entropy_weight > 0.0 || self.balance_weight > 0.0
    }
}

impl<'de> Deserialize<'de> for Unlabelled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindOrTable)
    }
}

/// Reads a table, or a text that is a table's `kind`.
struct KindOrTable;

/// [`Unlabelled`] as a table.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Table {
    VirtualAdversarial(VirtualAdversarial),
}

impl From<Table> for Unlabelled {
    fn from(Table::VirtualAdversarial(settings): Table) -> Self {
        Unlabelled::VirtualAdversarial(settings)
    }
}

impl<'de> Visitor<'de> for KindOrTable {
    type Value = Unlabelled;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"virtual-adversarial\", or a table with this `kind`")
    }

    fn visit_str<E: Error>(self, kind: &str) -> Result<Unlabelled, E> {
        let table = MapDeserializer::new(std::iter::once(("kind", kind)));
        Table::deserialize(table).map(Unlabelled::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Unlabelled, A::Error> {
        Table::deserialize(MapAccessDeserializer::new(map)).map(Unlabelled::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_and_unknown_ones_are_named() {
        let refusal = |table: &str| {
            let settings: Unlabelled = serde_json::from_str(table).expect("syntax");
            settings.validate().expect_err("out of range").to_string()
        };
        for (setting, expected) in [
            (r#""radius": 0.0"#, "unlabelled.radius = 0: expected a finite number above 0"),
            (r#""finite_difference": -1.0"#, "unlabelled.finite_difference = -1: expected"),
            (r#""power_iterations": 0"#, "unlabelled.power_iterations = 0: expected at least 1"),
            (r#""weight": -1.0"#, "unlabelled.weight = -1: expected a finite number, 0 or above"),
            (r#""entropy_weight": -1.0"#, "unlabelled.entropy_weight = -1: expected"),
            (r#""balance_weight": -1.0"#, "unlabelled.balance_weight = -1: expected"),
            (r#""batch_size": 0"#, "unlabelled.batch_size = 0: expected at least 1"),
        ] {
            let refusal = refusal(&format!(r#"{{"kind": "virtual-adversarial", {setting}}}"#));
            assert!(refusal.starts_with(expected), "{refusal}");
        }
        let unreadable = |text: &str| {
            serde_json::from_str::<Unlabelled>(text).expect_err("unreadable").to_string()
        };
        let unknown = unreadable(r#"{"kind": "virtual-adversarial", "epsilon": 2.0}"#);
        assert!(unknown.contains("unknown field `epsilon`"), "{unknown}");
        assert!(unreadable(r#""temporal""#).contains("unknown variant `temporal`"));
        let number = unreadable("3");
        assert!(number.contains("\"virtual-adversarial\", or a table"), "{number}");
    }

    #[test]
    fn what_is_written_is_read() {
        let settings = VirtualAdversarial { entropy_weight: 0.5, ..Default::default() };
        for settings in [settings, VirtualAdversarial::default()] {
            let settings = Unlabelled::VirtualAdversarial(settings);
            let text = serde_json::to_string(&settings).expect("plain");
            assert_eq!(serde_json::from_str::<Unlabelled>(&text).expect("as written"), settings);
        }
    }
}
