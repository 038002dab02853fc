//! New data are read block by block: memory does not grow with the number of rows.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]

use std::fmt::Write as _;

use crate::common::npy;
use crate::common::tables::{Folder, contract};
use mnist_io::{Contract, NewData};
use std::path::Path;

/// The peak number of bytes in use while all rows are read, and the number of rows.
fn most_bytes(contract: &Contract, path: &Path) -> (u64, usize) {
    let mut n_rows = 0;
    let used = allocation_counter::measure(|| {
        let rows = contract.rows(path, &NewData::default()).unwrap();
        n_rows = rows.map(|block| block.unwrap().x.nrows()).sum();
    });
    (used.bytes_max, n_rows)
}

#[test]
fn memory_does_not_grow_with_the_rows() {
    let dir = Folder::new();
    let table = |n: usize| {
        let mut text = "city,size,y\n".to_owned();
        for i in 0..n {
            writeln!(text, "{},{}.5,{}", ["Seoul", "Busan"][i % 2], i % 1000, i % 3).unwrap();
        }
        dir.write(&format!("{n}.csv"), text)
    };
    let array = |n: usize| {
        let bytes: Vec<u8> = (0..n * 4).map(|i| (i % 251) as u8).collect();
        dir.write(&format!("{n}.npy"), npy("|u1", &format!("({n}, 4)"), &bytes))
    };
    for (few, many) in [(table(20_000), table(200_000)), (array(20_000), array(200_000))] {
        let contract = contract(&few);
        let ((small, _), (large, n_rows)) =
            (most_bytes(&contract, &few), most_bytes(&contract, &many));
        assert_eq!(n_rows, 200_000);
        assert!(large < 2 * small, "{large} bytes for tenfold the rows of {small}");
    }
}
