//! Cards as Markdown.

use std::fmt::{self, Display, Formatter};

use nn_core::{Activation, Connection, Pooling};
use rbm_core::convolutional::{Geometry, ImageShape};

use super::{Card, CardTraining};
use crate::Origin;

/// The first line of a card's file, which identifies it as a card.
pub(super) const MARK: &str =
    "<!-- aerbm writes this file beside a model, and again when the model is saved again. -->\n";

/// The name of an activation.
pub(super) fn name(activation: Activation) -> String {
    let name = serde_json::to_value(activation).ok();
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A convolution in words; `None` for a fully connected layer.
pub(super) fn convolution(connection: Connection) -> Option<String> {
    let (verb, c) = match connection {
        Connection::Full => return None,
        Connection::Convolution(c) => ("a convolution of", c),
        Connection::Transposed(c) => ("a transposed convolution to", c),
    };
    let [height, width, channels] = c.input;
    let channels = channels_of(channels);
    let pool = match c.pool {
        Pooling::Max(1) => String::new(),
        Pooling::Max(side) => format!(", max-pooling over {side} × {side}"),
        Pooling::Whole(_) => ", the mean of each map".to_owned(),
    };
    let (maps, kernel, stride, padding) = (c.maps, c.kernel, c.stride, c.padding);
    Some(format!(
        "{verb} images of {height} × {width} pixels with {channels}: {maps} maps, kernels of {kernel} × \
         {kernel} with stride {stride} and padding {padding}{pool}"
    ))
}

fn channels_of(channels: usize) -> String {
    match channels {
        1 => "1 channel".to_owned(),
        n => format!("{n} channels"),
    }
}

/// The sizes of a convolutional RBM in words.
pub(super) fn conv_rbm(geometry: &Geometry) -> String {
    let ImageShape { height, width, channels } = geometry.image();
    let (channels, kernel) = (channels_of(channels), geometry.kernel());
    let pool = match geometry.pool() {
        1 => String::new(),
        side => format!(", probabilistic max-pooling over {side} × {side}"),
    };
    format!(
        "a convolutional RBM of images of {height} × {width} pixels with {channels}: {} maps, kernels of \
         {kernel} × {kernel}{pool}",
        geometry.maps()
    )
}

impl Display for Card {
    /// Writes the card as Markdown. Characters that control a terminal are left out.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind.as_str() {
            "autoencoder" => "an autoencoder",
            "rbm" => "a restricted Boltzmann machine",
            "dbn" => "a deep belief network",
            "conv-rbm" if self.layers.len() == 1 => "a convolutional restricted Boltzmann machine",
            "conv-rbm" => "a convolutional deep belief network",
            _ => "a classifier",
        };
        writeln!(f, "# {}: {kind}\n", Plain(&self.name))?;
        writeln!(f, "{} parameters.\n", number_text::count(self.n_parameters))?;
        writeln!(f, "| layer | inputs | outputs | units |\n|---|---|---|---|")?;
        for layer in &self.layers {
            let (inputs, outputs) = (layer.n_inputs, layer.n_outputs);
            writeln!(f, "| {} | {inputs} | {outputs} | {} |", layer.name, layer.units)?;
        }
        let convolutions =
            self.layers.iter().filter_map(|layer| Some((&layer.name, layer.convolution.as_ref()?)));
        for (number, (name, words)) in convolutions.enumerate() {
            let gap = if number == 0 { "\n" } else { "" };
            writeln!(f, "{gap}- {name} is {words}.")?;
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
        writeln!(f, "- Initialisation of the layers: {}", Plain(&self.words))?;
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

/// Returns the text without characters that control a terminal; line breaks are kept.
fn harmless(text: &str) -> String {
    let harmless = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use nn_core::Convolution;

    use super::*;
    use crate::classifier::tests::{FIRST, SECOND, convolutional};

    #[test]
    fn convolutions_are_told_in_words() {
        let trained = convolutional(&[FIRST, Convolution { pool: Pooling::AVERAGE, ..SECOND }]);
        let card = Card::of_classifier("images", &trained);
        // 3·3·2·3 + 3, 2·2·3·5 + 5, and 5·4 + 4 of the dense layer.
        assert_eq!(card.n_parameters, 57 + 65 + 24);
        let sizes = card.layers.iter().map(|layer| (layer.n_inputs, layer.n_outputs));
        assert_eq!(sizes.collect::<Vec<_>>(), [(144, 48), (48, 5), (5, 4)]);
        let text = card.to_string();
        for line in [
            "- classifier.0 is a convolution of images of 9 × 8 pixels with 2 channels: 3 maps, kernels of \
             3 × 3 with stride 1 and padding 1, max-pooling over 2 × 2.\n",
            "- classifier.1 is a convolution of images of 4 × 4 pixels with 3 channels: 5 maps, kernels of \
             2 × 2 with stride 2 and padding 1, the mean of each map.\n",
            "| classifier.1 | 48 | 5 | elu |\n",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(!text.contains("classifier.2 is"), "{text}");
    }
}
