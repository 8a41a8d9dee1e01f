//! `sumun actuator check` and `sumun config check`: a file is explained before it is relied on, and its mistakes are told with place and
//! remedy.

use crate::support::{KEK_ONE, Place};
use crate::world::ACTUATOR;

#[test]
fn a_file_is_explained_with_its_calls() {
    let place = Place::new();
    place.write("actuator.toml", ACTUATOR);
    let ran = place.run(&["actuator", "check", "actuator.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    insta::assert_snapshot!(ran.out);
    // With its secrets it needs them.
    let ran = place.run(&["actuator", "check", "--secrets", "actuator.toml"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.err.contains("secret `admin`: cannot read `admin-token.txt`"), "{}", ran.err);
    place.write("admin-token.txt", "made-up-admin-token");
    let ran = place.run(&["actuator", "check", "--secrets", "actuator.toml"]);
    assert!(ran.code == 2 && ran.err.contains("`chmod 600` it"), "{}", ran.shown());
    place.write_private("admin-token.txt", "made-up-admin-token");
    let ran = place.run(&["actuator", "check", "--secrets", "--json", "actuator.toml"]);
    assert!(ran.code == 0 && !ran.out.contains("made-up-admin-token"), "{}", ran.shown());
    assert_eq!(ran.json()["calls"].as_array().unwrap().len(), 4);
}

#[test]
fn every_mistake_is_told_at_once() {
    let place = Place::new();
    let broken = ACTUATOR
        .replacen("{key}", "{kee}", 1)
        .replacen("status = [200]", "status = []", 1)
        .replacen("{secret.admin}", "{secret.admim}", 1);
    place.write("actuator.toml", &broken);
    let ran = place.run(&["actuator", "check", "actuator.toml"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    insta::assert_snapshot!(ran.err);
}

#[test]
fn the_configurations_check_reads_it_too() {
    let place = Place::with_kek(KEK_ONE);
    let toml = place.read("sumun.toml");
    place.write("sumun.toml", &format!("{toml}\n[actuator]\nfile = \"actuator.toml\"\n"));
    let ran = place.run(&["config", "check"]);
    assert!(ran.out.contains("FAILED     actuator.file"), "{}", ran.shown());
    place.write("actuator.toml", ACTUATOR);
    place.write_private("admin-token.txt", "made-up-admin-token");
    let ran = place.run(&["config", "check"]);
    assert!(ran.out.contains("ok         actuator.file"), "{}", ran.shown());
    assert!(!ran.out.contains("made-up-admin-token"), "{}", ran.shown());
}
