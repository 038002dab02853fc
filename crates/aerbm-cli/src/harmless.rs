//! Safe display of text from files: names of classes, columns and files may contain anything, including
//! sequences that move the cursor, change colours or the window's title, or reverse the direction of writing.

use std::borrow::Cow;
use std::io::{self, Write};

/// The text with its control characters escaped, except line breaks and tabs.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// The largest number of characters in a line of a message. A terminal of 80 columns shows it in 25 lines.
const LONGEST: usize = 2_000;

/// The text as one harmless line, without its middle if it is too long: a value from a file may contain line
/// breaks, and may be a whole file.
pub(crate) fn one_line(text: &str) -> String {
    let shown = harmless(text.trim_end()).replace('\n', "\\n");
    let count = shown.chars().count();
    if count <= LONGEST {
        return shown;
    }
    let part = |from: usize| shown.chars().skip(from).take(LONGEST / 2).collect::<String>();
    format!("{} … {}", part(0), part(count - LONGEST / 2))
}

fn is_harmful(c: char) -> bool {
    let turns_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n' && c != '\t') || turns_direction
}

/// A terminal that is written to in whole lines, which are first made [`harmless`].
pub(crate) struct HarmlessLines<W>(pub(crate) W);

impl<W: Write> Write for HarmlessLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(harmless(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_nothing_else_is_changed() {
        for plain in ["", "é 서울 a\tb\nc", "\\u{1b}"] {
            assert!(matches!(harmless(plain), Cow::Borrowed(same) if same == plain));
        }
        assert_eq!(harmless("\u{1b}[31mred\u{1b}[0m\u{7}"), r"\u{1b}[31mred\u{1b}[0m\u{7}");
        assert_eq!(harmless("a\r\u{9b}2J\u{202e}b"), r"a\r\u{9b}2J\u{202e}b");
        assert_eq!(one_line("a \"1\nerror: b\"\n"), r#"a "1\nerror: b""#);
        let long = one_line(&format!("begin {} end", "é".repeat(100_000)));
        assert!(long.starts_with("begin ") && long.ends_with(" end"), "{long}");
        assert_eq!(long.chars().count(), LONGEST + 3);
        let mut lines = HarmlessLines(vec![]);
        lines.write_all("a,\u{1b}c\nb,é\n".as_bytes()).expect("written");
        assert_eq!(lines.0, "a,\\u{1b}c\nb,é\n".as_bytes());
    }
}
