//! Numbers in sentences: with thousands separators and a true minus, without a negative zero.

/// The number with this many decimals: `−1,234.50`; `n/a` for NaN.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "n/a".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".into() } else { "−∞".into() };
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// The number with a plus or minus sign; zero has neither.
pub(super) fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let zero = !text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if value > 0.0 && value.is_finite() && !zero { format!("+{text}") } else { text }
}

/// A count: `50,000`.
pub(super) fn count(value: usize) -> String {
    fixed(value as f64, 0)
}

/// A p-value with three decimals, or `< 0.001`.
pub(super) fn p_value(value: f64) -> String {
    if value < 0.001 { "< 0.001".into() } else { fixed(value, 3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(fixed(-1234.5, 2), "−1,234.50");
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(fixed(f64::NAN, 1), "n/a");
        assert_eq!(fixed(f64::NEG_INFINITY, 1), "−∞");
        assert_eq!(signed(0.04, 1), "0.0");
        assert_eq!(signed(4.84, 1), "+4.8");
        assert_eq!(count(50_000), "50,000");
        assert_eq!(p_value(0.000_2), "< 0.001");
        assert_eq!(p_value(0.38), "0.380");
    }
}
