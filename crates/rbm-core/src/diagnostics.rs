//! Convergence diagnostics of Markov chains, from a scalar of each state such as its free energy.
//!
//! With m chains of n steps, W the mean variance within and B/n the variance between chains,
//! var⁺ = (n − 1)/n W + B/n and ρ_t = 1 − (W − mean autocovariance at lag t) / var⁺. The autocorrelation time
//! τ = −1 + 2 Σ ρ_t is summed in pairs while they are positive (Geyer 1992); m n / τ is the effective number
//! of samples, the number of independent draws that are as informative. R̂ = √(var⁺ / W) of the chains cut in
//! half approaches 1 as the chains forget their starting states (Gelman & Rubin 1992; Vehtari et al. 2021,
//! eq. 3 to 13).

/// Convergence diagnostics of parallel chains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChainDiagnostics {
    /// Autocorrelation time τ in steps: draws further apart are nearly independent.
    pub autocorrelation_time: f64,
    /// Effective number of samples of all chains together.
    pub effective_samples: f64,
    /// R̂, which is below 1.01 for chains that agree.
    pub r_hat: f64,
}

/// Diagnoses chains of equal length from a scalar at each of their steps.
///
/// # Panics
/// If there are no chains, or they are shorter than four steps or of different lengths.
#[must_use]
pub fn diagnose_chains(chains: &[Vec<f64>]) -> ChainDiagnostics {
    let n = chains.first().map_or(0, Vec::len);
    assert!(n >= 4 && chains.iter().all(|chain| chain.len() == n), "chains of equal length");
    let halves: Vec<&[f64]> =
        chains.iter().flat_map(|chain| [&chain[..n / 2], &chain[n - n / 2..]]).collect();
    let (within, pooled) = variances(&halves);
    let r_hat = (pooled / within).sqrt();
    let whole: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
    let (within, pooled) = variances(&whole);
    let rho = |lag: usize| {
        let covariances = whole.iter().map(|chain| autocovariance(chain, lag));
        1.0 - (within - covariances.sum::<f64>() / whole.len() as f64) / pooled
    };
    let draws = (n * chains.len()) as f64;
    if pooled.is_nan() || pooled <= 0.0 {
        // The chains never moved, so all their states are one sample.
        let r_hat = f64::NAN;
        return ChainDiagnostics { autocorrelation_time: draws, effective_samples: 1.0, r_hat };
    }
    let mut time = -1.0;
    for lag in (0..n - 1).step_by(2) {
        let pair = rho(lag) + rho(lag + 1);
        if pair <= 0.0 {
            break;
        }
        time += 2.0 * pair;
    }
    let time = time.max(1.0);
    ChainDiagnostics { autocorrelation_time: time, effective_samples: draws / time, r_hat }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn autocovariance(chain: &[f64], lag: usize) -> f64 {
    let mean = mean(chain);
    let products = chain[lag..].iter().zip(chain).map(|(a, b)| (a - mean) * (b - mean));
    products.sum::<f64>() / (chain.len() - 1) as f64
}

/// W and var⁺.
fn variances(chains: &[&[f64]]) -> (f64, f64) {
    let n = chains[0].len() as f64;
    let within = chains.iter().map(|chain| autocovariance(chain, 0)).sum::<f64>();
    let within = within / chains.len() as f64;
    let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
    let between = if means.len() > 1 { autocovariance(&means, 0) } else { 0.0 };
    (within, (n - 1.0) / n * within + between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::{Purpose, Stream};
    use rand_distr::{Distribution as _, StandardNormal};

    /// xₜ = φ xₜ₋₁ + noise: ρ_t = φᵗ, so τ = (1 + φ) / (1 − φ).
    fn autoregressive(phi: f64, n: usize, chains: usize, offset: f64) -> Vec<Vec<f64>> {
        let mut rng = Stream::new(1, Purpose::new("test")).rng();
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        (0..chains)
            .map(|chain| {
                let mut x = normal() / (1.0 - phi * phi).sqrt();
                let next = |_| {
                    x = phi * x + normal();
                    x + offset * chain as f64
                };
                (0..n).map(next).collect()
            })
            .collect()
    }

    #[test]
    fn the_time_of_an_autoregressive_process() {
        for phi in [0.0, 0.5, 0.9] {
            let expected = (1.0 + phi) / (1.0 - phi);
            let found = diagnose_chains(&autoregressive(phi, 5_000, 8, 0.0));
            assert!((found.autocorrelation_time / expected - 1.0).abs() < 0.15, "{found:?}");
            assert!((found.effective_samples * expected / 40_000.0 - 1.0).abs() < 0.15);
            assert!(found.r_hat < 1.01, "{found:?}");
        }
    }

    #[test]
    fn chains_that_stay_apart_are_found_out() {
        let apart = diagnose_chains(&autoregressive(0.5, 1_000, 4, 2.0));
        assert!(apart.r_hat > 1.1 && apart.effective_samples < 100.0, "{apart:?}");
        let drift = vec![(0..100).map(f64::from).collect::<Vec<f64>>(); 3];
        assert!(diagnose_chains(&drift).r_hat > 1.5);
        let stuck = diagnose_chains(&vec![vec![-3.0; 100]; 3]);
        assert_eq!((stuck.effective_samples, stuck.autocorrelation_time), (1.0, 300.0));
        assert!(stuck.r_hat.is_nan());
    }
}
