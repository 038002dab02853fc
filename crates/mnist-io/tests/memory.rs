//! A damaged header cannot cause a large allocation. This test has its own binary, because it measures the
//! process.
#![cfg(target_os = "linux")]

#[path = "suite/common/mod.rs"]
mod common;

use std::path::Path;

use common::{gzip, idx};
use mnist_io::Error;
use mnist_io::idx::{MAX_BYTES, read_images_from};

/// The peak size of the address space in bytes, which includes reserved memory that was never used.
fn peak_address_space() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    let kilobytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    1024 * kilobytes.expect("the status has a line `VmPeak: N kB`")
}

#[test]
fn sixteen_bytes_that_declare_four_gibibytes_reserve_nothing() {
    let header = idx(&[(MAX_BYTES / 2) as u32, 2, 1], &[]);
    assert_eq!(header.len(), 16);
    let before = peak_address_space();
    for bytes in [gzip(&header), header] {
        let error = read_images_from(&bytes[..], Path::new("bomb")).unwrap_err();
        assert!(matches!(error, Error::Short { found: 16, .. }), "{error}");
        assert!(error.to_string().starts_with("bomb ends after 16 unpacked bytes"));
    }
    let grown = peak_address_space() - before;
    assert!(grown < MAX_BYTES / 16, "{grown} bytes were reserved");
}
