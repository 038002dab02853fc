//! The page of a run, drawn from the files in its folder.

use std::path::Path;

use report::{Answer, ComparisonRow, MethodStyle, PairVerdict, PairedRow, Styles, SummaryRow, Tone};
use study::verdict::{CellLine, Finding, PairedLine, SummaryLine, Verdict};
use study::{Methods, Roles};

use crate::Error;
use crate::config::ProfileConfig;
