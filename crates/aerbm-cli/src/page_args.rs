//! Options about the page of a run.

use aerbm::Language;
use aerbm::page::PageOptions;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The content and the language of a page.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PageArgs {
    /// Leave the models out of the page, which makes it smaller
    #[arg(long)]
    without_models: bool,
    #[command(flatten)]
    pub(crate) language: LanguageArg,
}

impl PageArgs {
    pub(crate) fn options(self) -> PageOptions {
        PageOptions { without_models: self.without_models, language: self.language.language }
    }

    /// These options as typed, after a space.
    pub(crate) fn given(self) -> String {
        let without_models = if self.without_models { " --without-models" } else { "" };
        without_models.to_owned() + &self.language.given()
    }
}

/// The language of a page.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LanguageArg {
    /// Language of the page: en for English, ko for Korean [default: that of the page in this folder,
    /// otherwise en]
    #[arg(long, value_name = "LANGUAGE", value_parser = languages(), hide_possible_values = true)]
    pub(crate) language: Option<Language>,
}

impl LanguageArg {
    /// The option as typed, after a space.
    pub(crate) fn given(self) -> String {
        self.language.map(|language| format!(" --language {language}")).unwrap_or_default()
    }
}

fn languages() -> impl TypedValueParser<Value = Language> {
    let codes = Language::ALL.iter().map(|language| language.code());
    PossibleValuesParser::new(codes).map(|code| code.parse().expect("one of the codes"))
}
