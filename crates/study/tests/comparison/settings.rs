//! Messages about mistakes in settings.

use nn_core::Initialiser;
use stack::{Dropout, Unlabelled, VirtualAdversarial};
use study::{ArchitectureSettings, ComparisonConfig, LabelBudget, Methods, Role};

use crate::support::*;

#[test]
fn mistakes_in_settings_are_named() {
    let (config, methods) = (config(&["autoencoder", "sparse", "mixed"]), methods());
    let error = |change: &dyn Fn(&mut ComparisonConfig)| {
        let mut config = config.clone();
        change(&mut config);
        config.validate(&methods).expect_err("a mistake").to_string()
    };
    let twice = error(&|config| config.methods.push("sparse".into()));
    assert_eq!(twice, "comparison.methods = sparse: expected every method once");
    let unknown = error(&|config| config.methods.push("spares".into()));
    assert!(unknown.starts_with("comparison.methods: there is no method `spares`"), "{unknown}");
    assert!(unknown.ends_with("; did you mean `sparse`?"), "{unknown}");
    let twice = error(&|config| config.depths = vec![2, 1, 2]);
    assert_eq!(twice, "comparison.depths = 2: expected every depth once");
    let rate = error(&|config| config.learning_rates = vec![0.1, -0.1]);
    assert!(rate.starts_with("comparison.learning_rates = -0.1"), "{rate}");
    let multiplier = error(&|config| config.hidden_learning_rate_multipliers = vec![-1.0]);
    assert!(multiplier.contains("comparison.hidden_learning_rate_multipliers = -1"));
    let of_labels =
        error(&|config| config.labels[1].dropout = Some(Dropout { input: -0.1, hidden: 0.0 }));
    assert!(of_labels.starts_with("comparison.labels.dropout.input = -0.1"), "{of_labels}");
    let unlabelled = error(&|config| {
        let settings = VirtualAdversarial { radius: 0.0, ..VirtualAdversarial::default() };
        config.fine_tuning.unlabelled = Some(Unlabelled::VirtualAdversarial(settings));
    });
    assert!(unlabelled.starts_with("fine_tuning.unlabelled.radius = 0"), "{unlabelled}");
    let elsewhere = error(&|config| config.fine_tuning.updates = 7);
    assert!(elsewhere.starts_with("fine_tuning.updates = 7"), "{elsewhere}");

    let of = |settings: ArchitectureSettings| {
        error(&|config| {
            config.architectures.insert("wide".into(), settings.clone());
        })
    };
    let unknown = of(ArchitectureSettings::default());
    assert_eq!(unknown, "comparison.architectures = wide: expected an architecture of the methods");

    let error = |change: &dyn Fn(&mut Methods)| {
        let mut methods = methods.clone();
        change(&mut methods);
        config.validate(&methods).expect_err("a mistake").to_string()
    };
    let size = error(&|methods| rbm(methods, "rbm").model.n_hidden = 3);
    assert!(size.starts_with("methods.rbm.layers.model.n_hidden = 3: expected no value"), "{size}");
    let deep = error(&|methods| autoencoder(methods, "sparse").model.encoder_layers = vec![9]);
    assert!(deep.starts_with("methods.sparse.layers.model.encoder_layers"), "{deep}");
    let top = error(&|methods| autoencoder(methods, "denoising").model.top_k = Some(2));
    assert!(top.starts_with("methods.denoising.layers.model.top_k = 2"), "{top}");
    let std = Some(Initialiser::Normal { std: -1.0 });
    let std = error(&|methods| random(methods, "none").initialiser = std);
    assert!(std.starts_with("methods.none.layers.initialiser.std = -1"), "{std}");
    let same = error(&|methods| autoencoder(methods, "sparse").training.penalty = None);
    assert!(
        same.starts_with("comparison.methods = sparse: expected methods that differ"),
        "{same}"
    );
    let role = error(&|methods| methods.0["none"].role = Role::Pretrained);
    assert!(role.starts_with("methods.none.layers = as given: expected a pretrained"), "{role}");
}

#[test]
fn settings_of_an_architecture_have_the_same_bounds() {
    let (mut config, mut methods) = (config(&["none", "autoencoder", "sparse"]), methods());
    methods.0["sparse"].architecture = Some("wide".into());
    let budget = LabelBudget { count: 40, updates: 0, batch_size: 20, dropout: None };
    for (settings, expected) in [
        (
            ArchitectureSettings { learning_rates: vec![0.0], ..ArchitectureSettings::default() },
            "comparison.architectures.learning_rates = 0: expected finite numbers above 0",
        ),
        (
            ArchitectureSettings { labels: vec![budget], ..ArchitectureSettings::default() },
            "comparison.architectures.labels.updates = 0: expected at least 1",
        ),
    ] {
        config.architectures.insert("wide".into(), settings);
        let error = config.validate(&methods).expect_err("out of range").to_string();
        assert_eq!(error, expected);
    }
}
