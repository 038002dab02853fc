use serde::{Deserialize, Serialize};

use crate::{Convolution, InvalidSetting, Pooling, require};

/// Settings of a convolution. The input may be left open; it is then that of the data or of the layer below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvolutionConfig {
    /// Height, width and channels of the images. `None` in a stack takes those of the data or of the
    /// layer below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<[usize; 3]>,
    /// Number of maps.
    pub maps: usize,
    /// Height and width of the kernels.
    pub kernel: usize,
    /// Distance between neighbouring positions.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub stride: usize,
    /// Number of zeros beyond each edge of the image.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub padding: usize,
    /// Pooling of the maps.
    #[serde(default)]
    pub pool: Pooling,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl ConvolutionConfig {
    /// The convolution of images with `n_inputs` values.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range, or the input if it is open or has a
    /// different number of values.
    pub fn of_inputs(&self, n_inputs: usize) -> Result<Convolution, InvalidSetting> {
        let convolution = self.known()?;
        let [height, width, channels] = convolution.input;
        let input = format!("[{height}, {width}, {channels}]");
        let expected = "a height, a width and channels whose product is the number of columns";
        require(convolution.n_inputs() == n_inputs, "convolution.input", &input, expected)?;
        Ok(convolution)
    }

    /// The convolution of images of the input's shape, which must be set.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range, or the input if it is open.
    pub fn known(&self) -> Result<Convolution, InvalidSetting> {
        let expected = "height, width and channels of the images";
        require(self.input.is_some(), "convolution.input", &"none", expected)?;
        let convolution = self.of_images(self.input.unwrap_or_default());
        convolution.validate()?;
        Ok(convolution)
    }

    /// Checks the bounds that hold for every input, and all bounds if the input is set.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.input.is_some() {
            return self.known().map(|_| ());
        }
        // An input that is large enough for a kernel of any size and all windows.
        let room = |side: usize| {
            side.saturating_sub(1).saturating_mul(self.stride).saturating_add(self.kernel)
        };
        let side = match self.pool {
            Pooling::Max(side) => room(side),
            Pooling::Whole(_) => room(1),
        };
        self.of_images([side.max(1), side.max(1), 1]).validate()
    }

    fn of_images(&self, input: [usize; 3]) -> Convolution {
        let ConvolutionConfig { maps, kernel, stride, padding, pool, .. } = *self;
        Convolution { input, maps, kernel, stride, padding, pool }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: ConvolutionConfig = ConvolutionConfig {
        input: Some([9, 7, 2]),
        maps: 3,
        kernel: 3,
        stride: 2,
        padding: 1,
        pool: Pooling::Max(2),
    };

    #[test]
    fn settings_out_of_range_are_named() {
        let message =
            |config: ConvolutionConfig| config.known().expect_err("out of range").to_string();
        for (config, expected) in [
            (
                ConvolutionConfig { input: None, ..GOOD },
                "convolution.input = none: expected height",
            ),
            (
                ConvolutionConfig { input: Some([0, 7, 2]), ..GOOD },
                "convolution.input = [0, 7, 2]: expected",
            ),
            (
                ConvolutionConfig { kernel: usize::MAX, padding: usize::MAX - 1, ..GOOD },
                "convolution.kernel = 18446744073709551615: expected 1 to 65536",
            ),
            (ConvolutionConfig { maps: 0, ..GOOD }, "convolution.maps = 0: expected 1 to 65536"),
            (
                ConvolutionConfig { stride: 0, ..GOOD },
                "convolution.stride = 0: expected 1 to 65536",
            ),
            (
                ConvolutionConfig { kernel: 10, ..GOOD },
                "convolution.kernel = 10: expected at least",
            ),
            (
                ConvolutionConfig { kernel: 0, padding: 0, ..GOOD },
                "convolution.kernel = 0: expected",
            ),
            (
                ConvolutionConfig { padding: 3, ..GOOD },
                "convolution.padding = 3: expected less than",
            ),
            (
                ConvolutionConfig { pool: Pooling::Max(0), ..GOOD },
                "convolution.pool = 0: expected \"average\", or 1 to 16",
            ),
            (ConvolutionConfig { pool: Pooling::Max(5), ..GOOD }, "convolution.pool = 5: expected"),
        ] {
            assert!(message(config).starts_with(expected), "{}", message(config));
        }
        let other = GOOD.of_inputs(120).expect_err("126").to_string();
        assert!(other.starts_with("convolution.input = [9, 7, 2]: expected a height"), "{other}");
        assert_eq!(ConvolutionConfig { input: None, ..GOOD }.validate(), Ok(()));
        assert!(ConvolutionConfig { input: None, maps: 0, ..GOOD }.validate().is_err());
    }

    #[test]
    fn settings_are_short_where_they_are_usual() {
        let read = |text: &str| serde_json::from_str::<ConvolutionConfig>(text);
        let text = r#"{"maps":32,"kernel":5,"pool":2}"#;
        let usual = read(text).expect("settings");
        let expected = ConvolutionConfig {
            input: None,
            maps: 32,
            kernel: 5,
            stride: 1,
            padding: 0,
            pool: Pooling::Max(2),
        };
        assert_eq!(usual, expected);
        assert_eq!(serde_json::to_string(&usual).expect("plain"), text);
        let average = read(r#"{"maps":10,"kernel":1,"pool":"average"}"#).expect("settings");
        assert_eq!(average.pool, Pooling::AVERAGE);
        let error = read(r#"{"maps":10,"kernel":1,"pool":"max"}"#).expect_err("no side");
        assert!(error.to_string().contains("the side of the windows"), "{error}");
    }
}
