use anyhow::ensure;
use clap::Args;

use crate::ui::Ui;

/// Check the mathematics of this binary on this machine
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(super) fn run(_: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    let (mut failed, mut count) = (0, 0);
    for check in aerbm::selfcheck::run() {
        count += 1;
        failed += usize::from(!check.passed());
        ui.rows(&[serde_json::json!({
            "check": check.name,
            "error": check.error,
            "bound": check.bound,
            "passed": check.passed(),
        })])?;
        let verdict = if check.passed() { "ok" } else { "FAILED" };
        ui.result(&format!(
            "{verdict:<7}{:<52}{:>10.1e} < {:.0e}",
            check.name, check.error, check.bound
        ))?;
    }
    ensure!(failed == 0, "{failed} of {count} checks failed: do not trust this build");
    Ok(())
}
