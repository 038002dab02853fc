//! Bennett's acceptance ratio: ln Z₁ / Z₀ from samples of both distributions.
//!
//! With w = ln p*₁ − ln p*₀ and σ(x) = 1 / (1 + e^(−x)), for every constant c
//!
//! Z₁ / Z₀ = e^c · E₀\[σ(w − c)\] / E₁\[σ(c − w)\],
//!
//! and the variance of the estimate is least at c = ln Z₁ / Z₀ (Bennett 1976, eqs. 7 and 12, with equal
//! numbers of samples). An estimate of ln Z₁ / Z₀ made beforehand is therefore a good constant; a poor one
//! costs precision but leaves the estimate consistent.

/// The sums in Bennett's ratio, and those needed to choose its constant.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Acceptance {
    /// Number of samples of each distribution.
    n: f64,
    /// Σ σ(w − c) over samples of p₀.
    up: f64,
    /// Σ σ(c − w) over samples of p₁.
    down: f64,
    /// Σ w over samples of both.
    work: f64,
    /// Σ of the probabilities that an exchange of the two samples is rejected.
    rejected: f64,
}

impl Acceptance {
    /// Adds a sample of p₀, where w is `up`, and one of p₁, where −w is `down`.
    pub(crate) fn add(&mut self, up: f64, down: f64, constant: f64) {
        self.n += 1.0;
        self.up += logistic(up - constant);
        self.down += logistic(down + constant);
        self.work += up - down;
        self.rejected += 1.0 - (up + down).min(0.0).exp();
    }

    /// The combined sums of both.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.n += other.n;
        self.up += other.up;
        self.down += other.down;
        self.work += other.work;
        self.rejected += other.rejected;
        self
    }

    /// The sums without those of `part`, which they contain.
    pub(crate) fn without(mut self, part: &Self) -> Self {
        self.n -= part.n;
        self.up -= part.up;
        self.down -= part.down;
        self.work -= part.work;
        self.rejected -= part.rejected;
        self
    }

    /// The estimate of ln Z₁ / Z₀ from sums with this constant.
    pub(crate) fn log_ratio(&self, constant: f64) -> f64 {
        let sum = |sum: f64| sum.max(f64::MIN_POSITIVE).ln();
        constant + sum(self.up) - sum(self.down)
    }

    /// The mean of w under both distributions, which lies near ln Z₁ / Z₀ where they overlap.
    pub(crate) fn mean_work(&self) -> f64 {
        self.work / (2.0 * self.n).max(1.0)
    }

    /// The share of exchanges that are rejected.
    pub(crate) fn rejection(&self) -> f64 {
        self.rejected / self.n.max(1.0)
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two states with known weights, each drawn in proportion to its probability.
    #[test]
    fn every_constant_gives_the_ratio() {
        let (p0, p1) = ([1.0_f64, 3.0], [8.0_f64, 2.0]);
        let work = [0, 1].map(|state| (p1[state] / p0[state]).ln());
        // 40 samples of each distribution: 10 and 30 of p₀, 32 and 8 of p₁.
        let of_0 = [[work[0]; 10].as_slice(), &[work[1]; 30]].concat();
        let of_1 = [[work[0]; 32].as_slice(), &[work[1]; 8]].concat();
        for constant in [-3.0, 0.0, 1.0, 5.0] {
            let mut sums = Acceptance::default();
            for (up, down) in of_0.iter().zip(&of_1) {
                sums.add(*up, -down, constant);
            }
            let found = sums.log_ratio(constant);
            assert!((found - (10.0_f64 / 4.0).ln()).abs() < 1e-12, "{constant}: {found}");
        }
    }

    #[test]
    fn parts_are_taken_away_again() {
        let (mut one, mut other) = (Acceptance::default(), Acceptance::default());
        one.add(1.0, -0.5, 0.2);
        other.add(-2.0, 3.0, 0.2);
        let rest = one.and(&other).without(&other);
        assert!((rest.log_ratio(0.2) - one.log_ratio(0.2)).abs() < 1e-12);
        assert!((rest.rejection() - one.rejection()).abs() < 1e-12);
        assert!((one.mean_work() - 0.75).abs() < 1e-12);
    }
}
