//! The roles of methods, and the comparisons of a study that follow from them.

use serde::{Deserialize, Serialize};

/// The role of a method in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A network without pretraining. Pretrained methods are compared with every control of their
    /// architecture; the first control is the baseline.
    Control,
    /// A network whose layers are pretrained without labels.
    Pretrained,
    /// A method shown for orientation that takes no part in the corrected comparisons.
    Reference,
}

/// The name and role of a method, for statistics and verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodRole {
    /// The name in tables.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// The family of a pretrained method, such as `autoencoder` or `rbm`; methods of different
    /// families are compared with each other.
    pub family: Option<String>,
    /// The architecture, such as `convolutional`, if it differs from that of most methods. Methods are
    /// compared with those of their own architecture.
    pub architecture: Option<String>,
    /// Phrase for sentences, such as "RBM pretraining".
    pub words: String,
}

/// The methods of a study with their roles, in table order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// The methods.
    pub methods: Vec<MethodRole>,
}

impl Roles {
    /// The method of this name.
    pub fn get(&self, name: &str) -> Option<&MethodRole> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// The controls, the baseline first.
    pub fn controls(&self) -> impl Iterator<Item = &MethodRole> {
        self.methods.iter().filter(|method| method.role == Role::Control)
    }

    /// The control with which the headline compares.
    pub fn baseline(&self) -> Option<&MethodRole> {
        self.controls().next()
    }

    /// The pretrained methods.
    pub fn pretrained(&self) -> impl Iterator<Item = &MethodRole> {
        self.methods.iter().filter(|method| method.role == Role::Pretrained)
    }

    /// The families of pretrained methods, each once, in table order.
    pub fn families(&self) -> Vec<&str> {
        let mut families = Vec::new();
        for family in self.pretrained().filter_map(|method| method.family.as_deref()) {
            if !families.contains(&family) {
                families.push(family);
            }
        }
        families
    }

    /// The architectures, each once, in table order.
    pub fn architectures(&self) -> Vec<Option<&str>> {
        let mut found = Vec::new();
        for architecture in self.methods.iter().map(|method| method.architecture.as_deref()) {
            if !found.contains(&architecture) {
                found.push(architecture);
            }
        }
        found
    }

    /// The methods of one architecture.
    pub fn of_architecture(&self, architecture: Option<&str>) -> Roles {
        let methods = self.methods.iter();
        let of = methods.filter(|method| method.architecture.as_deref() == architecture);
        Roles { methods: of.cloned().collect() }
    }

    /// Whether the study asks about the difference between two methods of one architecture: a pretrained one
    /// and a control, or two pretrained ones of different families. Holm's correction covers these
    /// comparisons.
    pub fn asks(&self, a: &str, b: &str) -> bool {
        let (Some(a), Some(b)) = (self.get(a), self.get(b)) else { return false };
        if a.architecture != b.architecture {
            return false;
        }
        match (a.role, b.role) {
            (Role::Pretrained, Role::Control) | (Role::Control, Role::Pretrained) => true,
            (Role::Pretrained, Role::Pretrained) => {
                a.family.is_some() && b.family.is_some() && a.family != b.family
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(name: &str, role: Role, family: Option<&str>) -> MethodRole {
        let family = family.map(str::to_owned);
        let architecture = None;
        MethodRole { name: name.into(), role, family, architecture, words: name.into() }
    }

    #[test]
    fn the_family_of_comparisons_follows_from_the_roles() {
        let roles = Roles {
            methods: vec![
                method("none", Role::Control, None),
                method("pca", Role::Reference, None),
                method("relu-dropout", Role::Control, None),
                method("sparse", Role::Pretrained, Some("autoencoder")),
                method("denoising", Role::Pretrained, Some("autoencoder")),
                method("rbm", Role::Pretrained, Some("rbm")),
                method("mixed", Role::Pretrained, None),
            ],
        };
        let asked = |a: &str| -> Vec<&str> {
            let names = roles.methods.iter().map(|method| method.name.as_str());
            names.filter(|b| roles.asks(a, b)).collect()
        };
        assert_eq!(asked("none"), ["sparse", "denoising", "rbm", "mixed"]);
        assert_eq!(asked("pca"), [""; 0]);
        assert_eq!(asked("sparse"), ["none", "relu-dropout", "rbm"]);
        assert_eq!(asked("rbm"), ["none", "relu-dropout", "sparse", "denoising"]);
        assert_eq!(asked("mixed"), ["none", "relu-dropout"]);
        assert_eq!(roles.baseline().map(|method| method.name.as_str()), Some("none"));
        assert_eq!(roles.families(), ["autoencoder", "rbm"]);
        assert!(!roles.asks("rbm", "unknown"));
    }

    #[test]
    fn methods_are_compared_within_their_architecture() {
        let of = |architecture: &str, method: MethodRole| MethodRole {
            architecture: Some(architecture.to_owned()),
            ..method
        };
        let roles = Roles {
            methods: vec![
                method("none", Role::Control, None),
                method("rbm", Role::Pretrained, Some("rbm")),
                of("convolutional", method("cnn", Role::Control, None)),
                of("convolutional", method("conv-rbm", Role::Pretrained, Some("rbm"))),
                of(
                    "convolutional",
                    method("conv-denoising", Role::Pretrained, Some("autoencoder")),
                ),
            ],
        };
        assert!(roles.asks("conv-rbm", "cnn") && roles.asks("conv-rbm", "conv-denoising"));
        assert!(!roles.asks("conv-rbm", "none") && !roles.asks("rbm", "cnn"));
        assert!(!roles.asks("rbm", "conv-denoising"));
        assert_eq!(roles.architectures(), [None, Some("convolutional")]);
        assert_eq!(roles.of_architecture(None).methods.len(), 2);
    }
}
