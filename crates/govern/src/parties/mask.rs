//! Personal data with most of it taken away: enough to tell two rows apart, not to reach anybody.
//!
//! Masks have one length each, so that they do not tell how long the hidden part is.

/// A name: `김하늘` → `김**`, `Alice Kim` → `A***`.
#[must_use]
pub fn name(name: &str) -> String {
    match name.trim().chars().next() {
        None => "***".to_owned(),
        Some(first) if first.is_ascii() => format!("{first}***"),
        Some(first) => format!("{first}**"),
    }
}

/// An address: `alice@mail.example` → `a***@m***`.
#[must_use]
pub fn email(email: &str) -> String {
    let first = |text: &str| text.trim().chars().next().map(String::from).unwrap_or_default();
    match email.split_once('@') {
        Some((local, domain)) => format!("{}***@{}***", first(local), first(domain)),
        None => "***".to_owned(),
    }
}

/// A telephone number: its last two digits, and only where enough stays hidden.
#[must_use]
pub fn phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.as_slice() {
        [hidden @ .., one, two] if hidden.len() >= 5 => format!("***{one}{two}"),
        _ => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_personal_data() {
        let names = ["김하늘", "남궁 별", "Alice Kim", "  bob", "", "é"].map(name).join(" | ");
        insta::assert_snapshot!(names, @"김** | 남** | A*** | b*** | *** | é**");
        let emails = ["alice@mail.example", "a@b", "@", "nothing", ""].map(email).join(" | ");
        insta::assert_snapshot!(emails, @"a***@m*** | a***@b*** | ***@*** | *** | ***");
        let phones = ["+82 10-0000-1234", "112", "0000012", ""].map(phone).join(" | ");
        insta::assert_snapshot!(phones, @"***34 | *** | ***12 | ***");
    }

    proptest::proptest! {
        #[test]
        fn a_mask_holds_little_of_what_it_hides(text in "\\PC{0,60}") {
            proptest::prop_assert!(name(&text).chars().count() <= 4);
            proptest::prop_assert!(email(&text).chars().count() <= 9);
            proptest::prop_assert!(phone(&text).chars().count() <= 5);
        }
    }
}
