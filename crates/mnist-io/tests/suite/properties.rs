//! Properties that hold for arbitrary files.

use std::path::Path;

use crate::common::{gzip, idx};
use mnist_io::idx::{read_images_from, read_labels_from};
use proptest::prelude::*;

/// Random bytes, random bytes after a plausible header, and both compressed, possibly damaged.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let noise = || prop::collection::vec(any::<u8>(), 0..200);
    let dimensions = prop::collection::vec(prop_oneof![0_u32..9, any::<u32>()], 0..5);
    let plain = prop_oneof![noise(), (dimensions, noise()).prop_map(|(d, e)| idx(&d, &e))];
    (plain, 0..3, any::<prop::sample::Index>()).prop_map(|(plain, packing, place)| match packing {
        0 => plain,
        1 => gzip(&plain),
        _ => {
            let mut damaged = gzip(&plain);
            let place = place.index(damaged.len());
            damaged[place] ^= 0x55;
            damaged
        }
    })
}

proptest! {
    #[test]
    fn any_bytes_give_a_set_or_an_error(bytes in any_file()) {
        let name = Path::new("any");
        if let Ok(images) = read_images_from(&bytes[..], name) {
            prop_assert_eq!(images.n_images() * images.shape.n_pixels(), images.pixels.len());
        }
        let _ = read_labels_from(&bytes[..], name, 10);
    }

    #[test]
    fn images_come_back(
        n_images in 1_u32..6, height in 1_u32..6, width in 1_u32..6, fill: [u8; 125], packed: bool,
    ) {
        let n_bytes = (n_images * height * width) as usize;
        let pixels = fill.iter().copied().cycle().take(n_bytes).collect::<Vec<u8>>();
        let plain = idx(&[n_images, height, width], &pixels);
        let bytes = if packed { gzip(&plain) } else { plain.clone() };
        let images = read_images_from(&bytes[..], Path::new("images")).unwrap();
        prop_assert_eq!(images.shape.height, height as usize);
        prop_assert_eq!(images.shape.width, width as usize);
        prop_assert_eq!([images.header(), images.pixels].concat(), plain);
    }

    #[test]
    fn labels_come_back(labels in prop::collection::vec(any::<u8>(), 1..50), packed: bool) {
        let plain = idx(&[labels.len() as u32], &labels);
        let bytes = if packed { gzip(&plain) } else { plain.clone() };
        let read = read_labels_from(&bytes[..], Path::new("labels"), 256).unwrap();
        prop_assert_eq!([read.header(), read.labels].concat(), plain);
    }
}
