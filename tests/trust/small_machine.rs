//! A control group of one processor and 512 MB: work that fits is done, and work that does not is refused, not killed.

use std::process::Command;

use crate::faults::COMPARISON;
use crate::support::{aerbm, ended, place, promised};

/// A shell that enters its own control group and runs its arguments there on one processor. Version 1 of
/// control groups has a folder for each kind of limit, version 2 one for all.
const SCRIPT: &str = "
    root=/sys/fs/cgroup; limit=memory.max
    [ -d $root/memory ] && root=$root/memory limit=memory.limit_in_bytes
    mkdir $root/$0 && echo 512M > $root/$0/$limit && echo $$ > $root/$0/cgroup.procs || exit 90
    first=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
    exec taskset -c \"$first\" \"$@\"";

#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_group_of_one_processor_and_little_memory_suffices_or_is_told() {
    let (whole, small) = (place(), place());
    assert!(ended(aerbm(whole.path()).args(COMPARISON)).status.success());
    let name = format!("aerbm-{}", std::process::id());
    let within = |args: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, &name]).arg(assert_cmd::cargo::cargo_bin!("aerbm"));
        let ended = ended(command.args(args).arg("--quiet").current_dir(small.path()));
        for root in ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"] {
            // It does not exist in the other version.
            let _ = std::fs::remove_dir(format!("{root}/{name}"));
        }
        ended
    };
    let done = within(&COMPARISON);
    if matches!(done.status.code(), Some(90 | 127)) {
        eprintln!("skipped: this user can have no control groups");
        return;
    }
    assert!(done.status.success(), "{}", done.stderr);
    assert_eq!(promised(&small.path().join("run")), promised(&whole.path().join("run")));

    let large = ["train", "rbm", "--data", "table.csv", "--set", "model.n_hidden=1000000"];
    let refused = within(&[&large[..], &["--out", "large"]].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("of memory, but only"), "{}", refused.stderr);
    assert!(refused.stderr.contains(" MB are free"), "{}", refused.stderr);
    assert!(!small.path().join("large").exists());
}
