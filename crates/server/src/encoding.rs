//! Bodies that come packed: which coding, and what is in it, up to a limit.
//!
//! Only operations that say so take them. A body is unpacked in bounded steps: one that unpacks to more than its operation takes is refused
//! as soon as that shows. A Zstandard frame gives nothing out before its window is full, so one that asks for a larger window than the
//! limit is refused by its header. So a body costs a small multiple of the limit, whatever it claims to be.

use crate::problem::Problem;
use flate2::bufread::MultiGzDecoder;
use http::{HeaderMap, StatusCode, header};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::borrow::Cow;
use std::io::Read;

/// What `Accept-Encoding` says of an operation that takes packed bodies.
pub(crate) const ACCEPTED: &str = "gzip, zstd";
/// Unpacked at once.
const STEP_BYTES: usize = 64 << 10;
/// Windows up to this are taken however little the operation takes: a decoder is expected to (RFC 8878, 3.1.1.1.2).
const WINDOW_BYTES_LEAST: usize = 8 << 20;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is.
    Plain,
    /// gzip, of one member or several.
    Gzip,
    /// Zstandard, of one frame or several.
    Zstd,
}

/// What the request says of its body.
pub(crate) fn said(headers: &HeaderMap, takes_packed: bool) -> Result<Encoding, Problem> {
    let mut said = headers.get_all(header::CONTENT_ENCODING).iter();
    let encoding = match (said.next(), said.next()) {
        (None, _) => return Ok(Encoding::Plain),
        (Some(only), None) => only.to_str().unwrap_or_default().trim().to_ascii_lowercase(),
        (Some(_), Some(_)) => String::new(),
    };
    match encoding.as_str() {
        "identity" => Ok(Encoding::Plain),
        "gzip" | "x-gzip" if takes_packed => Ok(Encoding::Gzip),
        "zstd" if takes_packed => Ok(Encoding::Zstd),
        _ => {
            let accepted = if takes_packed { ACCEPTED } else { "identity" };
            Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_encoding",
                "the body is packed in a way that is not read here",
                format!("send it as it is, or with one `Content-Encoding` of: {accepted}"),
            )
            .with(header::ACCEPT_ENCODING, accepted))
        }
    }
}

/// What is in a body, if it is no more than so many bytes.
pub(crate) fn unpacked(encoding: Encoding, body: &[u8], bytes_max: usize) -> Result<Cow<'_, [u8]>, Problem> {
    let mut out = Vec::new();
    match encoding {
        Encoding::Plain if body.len() > bytes_max => return Err(too_large(bytes_max)),
        Encoding::Plain => return Ok(Cow::Borrowed(body)),
        Encoding::Gzip => drain("gzip", MultiGzDecoder::new(body), &mut out, bytes_max)?,
        Encoding::Zstd => {
            let mut rest = body;
            let window_max = bytes_max.max(WINDOW_BYTES_LEAST);
            while !rest.is_empty() {
                let mut frame = FrameDecoder::new();
                frame.set_max_window_size(u64::try_from(window_max).unwrap_or(u64::MAX));
                let decoder = StreamingDecoder::new_with_decoder(&mut rest, frame);
                let decoder = decoder.map_err(|error| match error {
                    FrameDecoderError::WindowSizeTooBig { requested, .. } => window(requested, window_max),
                    error => damaged("zstd", &out, &error.to_string()),
                })?;
                drain("zstd", decoder, &mut out, bytes_max)?;
            }
        }
    }
    Ok(Cow::Owned(out))
}

fn drain(name: &str, mut from: impl Read, out: &mut Vec<u8>, bytes_max: usize) -> Result<(), Problem> {
    loop {
        let len = out.len();
        let step = STEP_BYTES.min(bytes_max.saturating_add(1).saturating_sub(len));
        let read = from.by_ref().take(u64::try_from(step).unwrap_or(u64::MAX)).read_to_end(out);
        match read {
            Err(error) => return Err(damaged(name, out, &error.to_string())),
            Ok(_) if out.len() > bytes_max => return Err(too_large(bytes_max)),
            Ok(read) if read < step => return Ok(()),
            Ok(_) => {}
        }
    }
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "unpacked_too_large",
        format!("unpacked, the body has more than {bytes_max} bytes; it was unpacked no further"),
        "send fewer lines in one batch",
    )
}

fn window(asked: u64, most: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "unpacked_too_large",
        format!(
            "the zstd frame asks for a window of {asked} bytes, and at most {most} are kept; nothing of it was unpacked"
        ),
        "pack with a smaller window (without `--long` and `--ultra`), or send fewer lines in one batch",
    )
}

/// Where it breaks, as far as whoever packed it can see: bytes and lines of what was in it.
fn damaged(name: &str, out: &[u8], why: &str) -> Problem {
    let line = out.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
    Problem::bad_request(
        "body_damaged",
        format!(
            "the {name} stream is damaged or cut off behind {} unpacked bytes, in line {line}: {why}",
            out.len()
        ),
        "pack the batch anew and send it again; nothing of it was taken",
    )
    .at(format!("line {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn told(encoding: Encoding, body: &[u8], bytes_max: usize) -> String {
        match unpacked(encoding, body, bytes_max) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(problem) => format!("{} {}", problem.status.as_u16(), problem.code),
        }
    }

    #[test]
    fn what_is_packed_comes_out_up_to_the_limit() {
        for (encoding, pack) in
            [(Encoding::Gzip, gzip as fn(&[u8]) -> Vec<u8>), (Encoding::Zstd, zstd as fn(&[u8]) -> Vec<u8>)]
        {
            let text = b"one\ntwo\n";
            assert_eq!(told(encoding, &pack(text), 8), "one\ntwo\n");
            assert_eq!(told(encoding, &pack(text), 7), "413 unpacked_too_large");
            let two = [pack(b"one\n"), pack(b"two\n")].concat();
            assert_eq!(told(encoding, &two, 8), "one\ntwo\n", "one behind the other");
            let whole = pack(text);
            for cut in 1..whole.len() {
                assert_eq!(told(encoding, &whole[..cut], 100), "400 body_damaged", "{encoding:?} {cut}");
            }
            assert_eq!(told(encoding, &[pack(text), b"rubbish".to_vec()].concat(), 100), "400 body_damaged");
            // A bomb: a thousand to one, refused at the limit.
            let bomb = pack(&vec![b'a'; 8 << 20]);
            assert!(bomb.len() < 20_000, "{}", bomb.len());
            assert_eq!(told(encoding, &bomb, 1 << 20), "413 unpacked_too_large");
        }
        assert_eq!(told(Encoding::Plain, b"abc", 2), "413 unpacked_too_large");
    }

    /// A frame of RLE blocks, 128 KiB each of four bytes, that asks for a window of 2 to the power of `log`.
    fn rle(log: u8, blocks: usize) -> Vec<u8> {
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3];
        for block in 1..=blocks {
            let header = u32::from(block == blocks) | 1 << 1 | (128 << 10) << 3;
            frame.extend_from_slice(&header.to_le_bytes()[..3]);
            frame.push(b'a');
        }
        frame
    }

    #[test]
    fn a_window_larger_than_the_limit_is_refused_by_the_header() {
        const MAX: usize = 16 << 20;
        assert_eq!(unpacked(Encoding::Zstd, &rle(24, 8), MAX).unwrap().len(), 1 << 20);
        // A few kilobytes that would fill gigabytes before the first byte came out.
        for log in [25, 27, 31, 40] {
            let problem = unpacked(Encoding::Zstd, &rle(log, 40_000), MAX).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (413, "unpacked_too_large"), "{log}");
            assert!(problem.detail.contains("window"), "{}", problem.detail);
        }
        // Within the window: at the limit.
        let problem = unpacked(Encoding::Zstd, &rle(24, 40_000), MAX).unwrap_err();
        assert!(problem.detail.contains("unpacked no further"), "{}", problem.detail);
        // The whole content in one segment of a stated size is a window too.
        let single = [&[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..], &(1_u64 << 40).to_le_bytes()].concat();
        assert_eq!(told(Encoding::Zstd, &single, MAX), "413 unpacked_too_large");
        // Behind a good frame as well.
        let second = [zstd(b"one\n"), rle(31, 1)].concat();
        assert_eq!(told(Encoding::Zstd, &second, MAX), "413 unpacked_too_large");
    }

    #[test]
    fn where_it_breaks_is_said() {
        let mut text = String::new();
        for n in 0..20_000_u64 {
            text.push_str(&format!("line {n} {}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        }
        let whole = gzip(text.as_bytes());
        let problem = unpacked(Encoding::Gzip, &whole[..whole.len() / 2], 1 << 20).unwrap_err();
        let line = problem.pointer.unwrap();
        let number: usize = line.strip_prefix("line ").unwrap().parse().unwrap();
        assert!(number > 1000 && number < 20_000, "{line}: {}", problem.detail);
    }

    #[test]
    fn only_what_is_taken_may_be_said() {
        let headers = |said: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, said.parse().unwrap());
            headers
        };
        assert_eq!(said(&HeaderMap::new(), false).unwrap(), Encoding::Plain);
        assert_eq!(said(&headers("GZIP"), true).unwrap(), Encoding::Gzip);
        assert_eq!(said(&headers("zstd"), true).unwrap(), Encoding::Zstd);
        for (encoding, packed) in [("gzip", false), ("br", true), ("gzip, gzip", true)] {
            assert_eq!(said(&headers(encoding), packed).unwrap_err().code, "content_encoding");
        }
    }
}
