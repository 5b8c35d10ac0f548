//! What a plain scalar means by the core schema of YAML 1.2 (§10.3.2).

/// The meaning of one plain scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Core<'a> {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(&'a str),
}

impl<'a> Core<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "true" | "True" | "TRUE" => return Self::Bool(true),
            "false" | "False" | "FALSE" => return Self::Bool(false),
            ".nan" | ".NaN" | ".NAN" => return Self::Float(f64::NAN),
            _ => {}
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
            let is_negative = text.starts_with('-');
            return Self::Float(if is_negative {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            });
        }
        if let Some(number) = integer(text, unsigned) {
            return Self::Integer(number);
        }
        if is_float(unsigned)
            && let Ok(number) = text.parse()
        {
            return Self::Float(number);
        }
        Self::Text(text)
    }
}

fn integer(text: &str, unsigned: &str) -> Option<i128> {
    let all = |digits: &str, is_digit: fn(&u8) -> bool| {
        !digits.is_empty() && digits.bytes().all(|byte| is_digit(&byte))
    };
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |byte| (b'0'..=b'7').contains(byte))
            .then(|| i128::from_str_radix(digits, 8).ok())?;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit)
            .then(|| i128::from_str_radix(digits, 16).ok())?;
    }
    all(unsigned, u8::is_ascii_digit).then(|| text.parse().ok())?
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(unsigned: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (
            number,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (unsigned, None),
    };
    if exponent.is_some_and(|exponent| exponent.is_empty() || !digits(exponent)) {
        return false;
    }
    match number.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !number.is_empty() && digits(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        let table = [
            ("", Core::Null),
            ("~", Core::Null),
            ("NULL", Core::Null),
            ("nULL", Core::Text("nULL")),
            ("True", Core::Bool(true)),
            ("false", Core::Bool(false)),
            ("yes", Core::Text("yes")),
            ("on", Core::Text("on")),
            ("0", Core::Integer(0)),
            ("-12", Core::Integer(-12)),
            ("+12", Core::Integer(12)),
            ("012", Core::Integer(12)),
            ("0o14", Core::Integer(12)),
            ("0xC", Core::Integer(12)),
            ("-0xC", Core::Text("-0xC")),
            ("0o8", Core::Text("0o8")),
            ("0x", Core::Text("0x")),
            ("0x+1", Core::Text("0x+1")),
            ("1_000", Core::Text("1_000")),
            ("1:30", Core::Text("1:30")),
            ("1.10", Core::Float(1.1)),
            ("1.", Core::Float(1.0)),
            (".5", Core::Float(0.5)),
            ("-.5e-1", Core::Float(-0.05)),
            ("1e3", Core::Float(1000.0)),
            ("1e", Core::Text("1e")),
            (".", Core::Text(".")),
            ("-", Core::Text("-")),
            ("+.inf", Core::Float(f64::INFINITY)),
            ("-.INF", Core::Float(f64::NEG_INFINITY)),
            (".infinity", Core::Text(".infinity")),
            ("inf", Core::Text("inf")),
            ("1.2.3", Core::Text("1.2.3")),
            ("200000000000000000000000000000000000000", Core::Float(2e38)),
        ];
        for (text, meaning) in table {
            assert_eq!(Core::of(text), meaning, "{text}");
        }
        assert!(matches!(Core::of(".NaN"), Core::Float(number) if number.is_nan()));
    }
}
