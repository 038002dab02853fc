//! The command in a process whose signals do not depend on those of the tests' process.

use std::process::Command;

/// The command in a process that ignores these signals and no others, whatever the process of the tests does.
pub(crate) fn aerbm_that_ignores(signals: &str) -> Command {
    const START: &str = "
import os, signal, sys
for name in ['SIGINT', 'SIGHUP', 'SIGTERM']:
    ignored = name in sys.argv[1].split()
    signal.signal(getattr(signal, name), signal.SIG_IGN if ignored else signal.SIG_DFL)
os.execv(sys.argv[2], sys.argv[2:])
";
    let mut command = Command::new("python3");
    command.args(["-c", START, signals]).arg(assert_cmd::cargo::cargo_bin("aerbm"));
    command
}
