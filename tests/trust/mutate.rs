//! Mutations of files, of the kinds that find most faults in readers.

/// Numbers that readers stumble over: limits of their types, and lengths of data that do not exist.
const NUMBERS: [u64; 12] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 40,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];

/// Pieces of the formats that are read.
const PIECES: [&str; 24] = [
    "[",
    "]",
    "{",
    "}",
    "(",
    "\"",
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\0",
    "-",
    "1e999",
    "nan",
    "inf",
    "99999999999999999999",
    "'<f8'",
    "\u{feff}",
    "\u{1b}[31m",
    "../",
    "=",
    "[[",
];

/// A generator of random numbers (splitmix64), so that a seed reproduces a failing input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 if there is none.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub(crate) fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Changes a file in one to four ways. `other` is another file to take pieces from.
pub(crate) fn mutated(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        mutate(&mut bytes, other, random);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    // Most of what a reader decides on is at the beginning of a file, and some of it at the end.
    let end = match random.below(4) {
        0 => bytes.len(),
        1 => bytes.len().min(16),
        _ => bytes.len().min(128),
    };
    let at = if random.below(6) == 0 {
        bytes.len().saturating_sub(1 + random.below(32))
    } else {
        random.below(end)
    };
    match random.below(9) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        1 if !bytes.is_empty() => bytes[at] = random.next() as u8,
        2 => bytes.truncate(at),
        3 => {
            let number = random.one_of(&NUMBERS).to_le_bytes();
            let number = &number[..1 << random.below(4)];
            let mut number = number.to_vec();
            if random.below(2) == 0 {
                number.reverse();
            }
            for (place, byte) in bytes.iter_mut().skip(at).zip(number) {
                *place = byte;
            }
        }
        4 => {
            let piece = random.one_of(&PIECES).as_bytes();
            let times = 1 << (random.below(8) * random.below(2));
            bytes.splice(at..at, piece.repeat(times));
        }
        5 => {
            let to = at + random.below(bytes.len() - at + 1);
            bytes.drain(at..to);
        }
        6 => {
            let to = at + random.below((bytes.len() - at + 1).min(64));
            let piece = bytes[at..to].to_vec();
            bytes.splice(at..at, piece);
        }
        7 => {
            let from = random.below(other.len());
            let to = from + random.below((other.len() - from + 1).min(64));
            bytes.splice(at..at, other[from..to].iter().copied());
        }
        _ => {
            let digits: Vec<usize> =
                (0..bytes.len()).filter(|&place| bytes[place].is_ascii_digit()).collect();
            if !digits.is_empty() {
                let place = *random.one_of(&digits);
                let number = random.one_of(&NUMBERS).to_string();
                bytes.splice(place..=place, number.bytes());
            }
        }
    }
}
