//! Korean particles, whose form depends on the last sound of the word before them.

/// Whether a word ends in a consonant: a Hangul syllable with a final one, a digit or a letter whose name has
/// one. What stands in brackets at the end is not spoken.
pub(crate) fn ends_in_consonant(word: &str) -> bool {
    let word = match word.trim_end().strip_suffix(')').and_then(|word| word.rsplit_once('(')) {
        Some((before, _)) => before,
        None => word,
    };
    match word.chars().rev().find(|letter| letter.is_alphanumeric()) {
        // Syllables are in groups of 28, one for each final consonant and the first for none.
        Some(syllable @ '가'..='힣') => (u32::from(syllable) - u32::from('가')) % 28 != 0,
        Some(digit) if digit.is_ascii_digit() => "013678".contains(digit),
        Some(letter) => "lmnrLMNR".contains(letter),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sound_decides() {
        for word in ["사전훈련", "없음", "RBM", "유닛 3", "유닛)"] {
            assert!(ends_in_consonant(word), "{word}");
        }
        for word in ["초기화", "PCA", "유닛 2", "회귀(로지스틱함)", ""] {
            assert!(!ends_in_consonant(word), "{word}");
        }
    }
}
