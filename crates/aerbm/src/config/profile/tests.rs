use super::*;

#[test]
fn every_profile_is_valid() {
    for (_, profile) in &Profile::BUILT_IN {
        for (_, config) in ProfileConfig::parts(profile, &[], &[]).expect("a profile is valid") {
            for run in &config.runs {
                run.resolve().expect("a run is valid");
            }
        }
    }
}

#[test]
fn parts_are_chosen_by_name() {
    let parts = |only: &[&str]| {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        ProfileConfig::parts(&Profile::Paper, &only, &[])
    };
    assert_eq!(parts(&[]).expect("all").len(), PAPER.len());
    assert_eq!(parts(&["depth"]).expect("one")[0].0, Some("depth"));
    let error = parts(&["deph"]).expect_err("no such part").to_string();
    assert!(error.contains("did you mean `depth`?"), "{error}");
    let error =
        ProfileConfig::parts(&Profile::Quick, &["depth".into()], &[]).expect_err("no parts");
    assert!(error.to_string().contains("only the paper profile has parts"), "{error}");
}

#[test]
fn a_file_is_a_profile() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("of mine.toml");
    let read = |text: &str, set: &[String]| {
        std::fs::write(&path, text).expect("written");
        let profile: Profile = path.to_str().expect("plain").parse()?;
        ProfileConfig::parts(&profile, &[], set).map(|mut parts| parts.remove(0).1)
    };
    assert_eq!(Profile::File(path.clone()).name(), "of-mine");
    let text = "[comparison]\nmethods = [\"none\", \"mine\"]\nlayers = [20]\ndepths = [1]\nseeds = 2
        labels = [{ count = 100, updates = 10, batch_size = 10 }]\nlearning_rates = [0.01]\nsplit = \"study\"
        [methods.mine]\nrole = \"pretrained\"\nfamily = \"mine\"\ncolor = \"#102030\"
        words = \"my own way\"\nlayers = \"rbm\"";
    let set = ["comparison.seeds=3".to_owned()];
    let config = read(text, &set).expect("valid");
    assert_eq!(config.grounds["comparison.seeds"], Grounds::given());
    assert_eq!(config.grounds.len(), 1, "{:?}", config.grounds);
    let printed = toml::to_string(&config).expect("TOML");
    assert_eq!(read(&printed, &[]).expect("valid"), config, "settings survive being written");

    let error = |text: &str| read(text, &[]).expect_err("a mistake").to_string();
    assert!(error("seed = 2").ends_with("expected models in [[runs]], a [comparison], or both"));
    assert!(error("kind = \"rbm\"").contains("`aerbm train` takes them"));
    assert!(error("[comparision]").contains("did you mean `comparison`?"));
    let short = error("[comparison]\nmethods = [\"none\"]");
    assert!(short.contains("missing field"), "{short}");
    assert!(short.ends_with("config.toml of any run has all settings"), "{short}");
    let error = "qick".parse::<Profile>().expect_err("no profile").to_string();
    assert!(error.contains("did you mean `quick`?"), "{error}");
    let absent = "absent.toml".parse().expect("a path");
    let error = ProfileConfig::parts(&absent, &[], &[]).expect_err("no file").to_string();
    assert!(error.starts_with("absent.toml: "), "{error}");
}

#[test]
fn settings_of_a_profile_are_changed_by_assignments() {
    let set = ["seeds=5", "runs=[]", "methods.rbm.layers.training.epochs=1"];
    let set = set.map(str::to_owned);
    let parts = ProfileConfig::parts(&Profile::Quick, &[], &set).expect("valid");
    let config = &parts[0].1;
    assert_eq!(config.comparison.as_ref().map(|comparison| comparison.seeds), Some(5));
    assert!(config.runs.is_empty());
    let error = ProfileConfig::parts(&Profile::Quick, &[], &["seds=5".into()]);
    let error = error.expect_err("a typing mistake").to_string();
    assert!(error.contains("did you mean `seeds`?"), "{error}");
}

#[test]
fn mistakes_in_a_comparison_are_named() {
    let error = ProfileConfig::default_comparison(&["methods=[\"rmb\"]".into()]);
    let error = error.expect_err("no such method").to_string();
    assert!(error.contains("did you mean `rbm`?"), "{error}");
    let error = ProfileConfig::default_comparison(&["depths=[9]".into()]);
    let error = error.expect_err("four layers").to_string();
    assert_eq!(error, "comparison.depths = 9: expected 1 to the number of layers");
    let error = |assignment: &str| {
        let outcome = ProfileConfig::default_comparison(&[assignment.to_owned()]);
        outcome.expect_err("a mistake").to_string()
    };
    let field = error("methods.rbm.layers.training.epoch=3");
    assert!(field.starts_with("default: methods.rbm.layers"), "{field}");
    assert!(field.contains("did you mean `epochs`?"), "{field}");
    let kind = error("methods.rbm.layers.kind=rmb");
    assert!(kind.contains("did you mean `rbm`?"), "{kind}");
    let name = error("methods.mixed.layers=[\"rbm\", \"denosing\"]");
    assert!(name.contains("did you mean `denoising`?"), "{name}");
    let color = error("methods.rbm.color=red");
    assert!(color.starts_with("default: methods.rbm.color: \"red\": expected"), "{color}");
    let new = error("methods.new.layers={ kind = \"rbm\" }");
    assert!(new.contains("missing field `role`"), "{new}");
    assert!(error("seeds").contains("expected KEY=VALUE"));
}

fn epochs(methods: &Methods, method: &str) -> Vec<usize> {
    let layers = methods.0[method].layers.own();
    layers.map(|layer| layer.epochs()).filter(|epochs| *epochs > 0).collect()
}

#[test]
fn profiles_lay_their_settings_over_the_methods() {
    let found = ProfileConfig::default_comparison(&[
        "methods.rbm.layers.training.epochs=7".into(),
        "sparse.training.epochs=9".into(),
        "partition={train=500}".into(),
    ]);
    let DefaultComparison { config, methods, notes, .. } = found.expect("valid");
    assert_eq!(
        notes,
        [
            "sparse.training.epochs is now methods.sparse.layers.training.epochs",
            "partition is now comparison.split"
        ]
    );
    assert_eq!(config.split, mnist_io::SplitRule::Train(500));
    // From the assignments, the profile, and the methods.
    let found = ["rbm", "sparse", "denoising", "autoencoder"].map(|m| epochs(&methods, m));
    assert_eq!(found.concat(), [7, 9, 8, 3]);
    let names: Vec<&str> = methods.styles().map(|style| style.name).collect();
    let order = [
        "none",
        "raw-logistic",
        "random-features",
        "pca",
        "relu-dropout",
        "autoencoder",
        "sparse",
        "denoising",
        "contractive",
        "rbm",
        "mixed",
    ];
    assert_eq!(names[..order.len()], order, "the order of rows in tables");
}

#[test]
fn a_written_configuration_is_read_as_it_was() {
    for (name, text) in PAPER.iter().copied().chain([QUICK, DEFAULT]) {
        let (config, _) = ProfileConfig::parse_with(name, text, &[]).expect("a profile is valid");
        let written = toml::to_string(&config).expect("TOML");
        let (again, notes) = ProfileConfig::parse_with(name, &written, &[]).expect("valid");
        assert_eq!(again, config, "{name}");
        assert_eq!(notes, [""; 0], "{name}");
    }
}

/// Reference runs made by an earlier version have the settings that profiles have today.
#[test]
fn configurations_of_earlier_versions_are_understood() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/reference");
    for (name, text) in PAPER.iter().copied().chain([DEFAULT]) {
        let folder = if name == DEFAULT.0 { root.clone() } else { root.join("paper").join(name) };
        // A new part has no reference yet.
        let Ok(written) = std::fs::read_to_string(folder.join("config.toml")) else { continue };
        let (old, _) = ProfileConfig::parse_with(name, &written, &[]).expect("understood");
        let (new, _) = ProfileConfig::parse_with(name, text, &[]).expect("a profile is valid");
        assert_eq!(old.comparison, new.comparison, "{name}");
        for method in new.comparison.iter().flat_map(|comparison| &comparison.methods) {
            assert_eq!(old.methods.0[method], new.methods.0[method], "{name}: {method}");
        }
    }
}
