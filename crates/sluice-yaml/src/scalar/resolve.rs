//! Which plain text some YAML reader takes for something other than a string.
//!
//! The union of YAML 1.1 (with its underscores, base 60, octal and dates), of the YAML 1.2 schemas and of what common
//! readers add: commas in Ruby, `0b` in Go.

/// Whether a reader could take this plain text for null, a boolean, a number, a date, a merge or a default value.
pub fn could_be_no_string(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity",
    ];
    text.is_empty()
        || matches!(text, "=" | "<<")
        || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || is_number(text)
        || is_date(text)
}

/// What readers take a plain text for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainType {
    /// A string for every parser.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A number in its canonical form.
    Number,
    /// Something else to one reader than to another, or than the text says: `12.10` is the number 12.1, `012` is ten or twelve.
    Unclear,
}

/// What readers take this plain text for.
pub fn plain_type(text: &str) -> PlainType {
    match text {
        _ if !could_be_no_string(text) => PlainType::Text,
        "true" | "false" => PlainType::Boolean,
        _ if prints_as_it_is(text) => PlainType::Number,
        _ => PlainType::Unclear,
    }
}

/// Whether a text is a decimal number that is printed as it is written. Below a ten-thousandth printers turn to exponents.
fn prints_as_it_is(text: &str) -> bool {
    if let Ok(number) = text.parse::<i64>() {
        return number.to_string() == text;
    }
    let is_decimal = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
    let number = text.parse::<f64>().ok().filter(|_| is_decimal);
    number.is_some_and(|number| number.abs() >= 1e-4 && number.to_string() == text)
}

fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let text: String = text
        .chars()
        .filter(|character| !matches!(character, '_' | ','))
        .collect();
    let lower = text.to_ascii_lowercase();
    if matches!(&*lower, ".inf" | ".nan") {
        return true;
    }
    let based = [("0x", 16), ("0o", 8), ("0b", 2)];
    for (prefix, radix) in based {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return digits.chars().all(|digit| digit.is_digit(radix));
        }
    }
    is_base_60(&lower) || is_decimal(&lower)
}

/// `12`, `1.`, `.5`, `1.5e-3`, `1e3`.
fn is_decimal(text: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    is_digits(exponent)
        && !(whole.is_empty() && fraction.is_empty())
        && is_digits(whole)
        && is_digits(fraction)
}

/// `1:30`, `190:20:30.15`.
fn is_base_60(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    text.contains(':') && text.split(':').all(is_part)
}

/// Everything that begins like `2001-12-14`: readers differ about what may follow.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut is_digits = |least: usize, most: usize| {
        let part = parts.next().unwrap_or("");
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        (least..=most).contains(&digits) && (least == 1 || digits == part.len())
    };
    is_digits(4, 4) && is_digits(1, 2) && is_digits(1, usize::MAX)
}
