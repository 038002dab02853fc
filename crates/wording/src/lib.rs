#![doc = include_str!("../README.md")]

mod catalogue;
mod korean;
mod stored;

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use fluent_bundle::{FluentArgs, FluentValue};

use catalogue::Bundle;

/// A value inserted into a message: a text, or a number that may select singular or plural.
pub type Value<'a> = FluentValue<'a>;

/// Defines [`Language`] from names and the names of their files in `i18n`, English first.
macro_rules! languages {
    ($($(#[$doc:meta])* $language:ident = $code:literal;)*) => {
        /// A language of pages and figures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub enum Language {
            $($(#[$doc])* $language,)*
        }

        impl Language {
            /// All languages.
            pub const ALL: &'static [Language] = &[$(Language::$language),*];

            /// The language code, as in `<html lang>`.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Language::$language => $code,)*
                }
            }

            /// The texts, in Fluent syntax.
            const fn source(self) -> &'static str {
                match self {
                    $(Language::$language => include_str!(concat!("../i18n/", $code, ".ftl")),)*
                }
            }

            /// The messages, parsed on first use.
            fn bundle(self) -> &'static Bundle {
                match self {
                    $(Language::$language => {
                        static BUNDLE: OnceLock<Bundle> = OnceLock::new();
                        BUNDLE.get_or_init(|| catalogue::bundle(self))
                    })*
                }
            }
        }
    };
}

languages! {
    /// English, the language that the others are translated from.
    #[default]
    English = "en";
    /// Korean.
    Korean = "ko";
}

/// The message of this name with its values: `say!(language, "layers", n = 3)`.
#[macro_export]
macro_rules! say {
    ($language:expr, $id:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $language.say($id, &[$((stringify!($name), $crate::Value::from($value))),*])
    };
}

impl Language {
    /// The message of this name, or `NAME.ATTRIBUTE`, with its values: in English if it is not translated,
    /// and the name itself if there is no such message.
    pub fn say(self, id: &str, values: &[(&str, Value<'_>)]) -> String {
        let args: FluentArgs<'_> =
            values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut languages = [self, Language::English].into_iter();
        languages
            .find_map(|language| catalogue::format(language.bundle(), id, &args))
            .unwrap_or_else(|| id.to_owned())
    }

    /// A text that a run stored in English, translated into this language; unchanged if no message matches.
    pub fn stored(self, text: &str) -> String {
        if self == Language::English {
            return text.to_owned();
        }
        let Some((id, values)) = stored::recognised(text) else { return text.to_owned() };
        let translated = |(name, value): (String, &str)| {
            let is_text = name == "text" || name.starts_with("text_");
            (name, if is_text { self.stored(value) } else { value.to_owned() })
        };
        let values: Vec<(String, String)> = values.into_iter().map(translated).collect();
        let values: Vec<(&str, Value<'_>)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), Value::from(value.as_str())))
            .collect();
        self.say(&id, &values)
    }

    /// "a, b and c".
    pub fn listed(self, words: &[String]) -> String {
        match words {
            [] => String::new(),
            [one] => one.clone(),
            [most @ .., last] => say!(self, "listed", most = most.join(", "), last = last.as_str()),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A language without a catalogue.
#[derive(Debug, thiserror::Error)]
#[error("language {code:?}: expected one of {}", codes())]
pub struct UnknownLanguage {
    /// The code that was given.
    pub code: String,
}

fn codes() -> String {
    Language::ALL.iter().map(|language| language.code()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        let found = Language::ALL.iter().find(|language| language.code() == code);
        found.copied().ok_or_else(|| UnknownLanguage { code: code.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_decide_between_singular_and_plural() {
        assert_eq!(say!(Language::English, "layers", n = 1), "1 hidden layer");
        assert_eq!(say!(Language::English, "layers", n = 1000), "1000 hidden layers");
        assert_eq!(say!(Language::Korean, "layers", n = 3), "은닉층 3개");
    }

    #[test]
    fn particles_follow_the_word() {
        let clause = |method: &str| {
            say!(
                Language::Korean,
                "clause-better",
                labels = "100",
                method = method,
                error = "6 %",
                other_error = "11 %",
                evidence = "()"
            )
        };
        assert!(
            clause("RBM 사전훈련")
                .starts_with("레이블 100개에서 RBM 사전훈련은 테스트 오차를 11 %에서 6 %로")
        );
        assert!(clause("PCA 초기화").contains("PCA 초기화는 "));
    }

    #[test]
    fn stored_texts_are_recognised_with_their_values() {
        let of = |text: &str| Language::Korean.stored(text);
        assert_eq!(of("Filters: rbm-pcd"), "필터: rbm-pcd");
        assert_eq!(
            of("Test error by number of labels, 3 hidden layers"),
            "레이블 수에 따른 테스트 오차, 은닉층 3개"
        );
        assert_eq!(
            of("Test error by number of labels, 1 hidden layer"),
            "레이블 수에 따른 테스트 오차, 은닉층 1개"
        );
        let caption = "Test images and, beside each, the maps of every layer that vary most, from the lowest value \
                       of the layer in black to the highest in white. The layers have 8 maps of 14 × 14, then 4 \
                       maps of 7 × 7.";
        assert!(
            of(caption).ends_with("층의 크기: 14 × 14 맵 8개, 다음은 7 × 7 맵 4개."),
            "{}",
            of(caption)
        );
        assert_eq!(of("flats.csv, column 3"), "flats.csv, column 3");
        assert_eq!(Language::English.stored("Filters: rbm"), "Filters: rbm");
    }

    #[test]
    fn a_message_that_is_missing_is_its_name() {
        assert_eq!(say!(Language::Korean, "no-such-message"), "no-such-message");
        assert_eq!("ko".parse::<Language>().expect("known"), Language::Korean);
        let error = "kr".parse::<Language>().expect_err("unknown").to_string();
        assert_eq!(error, "language \"kr\": expected one of en, ko");
    }
}
