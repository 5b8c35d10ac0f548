//! Sets fields of YAML files in place: one line of standard input for each field, `FILE<TAB>PATH<TAB>VALUE`.
//!
//! Lines about one file follow each other and are one edit: all of its fields are set, or none. Each file holds one
//! document. A file that is not edited is printed as `FILE<TAB>REASON`, and the others are edited all the same; the
//! exit code is 1 only if standard input cannot be understood or a file cannot be read or written.
//!
//! ```sh
//! printf 'values.yaml\timage.tag\t1.4.2\n' | set_fields
//! ```
//!
//! `benches/peers` compares it with other editors.

use std::error::Error;
use std::fs;
use std::io::{self, Read as _, Write as _};

use sluice_yaml::{Edit, Form, Identity, Note, apply};

fn main() -> Result<(), Box<dyn Error>> {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input)?;
    let fields = input
        .lines()
        .map(Field::parse)
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = io::stdout().lock();
    for of_one_file in fields.chunk_by(|one, next| one.file == next.file) {
        let file = of_one_file[0].file;
        let edits: Vec<Edit> = of_one_file.iter().map(|field| field.edit.clone()).collect();
        match apply(&fs::read(file)?, &edits) {
            Ok(edited) => fs::write(file, edited.bytes)?,
            Err(refused) => writeln!(out, "{file}\t{refused}")?,
        }
    }
    Ok(())
}

/// One line of the input.
struct Field<'a> {
    file: &'a str,
    edit: Edit,
}

impl<'a> Field<'a> {
    fn parse(line: &'a str) -> Result<Self, Box<dyn Error>> {
        let mut parts = line.splitn(3, '\t');
        let (Some(file), Some(path), Some(value)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("expected FILE, PATH and VALUE between tabs: `{line}`").into());
        };
        let edit = Edit {
            // No condition: the one document of the file.
            object: Identity::default(),
            path: path.parse()?,
            value: value.to_owned(),
            form: Form::Text,
            note: Note::Keep,
        };
        Ok(Self { file, edit })
    }
}
