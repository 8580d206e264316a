//! Sizes as people write them.

/// The bytes that a text such as `800M`, `4G` or `2GiB` means; units are powers of 1024.
///
/// # Errors
///
/// If it means none, or less than a mebibyte.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    const MIB: u64 = 1 << 20;
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit.trim().trim_end_matches("iB").trim_end_matches('B') {
        "" => 0,
        "K" | "k" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(format!("«{unit}» is no unit; write for example 800M or 4G")),
    };
    let number: u64 = number.parse().map_err(|_| "write for example 800M or 4G".to_owned())?;
    match number.checked_mul(1 << shift) {
        None => Err("that is more than any machine has".to_owned()),
        Some(bytes) if bytes < MIB => Err("less than 1M lets nothing run".to_owned()),
        Some(bytes) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_read_as_people_write_them() {
        assert_eq!(bytes("800M"), Ok(800 << 20));
        assert_eq!(bytes("2GiB"), Ok(2 << 30));
        assert_eq!(bytes("4 GB"), Ok(4 << 30));
        assert_eq!(bytes("1048576"), Ok(1 << 20));
        for wrong in ["", "G", "-1G", "1.5G", "4X", "99999999T", "12"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
