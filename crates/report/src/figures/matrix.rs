//! A table of counts as coloured squares, such as a confusion matrix.
//!
//! CSV: `row,column,count`, one line per square, row by row. Rows and columns have the same names in the same
//! order. Diagonal squares are shaded by their share of the row, the others by their share of the largest of
//! these others.

use std::path::Path;

use number_text::count;
use serde::{Deserialize, Serialize};
use wording::{Language, say};

use super::chart;
use super::picture::{Anchor, Mark, Picture, Point, Weight};
use super::{Layout, Meta, palette, text};
use crate::answer::{Rgb, Styles};
use crate::error::Error;
use crate::group::distinct;
use crate::rows::Row;
use crate::table::{read_csv, to_csv};

/// Counts of pairs of names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    /// Title, caption and position on the page.
    pub meta: Meta,
    /// Title of the rows.
    pub row_title: String,
    /// Title of the columns.
    pub column_title: String,
    /// The squares, row by row.
    pub squares: Vec<Square>,
}

/// The count of one pair of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Square {
    /// Name of the row.
    pub row: String,
    /// Name of the column.
    pub column: String,
    /// The count.
    pub count: usize,
}

impl Row for Square {
    const COLUMNS: &'static [&'static str] = &["row", "column", "count"];
}

impl Matrix {
    /// Writes `DIR/figures/NAME.csv` and `NAME.json`, then draws `NAME.svg` and `NAME.png` from them.
    ///
    /// # Errors
    /// [`Error::Write`] if a file cannot be written, [`Error::Figure`] if there are no squares or the name is
    /// not a valid file name.
    pub fn write(&self, dir: &Path, name: &str, styles: &Styles) -> Result<(), Error> {
        let description = Description {
            row_title: self.row_title.clone(),
            column_title: self.column_title.clone(),
        };
        super::save(dir, name, to_csv(&self.squares), &self.meta, description, styles)
    }
}

/// The part of the figure that is not in its CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Description {
    row_title: String,
    column_title: String,
}

/// Maximum side of a square.
const SIDE: f64 = 46.0;
/// Height of the column names and their title.
const HEAD: f64 = 46.0;
/// Maximum share of the width for row names.
const LABELS: f64 = 0.25;

impl Layout for Description {
    fn layout(
        &self,
        csv: &Path,
        title: &str,
        styles: &Styles,
        width: f64,
    ) -> Result<Picture, Error> {
        let squares: Vec<Square> = read_csv(csv)?;
        super::at_least_one(csv, "squares", &squares)?;
        Ok(self.draw(styles.language, &squares, title, width))
    }
}

impl Description {
    fn draw(&self, language: Language, squares: &[Square], title: &str, width: f64) -> Picture {
        let [of_row, of_column] =
            [&self.row_title, &self.column_title].map(|title| language.stored(title));
        let names = distinct(squares.iter().map(|square| square.row.as_str()));
        let regular = |name: &str| text::width(name, chart::TICK_SIZE, Weight::Regular);
        let widest = names.iter().map(|name| regular(name)).fold(0.0, f64::max);
        let left = widest.min(LABELS * width) + 14.0;
        // Squares are as wide as the names of the columns if there is room.
        let side = ((width - left - 2.0) / names.len() as f64).min(SIDE.max(widest + 6.0));
        let room = HEAD + side * names.len() as f64 + 30.0;
        let (across, down) = (of_column.as_str(), of_row.as_str());
        let heading = say!(language, "drawn-squares", column = across, row = down);
        let heading = text::fitted(&heading, chart::TICK_SIZE, Weight::Regular, width - left);
        // Few classes do not need a wide picture.
        let needed = left + (side * names.len() as f64).max(regular(&heading));
        let needed = needed.max(text::width(title, chart::TITLE_SIZE, Weight::Semibold)) + 4.0;
        let (mut picture, top) = chart::page(title, &[], needed.min(width), room);
        let columns_title = (left, top + 8.0);
        picture.push(chart::quiet(columns_title, &heading, Anchor::Start));

        let top = top + HEAD;
        let middle = |place: usize| (place as f64 + 0.5) * side;
        for (place, name) in names.iter().enumerate() {
            let in_row = text::fitted(name, chart::TICK_SIZE, Weight::Regular, left - 12.0);
            picture.push(chart::quiet((left - 8.0, top + middle(place)), &in_row, Anchor::End));
            let above = text::fitted(name, chart::TICK_SIZE, Weight::Regular, side - 2.0);
            picture.push(chart::quiet((left + middle(place), top - 10.0), &above, Anchor::Middle));
        }
        let shades = Shades::of(squares);
        let place = |name: &str| names.iter().position(|known| *known == name);
        for square in squares {
            let (Some(row), Some(column)) = (place(&square.row), place(&square.column)) else {
                continue;
            };
            let corner = (left + column as f64 * side, top + row as f64 * side);
            let (color, strength) = shades.of_square(square);
            fill(&mut picture, corner, side - 1.0, color);
            let center = (left + middle(column), top + middle(row));
            let number = count(square.count);
            if square.count > 0 && text::width(&number, SMALL, Weight::Regular) < side - 3.0 {
                picture.push(Mark::Text {
                    at: center,
                    text: number.clone(),
                    size: SMALL,
                    color: if strength > 0.6 { LIGHT } else { DARK },
                    anchor: Anchor::Middle,
                    weight: Weight::Regular,
                });
            }
            let tip = format!("{of_row} {}, {of_column} {}: {number}", square.row, square.column);
            picture.tip(center, side / 2.0, tip);
        }
        picture.numbers = spoken(language, squares);
        picture
    }
}

/// Size of the numbers in squares.
const SMALL: f64 = 11.0;

/// Colours of the numbers on pale and on strong squares. They differ from ink and paper, which a dark page
/// replaces, whereas the squares keep their colours.
const DARK: Rgb = (20, 20, 20);
const LIGHT: Rgb = (252, 252, 252);

/// The reference counts for the shades.
struct Shades<'a> {
    squares: &'a [Square],
    most_beside: usize,
}

impl<'a> Shades<'a> {
    fn of(squares: &'a [Square]) -> Self {
        let beside = squares.iter().filter(|square| square.row != square.column);
        let most_beside = beside.map(|square| square.count).max().unwrap_or_default();
        Shades { squares, most_beside }
    }

    /// The colour of a square, and its strength from 0 to 1.
    fn of_square(&self, square: &Square) -> (Rgb, f64) {
        let is_right = square.row == square.column;
        let all = if is_right {
            self.squares.iter().filter(|it| it.row == square.row).map(|it| it.count).sum()
        } else {
            self.most_beside
        };
        let strength = square.count as f64 / (all.max(1)) as f64;
        let signed = if is_right { -0.6 * strength } else { strength };
        #[allow(clippy::cast_possible_truncation, reason = "a share")]
        (palette::diverging(signed as f32), signed.abs())
    }
}

fn fill(picture: &mut Picture, (x, y): Point, side: f64, color: Rgb) {
    let points = vec![(x, y), (x + side, y), (x + side, y + side), (x, y + side)];
    picture.push(Mark::Polygon { points, color });
}

/// The largest off-diagonal counts in words.
fn spoken(language: Language, squares: &[Square]) -> String {
    const TOLD: usize = 5;
    let mut beside: Vec<&Square> =
        squares.iter().filter(|square| square.row != square.column && square.count > 0).collect();
    beside.sort_by_key(|square| std::cmp::Reverse(square.count));
    let told = beside.iter().take(TOLD);
    let told = told.map(|it| {
        let (row, column) = (it.row.as_str(), it.column.as_str());
        say!(language, "drawn-taken-for", row = row, column = column, count = count(it.count))
    });
    told.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(counts: [[usize; 3]; 3]) -> Vec<Square> {
        let names = ["a", "b", "c"];
        let row = |(row, counts): (usize, [usize; 3])| {
            let square = move |(column, count): (usize, usize)| Square {
                row: names[row].into(),
                column: names[column].into(),
                count,
            };
            counts.into_iter().enumerate().map(square)
        };
        counts.into_iter().enumerate().flat_map(row).collect()
    }

    #[test]
    fn mistakes_are_shaded_by_the_most_frequent_and_hits_by_their_row() {
        let squares = squares([[90, 10, 0], [0, 5, 5], [0, 0, 0]]);
        let shades = Shades::of(&squares);
        let strength = |place: usize| shades.of_square(&squares[place]).1;
        assert!((strength(0) - 0.6 * 0.9).abs() < 1e-12 && (strength(4) - 0.6 * 0.5).abs() < 1e-12);
        assert_eq!((strength(1), strength(5), strength(2), strength(8)), (1.0, 0.5, 0.0, 0.0));
        let (hit, mistake) = (shades.of_square(&squares[0]).0, shades.of_square(&squares[1]).0);
        assert!(hit.2 > hit.0 && mistake.0 > mistake.2, "blue {hit:?}, red {mistake:?}");
    }

    #[test]
    fn every_count_is_written_where_there_is_room_and_told_where_it_is_pointed_at() {
        let description = Description { row_title: "class".into(), column_title: "guess".into() };
        let squares = squares([[90, 10, 0], [1, 5, 5], [0, 0, 7]]);
        for width in [chart::WIDE, chart::NARROW] {
            let picture = description.draw(Language::English, &squares, "Confusions", width);
            let marks = picture.marks.iter().map(|member| &member.mark);
            let written = marks
                .clone()
                .filter(|mark| matches!(mark, Mark::Text { size, .. } if *size == SMALL));
            assert_eq!(written.count(), 6, "zeros are left out");
            let tips: Vec<_> = marks
                .filter_map(|mark| {
                    if let Mark::Tip { text, .. } = mark { Some(text.as_str()) } else { None }
                })
                .collect();
            assert!(tips.len() == 9 && tips[1] == "class a, guess b: 10");
            assert!(picture.width <= width.ceil());
            assert_eq!(picture.numbers, "a as b: 10. b as c: 5. b as a: 1.");
        }
    }
}
