//! The methods of a comparison, declared in settings: no code depends on a method's name.

use std::borrow::Cow;

use indexmap::IndexMap;
use nn_core::{InvalidSetting, require};
use serde::{Deserialize, Serialize};
use stack::{Dropout, LayerPretraining, Shift};

use crate::layers::{LayerEntry, Layers};
use crate::{Color, ConfigError, MethodRole, Role, Roles};

/// A method: its role in the comparison, its appearance on the page, and its network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodConfig {
    /// Its role.
    pub role: Role,
    /// The family of a pretrained method, such as `autoencoder`; methods of different families are
    /// compared with each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The architecture, such as `convolutional`, if it differs from that of most methods; methods are
    /// compared with those of their own architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The colour in figures.
    pub color: Color,
    /// Phrase for sentences, such as "RBM pretraining".
    pub words: String,
    /// Whether the hidden layers stay at their initial values, so that only the output layer learns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// The maximum norm of the weights into a unit, overriding that of fine-tuning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_norm: Option<f64>,
    /// The dropout of fine-tuning, overriding that of the comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<Dropout>,
    /// Random shifts of the images in fine-tuning, overriding those of the comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<Shift>,
    /// The hidden layers before fine-tuning.
    pub layers: Layers,
}

impl MethodConfig {
    /// Checks every bound, but not whether the methods whose layers it takes exist.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        require(!self.words.trim().is_empty(), "words", &"\"\"", "words for a sentence")?;
        let family = self.family.as_deref().unwrap_or_default();
        let holds = self.family.is_none() || self.role == Role::Pretrained;
        require(holds, "family", &family, "none, as the role is not pretrained")?;
        self.dropout.unwrap_or_default().validate()?;
        self.shift.map_or(Ok(()), |shift| shift.validate())?;
        let norm = self.max_norm.unwrap_or(1.0);
        require(norm.is_finite() && norm > 0.0, "max_norm", &norm, "a finite number above 0")?;
        self.layers.own().try_for_each(|layer| layer.validate().map_err(|e| e.within("layers")))
    }
}

/// The methods by name, in table order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Methods(pub IndexMap<String, MethodConfig>);

/// The appearance of a method in figures and on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodStyle<'a> {
    /// The name in tables.
    pub name: &'a str,
    /// Phrase for sentences.
    pub words: &'a str,
    /// The colour in figures.
    pub color: Color,
    /// Whether its networks have hidden layers.
    pub has_layers: bool,
}

/// A method with all its layers resolved.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedMethod<'a> {
    pub(crate) name: &'a str,
    pub(crate) config: &'a MethodConfig,
    layers: Vec<Cow<'a, LayerPretraining>>,
}

impl ResolvedMethod<'_> {
    /// Layer `index` from the data up, counted from 0; `None` for a method without hidden layers.
    pub(crate) fn layer(&self, index: usize) -> Option<&LayerPretraining> {
        self.layers.get(index).or(self.layers.last()).map(Cow::as_ref)
    }

    /// Number of hidden layers of a network of this depth.
    pub(crate) fn n_layers(&self, depth: usize) -> usize {
        if self.layers.is_empty() { 0 } else { depth }
    }

    /// Whether there are hidden layers.
    pub(crate) fn has_hidden_layers(&self) -> bool {
        !self.layers.is_empty()
    }

    /// Whether hidden layers learn in fine-tuning.
    pub(crate) fn tunes_hidden_layers(&self) -> bool {
        !self.config.frozen && self.has_hidden_layers()
    }

    /// Whether a layer is pretrained with noise.
    pub(crate) fn has_corruption(&self) -> bool {
        self.layers.iter().any(|layer| layer.has_corruption())
    }

    /// The method with this amount of noise in pretraining; unchanged for `None`.
    pub(crate) fn varied(mut self, corruption: Option<f64>) -> Self {
        if let Some(amount) = corruption {
            for layer in &mut self.layers {
                layer.to_mut().set_corruption(amount);
            }
        }
        self
    }

    /// Checks the bounds of the layers.
    pub(crate) fn validate_layers(&self) -> Result<(), InvalidSetting> {
        self.layers.iter().try_for_each(|layer| layer.validate())
    }

    /// Whether both methods produce the same network of this depth.
    pub(crate) fn is_same_network(&self, other: &Self, depth: usize) -> bool {
        let rest = |method: &Self| {
            let MethodConfig { frozen, max_norm, dropout, shift, .. } = method.config;
            (method.n_layers(depth), *frozen, *max_norm, *dropout, *shift)
        };
        rest(self) == rest(other) && (0..depth).all(|i| self.layer(i) == other.layer(i))
    }
}

impl Methods {
    /// Whether there are no methods.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The layers of a method's network of this depth, from the data up; none for a method without hidden
    /// layers.
    ///
    /// # Errors
    /// [`ConfigError`] suggesting the most similar name if there is no method of this name.
    pub fn layers_of(
        &self,
        name: &str,
        depth: usize,
    ) -> Result<Vec<LayerPretraining>, ConfigError> {
        let resolved = self.resolve(name, "methods")?;
        Ok((0..depth).filter_map(|index| resolved.layer(index).cloned()).collect())
    }

    /// Checks every bound of every method.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first invalid setting, such as `methods.rbm.layers…`.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (name, method) in &self.0 {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let holds = !name.is_empty() && name.chars().all(is_plain);
            require(holds, "methods", name, "names of letters, digits, `-` and `_`")?;
            let within = |error: InvalidSetting| error.within(&format!("methods.{name}"));
            method.validate().map_err(within)?;
            let resolved = self.resolve(name, "methods")?;
            let learns = resolved.layers.iter().any(|layer| layer.epochs() > 0);
            let (holds, expected) = match method.role {
                Role::Control => (!learns, "no pretrained layers, as the role is control"),
                Role::Pretrained => (learns, "a pretrained layer, as the role is pretrained"),
                Role::Reference => (true, ""),
            };
            require(holds, "layers", &"as given", expected).map_err(within)?;
        }
        Ok(())
    }

    /// The method of this name, with layers taken from other methods resolved; `field` is the setting that
    /// names it.
    pub(crate) fn resolve(
        &self,
        name: &str,
        field: &str,
    ) -> Result<ResolvedMethod<'_>, ConfigError> {
        let Some((name, config)) = self.0.get_key_value(name) else {
            return Err(self.unknown(name, field.to_owned()));
        };
        let mut layers = Vec::new();
        for (i, entry) in config.layers.0.iter().enumerate() {
            let other = match entry {
                LayerEntry::Own(layer) => {
                    layers.push(Cow::Borrowed(layer));
                    continue;
                }
                LayerEntry::Of(other) => other,
            };
            let field = format!("methods.{name}.layers");
            let Some(found) = self.0.get(other) else { return Err(self.unknown(other, field)) };
            let entries = &found.layers.0;
            let own: Vec<&LayerPretraining> = found.layers.own().collect();
            if own.is_empty() || own.len() < entries.len() {
                let expected = "methods whose layers are all tables";
                let error = InvalidSetting { field: field.into(), value: other.clone(), expected };
                return Err(error.into());
            }
            let above = &own[i.min(own.len() - 1)..];
            let is_last = i + 1 == config.layers.0.len();
            let taken = if is_last { above } else { &above[..1] };
            layers.extend(taken.iter().map(|layer| Cow::Borrowed(*layer)));
        }
        Ok(ResolvedMethod { name, config, layers })
    }

    fn unknown(&self, name: &str, field: String) -> ConfigError {
        let known: Vec<String> = self.0.keys().cloned().collect();
        ConfigError::UnknownMethod { field, name: name.to_owned(), known }
    }

    /// The position of a method in tables.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.0.get_index_of(name)
    }

    /// The roles of all methods.
    pub fn roles(&self) -> Roles {
        self.roles_of(|_| true)
    }

    /// The roles of the methods named by a comparison, in table order.
    pub fn roles_among(&self, names: &[String]) -> Roles {
        self.roles_of(|name| names.iter().any(|chosen| chosen == name))
    }

    fn roles_of(&self, is_chosen: impl Fn(&str) -> bool) -> Roles {
        let chosen = self.0.iter().filter(|(name, _)| is_chosen(name));
        let role = |(name, method): (&String, &MethodConfig)| MethodRole {
            name: name.clone(),
            role: method.role,
            family: method.family.clone(),
            architecture: method.architecture.clone(),
            words: method.words.clone(),
        };
        Roles { methods: chosen.map(role).collect() }
    }

    /// The appearance of all methods, in table order.
    pub fn styles(&self) -> impl Iterator<Item = MethodStyle<'_>> {
        let styles = self.0.iter();
        styles.map(|(name, method)| MethodStyle {
            name,
            words: &method.words,
            color: method.color,
            has_layers: !method.layers.0.is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: &str = r##"
        none = { role = "control", color = "#282828", words = "none", layers = { kind = "random" } }
        raw = { role = "reference", color = "#969696", words = "raw", layers = [] }
        [rbm]
        role = "pretrained"
        family = "rbm"
        color = "#d55e00"
        words = "RBM pretraining"
        layers = [{ kind = "rbm" }, { kind = "rbm", training = { epochs = 3 } }]
        [mixed]
        role = "pretrained"
        color = "#005a64"
        words = "both"
        layers = [{ kind = "pca" }, "rbm"]
    "##;

    fn methods(changed: impl FnOnce(&mut Methods)) -> Methods {
        let mut methods: Methods = toml::from_str(METHODS).expect("methods");
        changed(&mut methods);
        methods
    }

    fn error(changed: impl FnOnce(&mut Methods)) -> String {
        methods(changed).validate().expect_err("a mistake").to_string()
    }

    #[test]
    fn methods_keep_their_order_and_have_roles_and_looks() {
        let methods = methods(|_| ());
        methods.validate().expect("valid");
        let text = toml::to_string(&methods).expect("TOML");
        assert_eq!(toml::from_str::<Methods>(&text).expect("the same"), methods);
        let names: Vec<&str> = methods.styles().map(|style| style.name).collect();
        assert_eq!(names, ["none", "raw", "rbm", "mixed"]);
        assert_eq!(methods.roles().methods.len(), 4);
        let roles = methods.roles_among(&["rbm".into(), "none".into()]);
        let names: Vec<&str> = roles.methods.iter().map(|method| method.name.as_str()).collect();
        assert_eq!(names, ["none", "rbm"]);
        assert!(roles.asks("rbm", "none") && !roles.asks("raw", "rbm"));
    }

    #[test]
    fn layers_of_other_methods_are_those_at_the_same_place() {
        let methods = methods(|_| ());
        let resolve = |name| methods.resolve(name, "comparison.methods").expect("a method");
        let (rbm, mixed, raw) = (resolve("rbm"), resolve("mixed"), resolve("raw"));
        assert_eq!(mixed.layers.len(), 2);
        assert_ne!(mixed.layer(0), rbm.layer(0));
        for i in 1..4 {
            assert_eq!(mixed.layer(i), rbm.layer(1));
        }
        assert_eq!((raw.n_layers(3), rbm.n_layers(3)), (0, 3));
        assert!(raw.layer(0).is_none() && !raw.tunes_hidden_layers());
        assert!(!rbm.is_same_network(&mixed, 2) && rbm.is_same_network(&rbm, 2));
    }

    #[test]
    fn unknown_methods_are_answered_with_the_nearest() {
        let methods = methods(|_| ());
        let error_of = |name| {
            let outcome = methods.resolve(name, "comparison.methods");
            outcome.expect_err("no such method").to_string()
        };
        assert_eq!(
            error_of("rmb"),
            "comparison.methods: there is no method `rmb`; expected some of none, raw, rbm, mixed; did \
             you mean `rbm`?"
        );
        assert!(error_of("zzzzzz").ends_with("expected some of none, raw, rbm, mixed"));
        let layer = error(|m| m.0["mixed"].layers.0[1] = LayerEntry::Of("rmb".into()));
        assert!(layer.starts_with("methods.mixed.layers: there is no method `rmb`"), "{layer}");
    }

    #[test]
    fn mistakes_are_named_with_the_method() {
        let chain = error(|m| m.0["none"].layers.0[0] = LayerEntry::Of("mixed".into()));
        assert!(
            chain.starts_with("methods.none.layers = mixed: expected methods whose"),
            "{chain}"
        );
        let control = error(|m| m.0["rbm"].role = Role::Control);
        assert!(control.starts_with("methods.rbm.family = rbm: expected none"), "{control}");
        let control = error(|m| (m.0["mixed"].role, m.0["mixed"].family) = (Role::Control, None));
        assert!(control.contains("methods.mixed.layers") && control.contains("is control"));
        let random = error(|m| m.0["none"].role = Role::Pretrained);
        assert!(random.ends_with("expected a pretrained layer, as the role is pretrained"));
        let norm = error(|m| m.0["none"].max_norm = Some(-1.0));
        assert!(norm.starts_with("methods.none.max_norm = -1: expected a finite"), "{norm}");
        let dropout = Dropout { input: 0.0, hidden: 1.0 };
        let dropout = error(|m| m.0["none"].dropout = Some(dropout));
        assert!(dropout.starts_with("methods.none.dropout.hidden = 1"), "{dropout}");
        let name = error(|m| {
            let none = m.0["none"].clone();
            m.0.insert("a b".into(), none);
        });
        assert!(name.starts_with("methods = a b: expected names of letters"), "{name}");
        let unknown = toml::from_str::<Methods>(&METHODS.replace("family", "famly"));
        assert!(unknown.expect_err("unknown").message().starts_with("unknown field `famly`"));
    }
}
