//! Colours of methods.

use serde::{Deserialize, Serialize};

/// An sRGB colour. In settings it is written as `#rrggbb`, in hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
}

impl TryFrom<String> for Color {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some([_, red, green, blue]) = number.map(u32::to_be_bytes) else {
            return Err(format!("\"{text}\": expected a colour such as \"#0072b2\""));
        };
        Ok(Color { red, green, blue })
    }
}

impl From<Color> for String {
    fn from(Color { red, green, blue }: Color) -> String {
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written_in_hexadecimal_digits() {
        let blue = Color::try_from("#0072B2".to_owned()).expect("a colour");
        assert_eq!(blue, Color { red: 0, green: 114, blue: 178 });
        assert_eq!(String::from(blue), "#0072b2");
        for wrong in ["0072b2", "#0072b", "#0072b2f", "#00zzb2", "blue", ""] {
            assert!(Color::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
