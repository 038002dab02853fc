//! The page's Content-Security-Policy: it loads nothing, and runs only the scripts written here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The policy of a page with these texts in its `style` and `script` elements. Attributes may set styles,
/// such as the sizes of figures; they cannot load anything.
pub(super) fn policy(styles: &[&str], scripts: &[&str]) -> String {
    let (styles, scripts) = (sources(styles), sources(scripts));
    format!(
        "default-src 'none'; img-src data:; style-src {styles}; style-src-attr 'unsafe-inline'; \
         script-src {scripts}; base-uri 'none'; form-action 'none'"
    )
}

/// The hashes of texts, in policy syntax.
fn sources(texts: &[&str]) -> String {
    if texts.is_empty() {
        return "'none'".to_owned();
    }
    let hash = |text: &&str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    texts.iter().map(hash).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_named_by_their_hashes() {
        // The published SHA-256 of "abc" in base64.
        let abc = "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='";
        let found = policy(&["abc"], &[]);
        assert!(found.contains(&format!("style-src {abc}; ")), "{found}");
        assert!(found.contains("script-src 'none'; "), "{found}");
        assert!(policy(&[], &["abc", "abc"]).contains(&format!("script-src {abc} {abc}; ")));
    }
}
