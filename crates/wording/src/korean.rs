//! Korean particles, whose form depends on the last sound of the word before them.

/// Whether a word takes the form of a particle that follows a consonant. For 으로, a final ㄹ counts as a vowel.
pub(crate) fn takes(particle: &str, word: &str) -> bool {
    ends_in_consonant(word) && !(particle.starts_with('으') && ends_in_rieul(word))
}

/// Whether a word ends in a consonant: a Hangul syllable with a final consonant, or a digit or letter whose
/// name has one.
fn ends_in_consonant(word: &str) -> bool {
    match last_letter(word) {
        // Syllables come in groups of 28: one for each final consonant, after a first one without.
        Some(syllable @ '가'..='힣') => (u32::from(syllable) - u32::from('가')) % 28 != 0,
        Some(digit) if digit.is_ascii_digit() => "013678".contains(digit),
        Some(letter) => "lmnrLMNR".contains(letter),
        None => false,
    }
}

/// Whether a word ends in ㄹ, the eighth final consonant.
fn ends_in_rieul(word: &str) -> bool {
    match last_letter(word) {
        Some(syllable @ '가'..='힣') => (u32::from(syllable) - u32::from('가')) % 28 == 8,
        Some(digit) if digit.is_ascii_digit() => "178".contains(digit),
        Some(letter) => "lrLR".contains(letter),
        None => false,
    }
}

/// The last spoken letter or digit of a word. A trailing part in brackets is not spoken.
fn last_letter(word: &str) -> Option<char> {
    let word = match word.trim_end().strip_suffix(')').and_then(|word| word.rsplit_once('(')) {
        Some((before, _)) => before,
        None => word,
    };
    word.chars().rev().find(|letter| letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sound_decides() {
        for word in ["사전훈련", "없음", "RBM", "유닛 3", "유닛)"] {
            assert!(takes("은", word), "{word}");
        }
        for word in ["초기화", "PCA", "유닛 2", "회귀(로지스틱함)", ""] {
            assert!(!takes("은", word), "{word}");
        }
        assert!(takes("으로", "+5.6") && takes("으로", "5.00"));
        assert!(!takes("으로", "1.7") && !takes("으로", "2.5") && !takes("으로", "서울"));
    }
}
