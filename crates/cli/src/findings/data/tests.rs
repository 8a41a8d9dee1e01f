//! Tables made by hand, and the real files where setup brought them.

use super::*;
use proptest::prelude::*;

fn table(v4: &str, v6: &str) -> AsnTable {
    let mut table = AsnTable::default();
    table.add(v4.as_bytes(), 32).unwrap();
    table.add(v6.as_bytes(), 128).unwrap();
    table
}

#[test]
fn addresses_find_their_range_its_name_and_the_widest_prefix_inside() {
    // 198.51.100.0 to .191, a hole, then all of 203.0.113.0/24; and 2001:db8::/33.
    let v4 =
        "3325256704,3325256895,64500,\"Example \"\"Hosting\"\", Inc.\"\n3405803776,3405804031,64501,Plain\n";
    let v6 = format!("{},{},64502,Six\n", 0x2001_0db8_u128 << 96, (0x2001_0db8_u128 << 96) + (1 << 95) - 1);
    let both = table(v4, &v6);
    let find = |address: &str| {
        both.find(address.parse().unwrap()).map(|f| format!("AS{} {} {}", f.asn, f.org, f.prefix))
    };
    let found = [
        "198.51.100.7",
        "198.51.100.130",
        "198.51.100.192",
        "203.0.113.255",
        "2001:db8::1",
        "2001:db8:8000::1",
    ]
    .map(|address| format!("{address}: {}", find(address).unwrap_or_else(|| "nothing".to_owned())));
    insta::assert_snapshot!(found.join("\n"), @r#"
    198.51.100.7: AS64500 Example "Hosting", Inc. 198.51.100.0/25
    198.51.100.130: AS64500 Example "Hosting", Inc. 198.51.100.128/26
    198.51.100.192: nothing
    203.0.113.255: AS64501 Plain 203.0.113.0/24
    2001:db8::1: AS64502 Six 2001:db8::/33
    2001:db8:8000::1: nothing
    "#);
    let mut overlapping = AsnTable::default();
    overlapping.add(b"1,9,64500,a\n5,12,64501,b\n", 32).unwrap();
    let asn = |address| overlapping.find(table::address_v4(address)).map(|found| found.asn);
    assert_eq!([4, 5, 12, 13].map(asn), [Some(64500), Some(64501), Some(64501), None]);
}

#[test]
fn a_bad_line_is_named() {
    let wrong = |text: &str, bits| AsnTable::default().add(text.as_bytes(), bits).unwrap_err();
    let said = [
        wrong("1,2,3,a\n5,6,7\n", 32),
        wrong("1,2,x,a\n", 32),
        wrong("1,99999999999,3,a\n", 32),
        wrong("1,5,3,a\n1,6,3,a\n", 128),
        wrong("6,5,3,a\n", 32),
    ]
    .map(|(line, what)| format!("{line}: {what}"));
    insta::assert_snapshot!(said.join("\n"), @r"
    2: expected `first,last,number,name`
    1: the third column is no network number
    1: the first two columns are no addresses as whole numbers
    2: the range does not begin behind the one before, or ends before it begins
    1: the range does not begin behind the one before, or ends before it begins
    ");
}

#[test]
fn the_list_in_the_binary_can_be_read_and_names_what_the_catalogue_names() {
    let known = Known::read(KNOWN_TEXT).unwrap();
    for asn in [23576, 10038, 45974, 9947, 152_232, 23588, 131_828, 9286, 9957, 17589, 38700] {
        assert_eq!(known.asn(asn).unwrap().class, NetworkClass::Hosting, "AS{asn}");
    }
    assert_eq!(known.asn(9644).unwrap().shown(), "SK Telecom (SK텔레콤)");
    assert_eq!(known.prefix("39.7.1.1".parse().unwrap()).unwrap().1, NetworkClass::Mobile);
    assert!(Known::read("[[network]]\nasn = 1\nko = \"a\"\nen = \"b\"\nclass = \"hosted\"\n").is_err());
    let twice = "[[network]]\nasn = 1\nko = \"a\"\nen = \"b\"\nclass = \"hosting\"\n".repeat(2);
    assert!(Known::read(&twice).is_err());
}

#[test]
fn a_missing_folder_is_said_with_what_to_do() {
    let Err(error) = NetworkFiles::open(Path::new("no-such-folder")) else { panic!("it was opened") };
    let said = error.to_string();
    assert!(said.starts_with("failed to read network data `no-such-folder/asn-ipv4-num.csv`: "), "{said}");
    assert!(said.ends_with("; run `cargo xtask setup`, name another folder, or say `--data none`"), "{said}");
}

/// The folder that setup fills, if it did.
fn brought() -> Option<NetworkFiles> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../artifacts").join(FOLDER);
    if !folder.is_dir() {
        println!("skipped: no network data; `cargo xtask setup` brings them");
        return None;
    }
    Some(NetworkFiles::open(&folder).unwrap())
}

#[test]
fn well_known_addresses_are_found_in_the_real_files() {
    let Some(files) = brought() else { return };
    let found = |address: &str| {
        let network = files.look_up(address.parse().unwrap()).unwrap();
        (network.asn.unwrap(), network.country.unwrap(), network.class)
    };
    assert_eq!(found("8.8.8.8"), (15169, "US".to_owned(), NetworkClass::Hosting));
    assert_eq!(found("168.126.63.1"), (4766, "KR".to_owned(), NetworkClass::Residential));
    assert_eq!(found("39.7.1.1"), (4766, "KR".to_owned(), NetworkClass::Mobile));
    assert_eq!(found("223.130.195.200"), (23576, "KR".to_owned(), NetworkClass::Hosting));
    assert_eq!(found("223.62.1.1"), (9644, "KR".to_owned(), NetworkClass::Mobile));
    let cloud = files.look_up("2406:da12::1".parse().unwrap()).unwrap();
    assert_eq!((cloud.asn, cloud.class), (Some(16509), NetworkClass::Hosting));
    // The same address in IPv6 clothes is the same.
    let mapped = files.look_up("::ffff:8.8.8.8".parse().unwrap()).unwrap();
    assert_eq!(mapped.asn, Some(15169));
    // Nobody announces documentation and private addresses.
    assert_eq!(files.look_up("10.1.2.3".parse().unwrap()), None);
    assert_eq!(files.digests().len(), 4);
}

proptest! {
    /// Every look-up against reading the list from the beginning; the prefix lies inside the range and could not be wider.
    #[test]
    fn look_ups_are_those_of_a_naive_list(gaps in prop::collection::vec((0u32..300, 0u32..300), 1..30), probes in prop::collection::vec(0u32..12_000, 20)) {
        let (mut text, mut ranges, mut next) = (String::new(), Vec::new(), 0_u32);
        for (n, (gap, length)) in gaps.iter().enumerate() {
            let first = next + gap;
            let last = first + length;
            text.push_str(&format!("{first},{last},{n},N\n"));
            ranges.push((first, last, u32::try_from(n).unwrap()));
            next = last + 1;
        }
        let (narrow, wide) = (table(&text, ""), table("", &text));
        for probe in probes {
            let expected = ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&probe));
            let found = narrow.find(table::address_v4(probe));
            prop_assert_eq!(found.as_ref().map(|f| f.asn), expected.map(|(_, _, asn)| *asn));
            let six = wide.find(table::address_v6(u128::from(probe)));
            prop_assert_eq!(six.as_ref().map(|f| f.asn), expected.map(|(_, _, asn)| *asn));
            let (Some(found), Some((first, last, _))) = (found, expected) else { continue };
            prop_assert_eq!(u32::from(found.prefix.length()) + 96, u32::from(six.unwrap().prefix.length()));
            let size = |bits: u8| 1_u64 << (32 - bits);
            let fits = |bits: u8| {
                let start = u64::from(probe) / size(bits) * size(bits);
                start >= u64::from(*first) && start + size(bits) - 1 <= u64::from(*last)
            };
            let bits = found.prefix.length();
            prop_assert!(fits(bits) && (bits == 0 || !fits(bits - 1)));
        }
    }
}
