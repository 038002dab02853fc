//! Cards as Markdown.

use std::fmt::{self, Display, Formatter};

use nn_core::Activation;

use super::{Card, CardTraining};
use crate::Origin;

/// The first line of a card's file, by which it is known.
pub(super) const MARK: &str =
    "<!-- aerbm writes this file beside a model, and again when the model is saved again. -->\n";

/// The name of an activation.
pub(super) fn name(activation: Activation) -> String {
    let name = serde_json::to_value(activation).ok();
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Display for Card {
    /// Writes the card as Markdown. Characters that control a terminal are left out.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind.as_str() {
            "autoencoder" => "an autoencoder",
            "rbm" => "a restricted Boltzmann machine",
            "dbn" => "a deep belief network",
            _ => "a classifier",
        };
        writeln!(f, "# {}: {kind}\n", Plain(&self.name))?;
        writeln!(f, "{} parameters.\n", number_text::count(self.n_parameters))?;
        writeln!(f, "| layer | inputs | outputs | units |\n|---|---|---|---|")?;
        for layer in &self.layers {
            let (inputs, outputs) = (layer.n_inputs, layer.n_outputs);
            writeln!(f, "| {} | {inputs} | {outputs} | {} |", layer.name, layer.units)?;
        }
        if let Some(training) = &self.training {
            write!(f, "\n{training}")?;
        }
        if let Some(origin) = &self.origin {
            write!(f, "\n{origin}")?;
        }
        if !self.results.is_empty() {
            writeln!(f, "\n## Results\n")?;
            writeln!(f, "| rows | measurement | value | interval | unit |\n|---|---|---|---|---|")?;
            for result in &self.results {
                let interval = result.interval.map_or_else(String::new, |(low, high)| {
                    let [low, high] = [low, high].map(number_text::significant);
                    format!("{low} to {high}")
                });
                let value = number_text::significant(result.value);
                let (rows, metric) = (Plain(&result.rows), Plain(&result.metric));
                writeln!(
                    f,
                    "| {rows} | {metric} | {value} | {interval} | {} |",
                    Plain(&result.unit)
                )?;
            }
        }
        writeln!(f, "\n## Limits\n")?;
        for limit in &self.limits {
            writeln!(f, "- {}", Plain(limit))?;
        }
        writeln!(f, "\n## Use\n\nMODEL is this folder.\n")?;
        writeln!(f, "{}", self.uses())?;
        match &self.training {
            Some(training) => {
                writeln!(
                    f,
                    "\n## Settings\n\n```toml\n{}\n```",
                    harmless(training.settings.trim_end())
                )
            }
            None => Ok(()),
        }
    }
}

impl Card {
    /// The ways to load the model.
    fn uses(&self) -> String {
        if self.kind == "classifier" {
            return "```sh\n\
                    aerbm predict MODEL FILE                            # classes and probabilities\n\
                    aerbm export MODEL --part classifier --format onnx  # or npz, safetensors\n\
                    ```\n\n\
                    ```rust\n\
                    let classifier = aerbm::TrainedClassifier::load(\"MODEL\")?;\n\
                    let classes = classifier.predict(&x);\n\
                    ```"
            .to_owned();
        }
        let own = if self.kind == "autoencoder" { "reconstruct" } else { "sample" };
        format!(
            "```sh\n\
             aerbm evaluate MODEL                      # encode and {own} as well\n\
             aerbm export MODEL --format onnx          # or npz, safetensors\n\
             ```\n\n\
             ```rust\n\
             let trained = aerbm::Trained::load(\"MODEL\")?;\n\
             let codes = trained.model.encode(x.view());\n\
             ```"
        )
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let classes: Vec<String> =
            self.classes.iter().map(|class| Plain(class).to_string()).collect();
        writeln!(f, "## Training\n")?;
        writeln!(f, "- Data: {}", Plain(&self.data))?;
        writeln!(f, "- SHA-256 of the data: {}", Plain(&self.data_sha256))?;
        writeln!(f, "- Classes: {}", classes.join(", "))?;
        writeln!(f, "- Beginning of the layers: {}", Plain(&self.words))?;
        writeln!(
            f,
            "- Rows: {} without their labels for pretraining, {} with their labels; seed {}",
            number_text::count(self.pretraining_samples),
            number_text::count(self.labels),
            self.seed
        )?;
        writeln!(f, "- Command: `{}`", Plain(&self.command))
    }
}

impl Display for CardTraining {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Training\n")?;
        let rows = self
            .rows
            .map_or_else(String::new, |rows| format!(", {} rows", number_text::count(rows)));
        writeln!(f, "- Data: {}{rows}", Plain(&self.data))?;
        if let Some(hash) = &self.data_sha256 {
            writeln!(f, "- SHA-256 of the data: {}", Plain(hash))?;
        }
        write!(f, "- Epochs: {}; seed: {}", self.epochs, self.seed)?;
        match &self.version {
            Some(version) => writeln!(f, "; aerbm {}", Plain(version)),
            None => writeln!(f),
        }
    }
}

/// A word from a file, without characters that control a terminal or mark up a page.
struct Plain<'a>(&'a str);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(self.0).replace('<', "&lt;"))
    }
}

/// A text without characters that control a terminal; its lines stay.
fn harmless(text: &str) -> String {
    let harmless = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    text.chars().map(harmless).collect()
}
