//! Lists of names in messages, shortened if long.

use std::fmt::Display;

/// Number of names shown.
const SHOWN: usize = 12;

/// The first of the names, separated by commas.
pub(crate) fn some_of<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let mut names = names.into_iter();
    let told: Vec<String> = names.by_ref().take(SHOWN).map(|name| name.to_string()).collect();
    let more = if names.next().is_some() { ", …" } else { "" };
    told.join(", ") + more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_a_short_one_is_whole() {
        assert_eq!(some_of(["a", "b"]), "a, b");
        assert_eq!(some_of(1..=SHOWN), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12");
        assert!(some_of(1..=SHOWN + 1).ends_with("11, 12, …"));
        assert_eq!(some_of::<u8>([]), "");
    }
}
